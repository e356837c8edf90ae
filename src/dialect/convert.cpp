// Reader and writers joined. What is compared is not the two texts but what the readers make of them, each packet by itself;
// where platforms never ask their lists about some packets, these are left out on both sides, and that is said.
#include "portcullis/dialect/convert.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <optional>
#include <regex>

#include "dialect/cisco_write_list.hpp"
#include "dialect/rate_units.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis {
namespace {

constexpr std::array families{Family::v4, Family::v6};

std::string_view name_of(Family family) { return family == Family::v4 ? "IPv4" : "IPv6"; }
bool is_nft(Dialect dialect) { return dialect == Dialect::nftables || dialect == Dialect::nft_json; }

// ---- rates, the one stateful match that both firewalls of Linux have

struct Limit {
    std::string count, unit, burst;
};

// "-m limit --limit 5/min --limit-burst 7"; both have defaults (xt_limit, libxt_limit.c).
std::optional<Limit> limit_of_iptables(std::string const& text) {
    static std::regex const form("-m limit(?: --limit ([0-9]+)/(sec|min|hour|day))?(?: --limit-burst ([0-9]+))?");
    std::smatch parts;
    if (!std::regex_match(text, parts, form)) return std::nullopt;
    Limit limit{parts[1].matched ? parts[1].str() : "3", "hour", parts[3].matched ? parts[3].str() : "5"};
    if (limit.burst.find_first_not_of('0') == std::string::npos) return std::nullopt; // nft has none, iptables-legacy neither
    // libxt_limit.c keeps 32 bits of the number.
    limit.count = std::to_string(static_cast<std::uint32_t>(std::strtoull(limit.count.c_str(), nullptr, 10)));
    for (RateUnit const& unit : rate_units)
        if (parts[2].matched && unit.saved == parts[2].str()) limit.unit = unit.name;
    return limit;
}

// "limit rate 5/minute burst 7 packets"; the burst is 5 where it is not said (netlink_linearize.c). Nothing of what iptables
// refuses: it counts in parts of 1/10000 second, and bursts up to 10000.
std::optional<Limit> limit_of_nft(std::string const& text) {
    static std::regex const form("limit rate ([0-9]+)/(second|minute|hour|day)(?: burst ([0-9]+) packets)?");
    std::smatch parts;
    if (!std::regex_match(text, parts, form)) return std::nullopt;
    Limit const limit{parts[1].str(), parts[2].str(), parts[3].matched ? parts[3].str() : "5"};
    auto const unit = std::ranges::find(rate_units, limit.unit, &RateUnit::name);
    auto const number = [](std::string const& digits) { return std::strtoull(digits.c_str(), nullptr, 10); };
    bool const fits = number(limit.count) <= 10'000 * unit->seconds && number(limit.burst) <= 10'000;
    return fits ? std::optional(limit) : std::nullopt;
}

std::string in_nft(Limit const& limit) {
    return fmt::format("limit rate {}/{} burst {} packets", limit.count, limit.unit, limit.burst);
}
std::string in_iptables(Limit const& limit) {
    auto const unit = std::ranges::find(rate_units, limit.unit, &RateUnit::name);
    return fmt::format("-m limit --limit {}/{} --limit-burst {}", limit.count, unit->saved, limit.burst);
}

// ---- one chain alone

bool is_filter(Chain const& chain) { return chain.hook && chain.hook->type == ChainType::filter && !chain.implicit; }

// The chain that is meant: the one that has this name, or the only one that filters something.
ChainId chosen(Ruleset const& ruleset, std::string const& name) {
    bool const lists = is_cisco(ruleset.dialect);
    std::vector<ChainId> found;
    std::string names;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        if (!is_filter(chain) || cisco::is_vlan_map(chain)) continue;
        bool const says = !chain.rules.empty() || std::holds_alternative<Drop>(chain.policy);
        if (name.empty() ? says : chain.name == name || chain.title() == name) found.push_back(id);
        if (says) names += (names.empty() ? "" : ", ") + chain.title();
    }
    if (found.size() == 1) return found.front();
    std::string_view const what = lists ? "access list" : "base chain of type filter";
    if (names.empty()) throw NotConvertible(fmt::format("there is no {} to convert", what));
    if (name.empty()) throw NotConvertible(fmt::format("one {} can become one of the other kind; --chain says which of {}", what, names));
    throw NotConvertible(fmt::format("there {} '{}'; there are {}",
                                     found.empty() ? fmt::format("is no {}", what) : fmt::format("is more than one {}", what), name, names));
}

