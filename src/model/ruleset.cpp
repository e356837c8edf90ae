#include "portcullis/model/ruleset.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iterator>
#include <tuple>

namespace portcullis {

ValueSet ValueSet::masked(U128 value, U128 mask) {
    ValueSet set;
    set.masks.push_back({value & mask, mask});
    return set;
}

bool ValueSet::contains(U128 value) const {
    bool const member = intervals.contains(value) ||
                        std::any_of(masks.begin(), masks.end(), [&](Masked const& m) { return (value & m.mask) == m.value; });
    return member != negated;
}

ValueSet ValueSet::complement() const {
    ValueSet other = *this;
    other.negated = !negated;
    return other;
}

Interval ValueSet::hull(unsigned bits) const {
    if (negated) {
        if (!masks.empty()) return {0, max_value(bits)};
        auto const rest = intervals.complement(bits);
        return rest.empty() ? Interval{1, 0} : Interval{rest.intervals().front().first, rest.intervals().back().last};
    }
    Interval result{1, 0};
    bool any = false;
    auto const add = [&](U128 first, U128 last) {
        result = any ? Interval{std::min(result.first, first), std::max(result.last, last)} : Interval{first, last};
        any = true;
    };
    if (!intervals.empty()) add(intervals.intervals().front().first, intervals.intervals().back().last);
    for (Masked const& m : masks) add(m.value, m.value | (~m.mask & max_value(bits)));
    return result;
}

namespace {

// The members of a mask as intervals: one for each setting of the free bits above the lowest fixed one.
bool expand(Masked const& masked, unsigned bits, std::size_t most, std::vector<Interval>& out) {
    U128 const free = ~masked.mask & max_value(bits);
    U128 const low = free & ~(free + 1); // the run of free bits at the bottom
    U128 const high = free & ~low;
    U128 setting = 0;
    do {
        if (out.size() >= most) return false;
        out.push_back({masked.value | setting, masked.value | setting | low});
        setting = (setting - high) & high; // the next subset of `high`
    } while (setting != 0);
    return true;
}

} // namespace

std::optional<IntervalSet> ValueSet::as_intervals(unsigned bits, std::size_t most) const {
    if (masks.empty()) return negated ? intervals.complement(bits) : intervals;
    std::vector<Interval> all = intervals.intervals();
    for (Masked const& m : masks) {
        if (!expand(m, bits, most, all)) return std::nullopt;
    }
    IntervalSet const set = IntervalSet::of(std::move(all));
    return negated ? set.complement(bits) : set;
}

bool ValueSet::is_all(unsigned bits) const {
    if (masks.empty()) return negated ? intervals.empty() : intervals.is_all(bits);
    auto const plain = as_intervals(bits, 64);
    return plain && plain->is_all(bits);
}

namespace {

constexpr std::array<std::string_view, 9> dialect_names{"iptables",  "ip6tables", "iptables-script", "nftables", "nft-json",
                                                        "cisco-ios", "cisco-asa", "cisco-nxos",      "cisco-xr"};

std::string text_of(Field field, ValueSet const& values) {
    std::string text = values.negated ? "!= " : "";
    bool const many = values.intervals.intervals().size() + values.masks.size() != 1;
    if (many) text += '{';
    bool first = true;
    if (!values.intervals.empty()) {
        text += values_text(field, values.intervals, ~std::size_t{0});
        first = false;
    }
    for (Masked const& m : values.masks) {
        text += fmt::format("{}{}&{}", first ? "" : ", ", value_text(field, m.value), value_text(field, m.mask));
        first = false;
    }
    if (many) text += '}';
    return text;
}

std::string_view point_name(HookPoint point) {
    switch (point) {
    case HookPoint::ingress: return "ingress";
    case HookPoint::prerouting: return "prerouting";
    case HookPoint::input: return "input";
    case HookPoint::forward: return "forward";
    case HookPoint::output: return "output";
    case HookPoint::postrouting: return "postrouting";
    case HookPoint::egress: return "egress";
    case HookPoint::list: return "list";
    }
    return "";
}

} // namespace

std::string_view to_string(HookPoint point) { return point_name(point); }

std::string_view to_string(Dialect dialect) { return dialect_names[static_cast<std::size_t>(dialect)]; }

std::optional<Dialect> dialect_by_name(std::string_view name) {
    auto const at = std::find(dialect_names.begin(), dialect_names.end(), name);
    if (at == dialect_names.end()) return std::nullopt;
    return static_cast<Dialect>(at - dialect_names.begin());
}

bool is_cisco(Dialect dialect) {
    return dialect == Dialect::cisco_ios || dialect == Dialect::cisco_asa || dialect == Dialect::cisco_nxos ||
           dialect == Dialect::cisco_xr;
}

std::size_t rule_count(Ruleset const& ruleset) {
    std::size_t count = 0;
    for (Chain const& chain : ruleset.chains) {
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            if (i == 0 || chain.rules[i].origin != chain.rules[i - 1].origin) ++count;
        }
    }
    return count;
}

