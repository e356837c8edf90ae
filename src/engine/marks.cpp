#include "portcullis/engine/marks.hpp"

#include <algorithm>

#include "engine/contradiction.hpp"
#include "portcullis/engine/reach.hpp"

namespace portcullis {

namespace {

bool is_mark(Field field) { return field == Field::mark || field == Field::ct_mark; }

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
    // Once there is a connection, notrack does nothing.
    bool const gives_up = rule.effects.notrack && marks.tracking == Marks::Tracking::before;
    if (gives_up) changed.tracking = Marks::Tracking::given_up;
    return changed;
}

Marks translated(Marks marks, Rewrite const& rewrite, Family family, Span rule) {
    (is_destination(rewrite.kind) ? marks.destination : marks.source) = translation_by(rewrite, family, rule);
    return marks;
}

bool changes_marks(Rule const& rule) {
    return !rule.effects.assignments.empty() || rule.effects.notrack || std::holds_alternative<Rewrite>(rule.verdict);
}

bool is_nat(Chain const& base) { return base.hook && base.hook->type == ChainType::nat; }

bool translation_is_open(Chain const& nat, Marks const& marks) {
    bool const destination = nat.hook->point == HookPoint::prerouting || nat.hook->point == HookPoint::output;
    return marks.tracking != Marks::Tracking::given_up && !(destination ? marks.destination : marks.source).done;
}

Marks entering(Chain const& base, Marks marks) {
    using enum Marks::Tracking;
    if (marks.tracking != given_up) marks.tracking = before_tracking(base) ? before : done;
    return marks;
}

std::optional<U128> state_seen(Marks const& marks) {
    switch (marks.tracking) {
    case Marks::Tracking::done: return std::nullopt;
    case Marks::Tracking::before: return ct_state::invalid;
    case Marks::Tracking::given_up: return ct_state::untracked;
    }
    return std::nullopt;
}

bool reads_marks(Match const& match) {
    return asks_about(match, Field::mark) || asks_about(match, Field::ct_mark);
}

bool reads_state(Match const& match) { return asks_about(match, Field::ct_state); }

bool before_tracking(Chain const& base) {
    constexpr int tracking = -200;
    if (!base.hook) return false;
    HookPoint const point = base.hook->point;
    bool const there = point == HookPoint::prerouting || point == HookPoint::output;
    return point == HookPoint::ingress || (there && base.hook->priority < tracking);
}

namespace {

using Chains = std::vector<ChainId>;

template <class Asks> bool any_rule(Ruleset const& ruleset, Chains const& chains, Asks asks) {
    return std::any_of(chains.begin(), chains.end(), [&](ChainId id) {
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        return std::any_of(rules.begin(), rules.end(), asks);
    });
}

bool are_passed(Ruleset const& ruleset, Chains const& chains) {
    return any_rule(ruleset, chains, [](Rule const& rule) { return !rule.effects.assignments.empty(); }) &&
           any_rule(ruleset, chains, [](Rule const& rule) { return reads_marks(rule.match); });
}

} // namespace

bool marks_are_passed(Ruleset const& ruleset) { return are_passed(ruleset, all_chains(ruleset)); }

bool marks_matter(Ruleset const& ruleset) { return marks_matter(ruleset, all_chains(ruleset)); }

bool marks_matter(Ruleset const& ruleset, Chains const& chains) {
    bool const early = std::any_of(chains.begin(), chains.end(), [&](ChainId id) { return before_tracking(ruleset.chains[id]); });
    return (early && any_rule(ruleset, chains, [](Rule const& rule) { return reads_state(rule.match); })) ||
           are_passed(ruleset, chains) || any_rule(ruleset, chains, [](Rule const& rule) { return reads_tuple(rule.match); }) ||
           std::any_of(chains.begin(), chains.end(), [&](ChainId id) { return translates(ruleset.chains[id]); });
}

namespace {

// The value that translation has given the field, where it is one.
std::optional<U128> translated_value(Field field, Marks const& marks) {
    auto const only = [](std::optional<Interval> const& interval) {
        return interval && interval->first == interval->last ? std::optional(interval->first) : std::nullopt;
    };
    Translated const& to = marks.destination;
    Translated const& from = marks.source;
    if (to.done && field == dst_field(to.family)) return only(to.address);
    if (to.done && field == Field::dport) return only(to.port);
    if (to.done && field == Field::dst_type && to.to_host) return route_type::local;
    if (from.done && field == src_field(from.family)) return only(from.address);
    if (from.done && field == Field::sport) return only(from.port);
    return std::nullopt;
}

} // namespace

bool contradicts_translation(Match const& match, Marks const& marks) {
    if (!marks.destination.done && !marks.source.done) return false;
    return std::any_of(match.terms.begin(), match.terms.end(), [&](Term const& term) {
        auto const value = translated_value(term.field, marks);
        return value && !term.values.contains(*value);
    });
}

std::optional<Match> within_translation(Match const& match, Marks const& marks) {
    Match seen;
    for (Term const& term : match.terms) {
        auto const value = translated_value(term.field, marks);
        if (!value) {
            seen.terms.push_back(term);
            continue;
        }
        if (!term.values.contains(*value)) return std::nullopt;
        // What the term says besides of the packet.
        if (auto const family = info(term.field).family)
            seen.terms.push_back({Field::family, ValueSet::single(family_value(*family)), {}});
        if (info(term.field).transport) seen.terms.push_back({Field::fragment, ValueSet::single(0), {}});
    }
    seen.alternatives = match.alternatives;
    seen.opaque = match.opaque;
    return seen;
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
