// Ruleset in, text of a dialect out.
#pragma once
#include <string>

#include "portcullis/model/finding.hpp"

namespace portcullis {

// The text of a ruleset, and what of it the dialect cannot say: findings of PC002 at the rules that are left out.
struct Writing {
    std::string text;
    Findings losses;
};

// As `nft list ruleset` prints; nft accepts it, and it reads back to the same ruleset. It adds to what is loaded:
// nothing is flushed.
Writing write_nftables(Ruleset const& ruleset);

} // namespace portcullis
