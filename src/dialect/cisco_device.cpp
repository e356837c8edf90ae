// The statements about the device are folded into one record a thing: later lines of the same thing add to it.
#include "dialect/cisco_device.hpp"

#include <algorithm>
#include <functional>
#include <set>

#include "dialect/cisco_entry.hpp"
#include "grammars/cisco/words.hpp"

namespace portcullis::cisco {
namespace {

constexpr std::size_t longest_interface = 16; // bytes of the field

template <class Node, class Function> void each(Config const& config, Function const& function) {
    for (Statement const& statement : config.statements)
        if (auto const* node = std::get_if<Node>(&statement)) function(*node);
}

// "interface Gi0/1" may come several times; what it says later counts.
void merge(portcullis::Interface& to, Interface const& from) {
    std::string_view const zone = from.nameif.empty() ? from.zone : from.nameif;
    if (!zone.empty()) to.zone = zone;
    if (!from.description.empty()) to.description = from.description;
    if (from.security_level) to.security_level = from.security_level;
    to.addresses.insert(to.addresses.end(), from.addresses.begin(), from.addresses.end());
    to.has_dynamic_address = to.has_dynamic_address || from.has_dynamic_address;
    to.shutdown = to.shutdown || from.shutdown;
    to.inspects = to.inspects || from.inspects || !from.zone.empty();
}

// The names of the interfaces that let nothing through.
std::set<std::string_view> only_for_management(Config const& config) {
    std::set<std::string_view> names;
    each<Interface>(config, [&](Interface const& interface) {
        if (interface.management_only) names.insert(interface.name);
    });
    return names;
}

} // namespace

void add_interfaces(Config const& config, Ruleset& ruleset) {
    std::map<std::string_view, std::size_t> index;
    each<Interface>(config, [&](Interface const& interface) {
        auto const [found, is_new] = index.emplace(interface.name, ruleset.interfaces.size());
        if (is_new) {
            ruleset.interfaces.emplace_back().name = interface.name;
            ruleset.interfaces.back().span = config.span_of(interface.text);
        }
        merge(ruleset.interfaces[found->second], interface);
    });
}

// --- Security levels ---

void add_interface_term(Match& match, Field field, std::vector<std::string_view> const& names, Span span) {
    std::vector<Interval> values;
    std::string longer;
    for (std::string_view const name : names) {
        U128 const value = interface_value(name);
        values.push_back({value, value});
        if (name.size() > longest_interface) longer = name;
    }
    if (longer.empty()) {
        match.terms.push_back({field, IntervalSet::of(std::move(values)), span});
        return;
    }
    std::string text(field == Field::iif ? "in" : "out");
    for (std::string_view const name : names) text += ' ' + std::string(name);
    match.opaque.push_back({std::move(text), false, false, span});
}

bool share_family(Hook const& a, Hook const& b) { return (a.v4 && b.v4) || (a.v6 && b.v6); }

bool has_inbound_list(Ruleset const& ruleset, std::string_view interface, Hook const& of) {
    return std::ranges::any_of(ruleset.chains, [&](Chain const& chain) {
        auto const is_it = [&](Binding const& binding) { return binding.inbound && binding.interface == interface; };
        return std::ranges::any_of(chain.bindings, is_it) && share_family(*chain.hook, of);
    });
}

std::vector<std::string> zones_that_pass_packets(Config const& config, Ruleset const& ruleset) {
    std::set<std::string_view> const management_only = only_for_management(config);
    std::vector<std::string> zones;
    for (portcullis::Interface const& interface : ruleset.interfaces)
        if (!interface.zone.empty() && !interface.shutdown && !management_only.contains(interface.name)) zones.push_back(interface.zone);
    return zones;
}

void add_security_levels(Config const& config, Ruleset& ruleset) {
    if (ruleset.dialect != Dialect::cisco_asa) return;
    std::set<std::string_view> const management_only = only_for_management(config);
    Hook const hook{HookPoint::list, ChainType::filter, 0, true, true, {}};
    for (portcullis::Interface const& from : ruleset.interfaces) {
        if (from.zone.empty() || !from.security_level || management_only.contains(from.name) || has_inbound_list(ruleset, from.zone, hook)) continue;
        std::vector<std::string_view> reached;
        for (portcullis::Interface const& to : ruleset.interfaces) {
            if (&to == &from || to.zone.empty() || !to.security_level || management_only.contains(to.name)) continue;
            bool const lower = *to.security_level < *from.security_level;
            bool const same = *to.security_level == *from.security_level && config.permits_same_security;
            if (lower || same) reached.push_back(to.zone);
        }
        Chain chain;
        chain.name = "security-level of " + from.zone;
        chain.hook = hook;
        chain.policy = Drop{};
        chain.span = chain.policy_span = from.span;
        chain.implicit = true;
        chain.bindings.push_back({from.zone, true, from.span});
        if (!reached.empty()) {
            Rule rule;
            add_interface_term(rule.match, Field::oif, reached, from.span);
            rule.verdict = Accept{};
            rule.span = from.span;
            rule.implicit = true;
            chain.rules.push_back(std::move(rule));
        }
        ruleset.chains.push_back(std::move(chain));
    }
}

} // namespace portcullis::cisco
