// How rules come onto a machine without locking anybody out: a script that loads them in one step, and puts back what was
// there unless somebody confirms in time.
#pragma once
#include <string>

#include "portcullis/policy/plan.hpp"

namespace portcullis {

// "ruleset.nft", "rules.v4", "rules.v6", and "apply-nftables.sh".
std::string rules_file(Target target);
std::string apply_file(Target target);

// A script for /bin/sh that stands beside the file with the rules. `text` is what is in that: the tables that it replaces
// are saved before, and nothing else is touched.
std::string apply_script(Target target, std::string const& text);

} // namespace portcullis