// The chain, first, and those that it calls.
Ruleset alone(Ruleset const& ruleset, ChainId base) {
    Ruleset result = ruleset;
    result.chains.clear();
    result.unmodelled.clear();
    std::map<ChainId, ChainId> places;
    auto const take = [&](ChainId id) {
        if (places.emplace(id, static_cast<ChainId>(result.chains.size())).second) result.chains.push_back(ruleset.chains[id]);
    };
    take(base);
    for (ChainId const id : call_order(ruleset, base).chains) take(id);
    for (Chain& chain : result.chains)
        for (Rule& rule : chain.rules)
            if (auto* jump = std::get_if<Jump>(&rule.verdict); jump && jump->chain != no_chain) jump->chain = places.at(jump->chain);
    return result;
}

// "Port 80, or a later fragment" of a Cisco: a rule for each of the two, which nobody else can ask for at once.
void part_fragments(Ruleset& ruleset) {
    for (Chain& chain : ruleset.chains) {
        std::vector<Rule> rules;
        for (Rule& rule : chain.rules) {
            auto& relations = rule.match.alternatives;
            auto const at = std::ranges::find_if(relations, [](Alternatives const& each) {
                return !each.negated && std::ranges::find(each.fields, Field::fragment) != each.fields.end();
            });
            bool const ends = !std::holds_alternative<Continue>(rule.verdict) && !std::holds_alternative<Jump>(rule.verdict);
            if (at == relations.end() || !ends) {
                rules.push_back(std::move(rule));
                continue;
            }
            Alternatives const relation = *at;
            relations.erase(at);
            for (auto const& row : relation.rows) {
                Rule& part = rules.emplace_back(rule);
                bool const transport = [&] { // of which no term holds for a later fragment
                    for (std::size_t i = 0; i < row.size(); ++i)
                        if (info(relation.fields[i]).transport && !row[i].is_all(info(relation.fields[i]).bits)) return true;
                    return false;
                }();
                for (std::size_t i = 0; i < row.size(); ++i) {
                    bool const implied = row[i].is_all(info(relation.fields[i]).bits) || (transport && relation.fields[i] == Field::fragment);
                    if (!implied) part.match.terms.push_back({relation.fields[i], row[i], relation.span});
                }
            }
        }
        for (std::size_t i = 0; i < rules.size(); ++i) rules[i].origin = static_cast<std::uint32_t>(i);
        chain.rules = std::move(rules);
    }
}

// The rules for one family, which say it no more.
void keep_family(Ruleset& ruleset, Family family) {
    Hook& hook = *ruleset.chains.front().hook;
    ruleset.governs_v4 = hook.v4 = family == Family::v4;
    ruleset.governs_v6 = hook.v6 = family == Family::v6;
    for (Chain& chain : ruleset.chains) {
        std::erase_if(chain.rules, [&](Rule const& rule) {
            return std::ranges::any_of(rule.match.terms, [&](Term const& term) { return term.field == Field::family && !term.values.contains(family_value(family)); });
        });
        for (Rule& rule : chain.rules) std::erase_if(rule.match.terms, [](Term const& term) { return term.field == Field::family; });
    }
}

// ---- what is compared

// Only what is about the family: chains of the other one keep their places and lose their names.
Ruleset of_family(Ruleset ruleset, Family family) {
    ruleset.governs_v4 = family == Family::v4;
    ruleset.governs_v6 = family == Family::v6;
    ruleset.has_interfaces = false;
    for (Chain& chain : ruleset.chains)
        if (chain.hook && !chain.hook->sees(family)) chain.name = chain.table = "";
    return ruleset;
}

void leave_out(Ruleset& ruleset, Field field, ValueSet const& values) {
    Rule rule;
    rule.match.terms.push_back({field, values, {}});
    rule.verdict = Drop{};
    for (Chain& chain : ruleset.chains)
        if (chain.hook) chain.rules.insert(chain.rules.begin(), rule);
}

class Converter {
  public:
    Converter(Sources& sources, Ruleset const& ruleset, Dialect to, std::string const& chain)
        : sources_(sources), original_(ruleset), to_(to), chain_(chain) {}

