// A base chain becomes one list, or one for each family where the platform keeps them apart. What it jumps to stands in
// its place, under the conditions of the jump.
#include "dialect/cisco_write_list.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

namespace portcullis::cisco {
namespace {

constexpr std::size_t most_nesting = 16;
constexpr std::size_t most_flattened = 1'000'000; // rules, since a chain may be called many times

bool is_open(Match const& match) { return match.terms.empty() && match.alternatives.empty() && match.opaque.empty(); }

bool ends_all(Chain const& chain) {
    if (chain.rules.empty() || !is_open(chain.rules.back().match)) return false;
    Verdict const& verdict = chain.rules.back().verdict;
    return std::holds_alternative<Accept>(verdict) || std::holds_alternative<Drop>(verdict) ||
           std::holds_alternative<Reject>(verdict);
}

Match conjunction(Match a, Match const& b) {
    a.terms.insert(a.terms.end(), b.terms.begin(), b.terms.end());
    a.alternatives.insert(a.alternatives.end(), b.alternatives.begin(), b.alternatives.end());
    a.opaque.insert(a.opaque.end(), b.opaque.begin(), b.opaque.end());
    return a;
}

std::string open_entry(bool permit, ListStyle const& style) {
    std::string const any = !style.only ? "any" : style.only == Family::v4 ? "any4" : "any6";
    std::string const words = style.standard ? any : protocol_word({}, style.traits.dialect, style.traits.ipv6()) + ' ' + any + ' ' + any;
    return (permit ? "permit " : "deny ") + words;
}

class Lister {
  public:
    Lister(Ruleset const& ruleset, Dialect platform, GroupNames const& names)
        : ruleset_(ruleset), platform_(platform), own_(ruleset.dialect == platform), groups_(ruleset, platform, names) {}

    WrittenLists run() {
        result_.common.resize(ruleset_.chains.size());
        for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
            Chain const& chain = ruleset_.chains[id];
            if (!chain.hook || is_own(chain)) continue;
            if (is_vlan_map(chain)) {
                lose(chain.span, chain.name, "a map of a VLAN is no access list");
                continue;
            }
            if (chain.hook->type != ChainType::filter) {
                if (!chain.rules.empty()) lose(chain.span, chain.title(), "translations and routes are no access list");
                continue;
            }
            if (chain.hook->point != HookPoint::list && chain.rules.empty() && std::holds_alternative<Accept>(chain.policy))
                continue; // it filters nothing
            if (own_ && is_common(chain)) {
                for (Rule const& rule : chain.rules) result_.common[id].push_back(std::get<Jump>(rule.verdict).chain);
                continue;
            }
            write(id);
            for (Use const& use : chain.uses)
                if (use.what != "common" && !(platform_ == Dialect::cisco_asa && interface_of_device_list(use))) lose(use.span, use.what, "it uses the list, and is not written");
        }
        for (Unmodelled const& item : ruleset_.unmodelled) lose(item.span, item.text, "it is not written");
        result_.groups = groups_.text();
        return std::move(result_);
    }

  private:
    struct Item {
        Rule rule;
        bool inactive = false;
    };

    void lose(Span span, std::string what, std::string why) {
        bool const is_new = told_.emplace(span.begin, what, why).second;
        if (!is_new && again_) return;
        result_.losses.add("PC002", span).arg("construct", std::move(what)).arg("why", std::move(why));
    }
    void lose(Rule const& rule, std::string why) {
        std::string what = to_text(rule.match);
        if (what.empty()) what = "everything";
        lose(rule.span, what + " -> " + to_text(rule.verdict, ruleset_), std::move(why));
    }

