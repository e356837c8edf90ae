// A connection tracking helper reads what the two ends of a connection say, and lets the connections that they
// announce in as "related". Found where a helper is attached to connections that untrusted sources open and that
// pass.
#include <set>

#include "lint/exposure.hpp"

namespace portcullis {

namespace {

struct Place {
    ChainId base = 0;
    ChainId chain = 0;
    std::size_t rule = 0;
};

std::vector<Place> helper_rules(Context const& ctx, Path const& path) {
    std::vector<Place> places;
    for (ChainId const base : path.chains) {
        for (ChainId const id : call_order(ctx.ruleset(), base).chains) {
            std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
            for (std::size_t i = 0; i < rules.size(); ++i)
                if (!rules[i].effects.helper.empty()) places.push_back({base, id, i});
        }
    }
    return places;
}

} // namespace

void check_ct_helper_untrusted(Context const& ctx, Findings& out) {
    std::set<std::pair<ChainId, std::size_t>> reported;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path const& path = ctx.paths()[p];
        if (path.kind != Path::Kind::to_host && path.kind != Path::Kind::through) continue;
        std::vector<Place> const places = helper_rules(ctx, path);
        if (places.empty()) continue;
        PathReach way(ctx.space(), ctx.ruleset(), path, ctx.question(p));
        PacketSet const passing = way.accepted(Family::v4) | way.accepted(Family::v6);
        Reach reach(ctx.space(), ctx.ruleset(), ctx.question(p));
        for (Place const& at : places) {
            PacketSet const helped =
                reach.hits({{Marks{}, passing}}, at.base, at.chain, at.rule) & reach.verdicts(at.base).accepted;
            if (helped.empty() || !reported.emplace(at.chain, at.rule).second) continue;
            Finding& finding = add_finding(ctx, out, at.chain, at.rule);
            finding.arg("helper", ctx.ruleset().chains[at.chain].rules[at.rule].effects.helper);
            finding.witness = ctx.witness(at.base, helped, true);
            judge(finding, helped);
        }
    }
}

} // namespace portcullis
