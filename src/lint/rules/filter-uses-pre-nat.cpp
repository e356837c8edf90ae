#include "lint/published.hpp"
#include "lint/static_nat.hpp"

namespace portcullis {

void check_filter_uses_pre_nat(Context const& ctx, Findings& out) {
    if (is_cisco(ctx.ruleset().dialect)) find_entries_before_translation(ctx, out);
    else find_asked_too_late(ctx, out);
}

} // namespace portcullis
