#include "policy/renumber.hpp"

#include <algorithm>
#include <stdexcept>

#include "portcullis/engine/translation.hpp"

namespace portcullis {
namespace {

constexpr std::array wide_fields{Field::src4, Field::dst4, Field::src6, Field::dst6, Field::iif, Field::oif};

bool is_wide(Field field) { return std::ranges::find(wide_fields, field) != wide_fields.end(); }

// Calls `visit` with each such field and its values in the match; they may be changed.
template <class AnyMatch, class Visit> void each_set(AnyMatch& match, Visit const& visit) {
    for (auto& term : match.terms)
        if (is_wide(term.field)) visit(term.field, term.values);
    for (auto& relation : match.alternatives)
        for (auto& row : relation.rows)
            for (std::size_t i = 0; i < row.size(); ++i)
                if (is_wide(relation.fields[i])) visit(relation.fields[i], row[i]);
}

} // namespace

std::size_t Renumbering::index(Field field) {
    return static_cast<std::size_t>(std::ranges::find(wide_fields, field) - wide_fields.begin());
}

void Renumbering::add(Field field, IntervalSet const& set) {
    U128 const last = max_value(info(field).bits);
    auto& starts = numbers_[index(field)].starts;
    for (Interval const& each : set.intervals()) {
        starts.push_back(each.first);
        if (each.last != last) starts.push_back(each.last + 1);
    }
}

void Renumbering::number() {
    for (Field const field : wide_fields) {
        Numbers& numbers = numbers_[index(field)];
        numbers.starts.push_back(0);
        std::ranges::sort(numbers.starts);
        numbers.starts.erase(std::unique(numbers.starts.begin(), numbers.starts.end()), numbers.starts.end()); // that of ranges is not for clang 14
        unsigned bits = 1; // one class has no number but 0, and no shift of all bits
        while ((std::size_t{1} << bits) < numbers.starts.size()) ++bits;
        numbers.shift = info(field).bits - std::min(bits, info(field).bits);
    }
}

IntervalSet Renumbering::of(Field field, IntervalSet const& set) const {
    Numbers const& numbers = numbers_[index(field)];
    U128 const last = max_value(info(field).bits);
    std::vector<Interval> result;
    for (Interval const& each : set.intervals()) {
        auto const first = std::ranges::lower_bound(numbers.starts, each.first);
        auto const end = each.last == last ? numbers.starts.end() : std::ranges::lower_bound(numbers.starts, each.last + 1);
        bool const whole = first != numbers.starts.end() && *first == each.first &&
                           (each.last == last || (end != numbers.starts.end() && *end == each.last + 1));
        if (!whole) throw std::logic_error("a set of addresses or interfaces was not numbered");
        // The last class has the rest of the numbers.
        auto const place = [&](auto at) { return static_cast<U128>(at - numbers.starts.begin()) << numbers.shift; };
        result.push_back({place(first), end == numbers.starts.end() ? last : place(end) - 1});
    }
    return IntervalSet::of(std::move(result));
}

bool add_values(Ruleset const& ruleset, Renumbering& numbers) {
    bool possible = !translates(ruleset);
    for (Chain const& chain : ruleset.chains) {
        possible = possible && (!chain.hook || chain.hook->device.empty());
        for (Rule const& rule : chain.rules)
            each_set(rule.match, [&](Field field, ValueSet const& values) {
                possible = possible && values.masks.empty();
                numbers.add(field, values.intervals);
            });
    }
    return possible;
}

Ruleset renumbered(Ruleset ruleset, Renumbering const& numbers) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            each_set(rule.match, [&](Field field, ValueSet& values) { values.intervals = numbers.of(field, values.intervals); });
    return ruleset;
}

void add_values(Policy const& policy, Renumbering& numbers) {
    auto const add = [&](bool source, Addresses const& set) {
        numbers.add(source ? Field::src4 : Field::dst4, set.v4);
        numbers.add(source ? Field::src6 : Field::dst6, set.v6);
    };
    for (Statement const& statement : policy.statements) {
        for (Place const& place : statement.from.places) {
            add(true, place.addresses);
            numbers.add(Field::iif, place.interfaces);
        }
        for (Place const& place : statement.to.places) {
            add(false, place.addresses);
            numbers.add(Field::oif, place.interfaces);
        }
    }
    for (SourceCheck const& check : source_checks(policy)) {
        add(true, check.forged);
        numbers.add(Field::iif, check.interfaces);
    }
    for (Field const field : {Field::iif, Field::oif}) numbers.add(field, IntervalSet::single(interface_value("lo")));
    add(true, {{}, listener_sources()});
    add(true, never_forged());
}

} // namespace portcullis
