#include "engine/box.hpp"

#include <algorithm>
#include <optional>

namespace portcullis {

namespace {

std::optional<Box::Dimension> dimension_of(Field field) {
    switch (field) {
    case Field::src4:
    case Field::src6: return Box::src;
    case Field::dst4:
    case Field::dst6: return Box::dst;
    case Field::dport: return Box::dport;
    case Field::sport: return Box::sport;
    case Field::protocol: return Box::protocol;
    case Field::iif: return Box::iif;
    case Field::oif: return Box::oif;
    default: return std::nullopt;
    }
}

std::uint64_t coarse(Field field, U128 value) { return info(field).bits == 128 ? high64(value) : low64(value); }

Box::Range coarse(Field field, Interval hull) { return {coarse(field, hull.first), coarse(field, hull.last)}; }

void narrow(Box& box, Field field, Interval hull) {
    if (hull.first > hull.last) {
        box.empty = true;
        return;
    }
    if (field == Field::family) {
        box.families &= static_cast<std::uint8_t>((hull.first == family_v4 ? 1U : 0U) | (hull.last == family_v6 ? 2U : 0U));
    }
    if (auto const family = info(field).family) {
        box.families &= static_cast<std::uint8_t>(*family == Family::v4 ? 1U : 2U);
    }
    if (auto const dimension = dimension_of(field)) {
        Box::Range const other = coarse(field, hull);
        Box::Range& range = box.ranges[*dimension];
        range = {std::max(range.first, other.first), std::min(range.last, other.last)};
        if (range.first > range.last) box.empty = true;
    }
    if (box.families == 0) box.empty = true;
}

} // namespace

bool Box::meets(Box const& other) const {
    if ((families & other.families) == 0 || empty || other.empty) return false;
    for (std::size_t d = 0; d < dimensions; ++d) {
        if (ranges[d].first > other.ranges[d].last || other.ranges[d].first > ranges[d].last) return false;
    }
    return true;
}

bool Box::contains(Box const& other) const {
    if ((other.families & ~families) != 0 || empty) return false;
    for (std::size_t d = 0; d < dimensions; ++d) {
        if (ranges[d].first > other.ranges[d].first || ranges[d].last < other.ranges[d].last) return false;
    }
    return true;
}

void Box::include(Box const& other) {
    families |= other.families;
    for (std::size_t d = 0; d < dimensions; ++d) {
        ranges[d] = {std::min(ranges[d].first, other.ranges[d].first), std::max(ranges[d].last, other.ranges[d].last)};
    }
}

Box outline(Match const& match) {
    Box box;
    for (Term const& term : match.terms) narrow(box, term.field, term.values.hull(info(term.field).bits));
    for (Alternatives const& relation : match.alternatives) {
        if (relation.negated) continue;
        std::optional<Box> rows;
        for (auto const& row : relation.rows) {
            Box one;
            for (std::size_t c = 0; c < row.size(); ++c) {
                Field const field = relation.fields[c];
                if (!row[c].is_all(info(field).bits)) narrow(one, field, row[c].hull(info(field).bits));
            }
            if (one.empty) continue;
            if (rows) rows->include(one);
            else rows = one;
        }
        if (!rows) {
            box.empty = true;
            continue;
        }
        box.families &= rows->families;
        for (std::size_t d = 0; d < Box::dimensions; ++d) {
            Box::Range& range = box.ranges[d];
            range = {std::max(range.first, rows->ranges[d].first), std::min(range.last, rows->ranges[d].last)};
            if (range.first > range.last) box.empty = true;
        }
    }
    return box;
}

bool is_box(Match const& match) {
    return match.alternatives.empty() && match.opaque.empty() &&
           std::all_of(match.terms.begin(), match.terms.end(), [](Term const& term) {
               bool const cut = info(term.field).bits == 128; // the outline keeps the upper half only
               bool const fragments = info(term.field).transport && term.values.is_all(info(term.field).bits); // it lacks them
               bool const one = term.values.masks.empty() && !term.values.negated && term.values.intervals.intervals().size() == 1;
               return one && !cut && !fragments && (dimension_of(term.field) || term.field == Field::family);
           });
}

namespace {

// Which dimensions a box is wide in. Boxes that are wide alike share a tree, so that an "any" does not blur the others.
unsigned signature(Box const& box) {
    unsigned bits = 0;
    for (std::size_t d = 0; d < Box::dimensions; ++d) {
        bool const ports = d == Box::dport || d == Box::sport;
        std::uint64_t const wide = ports ? 4096 : d == Box::protocol ? 8 : std::uint64_t{1} << 28U;
        bits = bits << 1U | (box.ranges[d].last - box.ranges[d].first > wide ? 1U : 0U);
    }
    return bits;
}

constexpr std::size_t leaf_size = 8;

} // namespace

BoxTree::BoxTree(std::vector<Box> boxes) : boxes_(std::move(boxes)) {
    std::vector<std::pair<unsigned, std::uint32_t>> keyed;
    for (std::uint32_t i = 0; i < boxes_.size(); ++i) {
        if (!boxes_[i].empty) keyed.emplace_back(signature(boxes_[i]), i);
    }
    std::sort(keyed.begin(), keyed.end());
    for (auto const& [key, position] : keyed) order_.push_back(position);
    for (std::size_t begin = 0; begin < keyed.size();) {
        std::size_t end = begin;
        while (end < keyed.size() && keyed[end].first == keyed[begin].first) ++end;
        roots_.push_back(static_cast<std::uint32_t>(nodes_.size()));
        build(std::span(order_).subspan(begin, end - begin), static_cast<std::uint32_t>(begin));
        begin = end;
    }
}

void BoxTree::build(std::span<std::uint32_t> part, std::uint32_t begin) {
    std::size_t const index = nodes_.size();
    Box hull = boxes_[part.front()];
    std::uint32_t first = part.front();
    for (std::uint32_t const position : part) {
        hull.include(boxes_[position]);
        first = std::min(first, position);
    }
    nodes_.push_back({hull, first, begin, static_cast<std::uint32_t>(begin + part.size()), 0});
    if (part.size() <= leaf_size) return;
    // Split in the dimension in which a sample of the boxes lies most apart: the fewest straddle the sample's median.
    std::array<std::uint64_t, 33> starts{};
    std::size_t best_straddling = part.size();
    Box::Dimension best = Box::dst;
    std::uint64_t best_median = 0;
    for (std::uint8_t d = 0; d < Box::dimensions; ++d) {
        std::size_t const step = std::max<std::size_t>(1, part.size() / starts.size());
        std::size_t const count = std::min(starts.size(), part.size());
        for (std::size_t i = 0; i < count; ++i) starts[i] = boxes_[part[i * step]].ranges[d].first;
        std::nth_element(starts.begin(), starts.begin() + count / 2, starts.begin() + count);
        std::uint64_t const median = starts[count / 2];
        std::size_t straddling = 0;
        std::size_t below = 0;
        for (std::size_t i = 0; i < count; ++i) {
            Box::Range const& range = boxes_[part[i * step]].ranges[d];
            below += range.first < median ? 1 : 0;
            straddling += range.first < median && range.last >= median ? 1 : 0;
        }
        // A lopsided split is as bad as a straddling one.
        std::size_t const penalty = straddling + (count / 2 - std::min(below, count / 2));
        if (below > 0 && penalty < best_straddling) {
            best_straddling = penalty;
            best = static_cast<Box::Dimension>(d);
            best_median = median;
        }
    }
    auto middle = std::partition(part.begin(), part.end(),
                                 [&](std::uint32_t p) { return boxes_[p].ranges[best].first < best_median; });
    // All alike: halves by position keep the tree shallow and the order usable.
    if (middle == part.begin() || middle == part.end()) middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
    auto const left = static_cast<std::size_t>(middle - part.begin());
    build(part.first(left), begin);
    nodes_[index].right = static_cast<std::uint32_t>(nodes_.size());
    build(part.subspan(left), static_cast<std::uint32_t>(begin + left));
}

template <class Enter, class Take>
bool BoxTree::search(std::uint32_t before, Enter const& enter, Take const& take) const {
    std::vector<std::uint32_t> todo = roots_;
    while (!todo.empty()) {
        std::uint32_t const at = todo.back();
        todo.pop_back();
        Node const& node = nodes_[at];
        if (node.first_position >= before || !enter(node.hull)) continue;
        if (node.right != 0) {
            todo.push_back(at + 1);
            todo.push_back(node.right);
            continue;
        }
        for (std::uint32_t i = node.begin; i < node.end; ++i) {
            std::uint32_t const position = order_[i];
            if (position < before && enter(boxes_[position]) && take(position)) return true;
        }
    }
    return false;
}

bool BoxTree::any_containing(Box const& box, std::uint32_t before, std::vector<bool> const& counts) const {
    return search(before, [&](Box const& other) { return other.contains(box); },
                  [&](std::uint32_t position) { return counts[position]; });
}

std::vector<std::uint32_t> BoxTree::meeting(Box const& box, std::uint32_t before) const {
    std::vector<std::uint32_t> found;
    search(before, [&](Box const& other) { return other.meets(box); },
           [&](std::uint32_t position) {
               found.push_back(position);
               return false;
           });
    std::sort(found.begin(), found.end());
    return found;
}

} // namespace portcullis
