// The words of the entries of an access list, without number and action.
#pragma once
#include <string>
#include <vector>

#include "dialect/cisco_write_groups.hpp"

namespace portcullis::cisco {

// The list that an entry is written for.
struct ListStyle {
    ListTraits traits;
    std::string name;      // of groups that are made for it
    bool standard = false; // words for the source alone
    bool own = false;      // opaque matches are in the words of this platform
    std::optional<Family> only{}; // of both that the list sees, the one that the rules are about
};

struct Phrases {
    std::vector<std::string> lines; // "tcp any host 192.0.2.1 eq 80", together the match
    bool needs_split = false;       // see Demands
    std::string why;                // a sentence, where it cannot be said
    std::string dynamic;            // goes before the action: "dynamic NAME "
    bool has_segment = false;       // asks for something in the transport header that is opaque
};

Phrases phrases_of(Rule const& rule, ListStyle const& style, Share share, Groups& groups);

} // namespace portcullis::cisco
