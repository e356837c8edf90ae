// Rules that one earlier rule hides, which says something else.
#include "lint/context.hpp"

namespace portcullis {

void check_shadowed_rule(Context const& ctx, Findings& out) {
    report_dead_rules(ctx, DeadRule::Kind::shadowed, out);
}

} // namespace portcullis
