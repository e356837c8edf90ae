// Two rulesets as what they are to the networks around them: a box that packets come to by an interface, for itself or for
// another interface. So a host's hooks can be compared with access lists, and lists that keep no connections with lists that do;
// for new connections, which is what all of them decide.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portcullis/engine/compare.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

struct DeviceOptions {
    // The device's own addresses: what both have to itself, and do not forward. None: what is known of either.
    std::optional<Addresses> own;
    Addresses own_before, own_after; // see own_addresses
    // Interfaces that have other names in the second ruleset, from the first one's.
    std::vector<std::pair<std::string, std::string>> interfaces;
    std::size_t node_limit = std::size_t{1} << 25U; // of the decision diagrams; more is BudgetExceeded
};

struct DeviceComparison {
    std::unique_ptr<Space> space;
    // The rulesets as they were compared; paths of the differences are of these, spans lead to the texts.
    Ruleset before, after;
    std::vector<Difference> differences; // by "wan0 -> lan0" and "wan0 -> the device"; empty where they are proved equal
    std::vector<std::string> compared;   // what the answer is about, as sentences
    std::vector<std::string> not_compared;
    std::vector<std::string> notes; // why they cannot be called equal, besides the differences
};

// Whether the two are asked about packets at the same places and know the same of them, so that each chain or list has one
// to be compared with.
bool of_one_kind(Ruleset const& a, Ruleset const& b);
// Whether it stands in the way of packets: a host's hooks do; access lists where some interface has one.
bool stands_in_the_way(Ruleset const& ruleset);

// What a text says of the device's own addresses: those of its interfaces, and those in the head of a text that `generate` made.
Addresses own_addresses(Sources const& sources, SourceId source, Ruleset const& ruleset);
// The line of such a head, without its mark of a comment; empty where no address is known.
std::string own_addresses_line(Addresses const& own);

// Both have to stand in the way. Throws std::invalid_argument, a sentence, where an interface of the options does not exist;
// BudgetExceeded.
DeviceComparison compare_devices(Ruleset const& before, Ruleset const& after, DeviceOptions const& options);

} // namespace portcullis