    Conversion run() {
        bool const from_lists = is_cisco(original_.dialect), to_lists = is_cisco(to_);
        if (!from_lists && !to_lists) return between_firewalls();
        if (from_lists && to_lists) return between_platforms();
        return from_lists ? list_as_chain() : chain_as_list();
    }

  private:
    void read_back(Writing writing) {
        result_.text = std::move(writing.text);
        for (Finding& loss : writing.losses.all()) {
            // Another name, and no comment: no packet fares otherwise by it.
            std::string const& what = loss.args.at("construct");
            bool const harmless = what.starts_with("the chain's name") || what == "the comment";
            (harmless ? result_.beside : result_.losses).all().push_back(std::move(loss));
        }
        result_.source = sources_.add(fmt::format("converted to {}", to_string(to_)), result_.text);
        result_.reading = read(sources_, result_.source, to_);
    }

    Writing write(Ruleset const& ruleset) {
        if (to_ == Dialect::nftables) return write_nftables(ruleset);
        if (is_cisco(to_)) return write_cisco(ruleset, to_);
        Family const family = to_ == Dialect::iptables ? Family::v4 : Family::v6;
        if (!ruleset.governs(family))
            throw NotConvertible(fmt::format("the rules are about {} alone, and {} is about {}", name_of(other(family)), to_string(to_), name_of(family)));
        return write_iptables(ruleset, family);
    }

    static Family other(Family family) { return family == Family::v4 ? Family::v6 : Family::v4; }

    void compare(Ruleset const& before, Ruleset const& after, CompareOptions const& options = {}) {
        result_.comparisons.push_back(std::make_unique<Comparison>(before, after, options));
    }

    // ---- Linux

    Conversion between_firewalls() {
        Ruleset before = with_rates_of(original_, to_);
        read_back(write(before));
        Ruleset after = result_.reading.ruleset;
        bool const one_family = to_ != Dialect::nftables;
        for (Family const family : families) {
            bool const left = one_family && before.governs(family) && !after.governs(family) &&
                              std::ranges::any_of(before.chains, [&](Chain const& chain) { return chain.hook && chain.hook->sees(family); });
            if (left) result_.notes.push_back(fmt::format("rules about {} are none of {}; {} has them", name_of(family), to_string(to_),
                                                          family == Family::v4 ? "iptables" : "ip6tables"));
        }
        // What either does not govern is another ruleset's business.
        before.governs_v4 = after.governs_v4 = before.governs_v4 && after.governs_v4;
        before.governs_v6 = after.governs_v6 = before.governs_v6 && after.governs_v6;
        compare(before, after);
        return std::move(result_);
    }

    // ---- access lists

    // Packets that one of the two never asks its lists about, and the other does.
    void align(Ruleset& before, Ruleset& after) const {
        if (!one_reassembles()) return;
        for (Ruleset* each : {&before, &after}) {
            leave_out(*each, Field::fragment, ValueSet::single(1));
            if (is_cisco(original_.dialect) != is_cisco(to_)) leave_out(*each, Field::ct_state, ValueSet::single(ct_state::new_).complement());
        }
    }
    bool one_reassembles() const { return (original_.dialect == Dialect::cisco_asa) != (to_ == Dialect::cisco_asa); }
    void note_alignment() {
        if (!one_reassembles()) return;
        bool const states = is_cisco(original_.dialect) != is_cisco(to_);
        result_.notes.push_back(fmt::format("an ASA asks its lists about {}: nothing is said of other packets",
                                            states ? "new connections, and packets that are whole" : "packets that are whole"));
    }

    // By the lists that the writer makes of the ruleset's chains.
    void compare_lists(Ruleset const& written) {
        auto const lists = cisco::write_lists(written, to_).lists;
        for (Family const family : families) {
            Ruleset before = of_family(written, family), after = of_family(result_.reading.ruleset, family);
            align(before, after);
            CompareOptions options;
            for (cisco::WrittenList const& list : lists) {
                Chain const& chain = written.chains[list.chain];
                bool const asked = (family == Family::v4 ? list.traits.v4 : list.traits.v6) && chain.hook->sees(family) && written.governs(family);
                if (asked) options.names.emplace_back(chain.title(), list.name);
            }
            if (!options.names.empty()) compare(before, after, options);
        }
        note_alignment();
    }

    Conversion between_platforms() {
        Ruleset lists = original_;
        for (Chain& chain : lists.chains) {
            for (Use const& use : chain.uses)
                result_.beside.add("PC002", use.span).arg("construct", use.what).arg("why", fmt::format("it uses '{}', and is not converted", chain.name));
            chain.uses.clear();
            bind_each_interface(chain);
        }
        read_back(write(lists));
        compare_lists(lists);
        return std::move(result_);
    }

