// Any port of a transport protocol, or any protocol; a rule that lets everything through has a rule of its own.
#include "lint/exposure.hpp"

namespace portcullis {

void check_any_service_permit(Context const& ctx, Findings& out) {
    for (Opening const& opening : wide_openings(ctx)) {
        Permit const& permit = *opening.parts.front().first;
        if (!named_ports(ctx, permit).is_all(info(Field::dport).bits)) continue;
        if (trusts_source_port(ctx, permit) || permits_everything(ctx, opening)) continue;
        IntervalSet const protocols = opening.parts.front().second.project(Field::protocol).value().intersected(port_protocols());
        bool const any = protocols == port_protocols();
        report(ctx, out, opening).arg("protocol", any ? "" : values_text(Field::protocol, protocols) + " ");
    }
}

} // namespace portcullis
