// The address blocks that a configuration means by name, and names of interfaces with wildcards.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/interval_set.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis {

// RFC 1918, unique local and link-local addresses. Not RFC 6598's shared space, where a provider's other customers
// are.
IntervalSet private_addresses(Family family);
// Sources that no packet of a neighbour has: unspecified, loopback, multicast, broadcast and reserved.
IntervalSet impossible_sources(Family family);

// Sources that nothing outside has: private and impossible ones, shared space, and blocks for protocols and benchmarks
// (RFC 6890). Not the link-local addresses of IPv6, which neighbours use, nor the blocks for documentation, which
// stand for public addresses in examples.
IntervalSet bogon_sources(Family family);

// "10.0.0.0/8", "192.0.2.1", "192.0.2.1-192.0.2.9"; nothing where it is none of them, or has bits below its prefix.
struct AddressRange {
    Family family = Family::v4;
    IntervalSet set;
};
std::optional<AddressRange> parse_address_range(std::string_view text);

// "10.0.0.0/24 or 10.0.0.1" for "10.0.0.1/24"; nothing where the text is no prefix with bits below it.
std::optional<std::string> without_host_bits(std::string_view text);

// "eth0", or "eth*" for all that begin so: whether the text is such a pattern, what it stands for, and whether a name is
// among several.
bool is_interface_pattern(std::string_view text);
Interval interface_pattern(std::string_view pattern);
bool matches_interface(std::vector<std::string> const& patterns, std::string_view name);
// The patterns as values of Field::iif, which holds the first 16 bytes. A longer one stands for names there that it
// does not mean: `widen` says whether to take those in.
IntervalSet interface_values(std::vector<std::string> const& patterns, bool widen);

} // namespace portcullis
