// Neighbour discovery through IPv6 access lists of Cisco. Behind the last entry stand permits of it that no line says,
// and then the deny of everything (IOS IPv6 command reference, deny). A deny that is written before them takes
// the solicitations that they would have let in. What goes out is not asked about: lists do not filter what the router
// itself sends, and neighbour discovery is never routed (RFC 4861 6.1, 7.1: a hop limit of 255).
#include <algorithm>
#include <array>

#include "lint/context.hpp"

namespace portcullis {

namespace {

struct MessageType {
    unsigned type;
    std::string_view name;
};
constexpr std::array message_types{MessageType{135, "nd-ns"}, MessageType{136, "nd-na"}};

bool is_inbound(Chain const& list) {
    return list.bindings.empty() ||
           std::any_of(list.bindings.begin(), list.bindings.end(), [](Binding const& b) { return b.inbound; });
}

PacketSet neighbour_discovery(Context const& ctx) {
    Space& s = ctx.space();
    return ctx.seen_at(HookPoint::list) & s.of(Field::family, ValueSet::single(family_v6)) &
           s.of(Field::protocol, ValueSet::single(number(Protocol::icmpv6))) &
           s.of(Field::icmp_type, ValueSet::range(135, 136)) & s.of(Field::icmp_code, ValueSet::single(0)) &
           s.of(Field::ttl, ValueSet::single(255)) & s.of(Field::fragment, ValueSet::single(0));
}

// The last deny of the text that takes some of them; one that names messages of ICMP knows what it takes.
std::optional<std::size_t> denier(Reach& reach, Chain const& list, ChainId id, PacketSet const& packets) {
    for (std::size_t i = list.rules.size(); i-- > 0;) {
        Rule const& rule = list.rules[i];
        if (!std::holds_alternative<Drop>(rule.verdict) || named_values(rule.match, Field::icmp_type)) continue;
        if (!(reach.hits(id, i) & packets).empty()) return i;
    }
    return std::nullopt;
}

void check_list(Context const& ctx, Path const& path, Reach& reach, PacketSet const& question, Findings& out) {
    ChainId const id = path.chains.front();
    Chain const& list = ctx.ruleset().chains[id];
    Fates const fates = reach.verdicts(id);
    PacketSet blocked = ctx.space().none();
    std::string names;
    for (MessageType const& message : message_types) {
        PacketSet const all = question & ctx.space().of(Field::icmp_type, ValueSet::single(message.type));
        if (!(all & fates.accepted).empty()) continue;
        blocked |= all;
        names += (names.empty() ? "" : " and ") + std::string(message.name);
    }
    if (blocked.empty()) return;
    auto const rule = denier(reach, list, id, blocked);
    if (!rule || !accepts_anything(ctx, path, Family::v6)) return;
    PacketSet const taken = reach.hits(id, *rule) & blocked;
    Finding& finding = add_finding(ctx, out, id, *rule).arg("types", names);
    finding.witness = ctx.witness(id, taken, false);
    judge(finding, taken);
}

} // namespace

void check_cisco_v6_explicit_deny_kills_nd(Context const& ctx, Findings& out) {
    std::vector<Path const*> lists;
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        Chain const& list = ctx.ruleset().chains[path.chains.front()];
        if (!list.hook->v4 && list.hook->v6 && is_inbound(list)) lists.push_back(&path);
    }
    if (lists.empty()) return;
    PacketSet const question = neighbour_discovery(ctx);
    Reach reach(ctx.space(), ctx.ruleset(), question);
    for (Path const* list : lists) check_list(ctx, *list, reach, question, out);
}

} // namespace portcullis
