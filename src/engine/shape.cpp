#include "engine/shape.hpp"

#include <algorithm>

namespace portcullis {

namespace {

// The term that may vary: the source where there is one, else the destination.
std::optional<std::size_t> address_term(Match const& match) {
    if (!match.alternatives.empty() || !match.opaque.empty()) return std::nullopt;
    for (auto const& fields : {std::pair{Field::src4, Field::src6}, std::pair{Field::dst4, Field::dst6}}) {
        for (std::size_t i = 0; i < match.terms.size(); ++i) {
            Term const& term = match.terms[i];
            bool const plain = term.values.masks.empty() && !term.values.negated;
            if (plain && (term.field == fields.first || term.field == fields.second)) return i;
        }
    }
    return std::nullopt;
}

bool same_but(std::size_t place, Match const& a, Match const& b) {
    if (a.terms.size() != b.terms.size()) return false;
    for (std::size_t i = 0; i < a.terms.size(); ++i) {
        if (a.terms[i].field != b.terms[i].field) return false;
        if (i != place && !(a.terms[i].values == b.terms[i].values)) return false;
    }
    return true;
}

std::uint64_t hash_but(std::size_t place, Match const& match) {
    std::uint64_t h = place + 1;
    auto const mix = [&h](std::uint64_t v) { h = (h ^ v) * 0x9E3779B97F4A7C15ULL + (h >> 29U); };
    for (std::size_t i = 0; i < match.terms.size(); ++i) {
        mix(static_cast<std::uint64_t>(match.terms[i].field));
        if (i == place) continue;
        for (Interval const& interval : match.terms[i].values.intervals.intervals()) {
            mix(low64(interval.first) ^ high64(interval.first));
            mix(low64(interval.last) ^ high64(interval.last));
        }
    }
    return h;
}

} // namespace

Shapes::Shapes(std::vector<Match> const& matches) : matches_(matches) {
    std::unordered_multimap<std::uint64_t, std::uint32_t> known; // hash to the first rule of a shape
    for (std::uint32_t i = 0; i < matches.size(); ++i) {
        Match const& match = matches[i];
        auto const place = address_term(match);
        if (!place) {
            shapes_.push_back(none_);
            continue;
        }
        std::uint64_t const h = hash_but(*place, match);
        auto [at, end] = known.equal_range(h);
        while (at != end && !same_but(*place, matches[at->second], match)) ++at;
        if (at == end) known.emplace(h, i);
        shapes_.push_back(at == end ? i : at->second);
    }
}

std::optional<std::uint32_t> Shapes::operator[](std::size_t rule) const {
    return shapes_[rule] == none_ ? std::nullopt : std::optional(shapes_[rule]);
}

Match Shapes::united(std::span<std::uint32_t const> rules) const {
    Match match = matches_[rules.front()];
    std::size_t const place = *address_term(match);
    std::vector<Interval> all;
    for (std::uint32_t const rule : rules) {
        auto const& intervals = matches_[rule].terms[place].values.intervals.intervals();
        all.insert(all.end(), intervals.begin(), intervals.end());
    }
    match.terms[place].values = ValueSet(IntervalSet::of(std::move(all)));
    return match;
}

} // namespace portcullis
