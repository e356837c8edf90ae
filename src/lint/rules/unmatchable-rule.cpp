// Rules that ask what no packet can answer.
#include "lint/context.hpp"

namespace portcullis {

void check_unmatchable_rule(Context const& ctx, Findings& out) {
    report_dead_rules(ctx, DeadRule::Kind::unmatchable, out);
}

} // namespace portcullis
