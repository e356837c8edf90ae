// What `-m set` asks: membership of an ipset whose entries are known, as terms and relations over the packet's
// fields.
#pragma once
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>

#include "dialect/ipset_members.hpp"
#include "grammars/iptables/ast.hpp"

namespace portcullis::iptables {

struct RuleContext;

// The sets of a host, and what the rules of one file do with them.
struct SetUse {
    Ipsets const* sets = nullptr; // null: nothing is known of any set
    std::set<std::string, std::less<>> named;
    std::set<std::string, std::less<>> changed; // by a SET target, themselves or through a list
    // Worked out before, by name and flags: the entries of a large set are looked through once, not by every rule.
    std::map<std::pair<std::string, std::string>, IpsetMembers> members;
};
SetUse use_of_sets(File const& file, Ipsets const* sets);
// The same in parts: what the rules of one more text name, and, after the last, what follows for lists and their sets.
void note_sets(File const& file, SetUse& use);
void follow_lists(SetUse& use);

// The sets of nothing but addresses that rules of the family have asked for.
std::vector<AddressGroup> address_groups(SetUse const& use, Family family);

// PC404 for every set that a rule of the family could name and none does.
void report_unused_sets(SetUse const& use, Family family, Findings& findings);

struct SetMeaning {
    bool known = false;    // `match` says it all; else the match is opaque
    bool stateful = false; // if opaque: what is in the set changes
    bool refused = false;  // the loader takes no such rule; a finding says why
    Match match;
};
// The `-m set` with these options.
SetMeaning meaning_of_set(std::span<Option const> options, std::size_t instance, RuleContext const& context);

} // namespace portcullis::iptables
