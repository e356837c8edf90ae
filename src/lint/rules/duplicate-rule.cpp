// Two rules of one chain that ask the same and do the same.
#include "lint/context.hpp"
#include "lint/duplicates.hpp"

namespace portcullis {

void check_duplicate_rule(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        for (Duplicate const& duplicate : ctx.duplicates(id)) {
            Finding& finding = add_finding(ctx, out, id, duplicate.rule);
            finding.relate("the same rule", duplicate.earlier);
            offer_removal(ctx, finding, ctx.ruleset().chains[id].rules[duplicate.rule], true);
        }
    }
}

} // namespace portcullis
