// Messages of ICMP that nobody outside has to send: they change routes, or tell of the host. Asked of rules that name
// ICMP, and of packets that belong to no connection: what connection tracking calls related is judged by what it is about.
// Redirects and solicitations of IPv6 are neighbour discovery, which checks for itself that they come from the link.
#include <algorithm>
#include <array>

#include "lint/certain.hpp"
#include "lint/context.hpp"

namespace portcullis {

namespace {

struct MessageType {
    unsigned type;
    std::string_view name;
};
// RFC 792, RFC 950, RFC 1256
constexpr std::array message_types{MessageType{5, "redirect"}, MessageType{9, "router advertisement"},
                                   MessageType{13, "timestamp request"}, MessageType{17, "address mask request"}};

PacketSet unasked(Context const& ctx, HookPoint hook) {
    Space& s = ctx.space();
    std::vector<Interval> types;
    for (MessageType const& message : message_types) types.push_back({message.type, message.type});
    return s.of(Field::protocol, ValueSet::single(number(Protocol::icmp))) & s.of(Field::icmp_type, IntervalSet::of(std::move(types))) &
           s.of(Field::fragment, ValueSet::single(0)) &
           (s.of(Field::ct_state, ValueSet::single(ct_state::new_)) | s.of(Field::ct_state, ValueSet::single(ct_state::invalid))) &
           ctx.from_untrusted() & ctx.seen_at(hook);
}

bool names_icmp(Match const& match) {
    auto const protocols = named_values(match, Field::protocol);
    return protocols && protocols->contains(number(Protocol::icmp)) && protocols->count() <= 2;
}

std::string types_text(PacketSet const& packets) {
    IntervalSet const types = packets.project(Field::icmp_type).value();
    std::string text;
    for (MessageType const& message : message_types) {
        if (types.contains(message.type)) text += (text.empty() ? "" : ", ") + std::string(message.name);
    }
    return text;
}

} // namespace

void check_icmp_too_open(Context const& ctx, Findings& out) {
    if (!ctx.ruleset().governs_v4) return;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path const& path = ctx.paths()[p];
        if (path.kind != Path::Kind::to_host && path.kind != Path::Kind::list) continue;
        if (ctx.question(p).empty()) continue; // a list that only applies inside
        PacketSet const question = unasked(ctx, path.hook) & ctx.unmarked();
        std::optional<PathReach> reach;
        for (Permit const& permit : ctx.permits()) {
            if (permit.path != p || permit.family != Family::v4 || !permit.rule || !names_icmp(ctx.match(permit))) continue;
            if (!reach) reach.emplace(ctx.space(), ctx.ruleset(), path, question);
            PacketSet const accepted =
                certainly(packets_of(ctx.space(), reach->accepted_by(Family::v4, permit.chain, *permit.rule)), question);
            if (accepted.empty()) continue;
            Finding& finding = add_finding(ctx, out, permit.chain, permit.rule);
            finding.arg("types", types_text(accepted));
            finding.witness = ctx.witness(path.chains, path.hook, accepted, true);
        }
    }
}

} // namespace portcullis
