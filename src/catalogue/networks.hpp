// The address blocks that a configuration means by name, and names of interfaces with wildcards.
#pragma once
#include <optional>
#include <string_view>

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

// "eth0", or "eth*" for all that begin so.
Interval interface_pattern(std::string_view pattern);

} // namespace portcullis
