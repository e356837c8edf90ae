// Packets from outside with sources that nobody there can have. Where addresses of one's own networks get in too, that is
// the worse, and PC312 tells of both.
#include "lint/context.hpp"

namespace portcullis {

void check_missing_bogon_filter(Context const& ctx, Findings& out) {
    for (Spoofing const& spoofing : ctx.spoofing_from_outside())
        if (spoofing.own.empty()) report(ctx, out, spoofing, spoofing.bogons);
}

} // namespace portcullis
