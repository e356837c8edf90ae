// Sources that cannot be behind the interface that a packet comes in by, and get in nevertheless.
#pragma once
#include <string>
#include <vector>

#include "lint/outside.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

// One way in, one family.
struct Spoofing {
    std::size_t path = 0;  // of Context::paths()
    Family family{};
    std::string interface;
    std::string why;       // how it is known what is behind the interface; empty where the list itself shows it
    IntervalSet own;       // accepted sources that are behind other interfaces
    IntervalSet bogons;    // accepted sources that are nobody's, those above left out
    PacketSet packets;     // that get in, of own if there are any, else of bogons
};

// From outside: where some source of either kind gets in for certain. Ways that let nothing in are left out.
// Context::spoofing_from_outside() has them.
std::vector<Spoofing> find_spoofing_from_outside(Context const& ctx);

// From the networks of the user's trusted zones: all foreign sources that their interfaces let in, as `own`.
std::vector<Spoofing> spoofing_from_zones(Context const& ctx);

// Adds a finding of the current rule at the rule that lets the witness in; args {chain}, {interface}, {sources}.
Finding& report(Context const& ctx, Findings& out, Spoofing const& spoofing, IntervalSet const& sources);

} // namespace portcullis
