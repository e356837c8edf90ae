// Packets that a notrack rule takes out of connection tracking are untracked ever after: neither new nor
// established. Found where a later filter would let the first packet of a connection pass if it were new, and drops
// it since it is not.
#include <algorithm>
#include <set>

#include "lint/what_if.hpp"

namespace portcullis {

namespace {

constexpr int tracking = -200; // NF_IP_PRI_CONNTRACK; notrack works before it

struct Untracking {
    ChainId chain = 0;
    std::size_t rule = 0;
    PacketSet packets;
};

// The notrack rules of the base chains on the path that work.
std::vector<Untracking> untracking(Context const& ctx, Path const& path) {
    std::vector<Untracking> found;
    for (ChainId const base : path.chains) {
        Hook const& hook = *ctx.ruleset().chains[base].hook;
        bool const there = hook.point == HookPoint::prerouting || hook.point == HookPoint::output;
        if (!there || hook.priority >= tracking) continue;
        for (ChainId const id : call_order(ctx.ruleset(), base).chains) {
            std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                if (!rules[i].effects.notrack) continue;
                PacketSet packets = ctx.reach().hits({{Marks{}, ctx.space().all()}}, base, id, i);
                if (!packets.empty()) found.push_back({id, i, std::move(packets)});
            }
        }
    }
    return found;
}

// Those of the question that pass the path, if the state of all is this one.
PacketSet passing(Context const& ctx, Path const& path, PacketSet const& question, unsigned state) {
    Ruleset const known = assuming(ctx.ruleset(), Field::ct_state, state);
    PathReach reach(ctx.space(), known, path, question);
    return reach.accepted(Family::v4) | reach.accepted(Family::v6);
}

} // namespace

void check_untracked_not_accepted(Context const& ctx, Findings& out) {
    std::set<std::pair<ChainId, std::size_t>> reported;
    for (Path const& path : ctx.paths()) {
        auto const rules = untracking(ctx, path);
        if (rules.empty()) continue;
        PacketSet question = ctx.space().none();
        for (Untracking const& rule : rules) question |= rule.packets;
        question &= ctx.first_packets(path.hook);
        // What a host says to itself is not forwarded.
        if (path.kind == Path::Kind::through)
            question -= ctx.space().of(Field::iif, ValueSet::single(interface_value("lo")));
        PacketSet const lost = passing(ctx, path, question, ct_state::new_).certainly() -
                               passing(ctx, path, question, ct_state::untracked).possibly();
        if (lost.empty()) continue;
        PacketSet const untracked = ctx.space().of(Field::ct_state, ValueSet::single(ct_state::untracked));
        for (Untracking const& rule : rules) {
            PacketSet const blocked = rule.packets & lost & untracked;
            if (blocked.empty() || !reported.emplace(rule.chain, rule.rule).second) continue;
            Finding& finding = add_finding(ctx, out, rule.chain, rule.rule);
            finding.witness = ctx.witness(path.chains, path.hook, blocked, false);
            judge(finding, blocked);
        }
    }
}

} // namespace portcullis
