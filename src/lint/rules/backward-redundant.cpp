// Rules that a later one makes needless.
#include "lint/context.hpp"

namespace portcullis {

void check_backward_redundant(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    for (Absorbed const& pair : find_absorbed(ctx)) {
        Finding& finding = add_finding(ctx, out, pair.rule.chain, pair.rule.rule);
        finding.arg("verb", std::string(verb_of(ruleset, pair.later).many));
        finding.relate("the rule that does the same", span_of(ruleset, pair.later));
        finding.note("proof: the later rule contains this one, and none between them decides otherwise");
        offer_removal(ctx, finding, rule_of(ruleset, pair.rule), true);
    }
}

} // namespace portcullis
