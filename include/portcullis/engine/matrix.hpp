// Who may open connections to whom, as classes of addresses: the coarsest partition of the address space in which the
// addresses of one class are treated alike, as source and as destination.
#pragma once
#include <vector>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

struct Matrix {
    Family family{};
    std::vector<IntervalSet> classes;      // disjoint, together every address; in the order of their lowest ones
    std::vector<std::vector<bool>> opens;  // [a][b]: every address of class a reaches every address of class b
};

// By what members of the set have as source and destination, whatever else they have. Two addresses are in different
// classes only where some address is reached from, or reaches, one of them alone. BudgetExceeded where it takes more than
// 262,144 intervals or 8,192 classes.
Matrix address_matrix(PacketSet const& allowed, Family family);

} // namespace portcullis