Ruleset join(Ruleset a, Ruleset b) {
    auto const offset = static_cast<ChainId>(a.chains.size());
    for (Chain& chain : b.chains) {
        for (Rule& rule : chain.rules) {
            auto* const jump = std::get_if<Jump>(&rule.verdict);
            if (jump != nullptr && jump->chain != no_chain) jump->chain += offset;
        }
        a.chains.push_back(std::move(chain));
    }
    auto const append = [](auto& to, auto& from) { std::move(from.begin(), from.end(), std::back_inserter(to)); };
    append(a.unmodelled, b.unmodelled);
    append(a.interfaces, b.interfaces);
    append(a.management, b.management);
    append(a.groups, b.groups);
    a.governs_v4 = a.governs_v4 || b.governs_v4;
    a.governs_v6 = a.governs_v6 || b.governs_v6;
    a.has_interfaces = a.has_interfaces || b.has_interfaces;
    return a;
}

double modelled_share(Ruleset const& ruleset) {
    std::size_t all = 0;
    std::size_t opaque = 0;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            ++all;
            if (!rule.match.opaque.empty()) ++opaque;
        }
    }
    return all == 0 ? 1.0 : 1.0 - static_cast<double>(opaque) / static_cast<double>(all);
}

bool asks_about(Alternatives const& relation, Field field) {
    return std::find(relation.fields.begin(), relation.fields.end(), field) != relation.fields.end();
}

bool asks_about(Match const& match, Field field) {
    return std::any_of(match.terms.begin(), match.terms.end(), [&](Term const& term) { return term.field == field; }) ||
           std::any_of(match.alternatives.begin(), match.alternatives.end(),
                       [&](Alternatives const& relation) { return asks_about(relation, field); });
}

std::string opaque_key(Opaque const& opaque) {
    return opaque.stateful ? fmt::format("{}\n{}:{}", opaque.text, opaque.span.source, opaque.span.begin) : opaque.text;
}

std::string to_text(Match const& match) {
    std::string text;
    auto const part = [&](std::string const& piece) {
        if (!text.empty()) text += " and ";
        text += piece;
    };
    for (Term const& term : match.terms) part(fmt::format("{} {}", info(term.field).name, text_of(term.field, term.values)));
    for (Alternatives const& relation : match.alternatives) {
        std::string piece = relation.negated ? "not (" : "(";
        for (std::size_t r = 0; r < relation.rows.size(); ++r) {
            if (r > 0) piece += " or ";
            bool first = true;
            for (std::size_t c = 0; c < relation.fields.size(); ++c) {
                Field const field = relation.fields[c];
                if (relation.rows[r][c].is_all(info(field).bits)) continue;
                piece += fmt::format("{}{} {}", first ? "" : " & ", info(field).name, text_of(field, relation.rows[r][c]));
                first = false;
            }
            if (first) piece += "any";
        }
        part(piece + ')');
    }
    for (Opaque const& opaque : match.opaque) {
        part(fmt::format("{}[{}{}]", opaque.negated ? "not " : "", opaque.stateful ? "stateful: " : "", opaque.text));
    }
    return text.empty() ? "any" : text;
}

std::string to_text(Verdict const& verdict, Ruleset const& ruleset) {
    struct Printer {
        Ruleset const& ruleset;
        std::string operator()(Accept) const { return "accept"; }
        std::string operator()(Drop) const { return "drop"; }
        std::string operator()(Reject) const { return "reject"; }
        std::string operator()(Return) const { return "return"; }
        std::string operator()(Continue) const { return "continue"; }
        std::string operator()(Jump const& jump) const {
            return fmt::format("{} {}", jump.is_goto ? "goto" : "jump",
                               jump.chain == no_chain ? "(undefined)" : ruleset.chains[jump.chain].name);
        }
        std::string operator()(Rewrite const& rewrite) const {
            constexpr std::array<std::string_view, 4> kinds{"dnat", "snat", "masquerade", "redirect"};
            std::string text(kinds[static_cast<std::size_t>(rewrite.kind)]);
            if (rewrite.address) {
                Family const family = rewrite.address->last > max_value(32) ? Family::v6 : Family::v4;
                text += " to " + values_text(src_field(family), IntervalSet(rewrite.address->first, rewrite.address->last));
            }
            if (rewrite.port) text += " port " + values_text(Field::dport, IntervalSet(rewrite.port->first, rewrite.port->last));
            if (!rewrite.flags.empty()) text += ' ' + rewrite.flags;
            return text;
        }
    };
    return std::visit(Printer{ruleset}, verdict);
}

