// What hostile text meets first, as one table of plain functions. libFuzzer drives each of them (fuzz.cpp), and
// replay.cpp runs them over the fixtures in every build.
#pragma once
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace portcullis::fuzz {

struct Target {
    std::string_view name;
    // Returns whatever the text is; throws std::logic_error where a promise about the result is broken.
    void (*run)(std::string_view text);
    std::array<std::string_view, 4> seeds; // the folders of texts to begin with, below tests/
    std::size_t prefix_budget;             // about how many bytes replay may spend on the prefixes of one of them
    bool picks_reader = false; // by what the text is, as the program does
};

std::span<Target const> targets();

} // namespace portcullis::fuzz
