#include "engine/region_tree.hpp"

#include <algorithm>
#include <bit>
#include <tuple>

namespace portcullis {

namespace {

constexpr std::size_t leaf_size = 8;
constexpr std::size_t sample_size = 33;
constexpr unsigned lopsided_depth = 96; // from here on halves only

// How wide the region is in each dimension, narrow, or a good part of all.
std::uint32_t signature(Region const& region, Region const& whole) {
    std::uint32_t result = 0;
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        auto const width = static_cast<std::int64_t>(region.last[d]) - region.first[d];
        auto const all = static_cast<std::int64_t>(whole.last[d]) - whole.first[d];
        result = result * 2 + (width * 16 < all ? 0U : 1U);
    }
    return result;
}

// Where to split: a dimension and a median such that few of a sample straddle it.
struct Split {
    std::size_t dimension = 0;
    std::int32_t median = 0;
    bool found = false;
};

Split best_split(std::span<RegionTree::Entry const> part) {
    std::size_t const count = std::min(sample_size, part.size());
    std::size_t const step = part.size() / count;
    std::array<std::int32_t, sample_size> starts{};
    std::size_t best = count;
    Split split;
    for (std::size_t d = 0; d < Region::ranges; ++d) {
        for (std::size_t i = 0; i < count; ++i) starts[i] = part[i * step].region.first[d];
        std::nth_element(starts.begin(), starts.begin() + count / 2, starts.begin() + count);
        std::int32_t const median = starts[count / 2];
        std::size_t straddling = 0;
        std::size_t below = 0;
        for (std::size_t i = 0; i < count; ++i) {
            Region const& region = part[i * step].region;
            below += region.first[d] < median ? 1 : 0;
            straddling += region.first[d] < median && region.last[d] >= median ? 1 : 0;
        }
        // A lopsided split is as bad as a straddling one.
        std::size_t const penalty = straddling + (count / 2 - std::min(below, count / 2));
        if (below > 0 && penalty < best) {
            best = penalty;
            split = {d, median, true};
        }
    }
    return split;
}

} // namespace

RegionTree::RegionTree(std::vector<Entry> entries, Region const& whole) : entries_(std::move(entries)) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> keyed;
    keyed.reserve(entries_.size());
    for (std::uint32_t i = 0; i < entries_.size(); ++i) keyed.emplace_back(signature(entries_[i].region, whole), i);
    // The widest first: few entries, which have most of what is asked about.
    std::sort(keyed.begin(), keyed.end(), [](auto const& a, auto const& b) {
        return std::tuple(-std::popcount(a.first), a.first, a.second) < std::tuple(-std::popcount(b.first), b.first, b.second);
    });
    // In place, cycle by cycle: of a million rules, a copy would be an eighth of all memory.
    for (std::uint32_t i = 0; i < keyed.size(); ++i) {
        std::uint32_t at = i;
        while (keyed[at].second != i) {
            std::uint32_t const next = keyed[at].second;
            std::swap(entries_[at], entries_[next]);
            keyed[at].second = at;
            at = next;
        }
        keyed[at].second = at;
    }
    nodes_.reserve(entries_.size() / 2);
    for (std::size_t begin = 0; begin < keyed.size();) {
        std::size_t end = begin;
        while (end < keyed.size() && keyed[end].first == keyed[begin].first) ++end;
        roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        build(std::span(entries_).subspan(begin, end - begin), static_cast<std::uint32_t>(begin), 0);
        begin = end;
    }
    nodes_.shrink_to_fit();
}

void RegionTree::build(std::span<Entry> part, std::uint32_t begin, unsigned depth) {
    std::size_t const index = nodes_.size();
    Node node{part.front().region,
              part.front().line,
              part.front().line,
              0,
              begin,
              static_cast<std::uint32_t>(begin + part.size()),
              0,
              0};
    for (Entry const& entry : part) {
        node.hull.include(entry.region);
        node.first = std::min(node.first, entry.line);
        node.last = std::max(node.last, entry.line);
        node.until = std::max(node.until, entry.until);
        node.actions |= entry.actions;
    }
    nodes_.push_back(node);
    if (part.size() <= leaf_size) return;
    Split const split = depth < lopsided_depth ? best_split(part) : Split{};
    auto middle = part.begin();
    if (split.found) {
        middle = std::partition(part.begin(), part.end(), [&](Entry const& entry) {
            return entry.region.first[split.dimension] < split.median;
        });
    }
    // Alike in all dimensions: those with the same atoms together, in halves.
    if (middle == part.begin() || middle == part.end()) {
        middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
        std::nth_element(part.begin(), middle, part.end(), [](Entry const& a, Entry const& b) {
            return std::tie(a.region.atoms, a.line) < std::tie(b.region.atoms, b.line);
        });
    }
    auto const left = static_cast<std::size_t>(middle - part.begin());
    build(part.first(left), begin, depth + 1);
    nodes_[index].right = static_cast<std::uint32_t>(nodes_.size());
    build(part.subspan(left), static_cast<std::uint32_t>(begin + left), depth + 1);
}

} // namespace portcullis
