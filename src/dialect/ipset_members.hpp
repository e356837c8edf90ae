// The packets that a set has, as rows over their fields.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portcullis/dialect/ipset.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// One of the boxes whose union a set is; fields that are not named are free.
using IpsetRow = std::vector<std::pair<Field, ValueSet>>;

struct IpsetMembers {
    bool known = false;    // that is, `rows` are all
    bool stateful = false; // what is in the set changes by itself
    std::vector<IpsetRow> rows;
};

// `from_source` has a flag of --match-set each: whether that part of a packet is its source's.
IpsetMembers members(Ipset const& set, Ipsets const& sets, std::vector<bool> const& from_source, Family family);

} // namespace portcullis
