// What is left of a match once a question fixes some fields: new connections only, no later fragments, sources that
// nobody vouches for. Terms that then always hold go, rows that cannot hold any more go, and a relation with one row
// left becomes terms.
#pragma once
#include <deque>
#include <vector>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// A field that has no other values in the packets of the question.
struct Known {
    Field field;
    IntervalSet values;
};

// The fields that matter most, where the question does not have all of their values.
std::vector<Known> known_fields(PacketSet const& question);
// The match within packets that have the known values, the same set there: itself, or a new one in `changed`; null
// where none of them matches.
Match const* specialised(Match const& match, std::vector<Known> const& known, std::deque<Match>& changed);

} // namespace portcullis
