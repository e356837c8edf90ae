// What a rule does, as targets of iptables. A rule of iptables has one; what logs and decides becomes several.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::iptables {

// The table that a rule is written into.
struct InTable {
    Family family = Family::v4;
    std::string_view table;
    bool own_words = false; // the ruleset was iptables', and so are the texts that it keeps
    std::function<std::string(ChainId)> name_of;
};

struct Targets {
    std::vector<std::string> texts; // "-j LOG --log-prefix x"; empty for a rule that only counts
    bool need_ports = false;        // -p has to name a protocol with ports …
    bool need_tcp = false;          // … or tcp
};

// Throws Unsayable (iptables_write_words.hpp) where iptables has no such target.
Targets targets_of(Rule const& rule, Ruleset const& ruleset, InTable const& place);

} // namespace portcullis::iptables
