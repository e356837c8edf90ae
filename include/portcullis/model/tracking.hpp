// What connection tracking leaves alone by itself, whatever the rules say.
#pragma once
#include "portcullis/model/packet.hpp"

namespace portcullis {

// Neighbour discovery and the messages about multicast listeners (RFC 4861, RFC 2710, RFC 3810) belong to no connection:
// their state is untracked (nf_conntrack_proto_icmpv6.c, checked against Linux 6.18).
bool is_never_tracked(Packet const& packet);

} // namespace portcullis
