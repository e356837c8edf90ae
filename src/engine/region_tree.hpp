// An index over the regions of lines that take packets: a tree of bounding regions for each signature of widths, so
// that an "any" does not blur the regions of the exact ones. Every node knows the positions and scopes below it, so
// that a question about what is earlier leaves out what is not.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "engine/region.hpp"

namespace portcullis {

class RegionTree {
  public:
    struct alignas(64) Entry {
        Region region;
        std::uint32_t line = 0;
        std::uint32_t until = 0;  // the last line that it keeps packets from
        std::uint8_t actions = 0; // one bit of an Action
        bool exact = true;        // the line has all of the region
    };
    // What is asked about: lines in [from, before), with a scope that comes to `reach`, and one of these actions.
    struct Bounds {
        std::uint32_t from = 0;
        std::uint32_t before = 0;
        std::uint32_t reach = 0;
        std::uint8_t actions = 0xFF;
    };

    RegionTree() = default;
    RegionTree(std::vector<Entry> entries, Region const& whole);
    bool empty() const { return entries_.empty(); }

    // Goes down into the nodes within bounds whose hull `enter` says yes to, and shows their entries to `take`
    // until it says true; gives that entry, or null. `bounds` may be narrowed on the way.
    template <class Enter, class Take>
    Entry const* search(Bounds const& bounds, Enter const& enter, Take const& take) const {
        std::array<std::uint32_t, 256> todo; // a tree splits in halves of entries or of a sample: never that deep
        for (std::uint32_t const root : roots_) {
            std::size_t count = 0;
            todo[count++] = root;
            while (count > 0) {
                std::uint32_t const at = todo[--count];
                Node const& node = nodes_[at];
                if (!enter(node.hull) || !overlaps(node, bounds)) continue;
                if (node.right != 0) {
                    __builtin_prefetch(&nodes_[node.right]);
                    todo[count++] = node.right;
                    todo[count++] = at + 1;
                    continue;
                }
                for (std::uint32_t i = node.begin; i < node.end; ++i) {
                    Entry const& entry = entries_[i];
                    bool const within = entry.line >= bounds.from && entry.line < bounds.before &&
                                        entry.until >= bounds.reach && (entry.actions & bounds.actions) != 0;
                    if (within && enter(entry.region) && take(entry)) return &entry;
                }
            }
        }
        return nullptr;
    }

  private:
    struct alignas(64) Node { // the ranges of its hull in one cache line, all else in the next
        Region hull;
        std::uint32_t first = 0, last = 0; // lines below it
        std::uint32_t until = 0;           // the largest
        std::uint32_t begin = 0, end = 0;  // of entries_
        std::uint32_t right = 0;           // the left child follows its parent; 0 for a leaf
        std::uint8_t actions = 0;
    };
    static bool overlaps(Node const& node, Bounds const& bounds) {
        return node.first < bounds.before && node.last >= bounds.from && node.until >= bounds.reach &&
               (node.actions & bounds.actions) != 0;
    }
    void build(std::span<Entry> part, std::uint32_t begin, unsigned depth);

    std::vector<Entry> entries_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> roots_; // a tree for each signature
};

} // namespace portcullis
