// What the chain of a goto does not decide goes to the policy of the base chain, not to its next rule. Found where
// packets would fare otherwise if the goto were a jump.
#include "lint/what_if.hpp"

namespace portcullis {

void check_goto_skips_rest(Context const& ctx, Findings& out) {
    auto const jump_there = [](Rule const& rule) -> std::optional<Verdict> {
        auto const* jump = std::get_if<Jump>(&rule.verdict);
        if (jump == nullptr || !jump->is_goto || jump->chain == no_chain) return std::nullopt;
        return Jump{jump->chain, false};
    };
    for (EarlyEnd const& end : early_ends(ctx, jump_there)) {
        auto const& jump = std::get<Jump>(ctx.ruleset().chains[end.chain].rules[end.rule].verdict);
        report(ctx, out, end).arg("target", ctx.ruleset().chains[jump.chain].name);
    }
}

} // namespace portcullis
