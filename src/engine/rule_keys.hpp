// Rules by what they mean: equal numbers for equal rules, wherever they stand and whatever dialect they were written in.
#pragma once
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// One table for all rulesets that are compared.
class RuleKeys {
  public:
    // Of a chain's rules, by place; `callees` names each chain, so that jumps to chains that belong together are equal.
    std::vector<std::uint32_t> keys(Chain const& chain, std::vector<std::uint32_t> const& callees);

  private:
    std::uint32_t key(Rule const& rule, std::vector<std::uint32_t> const& callees);

    std::unordered_map<std::string, std::uint32_t> known_;
    std::string text_; // of the rule at hand
};

// Places of rules that stand in both lists in the same order, as pairs, ascending: a long common subsequence, not always
// the longest one. In time proportional to n log n.
std::vector<std::pair<std::uint32_t, std::uint32_t>> common_rules(std::vector<std::uint32_t> const& before,
                                                                  std::vector<std::uint32_t> const& after);

} // namespace portcullis
