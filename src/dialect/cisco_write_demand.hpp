// What a rule asks for, in the parts that an entry of an access list has: the way back from a match to lines.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "dialect/cisco_entry.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::cisco {

struct Ends {
    ValueSet source;
    ValueSet destination;
};

// A way for a packet to carry something. Nothing stands for any.
struct Carried {
    std::optional<U128> protocol;
    std::optional<ValueSet> sport;
    std::optional<ValueSet> dport;
    std::optional<U128> type; // of icmp; the code too where there is one
    std::optional<U128> code;
    std::optional<ValueSet> flags;
    friend bool operator==(Carried const&, Carried const&) = default;
};

// What one line may ask for, if there are words or groups for it: addresses of either family or both, one of several
// services, and values in the header.
struct Demand {
    std::optional<Ends> v4;
    std::optional<Ends> v6;
    std::vector<Carried> services;
    std::vector<Cell> header; // of dscp, ecn, ttl, length and extension headers
    bool later_fragments = false; // these alone
};

// Which packets of a rule are asked for. Where a permit must not take later fragments along, and the line that says so
// cannot leave them out, these are decided before by lines of their own: then only the others are left.
enum class Share : std::uint8_t { all, first, later };

struct Demands {
    std::vector<Demand> all;
    bool needs_split = false; // not to be said while later fragments are undecided
    std::string why;          // a sentence, where there is no way to say it
};

// Of the match without its opaque parts.
Demands demands_of(Match const& match, bool permit, ListTraits const& list, Share share);

} // namespace portcullis::cisco
