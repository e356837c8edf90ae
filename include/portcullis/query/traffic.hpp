// What reports show of traffic: the services that a product names, and what becomes of one packet of it.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

// The services of the catalogue at the ports that the cube names; none where it names no port, or so many that their names
// say less than the ports.
std::vector<std::string> services_of(Cube const& cube, Catalogue const& catalogue);

// What became of a packet, and the text that decided.
struct Treatment {
    std::string fate;         // accept, drop or reject
    std::optional<Span> span; // none: no chain stands there
    bool is_policy = false;   // of a chain
    std::string reason{};     // where there is no span: why; empty where no chain looks at it
};

Treatment treatment_of(Ruleset const& ruleset, Outcome const& outcome);
// On the path, by the interpreter, with the truths that the member has. Without a path no chain stands there.
Treatment treat(Ruleset const& ruleset, std::optional<Path> const& path, Member const& member);

// One packet that shows something.
struct Proof {
    std::string path;
    Witness witness;
    Treatment treatment;
    Certainty certainty = Certainty::certain;
    std::vector<Assumption> assumptions; // what has to hold for it
};

// A packet of the set, of its certain part where it has one: of the packets that were asked about those that are in the set
// whatever opaque matches, marks and statuses say. Nothing for the empty set. std::logic_error where the interpreter does not
// confirm that the packet is accepted, or not.
std::optional<Proof> prove(Ruleset const& ruleset, Path const& path, PacketSet const& asked, PacketSet const& set,
                           bool accepted);

} // namespace portcullis