    // What the device does by itself where nothing is written.
    bool is_own(Chain const& chain) const { return own_ && chain.implicit; }
    static bool is_common(Chain const& chain) {
        return !chain.rules.empty() && std::all_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) {
            auto const* jump = std::get_if<Jump>(&rule.verdict);
            return rule.implicit && jump && !jump->is_goto && jump->chain != no_chain;
        });
    }

    // --- Names

    std::string name_of(Chain const& chain) {
        std::string name = chain.name;
        bool const plain = std::none_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c == 0x7f; });
        if (!is_cisco(ruleset_.dialect) || !plain)
            for (char& c : name) {
                bool const good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
                if (!good) c = '-';
            }
        if (!is_cisco(ruleset_.dialect) && !name.empty() && name.front() >= '0' && name.front() <= '9') name.insert(0, "list-");
        return name;
    }

    // IOS and NX-OS have one space of names for both families.
    std::string free_name(std::string name, bool v6) {
        bool const apart = platform_ == Dialect::cisco_xr || own_;
        std::string const wanted = name;
        for (std::size_t i = 2; !names_.insert(std::pair(apart && v6, name)).second; ++i) name = fmt::format("{}-{}", wanted, i);
        return name;
    }

    // --- Rules in a row

    // Whether what stands behind the jump is only asked where the chain has not decided.
    bool falls_through(Chain const& chain, std::size_t depth) const {
        if (depth > most_nesting) return false;
        return std::all_of(chain.rules.begin(), chain.rules.end(), [&](Rule const& rule) {
            if (std::holds_alternative<Return>(rule.verdict)) return false;
            auto const* jump = std::get_if<Jump>(&rule.verdict);
            if (!jump || jump->chain == no_chain) return true;
            Chain const& next = ruleset_.chains[jump->chain];
            return falls_through(next, depth + 1) && (!jump->is_goto || ends_all(next));
        });
    }

    void flatten(Chain const& chain, Match const& above, bool base, std::vector<Item>& out) {
        auto inactive = chain.inactive.begin();
        for (Rule const& rule : chain.rules) {
            for (; base && inactive != chain.inactive.end() && inactive->origin < rule.origin; ++inactive)
                out.push_back({*inactive, true});
            if (out.size() > most_flattened) return lose(rule, "the chains become too many entries in a row");
            auto const* jump = std::get_if<Jump>(&rule.verdict);
            if (!jump) {
                out.push_back({rule, false});
                if (!base) out.back().rule.match = conjunction(above, rule.match);
                continue;
            }
            if (own_ && rule.implicit) continue; // the global list of an ASA
            if (jump->chain == no_chain) {
                lose(rule, "it jumps to a chain that does not exist");
                continue;
            }
            Chain const& next = ruleset_.chains[jump->chain];
            bool const last = base && &rule == &chain.rules.back();
            if (!falls_through(next, 0) || (jump->is_goto && !last && !ends_all(next))) {
                lose(rule, "it calls a chain that returns in the middle, and a list has no calls");
                continue;
            }
            if (rule.effects.log) lose(rule, "an entry permits or denies; it cannot log and go on");
            flatten(next, conjunction(above, rule.match), false, out);
        }
        for (; base && inactive != chain.inactive.end(); ++inactive) out.push_back({*inactive, true});
    }

    // --- Lists

    void write(ChainId id) {
        Chain const& chain = ruleset_.chains[id];
        bool const v4 = chain.hook->v4 && ruleset_.governs_v4;
        bool const v6 = chain.hook->v6 && ruleset_.governs_v6;
        std::string const name = name_of(chain);
        bool const together = platform_ == Dialect::cisco_asa && (v4 || !own_);
        if (together) return write(id, free_name(name, false), true, true);
        if (v4) write(id, free_name(name, false), true, false);
        bool const alone = !v4 || platform_ == Dialect::cisco_xr;
        again_ = v4; // what neither can say is said once
        if (v6) write(id, free_name(alone ? name : name + "-v6", true), false, true);
        again_ = false;
    }

    void write(ChainId id, std::string name, bool v4, bool v6) {
        Chain const& chain = ruleset_.chains[id];
        WrittenList list;
        list.name = std::move(name);
        list.traits = {platform_, v4, v6};
        list.standard = chain.standard && (platform_ == Dialect::cisco_ios || (own_ && platform_ == Dialect::cisco_asa));
        list.chain = id;
        list_ = &list;
        style_ = {list.traits, list.name, list.standard, own_, {}};
        bool const sees_v4 = chain.hook->v4 && ruleset_.governs_v4;
        bool const sees_v6 = chain.hook->v6 && ruleset_.governs_v6;
        if (v4 && v6 && sees_v4 != sees_v6) style_.only = sees_v4 ? Family::v4 : Family::v6;
        share_ = Share::all;
        std::vector<Item> items;
        flatten(chain, {}, true, items);
        bool const keeps_discovery = drop_discovery(chain, list.traits, items);
        bool decided = false;
        for (std::size_t i = 0; i < items.size(); ++i) {
            if (i > 0 && is_rest_of(items[i - 1].rule, items[i].rule)) continue;
            decided = say(items, i, chain);
        }
        end(chain, decided, keeps_discovery);
        list_ = nullptr;
        result_.lists.push_back(std::move(list));
    }

    // A permit that asks for something opaque in the transport header has a second rule for later fragments, which its
    // line says as well.
    bool is_rest_of(Rule const& first, Rule const& rule) const {
        if (!own_ || first.origin != rule.origin || !std::holds_alternative<Accept>(rule.verdict)) return false;
        return has_segment_ && std::any_of(rule.match.terms.begin(), rule.match.terms.end(), [](Term const& term) {
                   return term.field == Field::fragment && term.values == ValueSet::single(1);
               });
    }

    // The platform's own entries before the implicit deny of IPv6 need no words. Whether it is so.
    bool drop_discovery(Chain const& chain, ListTraits const& traits, std::vector<Item>& items) const {
        bool const theirs = !chain.hook->v4 && is_cisco(ruleset_.dialect);
        bool const same = (ruleset_.dialect == Dialect::cisco_nxos) == (platform_ == Dialect::cisco_nxos);
        if (traits.v4 || !theirs || !same) return false;
        std::size_t const all = items.size();
        while (!items.empty() && items.back().rule.implicit) items.pop_back();
        return items.size() != all;
    }

    // Whether nothing comes past the rule.
    bool say(std::vector<Item> const& items, std::size_t at, Chain const& chain) {
        auto const rule = spoken(items[at].rule, chain, true);
        if (!rule) return false;
        if (!rule->match.opaque.empty() && own_ && rule->match.opaque.front().text.starts_with("evaluate ")) {
            add(*rule, {rule->match.opaque.front().text}, items[at].inactive);
            return false;
        }
        Phrases phrases = phrases_of(*rule, style_, share_, groups_);
        if (phrases.needs_split && share_ == Share::all) {
            split(items, at, chain);
            phrases = phrases_of(*rule, style_, share_, groups_);
        }
        has_segment_ = phrases.has_segment;
        if (!phrases.why.empty()) {
            lose(items[at].rule, phrases.why);
            return false;
        }
        bool const permit = std::holds_alternative<Accept>(rule->verdict);
        for (std::string& line : phrases.lines) line.insert(0, phrases.dynamic + (permit ? "permit " : "deny "));
        add(*rule, std::move(phrases.lines), items[at].inactive);
        if (is_about_fragments(*rule) && !items[at].inactive && style_.traits.sees_fragments()) share_ = Share::first;
        return is_open(rule->match) && !items[at].inactive;
    }

    // All later fragments, and nothing else: then nothing behind it sees one.
    static bool is_about_fragments(Rule const& rule) {
        Match const& match = rule.match;
        return match.terms.size() == 1 && match.alternatives.empty() && match.opaque.empty() &&
               match.terms.front().field == Field::fragment && match.terms.front().values == ValueSet::single(1);
    }

    void add(Rule const& rule, std::vector<std::string> entries, bool inactive) {
        bool const one = entries.size() == 1;
        for (std::size_t i = 0; i < entries.size(); ++i) {
            ListLine line{std::move(entries[i]), {}, own_ && one ? rule.sequence : 0, inactive};
            if (i == 0) line.remarks = remarks_of(rule.comment);
            list_->lines.push_back(std::move(line));
        }
    }

    std::vector<std::string> permits_of(Rule const& rule) {
        std::vector<std::string> lines = phrases_of(rule, style_, share_, groups_).lines;
        for (std::string& line : lines) line.insert(0, "permit ");
        return lines;
    }

    static std::vector<std::string> remarks_of(std::string const& comment) {
        std::vector<std::string> result;
        for (std::size_t at = 0; !comment.empty() && at <= comment.size();) {
            std::size_t const end = std::min(comment.find('\n', at), comment.size());
            std::string line = comment.substr(at, end - at);
            for (char& c : line)
                if (static_cast<unsigned char>(c) < ' ' || c == '\x7f') c = ' ';
            result.push_back(std::move(line));
            at = end + 1;
        }
        return result;
    }

    // From here on, all that the list does to later fragments; then it goes on with the others.
    void split(std::vector<Item> const& items, std::size_t from, Chain const& chain) {
        auto& lines = list_->lines;
        std::size_t const start = lines.size();
        bool rest = std::holds_alternative<Accept>(chain.policy); // what becomes of those that no rule matches
        bool log = false;
        for (std::size_t i = from; i < items.size(); ++i) {
            auto const rule = spoken(items[i].rule, chain, false);
            if (!rule || items[i].inactive) continue;
            bool const permit = std::holds_alternative<Accept>(rule->verdict);
            if (is_open(rule->match)) {
                rest = permit;
                log = rule->effects.log;
                break;
            }
            Phrases phrases = phrases_of(*rule, style_, Share::later, groups_);
            for (std::string& line : phrases.lines) {
                line.insert(0, phrases.dynamic + (permit ? "permit " : "deny "));
                lines.push_back({std::move(line), {}, 0, false});
            }
        }
        std::string_view const same = rest ? "permit " : "deny ";
        while (lines.size() > start && lines.back().entry.starts_with(same) &&
               (lines.back().entry.find(" log") != std::string::npos) == log)
            lines.pop_back(); // as what follows
        lines.push_back({open_entry(rest, style_) + " fragments" + (log ? " log" : ""), {}, 0, false});
        share_ = Share::first;
    }

    // The rule as one that permits or denies; nothing where no entry can say it, or none has to.
    std::optional<Rule> spoken(Rule const& rule, Chain const& chain, bool report) {
        std::optional<Rule> result = rule;
        auto const lost = [&](std::string why) {
            if (report) lose(rule, std::move(why));
        };
        if (std::holds_alternative<Return>(rule.verdict)) result->verdict = chain.policy;
        if (std::holds_alternative<Continue>(rule.verdict)) {
            lost("an entry permits or denies; it cannot log, count or set something and go on");
            return std::nullopt;
        }
        if (std::holds_alternative<Rewrite>(rule.verdict)) {
            lost("an access list translates nothing");
            return std::nullopt;
        }
        if (std::holds_alternative<Reject>(rule.verdict))
            lost("it is written as deny: what the sender is told is a setting of the device");
        if (!rule.effects.assignments.empty() || (!own_ && !rule.effects.log_options.empty()))
            lost("it is written without " + (rule.effects.log_options.empty() ? "its marks" : "log " + rule.effects.log_options));
        if (platform_ == Dialect::cisco_asa) return for_new_connections(std::move(*result), lost);
        return result;
    }

    // An ASA asks its lists about the first packet of a connection, lets those that follow pass, and drops what belongs
    // to none.
    template <class Lost> static std::optional<Rule> for_new_connections(Rule rule, Lost const& lost) {
        for (Term const& term : rule.match.terms) {
            if (term.field != Field::ct_state || term.values.contains(ct_state::new_)) continue;
            bool const invalid = !std::holds_alternative<Accept>(rule.verdict) &&
                                 term.values == ValueSet::single(ct_state::invalid);
            if (!std::holds_alternative<Accept>(rule.verdict) && !invalid)
                lost("an ASA lets the packets of its connections pass without asking a list");
            return std::nullopt;
        }
        std::erase_if(rule.match.terms, [](Term const& term) { return term.field == Field::ct_state; });
        return rule;
    }

    // What stands for the policy.
    void end(Chain const& chain, bool decided, bool keeps_discovery) {
        bool const accepts = std::holds_alternative<Accept>(chain.policy);
        bool const asa = platform_ == Dialect::cisco_asa;
        if (keeps_discovery && list_->lines.empty()) // its rules match nothing; the list must not be without entries
            for (Rule const& rule : chain.rules)
                if (rule.implicit && std::holds_alternative<Accept>(rule.verdict)) add(rule, permits_of(rule), false);
        bool const is_empty = list_->lines.empty();
        if (is_empty && own_ && asa && !chain.rules.empty() && chain.rules.back().implicit)
            return lose(chain.span, "access list " + chain.name, "no packet matches an entry, and the global list decides");
        if (accepts && is_empty && !asa && chain.hook->point == HookPoint::list && chain.rules.empty())
            return; // a list without entries lets everything pass
        bool const discovers = style_.traits.ipv6() && !keeps_discovery; // the platform would add its entries
        if (decided || !(accepts || is_empty || discovers)) return;
        list_->lines.push_back({open_entry(accepts, style_), {}, 0, false});
    }

    Ruleset const& ruleset_;
    Dialect platform_;
    bool own_;
    Groups groups_;
    WrittenLists result_;
    std::set<std::pair<bool, std::string>> names_;
    std::set<std::tuple<std::uint32_t, std::string, std::string>> told_; // losses: place, construct, why
    bool again_ = false; // for the other family
    // Of the list that is being written:
    WrittenList* list_ = nullptr;
    ListStyle style_;
    Share share_ = Share::all;
    bool has_segment_ = false;
};

