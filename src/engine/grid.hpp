// The coordinates of one list of rules. Each field that the list asks about is cut where some rule begins or ends,
// so that a rule is a few regions of ranks and atoms, exactly, whatever the width of the field: an IPv6 address is
// a rank like a port. A field with few cuts is unordered, a set of atoms, in which every set of values is one
// region; one with many is a dimension of ranks. An opaque match that several lines share is an unordered dimension
// of two atoms.
#pragma once
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/lines.hpp"
#include "engine/region.hpp"

namespace portcullis {

class Grid {
  public:
    // Fields with up to `most_atoms` pieces, or kinds of pieces, are unordered.
    Grid(Ruleset const& ruleset, Lines const& lines, std::size_t most_atoms);

    struct Span32 {
        std::int32_t first, last; // of pieces
    };
    // What packets a line (or a match) has.
    struct Extent {
        std::vector<Region> regions; // none: no packet has all of its matches
        bool exact = true;           // false: the regions hold more, the masks of a field have too many holes
        bool loose = false; // it has an opaque match of its own as well, so that it never surely takes a packet
        std::vector<Span32> runs{}; // while it is worked out: of the field that it is narrowed by
    };
    void extent(Line const& line, Extent& out) const;
    // The same for lines one after the other: what the calls leave that lead to most of them is worked out once.
    struct Called {
        std::optional<std::uint32_t> path;
        Extent extent{};
    };
    void extent(Line const& line, Called& called, Extent& out) const;
    void extent(Match const& match, Extent& out) const;

    Region const& whole() const { return whole_; }
    Slices const& slices() const { return slices_; }
    // How many packets the region has, by values, relative to others of this grid.
    double volume(Region const& region) const;
    // The point at which a packet lies, and a usual packet of a region.
    Region point(Member const& member) const;
    Member member(Region const& region) const;
    // A point of the region, by a number.
    Region sample(Region const& region, std::uint64_t seed) const;

  private:
    struct Axis {
        enum class Kind : std::uint8_t { unused, ordered, atoms, coarse } kind = Kind::unused;
        std::vector<U128> starts;          // of the pieces that the field is cut into; the first is 0
        std::vector<std::uint8_t> atom_of; // by piece, where the axis is one of atoms
        std::vector<std::uint64_t> blocks; // the atoms of each 256 pieces, since a few atoms may have very many
        std::vector<std::size_t> first_of; // by atom: the first of its pieces
        std::size_t place = 0;             // the dimension, or the slice
        unsigned shift = 0;                // of the slice
        std::size_t atom_count = 0;
        std::vector<double> weights; // by atom: its share of all values

        std::size_t piece(U128 value) const;
        Interval interval(std::size_t piece, U128 largest) const;
        void sum_up_atoms();
        std::uint64_t atoms_within(Span32 run) const;
    };

    using Matches = std::vector<Match const*>;
    void cut(Matches const& matches);
    void merge_pieces(Field field, Matches const& matches);
    void count_opaque(Ruleset const& ruleset, Lines const& lines);
    void place_axes();
    void weigh_atoms(Field field);
    std::optional<std::size_t> new_slice(std::size_t atoms, unsigned& shift);

    Axis& axis(Field field) {
        auto& one = axes_[static_cast<std::size_t>(field)];
        if (!one) one = std::make_unique<Axis>();
        return *one;
    }
    Axis const& axis(Field field) const {
        static Axis const unused;
        auto const& one = axes_[static_cast<std::size_t>(field)];
        return one ? *one : unused;
    }
    bool is_asked(Field field) const { return axes_[static_cast<std::size_t>(field)] != nullptr; }
    void narrow(Extent& extent, Match const& match) const;
    void narrow(Extent& extent, Field field, ValueSet const& values) const;
    void narrow(Extent& extent, Alternatives const& relation) const;
    void narrow(Extent& extent, Opaque const& opaque) const;
    void narrow_family(Extent& extent, Family family) const;
    void keep(Extent& extent, std::size_t slice, std::uint64_t atoms) const;
    bool pieces(Field field, ValueSet const& values, std::vector<Span32>& out) const;

    Ruleset const& ruleset_;
    Lines const& lines_;
    std::size_t most_atoms_;
    std::array<std::unique_ptr<Axis>, field_count> axes_; // null where nothing is asked: there may be very many small lists
    std::vector<Field> asked_; // those with an axis, coarse ones left out
    struct Shared {
        Assumption assumption;
        std::size_t slice = 0;
        unsigned shift = 0;
        bool placed = false;
    };
    std::unordered_map<std::string, Shared> opaque_; // matches that occur several times
    Slices slices_;
    std::array<unsigned, Region::words> used_{}; // bits of each word
    Region whole_;
};

} // namespace portcullis
