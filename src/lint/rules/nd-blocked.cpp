// Neighbour discovery (RFC 4861) is what ARP is for IPv4: icmpv6 types 133 to 136 with a hop limit of 255. The
// kernel does not track these packets, their state is untracked (nf_conntrack_proto_icmpv6.c), so no rule for
// established or new connections lets them in. Routers alone need solicitations of routers, and hosts with fixed
// addresses no advertisements of routers; without 135 and 136 nobody has IPv6.
#include <array>

#include "lint/context.hpp"

namespace portcullis {

namespace {

struct MessageType {
    unsigned type;
    std::string_view name;
    bool vital;
};
constexpr std::array message_types{
    MessageType{133, "nd-router-solicit", false}, MessageType{134, "nd-router-advert", false},
    MessageType{135, "nd-neighbor-solicit", true}, MessageType{136, "nd-neighbor-advert", true}};

PacketSet from_outside(Context const& ctx) {
    Space& s = ctx.space();
    PacketSet const from_here = s.of(Field::iif, ValueSet::single(interface_value("lo")));
    return (s.of(Field::family, ValueSet::single(family_v6)) & s.of(Field::fragment, ValueSet::single(0)) &
            ctx.seen_at(HookPoint::input)) -
           from_here;
}

PacketSet neighbour_discovery(Context const& ctx) {
    Space& s = ctx.space();
    return from_outside(ctx) & s.of(Field::protocol, ValueSet::single(number(Protocol::icmpv6))) &
           s.of(Field::icmp_type, ValueSet::range(133, 136)) & s.of(Field::icmp_code, ValueSet::single(0)) &
           s.of(Field::ttl, ValueSet::single(255)) & s.of(Field::ct_state, ValueSet::single(ct_state::untracked));
}

// Whether the path lets anything else in over IPv6, if only answers.
bool wants_ipv6(Context const& ctx, Path const& path) {
    Space& s = ctx.space();
    PacketSet const other = from_outside(ctx) - s.of(Field::protocol, ValueSet::single(number(Protocol::icmpv6)));
    PathReach reach(s, ctx.ruleset(), path,
                    other & s.of(Field::ct_state, ValueSet::range(ct_state::new_, ct_state::established)));
    return !reach.accepted(Family::v6).empty();
}

} // namespace

void check_nd_blocked(Context const& ctx, Findings& out) {
    if (!ctx.ruleset().governs_v6) return;
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::to_host) continue;
        PacketSet const question = neighbour_discovery(ctx);
        PathReach reach(ctx.space(), ctx.ruleset(), path, question);
        auto const filter = reach.decisive(Family::v6);
        if (!filter) continue;
        PacketSet const accepted = reach.accepted(Family::v6);
        std::string blocked;
        PacketSet vital = ctx.space().none();
        for (MessageType const& message : message_types) {
            PacketSet const all = question & ctx.space().of(Field::icmp_type, ValueSet::single(message.type));
            if (!(accepted & all).empty()) continue;
            blocked += (blocked.empty() ? "" : ", ") + std::string(message.name);
            if (message.vital) vital |= all;
        }
        if (vital.empty() || !wants_ipv6(ctx, path)) continue;
        Finding& finding = add_finding(ctx, out, *filter, std::nullopt).arg("types", blocked);
        finding.note("the kernel does not track these messages: they are neither new nor established");
        finding.witness = ctx.witness(path.chains, path.hook, vital, false);
    }
}

} // namespace portcullis
