// A region is a product: a range of ranks in each ordered dimension, and a set of atoms in each unordered one.
// Atoms of all unordered dimensions lie in a few words, a slice of bits for each with a guard bit above it that is
// always zero, so that "no slice is empty" is one addition per word. What ranks and atoms stand for is the Grid's
// business.
#pragma once
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

namespace portcullis {

// Ranks of all ordered dimensions, compared four at once: GCC and Clang do so by themselves only where nothing is inlined.
using Ranks = std::array<std::int32_t, 8>;
inline bool any_greater(Ranks const& a, Ranks const& b, Ranks const& c, Ranks const& d) {
    using Four = std::int32_t __attribute__((vector_size(16)));
    using Words = std::array<std::uint64_t, 2>;
    auto const load = [](Ranks const& ranks, std::size_t half) {
        Four four;
        std::memcpy(&four, ranks.data() + 4 * half, sizeof four);
        return four;
    };
    Four const greater = (load(a, 0) > load(b, 0)) | (load(a, 1) > load(b, 1)) | (load(c, 0) > load(d, 0)) | (load(c, 1) > load(d, 1));
    auto const words = std::bit_cast<Words>(greater);
    return (words[0] | words[1]) != 0;
}

struct Region {
    static constexpr std::size_t ranges = std::tuple_size_v<Ranks>;
    static constexpr std::size_t words = 4;
    Ranks first{};
    Ranks last{};
    std::array<std::uint64_t, words> atoms{};

    void include(Region const& other) {
        for (std::size_t d = 0; d < ranges; ++d) {
            first[d] = std::min(first[d], other.first[d]);
            last[d] = std::max(last[d], other.last[d]);
        }
        for (std::size_t w = 0; w < words; ++w) atoms[w] |= other.atoms[w];
    }
    bool contains(Region const& other) const {
        if (any_greater(first, other.first, other.last, last)) return false; // most often, and before the second cache line
        std::uint64_t lacking = 0;
        for (std::size_t w = 0; w < words; ++w) lacking |= other.atoms[w] & ~atoms[w];
        return lacking == 0;
    }
    friend bool operator==(Region const&, Region const&) = default;
};

// The slices of the words.
struct Slices {
    struct Slice {
        std::size_t word = 0;
        std::uint64_t mask = 0; // its bits, without the guard
        std::uint64_t all() const { return mask; }
    };
    std::vector<Slice> list;
    std::array<std::uint64_t, Region::words> guard{};
    std::array<std::uint64_t, Region::words> fill{}; // all bits of all slices of the word

    // No slice of the atoms is empty: adding all ones to a slice carries into its guard unless it is zero.
    bool filled(std::array<std::uint64_t, Region::words> const& atoms) const {
        std::uint64_t lacking = 0;
        for (std::size_t w = 0; w < Region::words; ++w) lacking |= ~(atoms[w] + fill[w]) & guard[w];
        return lacking == 0;
    }
};

inline bool meets(Region const& a, Region const& b, Slices const& slices) {
    if (any_greater(a.first, b.last, b.first, a.last)) return false;
    std::array<std::uint64_t, Region::words> both;
    for (std::size_t w = 0; w < Region::words; ++w) both[w] = a.atoms[w] & b.atoms[w];
    return slices.filled(both);
}

// What both have in common; only for regions that meet.
inline Region common(Region const& a, Region const& b) {
    Region both;
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        both.first[d] = std::max(a.first[d], b.first[d]);
        both.last[d] = std::min(a.last[d], b.last[d]);
    }
    for (std::size_t w = 0; w < Region::words; ++w) both.atoms[w] = a.atoms[w] & b.atoms[w];
    return both;
}

// Gives what is left of `region` without `cut`, which meets it, as disjoint regions.
template <class Give> void subtract(Region region, Region const& cut, Slices const& slices, Give const& give) {
    for (Slices::Slice const& slice : slices.list) {
        std::uint64_t const rest = region.atoms[slice.word] & ~cut.atoms[slice.word] & slice.mask;
        if (rest == 0) continue;
        Region piece = region;
        piece.atoms[slice.word] = (piece.atoms[slice.word] & ~slice.mask) | rest;
        give(piece);
        region.atoms[slice.word] &= cut.atoms[slice.word] | ~slice.mask;
    }
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        if (region.first[d] < cut.first[d]) {
            Region piece = region;
            piece.last[d] = cut.first[d] - 1;
            give(piece);
            region.first[d] = cut.first[d];
        }
        if (region.last[d] > cut.last[d]) {
            Region piece = region;
            piece.first[d] = cut.last[d] + 1;
            give(piece);
            region.last[d] = cut.last[d];
        }
    }
}

} // namespace portcullis
