// The question behind all rules of exposure: which permits let new connections from untrusted sources reach a service.
#pragma once
#include <string>
#include <vector>

#include "lint/context.hpp"

namespace portcullis {

// A service, and the first of its ports that is open.
struct OpenService {
    Service const* service = nullptr;
    PortRange port;
};

// One rule of the text (or policy), with all paths and families on which it lets something through.
struct Opening {
    std::vector<std::pair<Permit const*, PacketSet>> parts; // never empty sets
    std::vector<OpenService> services;                      // that it opens, in the order asked
};

// The rules that name some of the services and let untrusted sources reach them.
std::vector<Opening> narrow_openings(Context const& ctx, std::vector<Service const*> const& services);
// The rules that name more than `narrow_limit` ports, or none, and let untrusted sources through. No services filled in.
std::vector<Opening> wide_openings(Context const& ctx);

// Adds a finding of the current rule at the opening: where, paths, sources, certainty and the witness.
Finding& report(Context const& ctx, Findings& out, Opening const& opening);

// "any source", "any IPv4 source", "198.51.100.0/24 and 2 more".
std::string sources_text(Context const& ctx, Opening const& opening);
// Its sources are at least half of all untrusted ones of a family.
bool from_anywhere(Context const& ctx, Opening const& opening);
// "telnet (tcp/23)", at most `most` and "and N more".
std::string services_text(std::vector<OpenService> const& services, std::size_t most = 3);
// Those of the services that some part of the opening reaches.
std::vector<OpenService> open_services(Context const& ctx, Opening const& opening,
                                       std::vector<Service const*> const& services);
// The destination ports that the permit's own text leaves open; all where it names none.
IntervalSet named_ports(Context const& ctx, Permit const& permit);
// The permit names few source ports, and many destination ports or none: it was meant for answers.
bool trusts_source_port(Context const& ctx, Permit const& permit);
// Alone, the rule would let through everything that is asked about, for some family on some path.
bool permits_everything(Context const& ctx, Opening const& opening);
// The services of the current rule, by the names in its TOML.
std::vector<Service const*> services_of_rule(Context const& ctx);

// The whole of a rule that finds services named by narrow permits; args {services}, {sources}, {verb}.
void check_exposure(Context const& ctx, Findings& out);

} // namespace portcullis
