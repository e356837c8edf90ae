// What two sequences have in common, for comparing lists of rules and texts by lines.
#pragma once
#include <cstdint>
#include <utility>
#include <vector>

namespace portcullis {

// Places of keys that stand in both sequences in the same order, as pairs, ascending: a long common subsequence, not
// always the longest one, in time proportional to n log n.
std::vector<std::pair<std::uint32_t, std::uint32_t>> common_subsequence(std::vector<std::uint64_t> const& before,
                                                                        std::vector<std::uint64_t> const& after);

} // namespace portcullis
