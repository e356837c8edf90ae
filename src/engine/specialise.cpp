#include "engine/specialise.hpp"

#include <algorithm>

namespace portcullis {

namespace {

// More intervals than this are not worth looking through for each term of each rule.
constexpr std::size_t most_intervals = 64;

IntervalSet const* values_of(Field field, std::vector<Known> const& known) {
    auto const at = std::find_if(known.begin(), known.end(), [&](Known const& k) { return k.field == field; });
    return at == known.end() ? nullptr : &at->values;
}

bool is_always(Field field, U128 value, std::vector<Known> const& known) {
    IntervalSet const* const values = values_of(field, known);
    return values != nullptr && values->only() == value;
}

enum class Holds : std::uint8_t { never, sometimes, always };

Holds holds(Field field, ValueSet const& set, std::vector<Known> const& known) {
    IntervalSet const* const values = values_of(field, known);
    if (values == nullptr) return Holds::sometimes;
    auto const all = [&]() -> std::optional<bool> {
        if (!set.masks.empty()) {
            auto const only = values->only();
            return only ? std::optional(set.contains(*only)) : std::nullopt;
        }
        if (set.intervals.contains(*values)) return !set.negated;
        if (!set.intervals.overlaps(*values)) return set.negated;
        return std::nullopt;
    }();
    if (!all) return Holds::sometimes;
    if (!*all) return Holds::never;
    // A term says more than its values: that there is such a field.
    FieldInfo const& row = info(field);
    bool const there = (!row.family || is_always(Field::family, family_value(*row.family), known)) &&
                       (!row.transport || is_always(Field::fragment, 0, known));
    return there ? Holds::always : Holds::sometimes;
}

// The relation without rows that the known values rule out. Where one row is left, its cells become terms.
void specialise(Alternatives const& relation, std::vector<Known> const& known, Match& out) {
    Alternatives left{relation.fields, {}, relation.negated, relation.span};
    for (auto const& row : relation.rows) {
        bool possible = true;
        for (std::size_t c = 0; possible && c < row.size(); ++c)
            possible = row[c].is_all(info(relation.fields[c]).bits) || holds(relation.fields[c], row[c], known) != Holds::never;
        if (possible) left.rows.push_back(row);
    }
    if (relation.negated || left.rows.size() != 1) {
        out.alternatives.push_back(std::move(left));
        return;
    }
    for (std::size_t c = 0; c < left.fields.size(); ++c) {
        Field const field = left.fields[c];
        ValueSet& cell = left.rows.front()[c];
        // A cell without a restriction is none, also where its field belongs to one family.
        if (cell.is_all(info(field).bits) || holds(field, cell, known) == Holds::always) continue;
        out.terms.push_back({field, std::move(cell), relation.span});
    }
}

} // namespace

std::vector<Known> known_fields(PacketSet const& question) {
    std::vector<Known> known;
    for (Field const field : {Field::family, Field::fragment, Field::ct_state, Field::ct_direction, Field::protocol,
                              Field::src4, Field::src6, Field::dst4, Field::dst6}) {
        auto values = question.project(field, most_intervals);
        if (values && !values->contains(IntervalSet(0, info(field).largest))) known.push_back({field, std::move(*values)});
    }
    return known;
}

Match const* specialised(Match const& match, std::vector<Known> const& known, std::deque<Match>& changed) {
    std::vector<Term const*> left;
    for (Term const& term : match.terms) {
        Holds const answer = holds(term.field, term.values, known);
        if (answer == Holds::never) return nullptr;
        if (answer == Holds::sometimes) left.push_back(&term);
    }
    if (left.size() == match.terms.size() && match.alternatives.empty()) return &match;
    Match& out = changed.emplace_back();
    for (Term const* term : left) out.terms.push_back(*term);
    for (Alternatives const& relation : match.alternatives) specialise(relation, known, out);
    out.opaque = match.opaque;
    return &out;
}

} // namespace portcullis
