// IP addresses and the blocks of them that firewalls write: prefixes, and wildcards with any mask.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "portcullis/base/u128.hpp"

namespace portcullis {

enum class Family : std::uint8_t { v4, v6 };

constexpr unsigned address_bits(Family family) { return family == Family::v4 ? 32 : 128; }

// An IPv4 address uses the low 32 bits of `value`.
struct Ip {
    Family family = Family::v4;
    U128 value = 0;
    friend bool operator==(Ip const&, Ip const&) = default;
};

// All addresses that agree with `ip` in the first `length` bits. `ip` may have bits below them.
struct Prefix {
    Ip ip;
    unsigned length = 0;

    U128 first() const { return ip.value & ~max_value(address_bits(ip.family) - length); }
    U128 last() const { return ip.value | max_value(address_bits(ip.family) - length); }
    bool has_host_bits() const { return first() != ip.value; }
    friend bool operator==(Prefix const&, Prefix const&) = default;
};

// Strict forms only: dotted quads without leading-zero octal guesses, RFC 4291 text for IPv6 (with an optional
// embedded dotted quad). No port, no zone.
std::optional<Ip> parse_ipv4(std::string_view text);
std::optional<Ip> parse_ipv6(std::string_view text);
std::optional<Ip> parse_ip(std::string_view text);
// "10.0.0.0/8"; a bare address is a prefix of full length.
std::optional<Prefix> parse_prefix(std::string_view text);

// The length of a contiguous mask of `bits` bits such as 255.255.255.0; nothing for any other mask.
std::optional<unsigned> mask_length(U128 mask, unsigned bits);

// RFC 5952 text for IPv6.
std::string to_string(Ip ip);
std::string to_string(Prefix prefix);

} // namespace portcullis
