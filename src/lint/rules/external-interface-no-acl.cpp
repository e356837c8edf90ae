// Interfaces that lead outside by what the configuration or the user says of them, and that filter nothing of what
// arrives. An ASA without a list goes by security levels: there the engine is asked what those let in.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

bool has_address(Interface const& interface, std::optional<Family> family = {}) {
    return (interface.has_dynamic_address && family != Family::v6) ||
           std::any_of(interface.addresses.begin(), interface.addresses.end(),
                       [&](Prefix const& prefix) { return !family || prefix.ip.family == *family; });
}

// What gets in, and through which chains.
struct Way {
    std::string families;
    PacketSet packets;
    std::vector<ChainId> chains;
};

// An ASA without a list on the interface.
std::optional<Way> way_by_levels(Context const& ctx, Interface const& interface) {
    auto const& chains = ctx.ruleset().chains;
    for (ChainId id = 0; id < chains.size(); ++id) {
        if (!chains[id].implicit || chains[id].rules.empty() || !is_bound(chains[id], interface, true)) continue;
        PacketSet const sent = ctx.new_connections(HookPoint::forward) & ctx.from_untrusted();
        return Way{"IPv4 and IPv6", Reach(ctx.space(), ctx.ruleset(), sent).accepted(id), {id}};
    }
    return std::nullopt;
}

// For the families that the interface has; a zone-based firewall decides instead of lists, and is not read.
std::optional<Way> way_without_list(Context const& ctx, Interface const& interface, bool tells_addresses) {
    if (!interface.zone.empty()) return std::nullopt;
    auto const& chains = ctx.ruleset().chains;
    Way way{"", ctx.space().none(), {}};
    for (Family const family : {Family::v4, Family::v6}) {
        bool const v4 = family == Family::v4;
        if (tells_addresses ? !has_address(interface, family) : !v4) continue;
        bool const guarded = std::any_of(chains.begin(), chains.end(), [&](Chain const& chain) {
            return chain.hook && chain.hook->sees(family) && is_bound(chain, interface, true);
        });
        if (guarded) continue;
        way.families += way.families.empty() ? "" : " and ";
        way.families += v4 ? "IPv4" : "IPv6";
        way.packets |= ctx.new_connections(HookPoint::list) & ctx.from_untrusted() &
                       ctx.space().of(Field::family, ValueSet::single(family_value(family)));
    }
    return way;
}

} // namespace

void check_external_interface_no_acl(Context const& ctx, Findings& out) {
    auto const& interfaces = ctx.ruleset().interfaces;
    // Where the text tells addresses, an interface without one passes no packets of IP.
    bool const tells_addresses =
        std::any_of(interfaces.begin(), interfaces.end(), [](Interface const& one) { return has_address(one); });
    for (Interface const& interface : interfaces) {
        if (interface.shutdown || (tells_addresses && !has_address(interface))) continue;
        std::string const why = outside_for(ctx, interface);
        if (why.empty()) continue;
        std::optional<Way> const way = ctx.ruleset().dialect == Dialect::cisco_asa
                                           ? way_by_levels(ctx, interface)
                                           : way_without_list(ctx, interface, tells_addresses);
        if (!way || way->packets.empty()) continue;
        Finding& finding = out.add(ctx.rule().id, interface.span);
        finding.where = interface.name;
        finding.arg("interface", interface.name).arg("families", way->families);
        finding.note("taken for one to the outside by " + why);
        if (!way->chains.empty()) finding.note("its security level lets it open connections to less secure interfaces");
        finding.witness = ctx.witness(way->chains, HookPoint::list, way->packets, true);
        finding.witness->chain = interface.name;
    }
}

} // namespace portcullis
