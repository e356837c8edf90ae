// Rules as pieces of the text that they are put into: in its words, its indentation and its numbering.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/finding.hpp"

namespace portcullis {

// The text with all of the edits. They do not overlap, but neighbours that are both removed may share the blank between them.
std::string with_edits(std::string_view text, std::vector<Edit> edits);

// Puts the rules before the rule at that place, or at the end. Nothing where the chain's text is not a list of rules that
// stand in their order, its numbers leave no room, or the dialect needs more than lines of the chain itself to say one.
std::optional<Edit> inserted(Sources const& sources, Ruleset const& ruleset, Chain const& chain, std::size_t before,
                             std::vector<Rule> const& rules);

// Makes drop the policy of a base chain of Linux.
std::optional<Edit> with_policy_drop(Sources const& sources, Ruleset const& ruleset, Chain const& chain);

} // namespace portcullis
