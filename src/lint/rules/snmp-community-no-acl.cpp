// Communities of SNMP versions 1 and 2c. Version 3 has users with passwords of their own and is not looked at.
#include "lint/management.hpp"

namespace portcullis {

void check_snmp_community_no_acl(Context const& ctx, Findings& out) {
    constexpr std::uint8_t udp = 17;
    constexpr std::uint16_t port = 161;
    for (Management const& service : ctx.ruleset().management) {
        if (service.kind != Management::Kind::snmp) continue;
        Entrance const in = entrance(ctx, service, {udp, port, port, {}});
        if (in.untrusted.empty()) continue;
        Finding& finding = report(ctx, out, service, in);
        finding.arg("may", service.writes ? "read and change the configuration" : "read from the device");
        if (from_few(ctx, in)) finding.severity = Severity::medium;
        if (service.writes) finding.severity = Severity::critical;
        if (service.what != "snmp-server community") finding.note("its name is one of those that scanners try first");
    }
}

} // namespace portcullis
