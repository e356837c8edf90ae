// Explicit ranges only: a permit without any port is any-service-permit's business.
#include <fmt/format.h>

#include "lint/exposure.hpp"

namespace portcullis {

void check_wide_port_range(Context const& ctx, Findings& out) {
    for (Opening const& opening : wide_openings(ctx)) {
        Permit const& permit = *opening.parts.front().first;
        IntervalSet const ports = named_ports(ctx, permit);
        if (ports.is_all(info(Field::dport).bits) || trusts_source_port(ctx, permit)) continue;
        report(ctx, out, opening).arg("ports", fmt::format("{}", low64(ports.count()))).arg("verb", "are");
    }
}

} // namespace portcullis
