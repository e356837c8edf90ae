// Rules that are in a chain twice: what PC209 reports, and what other rules about dead rules leave to it.
#pragma once
#include <cstddef>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct Duplicate {
    std::size_t rule = 0; // the later one; of several that one rule of the text has become, the first
    Span earlier;
};

std::vector<Duplicate> duplicates_of(Ruleset const& ruleset, ChainId chain);

} // namespace portcullis
