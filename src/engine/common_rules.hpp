// The rules that two chains have in common, by what they mean, wherever they stand in the text and whatever dialect they
// were written in.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Places of rules that stand in both chains in the same order, as pairs, ascending: a long common subsequence, not always
// the longest one. `callees` names each chain of a ruleset, so that jumps to chains with one name are equal.
std::vector<std::pair<std::uint32_t, std::uint32_t>> common_rules(std::vector<Rule> const& before,
                                                                  std::vector<std::uint32_t> const& callees_before,
                                                                  std::vector<Rule> const& after,
                                                                  std::vector<std::uint32_t> const& callees_after);

// Whether two lists of rules decide every packet alike because they are the same rules; of lists that neither call chains
// nor have opaque matches. `rules_key` is equal for equal ones.
bool are_comparable(std::vector<Rule> const& rules);
std::uint64_t rules_key(std::vector<Rule> const& rules);
bool same_rules(std::vector<Rule> const& a, std::vector<Rule> const& b);

} // namespace portcullis
