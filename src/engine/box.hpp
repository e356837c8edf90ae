// A coarse outline of a match: an interval in each of the fields that split rules best. Two matches whose boxes are
// apart have no packet in common; the converse does not hold. And a tree over the boxes of a chain, to find the earlier
// rules that a rule can meet without looking at all of them.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct Box {
    // Addresses and interfaces by their upper 64 bits (IPv4 whole): enough to keep most apart.
    enum Dimension : std::uint8_t { dst, src, dport, sport, protocol, iif, oif, dimensions };
    struct Range {
        std::uint64_t first = 0;
        std::uint64_t last = ~std::uint64_t{0};
    };
    std::array<Range, dimensions> ranges;
    std::uint8_t families = 3; // bit 0 IPv4, bit 1 IPv6
    bool empty = false;        // surely matches nothing

    bool meets(Box const& other) const;
    bool contains(Box const& other) const;
    void include(Box const& other);
};
Box outline(Match const& match);
// The match is its outline: nothing but one interval each in fields that boxes have, none of them cut short.
bool is_box(Match const& match);

class BoxTree {
  public:
    explicit BoxTree(std::vector<Box> boxes);
    // The positions below `before` of the boxes that meet `box`, ascending.
    std::vector<std::uint32_t> meeting(Box const& box, std::uint32_t before) const;
    // Whether a position below `before` has a box that contains `box`, among those that `counts` says yes to.
    bool any_containing(Box const& box, std::uint32_t before, std::vector<bool> const& counts) const;

  private:
    struct Node {
        Box hull;
        std::uint32_t first_position; // the smallest below it
        std::uint32_t begin, end;     // of order_, for a leaf
        std::uint32_t right;          // the left child follows its parent; 0 for a leaf
    };
    void build(std::span<std::uint32_t> part, std::uint32_t begin);
    // Goes down where `enter` says so of a hull, and takes the boxes below `before` that it says so of, until `take`
    // says true; whether one did.
    template <class Enter, class Take> bool search(std::uint32_t before, Enter const& enter, Take const& take) const;

    std::vector<Box> boxes_;
    std::vector<std::uint32_t> order_;
    std::vector<Node> nodes_;
    std::vector<std::uint32_t> roots_; // a tree for each signature
};

} // namespace portcullis
