// Random files for iptables-restore and ip6tables-restore, with every match and target that the model of portcullis
// holds, and a few that it leaves open.
#pragma once
#include "kernel/random_ruleset.hpp"

namespace portcullis::kernel {

struct RandomIptables : RandomRuleset {
    // A rule has both "! --sport" and "! --dport": iptables-nft 1.8.9 makes one comparison of the two, that of all
    // four bytes at once.
    bool negates_both_ports = false;
};
RandomIptables random_iptables(std::uint32_t seed);

} // namespace portcullis::kernel
