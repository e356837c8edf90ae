// Names that rules use for numbers: ports, protocols, icmp types. One table for all dialects, since the same word can
// mean different numbers ("www", "cmd") and the same number different words.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "portcullis/model/field.hpp"

namespace portcullis {

enum class Vocabulary : std::uint8_t {
    linux_names, // /etc/services and /etc/protocols of Debian 12, which iptables and nft use
    cisco,       // keywords of IOS, ASA, NX-OS and IOS-XR
};

// "ssh" over tcp is 22. `protocol` is an IANA number; names of another protocol only do not match, except that in the
// linux vocabulary a name which exists for tcp or udp serves sctp, dccp and udplite too. Case-insensitive for cisco.
std::optional<std::uint16_t> port_number(std::string_view name, U128 protocol, Vocabulary vocabulary);
// The preferred name of a port, or empty.
std::string_view port_name(std::uint16_t port, U128 protocol, Vocabulary vocabulary);

// "tcp", "ipv6-icmp", "icmp6", "ospf", also cisco's "ahp" and "nos".
std::optional<std::uint8_t> protocol_number(std::string_view name, Vocabulary vocabulary);
// "tcp", or the number in digits.
std::string protocol_name(std::uint8_t protocol);

struct IcmpName {
    std::uint8_t type = 0;
    std::optional<std::uint8_t> code;
    friend bool operator==(IcmpName const&, IcmpName const&) = default;
};
// iptables, nft and Cisco spellings together: they do not contradict each other. "echo-request", "host-unreachable",
// "nd-neighbor-solicit", "nd-ns", "packet-too-big". Numbers are not names.
std::optional<IcmpName> icmp_by_name(std::string_view name, Family family);

} // namespace portcullis
