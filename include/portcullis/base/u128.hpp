// The 128-bit unsigned integer that every field value fits in: an IPv6 address, an interface name, a port.
#pragma once
#include <cstdint>

namespace portcullis {

__extension__ typedef unsigned __int128 U128;

// The largest value of `bits` bits, 0 to 128.
constexpr U128 max_value(unsigned bits) {
    return bits >= 128 ? ~U128{0} : (U128{1} << bits) - 1;
}

constexpr std::uint64_t high64(U128 v) { return static_cast<std::uint64_t>(v >> 64); }
constexpr std::uint64_t low64(U128 v) { return static_cast<std::uint64_t>(v); }

// How many low bits are zero before the first one; 128 for zero.
constexpr unsigned trailing_zeros(U128 v) {
    if (low64(v) != 0) return static_cast<unsigned>(__builtin_ctzll(low64(v)));
    return high64(v) != 0 ? 64U + static_cast<unsigned>(__builtin_ctzll(high64(v))) : 128U;
}

// How many bits, counted from the top of 128, are zero before the first one; 128 for zero.
constexpr unsigned leading_zeros(U128 v) {
    if (high64(v) != 0) return static_cast<unsigned>(__builtin_clzll(high64(v)));
    return low64(v) != 0 ? 64U + static_cast<unsigned>(__builtin_clzll(low64(v))) : 128U;
}

} // namespace portcullis
