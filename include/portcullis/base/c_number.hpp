// Numbers as C's strtoul reads them with base 0, which most of the loaders use: 10, 0xa and, with a zero first, octal 012.
#pragma once
#include <optional>
#include <string_view>

#include "portcullis/base/ip.hpp"

namespace portcullis {

// Nothing where some character is no digit of the base, or where it is more than 128 bits.
std::optional<U128> parse_c_number(std::string_view text);

// "192.168.001.010" is 192.168.1.8 (inet_aton(3); iptables and nft too). `parts`: how many there have to be at least; those that
// are missing are zero, as iptables has it.
std::optional<Ip> parse_c_ipv4(std::string_view text, unsigned parts = 4);
// … or an address of IPv6, whose numbers are hexadecimal everywhere.
std::optional<Ip> parse_c_ip(std::string_view text, unsigned parts = 4);

} // namespace portcullis
