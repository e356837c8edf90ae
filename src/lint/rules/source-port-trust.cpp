// A permit of new connections to any or many ports, keyed on the port that the sender chose.
#include <fmt/format.h>

#include "lint/exposure.hpp"

namespace portcullis {

void check_source_port_trust(Context const& ctx, Findings& out) {
    for (Opening const& opening : wide_openings(ctx)) {
        Permit const& permit = *opening.parts.front().first;
        if (!trusts_source_port(ctx, permit)) continue;
        PacketSet const& set = opening.parts.front().second;
        U128 const ports = named_ports(ctx, permit).count();
        report(ctx, out, opening)
            .arg("ports", ports == 65536 ? "every port" : fmt::format("{} ports", low64(ports)))
            .arg("trusted", "port " + values_text(Field::sport, set.project(Field::sport).value(), 3));
    }
}

} // namespace portcullis
