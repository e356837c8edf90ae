// Any port of a transport protocol, or any protocol; a rule that lets everything through has a rule of its own.
#include <algorithm>

#include "lint/exposure.hpp"

namespace portcullis {
namespace {

bool all_ports_are_open(Context const& ctx, PacketSet const& packets, IntervalSet const& protocols) {
    return std::ranges::all_of(protocols.intervals(), [&](Interval const& some) {
        for (U128 protocol = some.first; protocol <= some.last; ++protocol) {
            auto const ports = (packets & ctx.space().of(Field::protocol, ValueSet::single(protocol))).project(Field::dport);
            if (!ports || !ports->is_all(info(Field::dport).bits)) return false;
        }
        return true;
    });
}

} // namespace

void check_any_service_permit(Context const& ctx, Findings& out) {
    for (Opening const& opening : wide_openings(ctx)) {
        Permit const& permit = *opening.parts.front().first;
        if (!named_ports(ctx, permit).is_all(info(Field::dport).bits)) continue;
        if (trusts_source_port(ctx, permit) || permits_everything(ctx, opening)) continue;
        PacketSet const& packets = opening.parts.front().second;
        IntervalSet const protocols = packets.project(Field::protocol).value().intersected(port_protocols());
        bool const any = protocols == port_protocols();
        report(ctx, out, opening)
            .arg("protocol", any ? "" : values_text(Field::protocol, protocols) + " ")
            .arg("left", all_ports_are_open(ctx, packets, protocols) ? "" : " that no earlier rule denies");
    }
}

} // namespace portcullis