namespace {

std::string head_text(Chain const& chain, Ruleset const& ruleset) {
    std::string text = "chain " + chain.title();
    auto out = std::back_inserter(text);
    if (chain.hook) {
        Hook const& hook = *chain.hook;
        constexpr std::array<std::string_view, 3> types{"filter", "nat", "route"};
        fmt::format_to(out, " {} {} {}{}{}", types[static_cast<std::size_t>(hook.type)], point_name(hook.point),
                       hook.priority, hook.v4 ? " ipv4" : "", hook.v6 ? " ipv6" : "");
        if (!hook.device.empty()) fmt::format_to(out, " device {}", hook.device);
        fmt::format_to(out, " policy {}{}", to_text(chain.policy, ruleset), chain.explicit_policy ? "" : " (implied)");
    }
    for (Binding const& binding : chain.bindings) {
        fmt::format_to(out, " {} {}", binding.inbound ? "in" : "out", binding.interface);
    }
    for (Use const& use : chain.uses)
        fmt::format_to(out, " {} [{}]", use.kind == Use::Kind::management ? "guards" : "selects", use.what);
    if (!chain.filters) text += " no-filter";
    if (chain.implicit) text += " implicit";
    return text;
}

std::string rule_text(Rule const& rule, Ruleset const& ruleset) {
    std::string text = fmt::format("{} -> {}", to_text(rule.match), to_text(rule.verdict, ruleset));
    if (rule.effects.log) text += rule.effects.log_options.empty() ? " log" : " log " + rule.effects.log_options;
    if (!rule.effects.answer.empty()) text += " with " + rule.effects.answer;
    if (rule.effects.notrack) text += " notrack";
    for (std::string const& set : rule.effects.sets) text += fmt::format(" [{}]", set);
    if (!rule.comment.empty()) text += fmt::format(" \"{}\"", rule.comment);
    if (rule.implicit) text += " implicit";
    return text;
}

// A match is a conjunction: the order of its terms says nothing. That of its opaque matches does where one has a state, since
// a limit counts only what comes to it.
Rule in_canonical_order(Rule rule) {
    auto const sort = [](auto& parts, auto const& text) {
        std::sort(parts.begin(), parts.end(), [&](auto const& a, auto const& b) { return text(a) < text(b); });
    };
    sort(rule.match.terms, [](Term const& term) { return to_text(Match{{term}, {}, {}}); });
    sort(rule.match.alternatives, [](Alternatives const& relation) { return to_text(Match{{}, {relation}, {}}); });
    auto& opaque = rule.match.opaque;
    for (auto begin = opaque.begin(); begin != opaque.end();) {
        auto const end = std::find_if(begin, opaque.end(), [](Opaque const& o) { return o.stateful; });
        std::sort(begin, end, [](Opaque const& a, Opaque const& b) { return std::tie(a.text, a.negated) < std::tie(b.text, b.negated); });
        begin = end == opaque.end() ? end : end + 1;
    }
    return rule;
}

std::string unmodelled_text(Unmodelled const& item) {
    return fmt::format("unmodelled {}{}{}", item.table.empty() ? "" : item.table + ": ", item.text,
                       item.count > 1 ? fmt::format(" ({} times)", item.count) : "");
}

} // namespace

std::string to_text(Ruleset const& ruleset) {
    std::string text = fmt::format("ruleset {}\n", to_string(ruleset.dialect));
    auto out = std::back_inserter(text);
    for (Chain const& chain : ruleset.chains) {
        text += head_text(chain, ruleset) + '\n';
        for (Rule const& rule : chain.rules) fmt::format_to(out, "  {}: {}\n", rule.origin, rule_text(rule, ruleset));
        for (Rule const& rule : chain.inactive) fmt::format_to(out, "  inactive {}: {}\n", rule.origin, rule_text(rule, ruleset));
    }
    for (Unmodelled const& item : ruleset.unmodelled) text += unmodelled_text(item) + '\n';
    return text;
}

bool same_meaning(Ruleset const& a, Ruleset const& b) {
    auto const by_table = [](Ruleset const& ruleset) {
        std::map<std::string, std::string> tables;
        for (Chain const& chain : ruleset.chains) {
            std::string& text = tables[chain.table];
            text += head_text(chain, ruleset) + '\n';
            for (Rule const& rule : chain.rules) text += rule_text(in_canonical_order(rule), ruleset) + '\n';
        }
        for (Unmodelled const& item : ruleset.unmodelled) tables[item.table] += unmodelled_text(item) + '\n';
        return tables;
    };
    return a.governs_v4 == b.governs_v4 && a.governs_v6 == b.governs_v6 && by_table(a) == by_table(b);
}

} // namespace portcullis
