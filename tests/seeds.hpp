// How many random cases a test looks at.
#pragma once
#include <cstdint>
#include <cstdlib>

// PORTCULLIS_SEEDS, for a long run or a short one, or else the usual number.
inline std::uint32_t seeds(std::uint32_t usual) {
    char const* const wanted = std::getenv("PORTCULLIS_SEEDS");
    return wanted == nullptr ? usual : static_cast<std::uint32_t>(std::atoi(wanted));
}
