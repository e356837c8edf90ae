// How many cases a test looks at: sanitizers make each one ten times as dear.
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstdlib>

// PORTCULLIS_SEEDS, for a long run or a short one, or else the usual number.
inline std::uint32_t seeds(std::uint32_t usual) {
    char const* const wanted = std::getenv("PORTCULLIS_SEEDS");
    return wanted == nullptr ? usual : static_cast<std::uint32_t>(std::atoi(wanted));
}

// Of the cases that are there (files, prefixes), one in so many: PORTCULLIS_EVERY, or each.
inline std::size_t every() {
    char const* const wanted = std::getenv("PORTCULLIS_EVERY");
    return wanted == nullptr ? 1 : static_cast<std::size_t>(std::atoi(wanted));
}
