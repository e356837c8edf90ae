// Judged by what the rule would match alone, through all calls that lead to it, and reported if anything gets there.
#include <algorithm>

#include "lint/exposure.hpp"

namespace portcullis {

void check_any_any_permit(Context const& ctx, Findings& out) {
    for (Opening const& opening : wide_openings(ctx)) {
        if (permits_everything(ctx, opening)) report(ctx, out, opening);
    }
}

} // namespace portcullis
