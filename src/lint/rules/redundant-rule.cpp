// Rules whose packets earlier rules decide in the same way.
#include "lint/context.hpp"

namespace portcullis {

void check_redundant_rule(Context const& ctx, Findings& out) {
    report_dead_rules(ctx, DeadRule::Kind::redundant, out);
}

} // namespace portcullis
