#include "lint/published.hpp"
#include "lint/static_nat.hpp"

namespace portcullis {

void check_dnat_publishes_insecure(Context const& ctx, Findings& out) {
    if (is_cisco(ctx.ruleset().dialect)) find_static_publications(ctx, out);
    else find_published(ctx, out);
}

} // namespace portcullis
