// Does a ruleset do what a policy says? Asked of packet sets, way by way through the box, whoever wrote the ruleset.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/engine/path.hpp"
#include "portcullis/policy/meaning.hpp"

namespace portcullis {

// One way on which they differ.
struct Gap {
    Path path;        // without chains where the ruleset has none there, so that all packets pass
    PacketSet beyond; // that may pass and that the policy allows in no case, or that pass beyond a rate that has to be
    PacketSet within; // that the policy allows always and that may be stopped, or that are stopped within their rate
    // "may": by what marks and matches that are not modelled say.
};

// The gaps for packets of the families that the ruleset governs; none where it is proved equal. Access lists are asked for
// each interface that packets come in by, to the device, and for each pair of interfaces, through it; docs/policy.md says what
// is proved of them. Throws BudgetExceeded.
std::vector<Gap> find_gaps(Space& space, Policy const& policy, Ruleset const& ruleset);

// Of a device with access lists: what is not compared because the policy knows nothing of it, as sentences.
std::vector<std::string> not_compared(Policy const& policy, Ruleset const& ruleset);

// Why the policy says too little to be compared with the ruleset, a sentence: access lists belong to interfaces.
std::optional<std::string> why_incomparable(Policy const& policy, Ruleset const& ruleset);

} // namespace portcullis
