// What other rules ask of the packets of one rule beyond what all of these have anyway. Of a rule for ports below 1024
// from some sources, to packets for port 22 only the sources are left; and many rules of which one and the same field
// is left are one rule with many values, where just their union matters.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "engine/specialise.hpp"

namespace portcullis {

// Where the packets of a match lie, field by field.
class Frame {
  public:
    Frame(Match const& match, std::vector<Known> const& known);

    // Whether all packets of the match meet the term.
    bool meets(Term const& term) const;

  private:
    std::array<std::optional<Interval>, field_count> hulls_; // none: every value
    std::optional<Family> family_;
    bool fragments_ = true;
};

// Matches of terms alone, in groups whose members differ in the values of one term.
class Beyond {
  public:
    explicit Beyond(Frame const& frame) : frame_(frame) {}

    // Adds the terms of the match that the frame does not meet anyway. The match must outlive it.
    void add(std::uint32_t rule, Match const& match);
    // Whether one of them has all packets of the frame.
    bool everything() const { return everything_; }

    struct Group {
        std::vector<Term const*> terms; // of the first member; the one at `varying` differs
        std::size_t varying = 0;
        std::vector<std::uint32_t> rules;
        std::vector<Term const*> values; // by member: the term that differs
    };
    std::vector<Group> const& groups() const { return groups_; }
    // The match of the members in [begin, end) together.
    static Match united(Group const& group, std::size_t begin, std::size_t end);

  private:
    Frame frame_;
    std::vector<Group> groups_;
    std::unordered_multimap<std::uint64_t, std::size_t> by_hash_;
    std::uint64_t last_hash_ = 0; // of the group that had the last member: rules of a kind stand together
    std::size_t last_ = 0;
    std::vector<Term const*> terms_;
    bool everything_ = false;
};

} // namespace portcullis
