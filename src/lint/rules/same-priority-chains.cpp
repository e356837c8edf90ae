// Base chains at one hook with one priority run in an order that nobody promises. What they accept together does
// not depend on it, since a packet has to pass all of them; but which one answers, logs, marks or translates it
// may.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// What a chain and those that it calls do to packets.
struct Doings {
    bool ends = false;    // drops or rejects
    bool rejects = false; // … with an answer
    bool acts = false;    // logs, marks, or does something else that other chains or people notice
    bool translates = false;
};

Doings doings(Ruleset const& ruleset, ChainId base) {
    Doings all;
    all.ends = can_drop(ruleset, base);
    for (ChainId const id : call_order(ruleset, base).chains) {
        for (Rule const& rule : ruleset.chains[id].rules) {
            Effects const& effects = rule.effects;
            all.rejects = all.rejects || std::holds_alternative<Reject>(rule.verdict);
            all.translates = all.translates || std::holds_alternative<Rewrite>(rule.verdict);
            all.acts = all.acts || effects.log || effects.notrack || !effects.assignments.empty() || !effects.sets.empty();
        }
    }
    return all;
}

bool order_matters(Doings const& a, Doings const& b) {
    auto const either = [&](auto const& one) { return one(a, b) || one(b, a); };
    return (a.translates && b.translates) || (a.acts && b.acts) ||
           either([](Doings const& x, Doings const& y) { return x.ends && (y.acts || y.rejects); });
}

// The hooks of bridge tables bear the names of the others, and are not the same.
bool is_bridge(Chain const& chain) { return chain.table.starts_with("bridge "); }

bool compete(Chain const& a, Chain const& b) {
    Hook const& x = *a.hook;
    Hook const& y = *b.hook;
    return is_bridge(a) == is_bridge(b) && x.point == y.point && x.priority == y.priority && x.device == y.device &&
           (x.type == ChainType::nat) == (y.type == ChainType::nat) && ((x.v4 && y.v4) || (x.v6 && y.v6));
}

} // namespace

void check_same_priority_chains(Context const& ctx, Findings& out) {
    constexpr std::array points{HookPoint::ingress, HookPoint::prerouting,  HookPoint::input, HookPoint::forward,
                                HookPoint::output,  HookPoint::postrouting, HookPoint::egress};
    Ruleset const& ruleset = ctx.ruleset();
    for (HookPoint const point : points) {
        std::vector<ChainId> const chains = chains_at(ruleset, point);
        for (auto at = chains.begin(); at != chains.end(); ++at) {
            // Those of one priority stand together; one earlier chain is enough to say it.
            auto const other = std::find_if(
                chains.begin(), at, [&](ChainId id) { return compete(ruleset.chains[id], ruleset.chains[*at]); });
            if (other == at) continue;
            Chain const& chain = ruleset.chains[*at];
            Finding& finding = out.add(ctx.rule().id, chain.span).arg("chain", chain.title());
            finding.arg("other", ruleset.chains[*other].title());
            finding.arg("place", fmt::format("{}, priority {}", to_string(point), chain.hook->priority));
            finding.where = chain.title();
            finding.relate("the other chain", ruleset.chains[*other].span);
            if (!order_matters(doings(ruleset, *other), doings(ruleset, *at))) {
                finding.severity = Severity::info;
                finding.note("as they are, the order makes no difference");
            }
        }
    }
}

} // namespace portcullis
