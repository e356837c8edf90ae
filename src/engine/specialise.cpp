#include "engine/specialise.hpp"

#include <algorithm>

namespace portcullis {

namespace {

std::optional<U128> value_of(Field field, std::vector<Known> const& known) {
    auto const at = std::find_if(known.begin(), known.end(), [&](Known const& k) { return k.field == field; });
    return at == known.end() ? std::nullopt : std::optional(at->value);
}

// The relation without rows that the known values rule out. Where one row is left, its cells become terms.
void specialise(Alternatives const& relation, std::vector<Known> const& known, Match& out) {
    Alternatives left{relation.fields, {}, relation.negated, relation.span};
    for (auto const& row : relation.rows) {
        bool possible = true;
        for (std::size_t c = 0; c < row.size(); ++c) {
            auto const value = value_of(relation.fields[c], known);
            possible = possible && (!value || row[c].contains(*value));
        }
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
        if (value_of(field, known) || cell.is_all(info(field).bits)) continue;
        out.terms.push_back({field, std::move(cell), relation.span});
    }
}

} // namespace

std::vector<Known> known_fields(PacketSet const& question) {
    std::vector<Known> known;
    for (Field const field : {Field::fragment, Field::ct_state, Field::ct_direction}) {
        auto const values = question.project(field);
        if (auto const only = values ? values->only() : std::nullopt) known.push_back({field, *only});
    }
    return known;
}

std::optional<Match> specialised(Match const& match, std::vector<Known> const& known) {
    Match out;
    for (Term const& term : match.terms) {
        auto const value = value_of(term.field, known);
        if (!value) out.terms.push_back(term);
        else if (!term.values.contains(*value)) return std::nullopt;
    }
    for (Alternatives const& relation : match.alternatives) specialise(relation, known, out);
    out.opaque = match.opaque;
    return out;
}

} // namespace portcullis
