// A ruleset that governs both families, and restricts one of them only.
#include "lint/context.hpp"

namespace portcullis {

namespace {

// The chain where people would filter IPv6, where there is one.
std::optional<ChainId> ipv6_chain(Context const& ctx, Path const& path) {
    for (ChainId const id : path.chains) {
        Hook const& hook = *ctx.ruleset().chains[id].hook;
        if (hook.v6 && hook.point == path.hook && hook.priority == 0) return id;
    }
    return std::nullopt;
}

} // namespace

void check_ipv6_unfiltered(Context const& ctx, Findings& out) {
    if (!ctx.ruleset().governs_v4 || !ctx.ruleset().governs_v6) return;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path const& path = ctx.paths()[p];
        if (path.kind != Path::Kind::to_host && path.kind != Path::Kind::through) continue;
        PathReach reach(ctx.space(), ctx.ruleset(), path, ctx.question(p));
        auto const filter = reach.decisive(Family::v4);
        if (!filter || reach.accepted(Family::v4) == reach.of_family(Family::v4)) continue;
        PacketSet const open = reach.accepted(Family::v6);
        if (!(open == reach.of_family(Family::v6))) continue;
        Chain const& chain = ctx.ruleset().chains[*filter];
        Finding& finding = out.add(ctx.rule().id, chain.span);
        finding.arg("chain", chain.title()).arg("path", path.kind == Path::Kind::to_host ? "to this host" : "through this host");
        finding.where = chain.title();
        if (auto const let = ipv6_chain(ctx, path)) finding.relate("lets all IPv6 through", ctx.ruleset().chains[*let].policy_span);
        if (auto const member = open.member()) finding.witness = Witness{member->packet, path.hook, "accept"};
    }
}

} // namespace portcullis
