// In a base chain, return means the policy. Found where the packets would fare otherwise if they went on: what the
// author of the later rules may well have expected.
#include "lint/what_if.hpp"

namespace portcullis {

void check_return_in_base(Context const& ctx, Findings& out) {
    auto const go_on = [](Rule const& rule) {
        return std::holds_alternative<Return>(rule.verdict) ? std::optional<Verdict>(Continue{}) : std::nullopt;
    };
    for (EarlyEnd const& end : early_ends(ctx, go_on)) report(ctx, out, end);
}

} // namespace portcullis
