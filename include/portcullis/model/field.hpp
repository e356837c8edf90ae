// What a packet is made of, for a firewall: one row per field, from which parsing, printing, packets and witnesses
// follow. A new field is a new row.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <string_view>

#include "portcullis/base/interval_set.hpp"

namespace portcullis {

enum class Field : std::uint8_t {
    family,        // of the packet, as Linux's nfproto: 0 is IPv4, 1 is IPv6
    src4, dst4,    // IPv4 addresses; meaningful where family is 0
    src6, dst6,    // IPv6 addresses; meaningful where family is 1
    protocol,      // the transport protocol (for IPv6 behind the extension headers), IANA numbers
    sport, dport,  // of tcp, udp, udplite, sctp and dccp; 0 elsewhere, and so is all of a header that is not there
    icmp_type,     // of icmp and icmpv6
    icmp_code,
    tcp_flags,     // bit 0 FIN, 1 SYN, 2 RST, 3 PSH, 4 ACK, 5 URG, 6 ECE, 7 CWR (RFC 9293)
    ct_state,      // conntrack: 0 new, 1 established, 2 related, 3 invalid, 4 untracked
    ct_status,     // bits of nf_conntrack_common.h: 0 expected, 1 seen-reply, 2 assured, 3 confirmed, 4 snat, 5 dnat, 9 dying
    ct_direction,  // 0 original, 1 reply
    // The ends of the packet's connection as conntrack keeps them: of its first packet before any translation, and of the
    // answers to it that are expected. Of new connections they follow from the packet on its way (engine/translation.hpp).
    orig_src4, orig_dst4, orig_src6, orig_dst6, orig_sport, orig_dport,
    reply_src4, reply_dst4, reply_src6, reply_dst6, reply_sport, reply_dport,
    ct_protocol,   // likewise its transport protocol, which an ICMP error does not share
    fragment,      // 0: whole or first fragment, 1: later fragment (no transport header)
    iif, oif,      // interface names: up to 16 bytes, big-endian, zero-padded, so that "eth*" is one interval
    iif_group, oif_group, // the group numbers of the interfaces (ip-link(8)); the box chooses them
    phys_iif, phys_oif, // the ports of a bridge that it came in by and leaves by, likewise; 0: of no bridge
    packet_type,   // link layer: 0 to this host, 1 broadcast, 2 multicast, 3 to another host
    src_type, dst_type, // the kernel's routing type of an address: route_type
    src_mac,       // Ethernet source
    dscp,          // 6 bits of the TOS or traffic class byte
    ecn,           // the other 2 bits of that byte
    ttl,           // time to live, or hop limit
    length,        // of the IP packet in bytes, headers included
    exthdr,        // extension headers of IPv6 that are there: bit 0 hbh, 1 dst, 2 rt, 3 frag, 4 ah
    frag_id,       // of the fragment header
    rt_type,       // of the routing header, and the addresses that it has left
    rt_segments,
    ah_spi,        // the security parameters indices of both IPsec headers
    esp_spi,
    skuid, skgid,  // the user and group of the local socket that it comes from; no_socket elsewhere
    mark,          // the packet's mark: never on the wire, set by rules
    ct_mark,       // the connection's mark: likewise
    // What address translation picks for the packet where a rule leaves it a range; a value outside of the range stands
    // for its first. The type is that of the new destination.
    nat_dst, nat_dport, nat_dst_type,
    nat_src, nat_sport,
};
constexpr std::size_t field_count = 57;

enum class FieldKind : std::uint8_t { range, flags, name, address, mac };

struct FieldInfo {
    Field field;
    std::string_view name;    // as nft spells it where nft has it
    unsigned bits;
    FieldKind kind;
    std::optional<Family> family; // set: only packets of this family have the field
    U128 largest;             // the largest value that occurs
    bool on_wire;             // false: rules or the box choose it, not the sender
    bool transport = false;   // in the header that later fragments lack: no term on it holds for them, negated or not
};

std::array<FieldInfo, field_count> const& fields();
inline FieldInfo const& info(Field field) { return fields()[static_cast<std::size_t>(field)]; }

constexpr U128 no_socket = 0xffffffff; // no user's number (user_namespaces(7))
constexpr U128 family_v4 = 0;
constexpr U128 family_v6 = 1;
constexpr U128 family_value(Family family) { return family == Family::v4 ? family_v4 : family_v6; }
constexpr Field src_field(Family family) { return family == Family::v4 ? Field::src4 : Field::src6; }
constexpr Field dst_field(Family family) { return family == Family::v4 ? Field::dst4 : Field::dst6; }

// IANA protocol numbers that the code names.
enum class Protocol : std::uint8_t {
    icmp = 1, igmp = 2, tcp = 6, udp = 17, dccp = 33, gre = 47, esp = 50, ah = 51, icmpv6 = 58, sctp = 132, udplite = 136
};
constexpr U128 number(Protocol protocol) { return static_cast<U128>(protocol); }
// Protocols with 16-bit ports at the head of their header.
IntervalSet const& port_protocols();

namespace tcp_flag {
constexpr unsigned fin = 1, syn = 2, rst = 4, psh = 8, ack = 16, urg = 32, ece = 64, cwr = 128;
}
namespace extension_header {
constexpr unsigned hbh = 1, dst = 2, rt = 4, frag = 8, ah = 16;
}
namespace route_type { // rtnetlink(7)
constexpr unsigned unspecified = 0, unicast = 1, local = 2, broadcast = 3, anycast = 4, multicast = 5, blackhole = 6, unreachable = 7, prohibit = 8;
}
namespace ct_state {
constexpr unsigned new_ = 0, established = 1, related = 2, invalid = 3, untracked = 4;
}

// Whether the field is about the ends of the connection.
constexpr bool is_of_tuple(Field field) { return field >= Field::orig_src4 && field <= Field::ct_protocol; }

// Whether the field's values are names of interfaces.
constexpr bool is_interface(Field field) {
    return field == Field::iif || field == Field::oif || field == Field::phys_iif || field == Field::phys_oif;
}
// Interface names as numbers. Longer names than 16 bytes are cut (Linux allows 15).
U128 interface_value(std::string_view name);
std::string interface_name(U128 value);
// All names that start with `prefix`: what "eth+" (iptables) and "eth*" (nft) mean. Includes the prefix itself.
Interval interface_prefix(std::string_view prefix);

// A value as its field is usually written: "192.0.2.1", "tcp", "new", "syn,ack", "eth0", "443".
std::string value_text(Field field, U128 value);
// Sets of flags, up to eight one by one ("syn,ack"), more as products: "with dnat", "with syn without rst,ack" has the one and none of the
// others, and may have whatever else there is.
std::vector<std::string> flags_items(Field field, IntervalSet const& values);
// A set likewise, at most `most` items and then "and N more": "10.0.0.0/8, 192.0.2.1", "1024-65535", "eth*", "any".
std::string values_text(Field field, IntervalSet const& values, std::size_t most = 8);

} // namespace portcullis
