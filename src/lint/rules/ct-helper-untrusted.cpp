// A connection tracking helper reads what the two ends of a connection say, and lets the connections that they
// announce in as "related". Found where a helper is attached to connections that untrusted sources open and that
// pass.
#include <algorithm>
#include <set>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// These look at what the host itself broadcasts, not at what comes in (nf_conntrack_broadcast.c).
bool is_of_broadcasts(std::string const& helper) { return helper == "netbios-ns" || helper == "snmp"; }

struct Place {
    ChainId chain = 0;
    std::size_t rule = 0;
};

std::vector<Place> helper_rules(Ruleset const& ruleset, ChainId base) {
    std::vector<Place> places;
    for (ChainId const id : call_order(ruleset, base).chains) {
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i)
            if (std::string const& helper = rules[i].effects.helper; !helper.empty() && !is_of_broadcasts(helper))
                places.push_back({id, i});
    }
    return places;
}

// What untrusted senders open through the base chain, on the ways into or through the host that it stands on. A
// file that filters nowhere has no such way: the rest of the host's rules is elsewhere.
PacketSet opened(Context const& ctx, ChainId base) {
    PacketSet const asked = ctx.new_connections(ctx.ruleset().chains[base].hook->point) & ctx.from_untrusted();
    PacketSet passing = ctx.space().none();
    bool on_way = false;
    for (Path const& path : ctx.paths()) {
        if (std::find(path.chains.begin(), path.chains.end(), base) == path.chains.end()) continue;
        on_way = true;
        if (path.kind == Path::Kind::from_host) continue;
        PathReach way(ctx.space(), ctx.ruleset(), path, asked);
        passing |= way.accepted(Family::v4) | way.accepted(Family::v6);
    }
    return on_way ? passing : asked;
}

} // namespace

void check_ct_helper_untrusted(Context const& ctx, Findings& out) {
    std::set<std::pair<ChainId, std::size_t>> reported;
    for (HookPoint const point : {HookPoint::prerouting, HookPoint::input, HookPoint::forward}) {
        for (ChainId const base : chains_at(ctx.ruleset(), point)) {
            std::vector<Place> const places = helper_rules(ctx.ruleset(), base);
            if (places.empty()) continue;
            PacketSet const passing = opened(ctx, base) & ctx.seen_by(base);
            Reach reach(ctx.space(), ctx.ruleset(), passing);
            for (Place const& at : places) {
                PacketSet const helped =
                    reach.hits({{Marks{}, passing}}, base, at.chain, at.rule) & reach.accepted(base);
                if (helped.empty() || !reported.emplace(at.chain, at.rule).second) continue;
                Finding& finding = add_finding(ctx, out, at.chain, at.rule);
                finding.arg("helper", ctx.ruleset().chains[at.chain].rules[at.rule].effects.helper);
                finding.witness = ctx.witness(base, helped, true);
                judge(finding, helped);
            }
        }
    }
}

} // namespace portcullis
