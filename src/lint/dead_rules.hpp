// Rules of the text that no packet reaches, because of what earlier rules decide or because nothing matches them;
// as PC201, PC202, PC203 and PC208 report them. The most specific rule speaks: what PC209 and PC213 report, and the
// chains that PC212 does, are left out.
#pragma once
#include <vector>

#include "portcullis/engine/shadow.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

class Context;

struct DeadRule {
    enum class Kind : std::uint8_t {
        unmatchable, // by itself
        redundant,   // earlier rules do the same
        shadowed,    // one earlier rule decides all of it in another way
        by_union,    // several do together
    };
    Kind kind = Kind::unmatchable;
    RuleId rule;                   // the first of those that the rule of the text has become
    std::vector<Blocker> blockers; // those that decide otherwise first; empty where marks hide which they are
    // What is decided otherwise is an exception from rules that do the same as this one.
    bool mostly_the_same = false;
    bool but_fragments = false; // later fragments get to it, as a permit of a Cisco list takes them
};

std::vector<DeadRule> find_dead_rules(Context const& ctx);

// Adds a finding of the current rule for each dead rule of the kind.
void report_dead_rules(Context const& ctx, DeadRule::Kind kind, Findings& out);

} // namespace portcullis
