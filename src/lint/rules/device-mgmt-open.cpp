// Terminals and web pages by which the box is managed. What is open to sources that nobody vouches for is the finding;
// of less weight is what few of them reach by an encrypted way, and what trusted ones reach in cleartext.
#include <algorithm>
#include <array>

#include "lint/management.hpp"

namespace portcullis {

namespace {

struct Transport {
    std::string_view name;
    std::uint16_t port;
    bool cleartext;
};
// "all" has telnet among its protocols. Others (lat, pad, mop, …) are not of IP, or take no sessions.
constexpr std::array transports{Transport{"telnet", 23, true}, Transport{"all", 23, true}, Transport{"rlogin", 513, true},
                                Transport{"http", 80, true},   Transport{"ssh", 22, false}, Transport{"https", 443, false}};

std::vector<Transport> transports_of(Management const& service) {
    std::vector<Transport> found;
    for (Transport const& transport : transports) {
        auto const& named = service.transports;
        if (std::find(named.begin(), named.end(), transport.name) != named.end()) found.push_back(transport);
    }
    return found;
}

// Of the console, the auxiliary port and asynchronous lines: connections that are led on to what is attached there (Cisco
// IOS Terminal Services Configuration Guide, "reverse Telnet": port 2000 and the number of the line).
bool leads_on(Management const& service) {
    bool const remote = service.what.find("vty") != std::string::npos || service.what.starts_with("line default") ||
                        service.what.starts_with("line template");
    return service.what.starts_with("line ") && !remote;
}

// What the release does where the text does not say it.
Transport usual(Management const& service) {
    return service.kind == Management::Kind::web ? transports.back() : transports[1];
}

std::string words(std::vector<Transport> const& all) {
    std::string text;
    for (Transport const& one : all) {
        if (!text.empty()) text += &one == &all.back() ? " and " : ", ";
        text += one.name == "all" ? "connections of all protocols" : std::string(one.name);
    }
    return text;
}

} // namespace

void check_device_mgmt_open(Context const& ctx, Findings& out) {
    constexpr std::uint8_t tcp = 6;
    for (Management const& service : ctx.ruleset().management) {
        bool const web = service.kind == Management::Kind::web;
        if (!web && service.kind != Management::Kind::terminal) continue;
        bool const is_said = !service.transports.empty();
        std::vector<Transport> to_all;
        std::vector<Transport> to_trusted; // in cleartext
        std::optional<Entrance> in;
        for (Transport const& transport : is_said ? transports_of(service) : std::vector{usual(service)}) {
            PortRange ports{tcp, transport.port, transport.port, {}};
            if (leads_on(service)) ports = {tcp, 2001, 2999, {}};
            Entrance one = entrance(ctx, service, ports);
            if (one.untrusted.empty() && (one.all.empty() || !transport.cleartext || !is_said)) continue;
            bool const first = one.untrusted.empty() ? !in : to_all.empty();
            (one.untrusted.empty() ? to_trusted : to_all).push_back(transport);
            if (first) in = std::move(one);
        }
        if (!in) continue;
        Finding& finding = report(ctx, out, service, *in);
        finding.arg("transports", words(to_all.empty() ? to_trusted : to_all));
        bool const encrypted = std::none_of(to_all.begin(), to_all.end(), [](Transport const& t) { return t.cleartext; });
        if (!to_all.empty() && encrypted && from_few(ctx, *in)) finding.severity = Severity::low;
        if (to_all.empty()) {
            finding.severity = Severity::medium;
            finding.note("only trusted sources get in, but whoever is on the way reads the password");
        }
        if (is_said) continue;
        finding.certainty = Certainty::possible;
        finding.note(web ? "only if 'http server enable' stands elsewhere: no line here switches the server on"
                         : "no 'transport input' says which; most releases take all of them then");
    }
}

} // namespace portcullis
