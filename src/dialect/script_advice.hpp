// What the commands of a script do to a machine while they are run, one live state after the other: PC434 where one
// of them cuts off whoever administers it, PC435 where the rules are taken away before they are there again.
#pragma once
#include <string>
#include <vector>

#include "dialect/iptables_read.hpp"

namespace portcullis::iptables {

// A command that changed the tables, or a here-document that iptables-restore was given.
struct Step {
    Span span;
    std::string table;
    CommandText const* text = nullptr;
    Command const* command = nullptr; // none: the text is a restore file
    Restore::Flush flush = Restore::Flush::yes;
};

// The steps of each family in their order.
void advise(std::vector<Step> const& v4, std::vector<Step> const& v6, Findings& findings);

} // namespace portcullis::iptables
