// What is left of a match once a question fixes some fields: new connections only, no later fragments. Terms that then
// always hold go, rows that cannot hold any more go, and a relation with one row left becomes terms.
#pragma once
#include <optional>
#include <vector>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// A field that has one value in all packets of the question.
struct Known {
    Field field;
    U128 value;
};

// The narrow fields that the question fixes.
std::vector<Known> known_fields(PacketSet const& question);
// The match within packets that have the known values, the same set there; nothing where none of them matches.
std::optional<Match> specialised(Match const& match, std::vector<Known> const& known);

} // namespace portcullis
