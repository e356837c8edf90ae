// Rules that do what the policy does, or the implicit end of an access list, where nothing later says otherwise. What
// a later rule does as well is PC207's.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// The policy that packets get which no rule decides, if it is one for all that come to the chain.
Verdict const* policy_of(Context const& ctx, ChainId id) {
    auto const& chains = ctx.ruleset().chains;
    auto const& bases = ctx.bases(id);
    if (bases.empty()) return nullptr;
    Verdict const& policy = chains[bases.front()].policy;
    bool const one = std::all_of(bases.begin(), bases.end(), [&](ChainId base) { return chains[base].policy == policy; });
    return one ? &policy : nullptr;
}

} // namespace

void check_policy_redundant(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    for (TextRule const& group : rules_of_text(ruleset)) {
        RuleId const id = group.front();
        Rule const& rule = rule_of(ruleset, id);
        if (group.size() != 1 || !is_silent(rule) || ctx.shadows().life(id) != Life::alive) continue;
        Verdict const* const policy = policy_of(ctx, id.chain);
        if (policy == nullptr || rule.verdict != *policy || ctx.shadows().contrary_later(id)) continue;
        if (!is_quiet_after(ruleset, id) || ctx.shadows().absorbed_by(id)) continue;
        Chain const& chain = ruleset.chains[id.chain];
        bool const list = chain.hook && chain.hook->point == HookPoint::list;
        Finding& finding = add_finding(ctx, out, id.chain, id.rule);
        finding.arg("end", list ? "the implicit end of the list" : "the policy");
        finding.arg("verb", std::string(verb_of(ruleset, id).many));
        finding.note("proof: no later rule decides any of its packets otherwise");
    }
}

} // namespace portcullis
