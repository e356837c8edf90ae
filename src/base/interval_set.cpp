#include "portcullis/base/interval_set.hpp"

#include <algorithm>

namespace portcullis {

IntervalSet IntervalSet::of(std::vector<Interval> intervals) {
    std::sort(intervals.begin(), intervals.end(), [](auto const& a, auto const& b) { return a.first < b.first; });
    std::size_t kept = 0;
    for (Interval const& next : intervals) {
        // Adjacent intervals are one; the first test keeps `last + 1` from wrapping.
        if (kept > 0 && (intervals[kept - 1].last >= next.first || intervals[kept - 1].last + 1 == next.first)) {
            intervals[kept - 1].last = std::max(intervals[kept - 1].last, next.last);
        } else {
            intervals[kept++] = next;
        }
    }
    intervals.resize(kept);
    IntervalSet set;
    set.intervals_ = std::move(intervals);
    return set;
}

bool IntervalSet::contains(U128 value) const {
    auto const after = std::upper_bound(intervals_.begin(), intervals_.end(), value,
                                        [](U128 v, Interval const& i) { return v < i.first; });
    return after != intervals_.begin() && std::prev(after)->last >= value;
}

bool IntervalSet::contains(IntervalSet const& other) const {
    return std::all_of(other.intervals_.begin(), other.intervals_.end(), [&](Interval const& wanted) {
        auto const after = std::upper_bound(intervals_.begin(), intervals_.end(), wanted.first,
                                            [](U128 v, Interval const& i) { return v < i.first; });
        return after != intervals_.begin() && std::prev(after)->last >= wanted.last;
    });
}

bool IntervalSet::overlaps(IntervalSet const& other) const {
    auto a = intervals_.begin();
    auto b = other.intervals_.begin();
    while (a != intervals_.end() && b != other.intervals_.end()) {
        if (a->last < b->first) ++a;
        else if (b->last < a->first) ++b;
        else return true;
    }
    return false;
}

bool IntervalSet::is_all(unsigned bits) const {
    return intervals_.size() == 1 && intervals_.front().first == 0 && intervals_.front().last == max_value(bits);
}

std::optional<U128> IntervalSet::only() const {
    if (intervals_.size() != 1 || intervals_.front().first != intervals_.front().last) return std::nullopt;
    return intervals_.front().first;
}

U128 IntervalSet::count() const {
    U128 sum = 0;
    for (auto const& [first, last] : intervals_) {
        U128 const more = last - first;
        if (more == ~U128{0}) return more;
        sum += more + 1;
    }
    return sum;
}

IntervalSet IntervalSet::united(IntervalSet const& other) const {
    std::vector<Interval> both = intervals_;
    both.insert(both.end(), other.intervals_.begin(), other.intervals_.end());
    return of(std::move(both));
}

IntervalSet IntervalSet::intersected(IntervalSet const& other) const {
    IntervalSet result;
    auto a = intervals_.begin();
    auto b = other.intervals_.begin();
    while (a != intervals_.end() && b != other.intervals_.end()) {
        U128 const first = std::max(a->first, b->first);
        U128 const last = std::min(a->last, b->last);
        if (first <= last) result.intervals_.push_back({first, last});
        if (a->last < b->last) ++a;
        else ++b;
    }
    return result;
}

IntervalSet IntervalSet::minus(IntervalSet const& other) const { return intersected(other.complement(128)); }

IntervalSet IntervalSet::complement(unsigned bits) const {
    IntervalSet result;
    U128 next = 0;
    for (auto const& [first, last] : intervals_) {
        if (first > next) result.intervals_.push_back({next, first - 1});
        if (last >= max_value(bits)) return result;
        next = last + 1;
    }
    result.intervals_.push_back({next, max_value(bits)});
    return result;
}

std::vector<Prefix> to_prefixes(IntervalSet const& set, Family family) {
    unsigned const bits = address_bits(family);
    std::vector<Prefix> prefixes;
    for (auto [first, last] : set.intervals()) {
        for (;;) {
            // The largest aligned block that starts at `first` and ends by `last`.
            unsigned size = std::min(trailing_zeros(first), bits);
            while (size > 0 && (first | max_value(size)) > last) --size;
            prefixes.push_back({{family, first}, bits - size});
            U128 const end = first | max_value(size);
            if (end >= last) break;
            first = end + 1;
        }
    }
    return prefixes;
}

} // namespace portcullis
