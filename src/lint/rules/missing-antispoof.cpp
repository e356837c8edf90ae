// Packets from outside that claim to come from inside, and packets from a zone that claim to come from elsewhere.
#include "lint/context.hpp"

namespace portcullis {

void check_missing_antispoof(Context const& ctx, Findings& out) {
    for (Spoofing const& spoofing : ctx.spoofing_from_outside()) {
        if (spoofing.own.empty()) continue;
        Finding& finding = report(ctx, out, spoofing, spoofing.own);
        if (!spoofing.bogons.empty())
            finding.note("and so do " + values_text(src_field(spoofing.family), spoofing.bogons, 4));
        bool const by_kernel = ctx.paths()[spoofing.path].kind != Path::Kind::list;
        if (by_kernel) finding.note("unless net.ipv4.conf.*.rp_filter is 1, which no ruleset shows");
        // A name is not much to go by.
        if (by_kernel && ctx.config().zones.empty()) finding.severity = Severity::medium;
    }
    for (Spoofing const& spoofing : spoofing_from_zones(ctx)) report(ctx, out, spoofing, spoofing.own);
}

} // namespace portcullis
