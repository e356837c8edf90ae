// How rules come onto a machine without locking anybody out: in one step, or in an order in which no step is worse than both
// ends, and what was there comes back unless somebody confirms in time.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/policy/generate.hpp"

namespace portcullis {

struct ApplyFile {
    std::string name;
    std::string text;
    bool is_script = false;
};

// "ruleset.nft", "rules.v4", "rules.v6", "lists.cfg".
std::string rules_file(Target target);

// For a firewall of Linux. A script for /bin/sh that stands beside the file with the rules; `text` is what is in that: the tables
// that it replaces are saved before, and nothing else is touched.
ApplyFile apply_script(Target target, std::string const& text);

// The commands that lead a device to lists that were generated, as write_update orders them, and what they come to.
struct ListUpdate {
    std::string commands; // in configuration mode
    Findings losses;      // what stands in the way; then the commands are of no use
    SourceId source = 0;  // of what the device has at the end: its configuration, and the commands behind it
    Reading reading;      // of that
    std::vector<Gap> gaps; // what it does otherwise than the policy, but for what the lists themselves leave out
};
// `current`: the running configuration, read without errors. Its lists are changed in place, or others take their places at the
// interfaces of the policy; where it is not known, lists and groups have the first digits of the policy's hash in their names, so
// that the device has no others of these. What else there is stays. Throws BudgetExceeded.
ListUpdate update_lists(Space& space, Policy const& policy, Target target, Generated const& lists, Origin const& origin,
                        std::optional<SourceId> current, Sources& sources);

// For a device with access lists: what is entered to apply the commands, to confirm them, and to take them back.
std::vector<ApplyFile> apply_files(Target target, Policy const& policy, Origin const& origin, std::string const& commands,
                                   bool is_current_known);

} // namespace portcullis
