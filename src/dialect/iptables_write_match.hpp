// A match as the lines that iptables needs for it. A line is a conjunction, and its options take no set that
// iptables has no list for; so a union becomes several lines, and the negation of one a chain that returns first.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::iptables {

using Condition = std::variant<Term, Alternatives, Opaque>;
using Line = std::vector<Condition>; // all of them hold

struct Lines {
    std::vector<Line> any_of;  // none: no packet of the family matches
    std::vector<Line> none_of; // … and none of these holds
    bool disjoint = true;      // no packet matches two of `any_of`
};

// Throws Unsayable (iptables_write_words.hpp) where there are no such lines.
Lines lines_of(Match const& match, Family family);
// "-s 192.0.2.0/24 -p tcp -m tcp --dport 22", in the order of iptables-save.
std::string text_of(Line const& line, std::string const& comment, Family family);
// The term of the line that names one protocol: ports, and targets such as `REJECT --reject-with tcp-reset`, need
// it.
Term const* protocol_term(Line const& line);

} // namespace portcullis::iptables
