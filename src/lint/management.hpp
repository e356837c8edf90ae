// Who may talk to a service by which the box is managed: the sources that its own line names, as far as the access
// lists in front of it let them in.
#pragma once
#include <string>
#include <vector>

#include "lint/context.hpp"

namespace portcullis {

struct Entrance {
    PacketSet all;                 // first packets of connections that get in
    PacketSet untrusted;           // those from sources that nobody vouches for
    std::vector<ChainId> lists;    // that were asked
    std::vector<std::string> gaps; // lists that permit everything: "access list 'X' does not exist"
};

// Connections to the port. IPv6 is asked about for terminals, on a box that has addresses of it. Where the text is an
// excerpt without lists and interfaces, a list that it names may be elsewhere, and nobody is known to get in.
Entrance entrance(Context const& ctx, Management const& service, PortRange const& port);

// "any source", "any IPv4 source", "198.51.100.0/24 and 2 more": the untrusted ones, or else that there are none.
std::string sources_text(Context const& ctx, Entrance const& entrance);

// Less than half of all that nobody vouches for: somebody has chosen them.
bool from_few(Context const& ctx, Entrance const& entrance);

// Adds a finding of the current rule at the service, for the untrusted ones where there are any: where, {what},
// {sources}, the witness and what the lists have to do with it.
Finding& report(Context const& ctx, Findings& out, Management const& service, Entrance const& entrance);

} // namespace portcullis
