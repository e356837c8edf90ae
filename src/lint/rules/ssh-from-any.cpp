// SSH may be published to some; this is about SSH that is published to all.
#include "lint/exposure.hpp"

namespace portcullis {

void check_ssh_from_any(Context const& ctx, Findings& out) {
    for (Opening const& opening : narrow_openings(ctx, services_of_rule(ctx))) {
        if (from_anywhere(ctx, opening)) report(ctx, out, opening);
    }
}

} // namespace portcullis
