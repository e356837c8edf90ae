// A set of packets as people read it: a few products that are each as large as the set allows.
#pragma once
#include <vector>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// Products within a set that cover it. Each is maximal: none of its fields can take another value, and none of its
// assumptions can go, without leaving the set. They may overlap.
struct Cover {
    std::vector<Cube> cubes;
    bool complete = true; // false: more products would have been needed than were allowed, or of hundreds of thousands of intervals
};

Cover maximal_cubes(Space& space, PacketSet const& set, std::size_t most = 100);
// The same for a part of the set, which they cover: products that are simpler for what else they may have in them.
Cover maximal_cubes(Space& space, PacketSet const& set, PacketSet const& part, std::size_t most = 100);

} // namespace portcullis
