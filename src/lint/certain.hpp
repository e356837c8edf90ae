// What a question leaves open, and what it does not: a packet arrives without the marks that a ruleset sets itself, and a
// new one untranslated, so that no finding needs to hold for others.
#pragma once
#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// Of the set, which lies within the question: the packets that are members whatever opaque matches, marks and statuses
// say that the question has.
inline PacketSet certainly(PacketSet const& set, PacketSet const& question) {
    PacketSet const possible = set.possibly();
    // The question is large, and what is possible of the set is not: it is cut by that first.
    return possible == set ? set : set - ((question & possible) - set).possibly();
}

} // namespace portcullis
