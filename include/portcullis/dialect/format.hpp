// Rulesets in the layout of `nft list ruleset` and of iptables-save: their comments, their order and every word stay
// as they are.
#pragma once
#include <string>

#include "portcullis/dialect/read.hpp"

namespace portcullis {

struct Formatted {
    std::string text;
    Findings errors; // of syntax (PC001); there is no text then
};

// Formats the text of a source, and makes sure that the result has the same words and comments, reads to the same
// ruleset, and would not be changed by formatting it again. Throws std::logic_error where it does not: nobody may
// write such a text. Sources are added for the check.
Formatted format_nftables(Sources& sources, SourceId source, ReadOptions const& options = {});
// Likewise for a restore file of iptables or ip6tables.
Formatted format_iptables(Sources& sources, SourceId source, Dialect dialect);

} // namespace portcullis