    // An ASA alone has a line for all interfaces that have no list of their own.
    void bind_each_interface(Chain& list) {
        if (to_ == Dialect::cisco_asa) return;
        auto const binds_none = [](Binding const& binding) { return binding.by_global && binding.interface == "global"; };
        auto const none = std::ranges::find_if(list.bindings, binds_none);
        if (none != list.bindings.end() && !original_.has_interfaces) // else each has a list, which goes on in this one
            result_.beside.add("PC002", none->span).arg("construct", "global").arg("why", fmt::format("'{}' is for all interfaces, and the text has none", list.name));
        std::erase_if(list.bindings, binds_none);
        for (Binding& binding : list.bindings) binding.by_global = false;
    }

    Conversion chain_as_list() {
        Ruleset one = alone(original_, chosen(original_, chain_));
        Hook const& hook = *one.chains.front().hook;
        bool const apart = to_ != Dialect::cisco_asa && hook.v4 && hook.v6 && one.governs_v4 && one.governs_v6;
        if (apart) one = by_family(one);
        read_back(write(one));
        compare_lists(one);
        return std::move(result_);
    }

    // A list of each family.
    Ruleset by_family(Ruleset const& one) {
        Ruleset v4 = one, v6 = one;
        keep_family(v4, Family::v4);
        keep_family(v6, Family::v6);
        if (to_ != Dialect::cisco_xr) v6.chains.front().name += "-v6"; // the others have one space of names
        return join(std::move(v4), std::move(v6));
    }

    Conversion list_as_chain() {
        ChainId const id = chosen(original_, chain_);
        Ruleset one = alone(original_, id);
        Chain const& list = original_.chains[id];
        bool const v4 = list.hook->v4, v6 = list.hook->v6;
        for (Chain& chain : one.chains) {
            chain.table = v4 && v6 ? "inet filter" : v4 ? "ip filter" : "ip6 filter";
            chain.hook.reset();
            chain.bindings.clear();
            chain.uses.clear();
        }
        one.chains.front().hook = Hook{HookPoint::forward, ChainType::filter, 0, v4, v6, {}};
        one.chains.front().explicit_policy = true;
        one.governs_v4 = v4;
        one.governs_v6 = v6;
        part_fragments(one);
        read_back(write(one));
        for (Family const family : families) {
            if (!one.governs(family) || !result_.reading.ruleset.governs(family)) continue;
            Ruleset before = of_family(one, family), after = of_family(result_.reading.ruleset, family);
            align(before, after);
            for (Chain const& chain : after.chains)
                if (is_filter(chain) && chain.hook->point == HookPoint::forward && chain.hook->sees(family))
                    compare(before, after, {{{before.chains.front().title(), chain.title()}}});
        }
        note_alignment();
        result_.notes.push_back("the chain is asked for every interface; where the list is applied, rules that jump to it can say");
        return std::move(result_);
    }

    Sources& sources_;
    Ruleset const& original_;
    Dialect to_;
    std::string const& chain_;
    Conversion result_;
};

} // namespace

Ruleset with_rates_of(Ruleset ruleset, Dialect to) {
    if (is_cisco(to) || is_cisco(ruleset.dialect) || is_nft(ruleset.dialect) == is_nft(to)) return ruleset;
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            for (Opaque& opaque : rule.match.opaque) {
                auto const limit = is_nft(to) ? limit_of_iptables(opaque.text) : limit_of_nft(opaque.text);
                if (limit) opaque.text = is_nft(to) ? in_nft(*limit) : in_iptables(*limit);
            }
    return ruleset;
}

bool Conversion::equal() const {
    return std::ranges::all_of(comparisons, [](auto const& one) { return one->differences().empty() && one->notes().empty(); });
}

Conversion convert(Sources& sources, Ruleset const& ruleset, Dialect to, std::string const& chain) {
    if (to == Dialect::nft_json || to == Dialect::iptables_script)
        throw NotConvertible(fmt::format("nothing is written in {}; there are nftables, iptables, ip6tables, cisco-ios, cisco-asa, cisco-nxos and cisco-xr",
                                         to_string(to)));
    return Converter(sources, ruleset, to, chain).run();
}

} // namespace portcullis
