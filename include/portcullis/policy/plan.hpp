// A policy as the rules of one target. Where a target differs from another is here, and what a rule looks like in its
// text is the writers' business (dialect/write.hpp). A stateless target would get a list per interface and direction, with
// rules for the answers to what the statements allow.
#pragma once
#include <optional>
#include <string_view>
#include <vector>

#include "portcullis/model/ruleset.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

enum class Target : std::uint8_t { nftables, iptables, ip6tables };
std::optional<Target> target_by_name(std::string_view name);
Dialect dialect_of(Target target);
// The families of packets that the target's rules are about.
std::vector<Family> families_of(Target target);

// Rules of a statement have its name as their comment and its span; those of Harden say so. The order is that of
// docs/policy.md: what Harden says first, denials, permits, and the rest is dropped.
Ruleset plan(Policy const& policy, Target target);

} // namespace portcullis
