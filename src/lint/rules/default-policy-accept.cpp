// Judged by what really gets to the policy: a chain that ends in a drop of everything may have any policy. The output
// chain is told for information: most hosts trust themselves.
#include <set>

#include "lint/certain.hpp"
#include "lint/context.hpp"

namespace portcullis {

namespace {

bool is_filter(Chain const& chain) {
    // Chains before mangle look at packets for other purposes; a later one is expected to decide.
    return chain.hook->type == ChainType::filter && chain.hook->priority > -150;
}

Finding& report(Context const& ctx, Findings& out, ChainId id, std::string what) {
    Chain const& chain = ctx.ruleset().chains[id];
    Finding& finding = out.add(ctx.rule().id, chain.policy_span).arg("chain", chain.title()).arg("what", std::move(what));
    finding.where = where(chain, std::nullopt);
    if (!chain.explicit_policy) finding.note("the chain names no policy, which means accept");
    return finding;
}

} // namespace

void check_default_policy_accept(Context const& ctx, Findings& out) {
    std::set<ChainId> reported;
    for (Permit const& permit : ctx.permits()) {
        if (permit.rule || permit.chain == no_chain || reported.contains(permit.chain)) continue;
        // An empty access list that is applied permits everything too, but for another reason.
        if (ctx.paths()[permit.path].kind == Path::Kind::list) continue;
        Chain const& chain = ctx.ruleset().chains[permit.chain];
        if (!is_filter(chain)) continue;
        PacketSet const passing = ctx.passing(permit);
        if (passing.empty()) continue;
        reported.insert(permit.chain);
        std::vector<Assumption> assumptions;
        Finding& finding = report(ctx, out, permit.chain, passing == ctx.asked(permit) ? "every new connection" : "new connections");
        PacketSet const sure = certainly(passing, ctx.asked(permit));
        finding.witness = ctx.witness(permit, sure.empty() ? passing : sure, assumptions);
        if (sure.empty()) finding.certainty = Certainty::possible;
    }
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::from_host) continue;
        for (ChainId const id : path.chains) {
            Chain const& chain = ctx.ruleset().chains[id];
            bool const here = chain.hook->point == HookPoint::output && is_filter(chain);
            if (!here || !std::holds_alternative<Accept>(chain.policy)) continue;
            Reach reach(ctx.space(), ctx.ruleset(), ctx.space().of(Field::ct_state, ValueSet::single(ct_state::new_)));
            if (reach.fates(id).returned.empty()) continue;
            report(ctx, out, id, "connections that this host opens").severity = Severity::info;
        }
    }
}

} // namespace portcullis
