#include "portcullis/engine/marks.hpp"

#include <algorithm>

namespace portcullis {

namespace {

bool is_mark(Field field) { return field == Field::mark || field == Field::ct_mark; }

bool reads_marks(Alternatives const& relation) {
    return std::any_of(relation.fields.begin(), relation.fields.end(), is_mark);
}

// The assignment's value in terms of the marks at the start.
MarkValue composed(Assignment const& assignment, Marks const& marks, std::uint32_t setter) {
    bool const unknown = !assignment.known || (assignment.mark_keep != 0 && !marks.mark.known) ||
                         (assignment.ct_mark_keep != 0 && !marks.ct_mark.known);
    if (unknown) {
        bool const copy = assignment.known && assignment.value == 0; // of a whole mark: it stays what it was
        if (copy && assignment.mark_keep == max_value(32) && assignment.ct_mark_keep == 0) return marks.mark;
        if (copy && assignment.ct_mark_keep == max_value(32) && assignment.mark_keep == 0) return marks.ct_mark;
        return {.known = false, .setter = setter};
    }
    auto const combined = [&](U128 MarkValue::*part) {
        return (marks.mark.*part & assignment.mark_keep) ^ (marks.ct_mark.*part & assignment.ct_mark_keep);
    };
    return {combined(&MarkValue::mark_keep), combined(&MarkValue::ct_mark_keep),
            combined(&MarkValue::value) ^ assignment.value};
}

} // namespace

Marks after(Marks const& marks, Rule const& rule) {
    Marks changed = marks;
    for (Assignment const& assignment : rule.effects.assignments) {
        MarkValue const value = composed(assignment, changed, rule.span.begin);
        (assignment.field == Field::mark ? changed.mark : changed.ct_mark) = value;
    }
    return changed;
}

bool reads_marks(Match const& match) {
    return std::any_of(match.terms.begin(), match.terms.end(), [](Term const& term) { return is_mark(term.field); }) ||
           std::any_of(match.alternatives.begin(), match.alternatives.end(),
                       [](Alternatives const& relation) { return reads_marks(relation); });
}

bool marks_matter(Ruleset const& ruleset) {
    bool changed = false;
    bool read = false;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            changed = changed || !rule.effects.assignments.empty();
            read = read || reads_marks(rule.match);
        }
    }
    return changed && read;
}

Match with_unknown(Match const& match, Marks const& marks) {
    Match seen;
    auto const ask = [&](std::string text, bool negated, std::uint32_t setter) {
        seen.opaque.push_back({std::move(text) + ", as computed before", true, negated, Span{0, setter, setter}});
    };
    for (Term const& term : match.terms) {
        if (!is_mark(term.field) || marks[term.field].known) {
            seen.terms.push_back(term);
            continue;
        }
        Match asked;
        asked.terms.push_back(term);
        asked.terms.back().values.negated = false;
        ask(to_text(asked), term.values.negated, marks[term.field].setter);
    }
    for (Alternatives const& relation : match.alternatives) {
        auto const unknown = std::find_if(relation.fields.begin(), relation.fields.end(),
                                          [&](Field f) { return is_mark(f) && !marks[f].known; });
        if (unknown == relation.fields.end()) {
            seen.alternatives.push_back(relation);
            continue;
        }
        Match asked;
        asked.alternatives.push_back(relation);
        asked.alternatives.back().negated = false;
        ask(to_text(asked), relation.negated, marks[*unknown].setter);
    }
    seen.opaque.insert(seen.opaque.begin(), match.opaque.begin(), match.opaque.end());
    return seen;
}

} // namespace portcullis
