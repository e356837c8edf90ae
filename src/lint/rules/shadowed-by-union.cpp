// Rules that several earlier rules hide together, of which at least one says something else.
#include "lint/context.hpp"

namespace portcullis {

void check_shadowed_by_union(Context const& ctx, Findings& out) {
    report_dead_rules(ctx, DeadRule::Kind::by_union, out);
}

} // namespace portcullis
