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

// A restore file as iptables-save or ip6tables-save prints, of the rules for one family; both variants of iptables
// accept it, and the rules of iptables read back to the same ruleset. It replaces the tables that it names.
Writing write_iptables(Ruleset const& ruleset, Family family);

// Access lists, the object groups that they name, and the interfaces that have them, for cisco_ios, cisco_asa,
// cisco_nxos or cisco_xr. They read back to the same lists. What else a configuration says is not written. Base chains
// of other dialects become lists, of either family by itself except on an ASA.
Writing write_cisco(Ruleset const& ruleset, Dialect platform);

} // namespace portcullis
