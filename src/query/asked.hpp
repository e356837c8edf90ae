// What a question is about: packets, way by way through the box.
#pragma once
#include <vector>

#include "portcullis/engine/path.hpp"
#include "portcullis/query/question.hpp"

namespace portcullis {

struct Asked {
    Path path;
    // What goes without saying: packets as the hook sees them, of the states that are asked about, from elsewhere; new ones
    // are the first of their connections, to an address that one host can have or that the question names.
    PacketSet context;
    // Those of them that the question describes; never empty.
    PacketSet packets;
};

// On the paths that it is about. std::invalid_argument, a sentence, where it is about none, or names one that is not there.
std::vector<Asked> asked_about(Space& space, Ruleset const& ruleset, Config const& config, Question const& question);

// Those of the packets that pass.
PacketSet accepted(Space& space, Ruleset const& ruleset, Asked const& asked);
// Of the values of the cube's fields those that packets of the context have, and of interfaces those of the question, which
// names them; fields in which they may have any go unnamed.
void keep_to(Asked const& asked, Cube& cube);

} // namespace portcullis
