// What a filter turns away at its end, by a last rule or by its policy, and no rule before it has logged. Asked of
// packets from untrusted sources, one after the other: what some packet shows for its like is enough.
#include <algorithm>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::size_t tries = 64;

// The chain and the rule by which the filter denies what no rule permits; nothing where it does not.
struct End {
    ChainId chain = 0;
    std::optional<std::size_t> rule; // none: the policy
};

// By the gotos that take all: "-g DENIED". They may lead in a circle, which decides nothing.
std::optional<End> final_deny(Ruleset const& ruleset, ChainId base) {
    ChainId id = base;
    for (std::size_t steps = 0; steps < ruleset.chains.size(); ++steps) {
        Chain const& chain = ruleset.chains[id];
        auto const last = catch_all(chain);
        if (last == chain.rules.end())
            return std::holds_alternative<Drop>(chain.policy) ? std::optional(End{id, std::nullopt}) : std::nullopt;
        if (std::holds_alternative<Drop>(last->verdict) || std::holds_alternative<Reject>(last->verdict))
            return End{id, static_cast<std::size_t>(last - chain.rules.begin())};
        auto const* jump = std::get_if<Jump>(&last->verdict);
        if (jump == nullptr || jump->chain == no_chain) return std::nullopt;
        id = jump->chain;
    }
    return std::nullopt;
}

bool logs(Rule const& rule) { return rule.effects.log; }

// Whether a rule that the packet met logs it, or may do so.
bool is_logged(Ruleset const& ruleset, std::vector<Step> const& steps) {
    return std::ranges::any_of(steps, [&](Step const& step) {
        return step.rule && step.outcome != "no match" && logs(ruleset.chains[step.chain].rules[*step.rule]);
    });
}

// A packet that the end turns away and nobody logs; nothing where the packets that were tried are all permitted or logged.
std::optional<PacketSet> silently_denied(Context const& ctx, Path const& path, End const& end, PacketSet rest) {
    for (std::size_t i = 0; i < tries; ++i) {
        auto const member = rest.member();
        if (!member) return std::nullopt;
        // A log with a rate logs while the rate is kept.
        auto const truth = [&](Opaque const& opaque) { return opaque.rate ? !opaque.negated : member->truth(opaque); };
        Decision const decision = interpret(ctx.ruleset(), path, member->packet, truth, Detail::steps);
        Outcome const& outcome = decision.main();
        bool const here = decision.outcomes.size() == 1 && outcome.chain == end.chain && outcome.rule == end.rule;
        if (here) return is_logged(ctx.ruleset(), decision.steps) ? std::nullopt : std::optional(rest);
        if (!outcome.rule) return std::nullopt;
        rest -= ctx.space().of(ctx.ruleset().chains[outcome.chain].rules[*outcome.rule].match);
    }
    return std::nullopt;
}

} // namespace

void check_deny_not_logged(Context const& ctx, Findings& out) {
    std::vector<std::pair<ChainId, std::optional<std::size_t>>> told;
    for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
        Path const& path = ctx.paths()[p];
        if (path.kind == Path::Kind::from_host) continue;
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ctx.ruleset().governs(family)) continue;
            PathReach reach(ctx.space(), ctx.ruleset(), path, ctx.question(p));
            auto const filter = reach.decisive(family);
            auto const end = filter ? final_deny(ctx.ruleset(), *filter) : std::nullopt;
            if (!end || std::ranges::find(told, std::pair(end->chain, end->rule)) != told.end()) continue;
            auto const denied = silently_denied(ctx, path, *end, reach.of_family(family));
            if (!denied) continue;
            told.emplace_back(end->chain, end->rule);
            add_finding(ctx, out, end->chain, end->rule).witness = ctx.witness(path.chains, path.hook, *denied, false);
        }
    }
}

} // namespace portcullis
