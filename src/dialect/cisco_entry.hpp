// One entry of an access list as rules of the intermediate form, with the semantics of the system that it is
// written for.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "dialect/cisco_objects.hpp"

namespace portcullis::cisco {

// What the list around an entry says about it.
struct ListTraits {
    Dialect dialect = Dialect::cisco_ios;
    bool v4 = true; // the families of packets that it sees
    bool v6 = true;

    bool wildcards() const { return dialect != Dialect::cisco_asa; }
    bool ipv6() const { return !v4; } // "icmp" is ICMPv6
    // The ASA puts fragments together first; all others look at each of them.
    bool sees_fragments() const { return dialect != Dialect::cisco_asa; }
};

// The rules of one origin that a permit, a deny or an evaluate makes: mostly one, more where the match is an "or"
// of what is modelled and what is not. None where there is a finding instead.
std::vector<Rule> rules_of(Entry const& entry, ListTraits const& list, Config const& config, Objects& objects);

bool is_inactive(Entry const& entry);
// The words of a text with single blanks between them.
std::string single_blanks(std::string_view text);

} // namespace portcullis::cisco