std::string_view direction(Binding const& binding, Dialect platform) {
    if (platform == Dialect::cisco_xr) return binding.inbound ? "ingress" : "egress";
    return binding.inbound ? "in" : "out";
}

} // namespace

bool is_missing(Chain const& chain) {
    return chain.implicit && chain.hook && chain.rules.empty() && std::holds_alternative<Accept>(chain.policy);
}

std::optional<std::string> interface_of_device_list(Use const& use) {
    constexpr std::string_view start = "control-plane of ";
    if (!use.what.starts_with(start)) return std::nullopt;
    return use.what.substr(start.size());
}

bool is_vlan_map(Chain const& chain) { return chain.name.starts_with("vlan access-map "); }

WrittenLists write_lists(Ruleset const& ruleset, Dialect platform, GroupNames const& names) {
    return Lister(ruleset, platform, names).run();
}

std::string list_header(WrittenList const& list, std::string const& name) {
    switch (list.traits.dialect) {
    case Dialect::cisco_asa: return {};
    case Dialect::cisco_ios:
        if (!list.traits.ipv6()) return fmt::format("ip access-list {} {}", list.standard ? "standard" : "extended", name);
        break;
    case Dialect::cisco_xr:
        if (!list.traits.ipv6()) return "ipv4 access-list " + name;
        break;
    default: break;
    }
    return fmt::format("{} access-list {}", list.traits.ipv6() ? "ipv6" : "ip", name);
}

