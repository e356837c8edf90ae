// What every firewall should do: facts about addresses and messages, applied to the zones of a policy.
#include <algorithm>
#include <initializer_list>

#include "catalogue/networks.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {
namespace {

Addresses blocks(std::initializer_list<std::string_view> prefixes) {
    std::vector<Interval> v4, v6;
    for (std::string_view const text : prefixes) {
        auto const prefix = parse_prefix(text).value();
        (prefix.ip.family == Family::v4 ? v4 : v6).push_back({prefix.first(), prefix.last()});
    }
    return {IntervalSet::of(std::move(v4)), IntervalSet::of(std::move(v6))};
}

// Sources that no packet has on its way, wherever it comes from.
Addresses impossible() {
    return Addresses{impossible_sources(Family::v4), impossible_sources(Family::v6)}.united(blocks({"fe80::/10"})); // RFC 4291 2.5.6
}

// Blocks of the IANA special-purpose registries (RFC 6890) that are not reachable globally, so that nobody outside has them.
Addresses const& not_global() {
    static Addresses const set =
        blocks({"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
                "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "100::/64", "2001:2::/48",
                "2001:db8::/32", "::ffff:0:0/96", "fc00::/7"});
    return set;
}

// Interfaces that the same zones have.
struct Part {
    IntervalSet interfaces;
    std::vector<PolicyZone const*> zones;
};

std::vector<Part> parts_of(std::vector<PolicyZone> const& zones) {
    U128 const loopback = interface_value("lo");
    std::vector<Part> parts{{IntervalSet::all(128).minus(IntervalSet::single(loopback)), {}}};
    for (PolicyZone const& zone : zones) {
        if (!zone.has_interfaces) continue;
        std::vector<Part> next;
        for (Part& part : parts) {
            IntervalSet within = part.interfaces.intersected(zone.place.interfaces);
            if (within.empty()) {
                next.push_back(std::move(part));
                continue;
            }
            IntervalSet rest = part.interfaces.minus(within);
            Part own{std::move(within), part.zones};
            own.zones.push_back(&zone);
            if (!rest.empty()) next.push_back({std::move(rest), std::move(part.zones)});
            next.push_back(std::move(own));
        }
        parts = std::move(next);
    }
    return parts;
}

Addresses networks_of(std::vector<PolicyZone const*> const& zones) {
    Addresses all;
    for (PolicyZone const* zone : zones)
        if (zone->has_networks) all = all.united(zone->place.addresses);
    return all;
}

Addresses spoofed(Part const& part, std::vector<PolicyZone> const& zones) {
    bool const bounded = !part.zones.empty() && std::ranges::all_of(part.zones, &PolicyZone::has_networks);
    Addresses const own = networks_of(part.zones);
    if (bounded) return Addresses::all().minus(own);
    std::vector<PolicyZone const*> others;
    for (PolicyZone const& zone : zones)
        if (zone.has_interfaces && std::ranges::find(part.zones, &zone) == part.zones.end()) others.push_back(&zone);
    return networks_of(others).minus(own);
}

Addresses bogons(Part const& part) {
    bool const outside = !part.zones.empty() && std::ranges::none_of(part.zones, &PolicyZone::trusted);
    return outside ? impossible().united(not_global().minus(networks_of(part.zones))) : impossible();
}

} // namespace

Addresses const& never_forged() {
    static Addresses const set = blocks({"0.0.0.0/32", "::/128", "fe80::/10"});
    return set;
}

std::vector<SourceCheck> source_checks(Policy const& policy) {
    std::vector<SourceCheck> checks;
    if (!policy.harden.anti_spoofing && !policy.harden.bogons) return checks;
    for (Part const& part : parts_of(policy.zones)) {
        Addresses forged;
        if (policy.harden.anti_spoofing) forged = spoofed(part, policy.zones);
        if (policy.harden.bogons) forged = forged.united(bogons(part));
        if (!forged.empty()) checks.push_back({part.interfaces, std::move(forged)});
    }
    return checks;
}

std::vector<Traffic> essential_messages(Harden const& harden) {
    std::vector<Traffic> messages;
    auto const add = [&](Protocol protocol, std::initializer_list<std::uint8_t> types) {
        for (std::uint8_t const type : types)
            messages.push_back({static_cast<std::uint8_t>(protocol), std::nullopt, type, std::nullopt});
    };
    // Destination unreachable (which path MTU discovery needs, RFC 1191), time exceeded, parameter problem.
    if (harden.icmp) add(Protocol::icmp, {3, 11, 12});
    // RFC 4890 4.3.1 and 4.4.1: these must not be dropped; packet too big is 2, the echo request 128.
    if (harden.icmpv6) add(Protocol::icmpv6, {1, 2, 3, 4, 128});
    return messages;
}

IntervalSet neighbour_types() { return {133, 136}; }
IntervalSet listener_types() { return IntervalSet(130, 132).united(IntervalSet::single(143)); }
IntervalSet listener_sources() { return IntervalSet::of(parse_prefix("fe80::/10").value()).united(IntervalSet::single(0)); }

} // namespace portcullis
