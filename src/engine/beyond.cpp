#include "engine/beyond.hpp"

#include <algorithm>

namespace portcullis {

namespace {

bool is_plain(Term const& term) { return term.values.masks.empty() && !term.values.negated; }

// The term that may vary: of the field in which rules differ most.
std::size_t varying_term(std::vector<Term const*> const& terms) {
    for (Field const field : {Field::src4, Field::src6, Field::dst4, Field::dst6, Field::dport, Field::sport}) {
        for (std::size_t i = 0; i < terms.size(); ++i) {
            if (terms[i]->field == field && is_plain(*terms[i])) return i;
        }
    }
    return terms.size();
}

bool same_but(std::size_t place, std::vector<Term const*> const& a, std::vector<Term const*> const& b) {
    if (a.size() != b.size()) return false;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i]->field != b[i]->field) return false;
        if (i != place && !(a[i]->values == b[i]->values)) return false;
    }
    return true;
}

std::uint64_t hash_but(std::size_t place, std::vector<Term const*> const& terms) {
    std::uint64_t h = place + 1;
    auto const mix = [&h](std::uint64_t v) { h = (h ^ v) * 0x9E3779B97F4A7C15ULL + (h >> 29U); };
    for (std::size_t i = 0; i < terms.size(); ++i) {
        mix(static_cast<std::uint64_t>(terms[i]->field));
        if (i == place) continue;
        for (Interval const& interval : terms[i]->values.intervals.intervals()) {
            mix(low64(interval.first) ^ high64(interval.first));
            mix(low64(interval.last) ^ high64(interval.last));
        }
    }
    return h;
}

} // namespace

Frame::Frame(Match const& match, std::vector<Known> const& known) {
    auto const narrow = [&](Field field, Interval hull) {
        auto& own = hulls_[static_cast<std::size_t>(field)];
        own = own ? Interval{std::max(own->first, hull.first), std::min(own->last, hull.last)} : hull;
        if (field == Field::family && own->first == own->last) family_ = own->first == family_v4 ? Family::v4 : Family::v6;
        if (field == Field::fragment && own->last == 0) fragments_ = false;
    };
    for (Known const& one : known) {
        auto const& all = one.values.intervals();
        if (!all.empty()) narrow(one.field, {all.front().first, all.back().last});
    }
    for (Term const& term : match.terms) {
        narrow(term.field, term.values.hull(info(term.field).bits));
        if (auto const family = info(term.field).family) family_ = *family;
        if (info(term.field).transport) fragments_ = false;
    }
}

bool Frame::meets(Term const& term) const {
    FieldInfo const& row = info(term.field);
    if ((row.family && family_ != row.family) || (row.transport && fragments_) || !is_plain(term)) return false;
    auto const& own = hulls_[static_cast<std::size_t>(term.field)];
    return term.values.intervals.contains(own && own->first <= own->last ? IntervalSet(own->first, own->last)
                                                                         : IntervalSet(0, row.largest));
}

void Beyond::add(std::uint32_t rule, Match const& match) {
    terms_.clear();
    for (Term const& term : match.terms) {
        if (!frame_.meets(term)) terms_.push_back(&term);
    }
    if (terms_.empty()) {
        everything_ = true;
        return;
    }
    std::size_t const place = varying_term(terms_);
    std::uint64_t const hash = hash_but(place, terms_);
    std::size_t found = groups_.size();
    if (!groups_.empty() && hash == last_hash_ && same_but(place, groups_[last_].terms, terms_)) {
        found = last_;
    } else {
        auto const [first, end] = by_hash_.equal_range(hash);
        auto const at = std::find_if(first, end, [&](auto const& one) { return same_but(place, groups_[one.second].terms, terms_); });
        if (at != end) found = at->second;
    }
    if (found == groups_.size()) {
        by_hash_.emplace(hash, found);
        groups_.push_back({terms_, place, {}, {}});
    }
    last_hash_ = hash;
    last_ = found;
    Group& group = groups_[found];
    group.rules.push_back(rule);
    if (place < terms_.size()) group.values.push_back(terms_[place]);
}

Match Beyond::united(Group const& group, std::size_t begin, std::size_t end) {
    Match match;
    for (Term const* term : group.terms) match.terms.push_back(*term);
    if (group.varying == group.terms.size()) return match; // they are all the same
    std::vector<Interval> all;
    for (std::size_t i = begin; i < end; ++i) {
        auto const& intervals = group.values[i]->values.intervals.intervals();
        all.insert(all.end(), intervals.begin(), intervals.end());
    }
    match.terms[group.varying].values = ValueSet(IntervalSet::of(std::move(all)));
    return match;
}

} // namespace portcullis
