// Rules that are in a chain twice: what PC209 reports, and what other rules about dead rules leave to it.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct Duplicate {
    std::size_t rule = 0; // the later one; of several that one rule of the text has become, the first
    Span earlier;
};

// Equal for matches that mean the same, as far as their parts show: terms of one field together are one set, and
// order says nothing. Without what terms say about one field, where one is named.
std::string match_key(Match const& match, std::optional<Field> without = {});

std::vector<Duplicate> duplicates_of(Ruleset const& ruleset, ChainId chain);

} // namespace portcullis
