// Does a ruleset do what a policy says? Asked of packet sets, way by way through the box, whoever wrote the ruleset.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "portcullis/engine/path.hpp"
#include "portcullis/policy/meaning.hpp"

namespace portcullis {

// One way on which they differ.
struct Gap {
    Path path;        // without chains where the ruleset has none there, so that all packets pass
    PacketSet beyond; // that may pass and that the policy allows in no case, or that always pass where it names a rate
    PacketSet within; // that the policy allows always and that may be stopped, or that never pass where it names a rate
    // "may": by what matches that are not modelled say, rates among them.
};

// The gaps for packets of the families that the ruleset governs; none where it is proved equal. Throws BudgetExceeded.
std::vector<Gap> find_gaps(Space& space, Policy const& policy, Ruleset const& ruleset);

// A ruleset that a policy can be compared with: chains at hooks. Access lists ask about one interface and keep no
// connections, so that equality means something else there.
bool is_comparable(Ruleset const& ruleset);

} // namespace portcullis
