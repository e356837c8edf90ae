// Random nftables rulesets out of everything that the model of portcullis holds exactly. The same seed makes the
// same ruleset in one build (compilers differ in the order in which they work out arguments).
#pragma once
#include "kernel/fates.hpp"

namespace portcullis::kernel {

// Rulesets set marks and match them.
constexpr bool with_marks = true;

struct RandomRuleset {
    std::string text;
    Tracking tracking = Tracking::on; // off: fragments, and no match on connections
    std::optional<Family> family;     // of its packets; none: both
    // Without connection tracking, a rule matches on the transport header: nft, and so iptables-nft, reads in later
    // fragments what stands in its place, and portcullis lets no such match hold. There are none then.
    bool misreads_fragments = false;
    bool options_headers = false;     // "ip6 nexthdr" is not in it, which looks no further than the first header
    std::map<Field, std::vector<U128>> boundaries; // the first and last values of what its matches name
};
RandomRuleset random_ruleset(std::uint32_t seed);

} // namespace portcullis::kernel
