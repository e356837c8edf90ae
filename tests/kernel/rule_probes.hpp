// Packets for a ruleset that somebody wrote: for each rule on each way one that comes to it and matches, by the engine, and
// from that one the values on both sides of every boundary of what the rule asks.
#pragma once
#include <string>
#include <vector>

#include "kernel/packet_bytes.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::kernel {

struct RuleProbe {
    Probe probe;
    // Where its destination, as the rules translate it, has to lead for it to come to the rule: a device, or "lo" for
    // the host itself.
    std::string destination;
    std::string device;
};

// The interfaces that rules name; for "eth*" the first of that kind.
std::vector<std::string> interfaces_of(Ruleset const& ruleset);

// No two of them are of one connection. Their interfaces are those of `devices`; without an incoming one, the host sends
// them.
std::vector<RuleProbe> rule_probes(Ruleset const& ruleset, std::vector<std::string> const& devices, std::uint32_t seed);

} // namespace portcullis::kernel
