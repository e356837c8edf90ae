// The edits of one access list, in an order in which no state between them is worse than both ends.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::cisco {

// An entry of a list, with the rules that it stands for.
struct ListEntry {
    std::vector<Rule> rules;
    std::uint32_t sequence = 0; // on the device; 0: not known
};

// The entries of a chain, without those that are the device's own.
std::vector<ListEntry> entries_of(Chain const& chain);

struct Edit {
    bool inserts = false;
    std::size_t line = 0;       // of the new list where it inserts, else of the old one
    std::uint32_t sequence = 0; // where it inserts, or of what it removes
};

struct Plan {
    std::uint32_t resequence = 0; // first of all, the entries get this number, twice this number, … where it is not 0
    std::vector<Edit> edits;
};

struct PlanOptions {
    bool may_resequence = false;
    std::vector<std::uint32_t> taken; // numbers of remarks
    std::vector<Rule> own;            // of the device, behind all entries
};

// Nothing where no such order is known. Entries that are equal but for what they log count as the same for a device, which
// does not take an entry that it has.
std::optional<Plan> plan_edits(std::vector<ListEntry> const& before, std::vector<ListEntry> const& after, PlanOptions const& options);

} // namespace portcullis::cisco
