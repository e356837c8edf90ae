// A Packet as the bytes on the wire, and back. What is injected is written from a Packet; what portcullis is asked
// about is read from the bytes that the kernel reports at a hook, so that nothing is assumed of what happened
// between.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "portcullis/model/packet.hpp"

namespace portcullis::kernel {

using Bytes = std::vector<std::uint8_t>;

// Tells one packet from the others of its batch: the identification of IPv4, the low bits of the flow label of
// IPv6. No firewall of these tests looks at either. Never 0, which the kernel would replace.
using Tag = std::uint16_t;

// What is sent: the fields of the packet that are on the wire. The length is that of the packet where its headers
// fit. A later fragment of IPv4 begins with what would be its transport header, and is read so: nft looks at these
// bytes without a look at the offset (nft_payload_fast_eval() in Linux 6.18). In one of IPv6 it reads the IPv6
// header in their place, which no model describes; there are none.
struct Probe {
    Packet packet;
    bool options_header = false; // IPv6: an empty destination options header before the transport header
    std::optional<Packet> quoted{}; // of an ICMP error: the packet that it is about
};

// The IP packet with right checksums: a wrong one would make the connection tracking call it invalid.
Bytes to_wire(Probe const& probe, Tag tag);

struct Decoded {
    Packet packet; // interfaces, marks and connection tracking are not in the bytes
    Tag tag = 0;
    std::size_t payload = 0; // where what follows the transport header begins
};
// Nothing where the bytes are no IP packet. They may be cut behind the transport header.
std::optional<Decoded> from_wire(std::span<std::uint8_t const> bytes);

} // namespace portcullis::kernel
