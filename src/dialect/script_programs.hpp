// Which programs of a script have to do with the packet filter: those that are followed, those that cannot change
// it, and those that change it in ways of their own.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/shell_expand.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::iptables {

struct Program {
    enum class Kind {
        tables,   // iptables, ip6tables
        restore,  // iptables-restore
        harmless, // cannot change rules
        changes,  // nft, ufw, …: changes rules, and is not followed
        other,    // nobody knows
    } kind = Kind::other;
    Family family = Family::v4;
    bool guessed = false; // a variable whose name says so: $IPT
};

// What the command runs; sudo and its like are taken off its front.
Program identify(std::vector<shell::Field>& command);
// Whether it is a program of iptables, by its name or path.
bool is_iptables_program(std::string_view path);

} // namespace portcullis::iptables
