#include "lint/static_nat.hpp"

#include <algorithm>

namespace portcullis {

namespace {

bool is_destination(Field field) { return field == Field::dst4 || field == Field::dst6; }

void add(Match& match, Field field, Interval values) {
    match.terms.push_back({field, IntervalSet(values.first, values.last), {}});
}

Match without_arrival(Match match) {
    std::erase_if(match.terms, [](Term const& term) { return term.field == Field::iif; });
    return match;
}

// Ranges of addresses are translated as a whole, so that all of the new ones are.
Match translated(Match match, Rewrite const& rewrite) {
    std::erase_if(match.terms, [&](Term const& term) {
        return (rewrite.address && is_destination(term.field)) || (rewrite.port && term.field == Field::dport);
    });
    if (rewrite.address) match.opaque.clear(); // "the address that the interface has"
    auto const family = named_values(match, Field::family);
    bool const v6 = family && family->only() == family_v6;
    if (rewrite.address) add(match, v6 ? Field::dst6 : Field::dst4, *rewrite.address);
    if (rewrite.port) add(match, Field::dport, *rewrite.port);
    return match;
}

// An ASA's translations name their interface; those of IOS are looked up at every outside one.
std::vector<std::string> arrivals(Ruleset const& ruleset, Chain const& chain, Rule const& rule) {
    std::vector<std::string> names;
    for (Binding const& binding : chain.bindings) names.push_back(binding.interface);
    if (!names.empty()) return names;
    auto const values = named_values(rule.match, Field::iif);
    for (Interface const& interface : ruleset.interfaces) {
        if (!interface.zone.empty() && (!values || values->contains(interface_value(interface.zone))))
            names.push_back(interface.zone);
    }
    return names;
}

bool is_bound(Chain const& chain, std::string const& interface, bool inbound) {
    return std::any_of(chain.bindings.begin(), chain.bindings.end(), [&](Binding const& binding) {
        return binding.inbound == inbound && binding.interface == interface;
    });
}

std::vector<ChainId> lists_at(Ruleset const& ruleset, std::string const& interface, bool inbound) {
    std::vector<ChainId> found;
    for (ChainId const id : chains_at(ruleset, HookPoint::list))
        if (is_bound(ruleset.chains[id], interface, inbound)) found.push_back(id);
    return found;
}

} // namespace

std::vector<Translation> static_translations(Ruleset const& ruleset) {
    std::vector<Translation> found;
    bool const is_ios = ruleset.dialect == Dialect::cisco_ios;
    if (!is_ios && ruleset.dialect != Dialect::cisco_asa) return found;
    for (ChainId const id : chains_at(ruleset, HookPoint::prerouting)) {
        Chain const& chain = ruleset.chains[id];
        if (is_ios && ruleset.has_interfaces && chain.bindings.empty()) continue; // nothing is outside
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            auto const* rewrite = std::get_if<Rewrite>(&chain.rules[i].verdict);
            if (rewrite == nullptr) continue;
            Match const before = without_arrival(chain.rules[i].match);
            found.push_back({id, i, arrivals(ruleset, chain, chain.rules[i]), before, translated(before, *rewrite),
                             chain.hook->priority < 0});
        }
    }
    return found;
}

std::string destination_text(Match const& match) {
    auto const port = named_values(match, Field::dport);
    std::string address = match.opaque.empty() ? "" : "the interface";
    for (Field const field : {Field::dst4, Field::dst6})
        if (auto const addresses = named_values(match, field)) address = values_text(field, *addresses);
    if (!port) return address;
    std::string const text = "port " + values_text(Field::dport, *port);
    return address.empty() ? text : text + " of " + address;
}

std::vector<ChainId> inbound_lists(Ruleset const& ruleset, std::string const& interface) {
    auto const own = lists_at(ruleset, interface, true);
    return own.empty() ? lists_at(ruleset, "global", true) : own; // the list of all interfaces (ASA)
}

std::vector<ChainId> lists_towards(Ruleset const& ruleset, Ip address) {
    std::vector<ChainId> found;
    for (Interface const& interface : ruleset.interfaces) {
        bool const there = std::any_of(interface.addresses.begin(), interface.addresses.end(), [&](Prefix const& p) {
            return p.ip.family == address.family && IntervalSet::of(p).contains(address.value);
        });
        if (!there) continue;
        bool const asa = ruleset.dialect == Dialect::cisco_asa;
        auto const lists = lists_at(ruleset, asa ? interface.zone : interface.name, false);
        found.insert(found.end(), lists.begin(), lists.end());
    }
    return found;
}

} // namespace portcullis
