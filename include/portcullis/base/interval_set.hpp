// Sets of numbers as sorted, disjoint, non-adjacent closed intervals: ports, addresses, names. Exact and canonical,
// so equal sets compare equal.
#pragma once
#include <optional>
#include <vector>

#include "portcullis/base/ip.hpp"
#include "portcullis/base/u128.hpp"

namespace portcullis {

// All numbers from `first` to `last`, both included; first <= last.
struct Interval {
    U128 first = 0;
    U128 last = 0;
    friend bool operator==(Interval const&, Interval const&) = default;
};

class IntervalSet {
  public:
    IntervalSet() = default;
    IntervalSet(U128 first, U128 last) : intervals_{{first, last}} {}
    // Any intervals in any order, overlapping or not.
    static IntervalSet of(std::vector<Interval> intervals);
    static IntervalSet of(Prefix prefix) { return {prefix.first(), prefix.last()}; }
    static IntervalSet single(U128 value) { return {value, value}; }
    static IntervalSet all(unsigned bits) { return {0, max_value(bits)}; }

    std::vector<Interval> const& intervals() const { return intervals_; }
    bool empty() const { return intervals_.empty(); }
    bool contains(U128 value) const;
    bool contains(IntervalSet const& other) const;
    bool overlaps(IntervalSet const& other) const;
    bool is_all(unsigned bits) const;
    // The only member, where there is exactly one.
    std::optional<U128> only() const;
    // How many members; saturates at the largest U128 (the full 128-bit set).
    U128 count() const;

    IntervalSet united(IntervalSet const& other) const;
    IntervalSet intersected(IntervalSet const& other) const;
    IntervalSet minus(IntervalSet const& other) const;
    // All numbers of `bits` bits that are not members.
    IntervalSet complement(unsigned bits) const;

    friend bool operator==(IntervalSet const&, IntervalSet const&) = default;

  private:
    std::vector<Interval> intervals_;
};

// The prefixes that cover exactly this set of addresses, in order and as few as possible. For 4 or 6.
std::vector<Prefix> to_prefixes(IntervalSet const& set, Family family);

} // namespace portcullis
