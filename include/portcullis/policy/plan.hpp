// A policy as the rules of one target: chains at hooks, or lists of interfaces. Where a target differs from another is here,
// and what a rule looks like in its text is the writers' business (dialect/write.hpp).
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "portcullis/engine/packet_set.hpp"
#include "portcullis/model/finding.hpp"
#include "portcullis/model/ruleset.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

enum class Target : std::uint8_t { nftables, iptables, ip6tables, cisco_ios, cisco_ios_xe, cisco_asa, cisco_nxos, cisco_xr };
std::optional<Target> target_by_name(std::string_view name);
std::vector<std::string_view> target_names();
Dialect dialect_of(Target target);
// The families of packets that the target's rules are about.
std::vector<Family> families_of(Target target);

// Rules of a statement have its name as their comment and its span; those of Harden say so. The order is that of
// docs/policy.md: what Harden says first, denials, permits, and the rest is dropped.
Ruleset plan(Policy const& policy, Target target);

// For Cisco: an inbound and an outbound list for each interface of the device and, on an ASA, a list for packets to
// itself. Where the platform keeps no connections, answers to what statements allow pass by what they look like.
struct ListPlan {
    Ruleset ruleset;
    Findings losses; // of PC002 at statements: what no list can say, which is left out where that narrows the policy
};
// std::invalid_argument, a sentence, where the policy does not say what lists need. Throws BudgetExceeded.
ListPlan plan_lists(Policy const& policy, Target target);

} // namespace portcullis
