// Rules as pieces of the text that they are put into: in its words, its indentation and its numbering.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/model/finding.hpp"

namespace portcullis {

// The lines that say the rule in the chain, as a writer of the dialect has them; nothing where they need more than lines of
// the chain itself, or the dialect cannot say it.
std::optional<std::vector<std::string>> rule_lines(Ruleset const& ruleset, Chain const& chain, Rule const& rule);

// Puts the rule before the rule at that place, or at the end. Nothing where the chain's text is not a list of rules that
// stand in their order, or its numbers leave no room.
std::optional<Edit> inserted(Sources const& sources, Ruleset const& ruleset, Chain const& chain, std::size_t before, Rule const& rule);

// Makes drop the policy of a base chain of Linux.
std::optional<Edit> with_policy_drop(Sources const& sources, Ruleset const& ruleset, Chain const& chain);

} // namespace portcullis
