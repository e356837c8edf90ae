// Rules that keep less than half of what their text says, since an earlier one decides the rest in the other way.
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

void check_partially_shadowed(Context const& ctx, Findings& out) {
    for (PartlyTaken const& part : ctx.partly_taken()) {
        Finding& finding = add_finding(ctx, out, part.rule.chain, part.rule.rule);
        // Rounded down: 100 % has to mean all, and something is left.
        finding.arg("share", fmt::format("{} %", static_cast<int>(part.share * 100 + 1e-6)));
        finding.arg("fate", part.otherwise.verdict == "accept" ? "let through" : "blocked");
        finding.relate(fmt::format("{} {}", verb_of(ctx.ruleset(), part.by).one, part.share < 1 ? "a part" : "most"),
                       span_of(ctx.ruleset(), part.by));
        finding.witness = part.otherwise;
        finding.note("left to the rule: " + part.left);
        if (!part.by_most) continue;
        finding.severity = Severity::info;
        finding.note("the earlier rule is about most of all packets");
    }
}

} // namespace portcullis