std::string entry_command(WrittenList const& list, std::string const& name, ListLine const& line, std::uint32_t sequence) {
    if (list.traits.dialect == Dialect::cisco_asa) {
        std::string const start = list.traits.ipv6() ? fmt::format("ipv6 access-list {} ", name)
                                                     : fmt::format("access-list {} {} ", name, list.standard ? "standard" : "extended");
        return start + line.entry + (line.inactive ? " inactive" : "");
    }
    bool const word = list.traits.dialect == Dialect::cisco_ios && list.traits.ipv6();
    return ' ' + (sequence == 0 ? "" : fmt::format("{}{} ", word ? "sequence " : "", sequence)) + line.entry;
}

std::string remark_command(WrittenList const& list, std::string const& name, std::string const& remark, std::uint32_t sequence) {
    std::string const text = remark.empty() ? "remark" : "remark " + remark;
    if (list.traits.dialect == Dialect::cisco_asa)
        return fmt::format("{}access-list {} {}", list.traits.ipv6() ? "ipv6 " : "", name, text);
    return ' ' + (sequence == 0 ? "" : fmt::format("{} ", sequence)) + text;
}

std::vector<Binding> written_bindings(Chain const& chain) {
    std::vector<Binding> written;
    for (Binding const& binding : chain.bindings) {
        if (!binding.by_global) written.push_back(binding);
        else if (std::ranges::none_of(written, &Binding::by_global)) written.push_back({"global", true, binding.span, true});
    }
    return written;
}

std::string binding_command(ListTraits const& traits, std::string const& name, Binding const& binding) {
    std::string_view const way = direction(binding, traits.dialect);
    switch (traits.dialect) {
    case Dialect::cisco_asa:
        if (binding.interface == "global") return fmt::format("access-group {} global", name);
        return fmt::format("access-group {} {} interface {}", name, way, binding.interface);
    case Dialect::cisco_xr: return fmt::format(" {} access-group {} {}", traits.ipv6() ? "ipv6" : "ipv4", name, way);
    default: return fmt::format(" {} {} {}", traits.ipv6() ? "ipv6 traffic-filter" : "ip access-group", name, way);
    }
}

std::string device_binding_command(std::string const& name, std::string const& interface) {
    return fmt::format("access-group {} in interface {} control-plane", name, interface);
}

} // namespace portcullis::cisco
