// What one ruleset does differently from another, in words that reports can show.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/cubes.hpp"
#include "portcullis/policy/devices.hpp"
#include "portcullis/policy/proof.hpp"
#include "portcullis/query/traffic.hpp"

namespace portcullis {

enum class ChangeKind : std::uint8_t { allowed, denied, translated }; // newly

// Packets that are all treated alike.
struct ChangedTraffic {
    Cube cube;                         // without what all packets at the hook have
    std::vector<std::string> services; // of the catalogue, where ports are named
    Packet witness;
    Treatment before;
    Treatment after;
};

struct Change {
    ChangeKind kind{};
    std::string way; // "to-host", "EDGE"
    HookPoint hook{};
    std::vector<ChangedTraffic> traffic;
    bool complete = true; // all of the traffic is told
};

// The changes in the order of the ways, allowed before denied. Each witness has been decided by the interpreter in both
// rulesets; std::logic_error where it does not confirm the comparison.
std::vector<Change> describe(Comparison& comparison, Catalogue const& catalogue);
std::vector<Change> describe(DeviceComparison& comparison, Catalogue const& catalogue);

// What a ruleset does otherwise than a policy (find_gaps in portcullis/policy/proof.hpp), by statement: "before" is the
// policy, "after" the ruleset; allowed is what it allows beyond the policy, denied what it blocks within it.
std::vector<Change> describe(Space& space, Policy const& policy, Ruleset const& ruleset, std::vector<Gap> const& gaps,
                             Catalogue const& catalogue);

} // namespace portcullis
