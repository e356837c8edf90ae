// How connections begin: what questions about what may be opened are asked about.
#pragma once
#include "portcullis/engine/path.hpp"

namespace portcullis {

// The first packets of connections as a hook sees them: no later fragments, not the answering direction, of tcp a SYN
// alone; with any state, to any address.
PacketSet first_packets(Space& space, HookPoint point);

// Packets to an address that one host can have: not multicast (RFC 5771, RFC 4291 2.7) and not 255.255.255.255.
PacketSet to_one_host(Space& space);

} // namespace portcullis
