// Rule lists like those that people write, of any length, always the same for the same arguments. After the
// distributions that ClassBench (Taylor and Turner, 2007) found in real lists: prefix lengths of both addresses
// together, classes of ports, protocols, and addresses that crowd in a few networks. Own code, own parameters.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::bench {

enum class Flavour : std::uint8_t {
    acl,         // access list: precise destinations and services
    firewall,    // many wildcards, few networks
    ip_chain,    // pairs of hosts and networks, all ports
    ranges,      // hostile: ranges in all dimensions, a tenth to a third of each
    wildcards,   // hostile: discontiguous address masks
    overlapping, // hostile: every rule overlaps every other one
};
std::optional<Flavour> flavour_by_name(std::string_view name);
std::string_view to_string(Flavour flavour);

// One base chain of `count` rules.
Ruleset rule_list(Flavour flavour, std::size_t count, std::uint64_t seed = 1);

} // namespace portcullis::bench
