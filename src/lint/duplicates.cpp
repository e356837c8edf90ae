// Two rules of one chain that ask the same and do the same: the second never has anything left to decide, or does
// once more what is done. Matches are compared by what they mean, field by field; a log, a counter or a comment
// makes no difference where the verdict ends the packet.
#include "lint/duplicates.hpp"

#include <algorithm>
#include <map>
#include <span>
#include <unordered_map>

#include "lint/context.hpp"
#include "lint/text_rules.hpp"

namespace portcullis {

namespace {

// A match on which nobody can say that two occurrences agree: a rate, a list that changes.
bool is_stateful(Rule const& rule) {
    return std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(),
                       [](Opaque const& opaque) { return opaque.stateful; });
}

std::string values_key(ValueSet const& values, unsigned bits) {
    auto const plain = values.as_intervals(bits);
    std::string key;
    auto const number = [&](U128 value) { key.append(reinterpret_cast<char const*>(&value), sizeof value); };
    for (Interval const& interval : plain ? plain->intervals() : values.intervals.intervals()) {
        number(interval.first);
        number(interval.last);
    }
    if (plain) return key;
    key += values.negated ? "not masks " : "masks ";
    for (Masked const& masked : values.masks) {
        number(masked.value);
        number(masked.mask);
    }
    return key;
}

std::string field_key(Field field) { return {static_cast<char>('A' + static_cast<int>(field))}; }

std::string alternatives_key(Alternatives const& relation) {
    std::string key = relation.negated ? "none of" : "some of";
    for (Field const field : relation.fields) key += field_key(field);
    std::vector<std::string> rows;
    for (auto const& row : relation.rows) {
        std::string cells;
        for (std::size_t i = 0; i < row.size(); ++i)
            cells += values_key(row[i], info(relation.fields[i]).bits) + '|';
        rows.push_back(std::move(cells));
    }
    std::sort(rows.begin(), rows.end());
    for (std::string const& row : rows) key += row;
    return key;
}

// What the rule does, as far as a second time would do nothing else.
std::string action_key(Rule const& rule, Ruleset const& ruleset) {
    std::string key = to_text(rule.verdict, ruleset);
    if (auto const* jump = std::get_if<Jump>(&rule.verdict)) key += ' ' + std::to_string(jump->chain);
    if (decides(rule.verdict)) return key + rule.effects.answer;
    key += rule.effects.log ? " log " + rule.effects.log_options : "";
    key += rule.effects.notrack ? " notrack" : "";
    for (std::string const& set : rule.effects.sets) key += " [" + set + ']';
    return key;
}

// What later rules ask of a packet may differ after the rule.
bool changes_packet(Rule const& rule) { return changes_marks(rule) || !rule.effects.sets.empty(); }

// A second time would do something again: count a rate, flip or compute a mark, lower a hop limit.
bool adds_up(Rule const& rule) {
    Effects const& effects = rule.effects;
    auto const flips = [](Assignment const& a) {
        return !a.known || (a.value & (a.field == Field::mark ? a.mark_keep : a.ct_mark_keep)) != 0;
    };
    return is_stateful(rule) || effects.sets.size() != effects.assignments.size() ||
           std::any_of(effects.assignments.begin(), effects.assignments.end(), flips);
}

// The rules that one rule of the text has become; they are a duplicate together or not at all.
using Group = std::span<Rule const>;

std::vector<Group> groups(std::vector<Rule> const& rules, std::vector<Rule>::const_iterator end) {
    std::vector<Group> all;
    for (auto at = rules.begin(); at != end;) {
        auto const next = std::find_if(at, end, [&](Rule const& rule) { return rule.origin != at->origin; });
        all.emplace_back(at, next);
        at = next;
    }
    return all;
}

std::string group_key(Ruleset const& ruleset, Group const& group) {
    std::string key;
    for (Rule const& rule : group) key += match_key(rule.match) + action_key(rule, ruleset) + '\n';
    return key;
}

// Whether a second time of it would decide or do nothing new.
bool can_be_again(Ruleset const& ruleset, Group const& group) {
    return std::none_of(group.begin(), group.end(), [&](Rule const& rule) {
        return decides(rule.verdict) ? is_stateful(rule) : any_rule(ruleset, rule, adds_up);
    });
}

// What the terms leave of each field, those aside that no intervals say.
std::map<Field, IntervalSet> field_sets(std::vector<Term> const& terms) {
    std::map<Field, IntervalSet> sets;
    for (Term const& term : terms) {
        auto const values = term.values.as_intervals(info(term.field).bits);
        if (!values) continue;
        auto const [at, added] = sets.try_emplace(term.field, *values);
        if (!added) at->second = at->second.intersected(*values);
    }
    return sets;
}

std::uint64_t mixed(std::uint64_t hash, std::uint64_t value) {
    hash = (hash ^ value) * 0x9E3779B97F4A7C15ULL;
    return hash ^ (hash >> 32U);
}

std::uint64_t values_hash(Field field, IntervalSet const& values) {
    std::uint64_t hash = static_cast<std::uint64_t>(field) + 1;
    for (Interval const& interval : values.intervals()) {
        for (U128 const end : {interval.first, interval.last}) hash = mixed(mixed(hash, low64(end)), high64(end));
    }
    return hash;
}

std::uint64_t terms_hash(std::vector<Term> const& terms) {
    std::uint64_t sum = 0;
    std::uint64_t seen = 0;
    for (Term const& term : terms) {
        std::uint64_t const field = std::uint64_t{1} << static_cast<unsigned>(term.field);
        bool const is_plain = !term.values.negated && term.values.masks.empty() && (seen & field) == 0;
        if (!is_plain) {
            sum = 0;
            for (auto const& [one, values] : field_sets(terms)) sum += values_hash(one, values);
            return sum;
        }
        seen |= field;
        sum += values_hash(term.field, term.values.intervals);
    }
    return sum;
}

std::uint64_t alternatives_hash(Alternatives const& relation) {
    std::uint64_t sum = 0;
    for (auto const& row : relation.rows) {
        std::uint64_t hash = relation.fields.size();
        for (std::size_t i = 0; i < row.size(); ++i) {
            auto const values = row[i].as_intervals(info(relation.fields[i]).bits);
            hash = mixed(hash, values ? values_hash(relation.fields[i], *values) : 0);
        }
        sum += hash;
    }
    return sum;
}

// Equal for groups of equal keys, and made without their strings, which only those need that have a hash in common.
std::uint64_t group_hash(Group const& group) {
    std::uint64_t hash = 0;
    for (Rule const& rule : group) {
        std::uint64_t relations = 0; // the same one twice is one
        for (Alternatives const& relation : rule.match.alternatives)
            relations = std::max(relations, alternatives_hash(relation));
        hash = mixed(hash, mixed(terms_hash(rule.match.terms) + relations, rule.verdict.index()));
    }
    return hash;
}

// Groups that are known, to be found by what they mean.
class Known {
  public:
    explicit Known(Ruleset const& ruleset) : ruleset_(ruleset) {}

    // The first one that means the same, or else null: then it is known from now on.
    Group const* find_or_add(Group const& group) {
        auto& alike = by_hash_[group_hash(group)];
        if (alike.empty()) {
            alike.push_back({group, {}});
            return nullptr;
        }
        std::string key = group_key(ruleset_, group);
        for (auto& [other, other_key] : alike) {
            if (other_key.empty()) other_key = group_key(ruleset_, other);
            if (other_key == key) return &other;
        }
        alike.push_back({group, std::move(key)});
        return nullptr;
    }

    void clear() { by_hash_.clear(); }

  private:
    struct Keyed {
        Group group;
        std::string key; // empty until it is asked for
    };
    Ruleset const& ruleset_;
    std::unordered_map<std::uint64_t, std::vector<Keyed>> by_hash_;
};

} // namespace

std::string match_key(Match const& match, std::optional<Field> without) {
    std::vector<std::string> parts;
    std::vector<Term> terms = match.terms;
    std::erase_if(terms, [&](Term const& term) { return term.field == without; });
    for (Term const& term : terms) {
        unsigned const bits = info(term.field).bits;
        if (!term.values.as_intervals(bits)) parts.push_back(field_key(term.field) + values_key(term.values, bits));
    }
    for (auto const& [field, values] : field_sets(terms))
        parts.push_back(field_key(field) + values_key(values, info(field).bits));
    for (Alternatives const& relation : match.alternatives) parts.push_back(alternatives_key(relation));
    for (Opaque const& opaque : match.opaque) parts.push_back((opaque.negated ? "! " : "") + opaque_key(opaque));
    std::sort(parts.begin(), parts.end());
    parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
    std::string key;
    for (std::string const& part : parts) key += part + '\n';
    return key;
}

std::vector<Duplicate> duplicates_of(Ruleset const& ruleset, ChainId id) {
    std::vector<Duplicate> found;
    std::vector<Rule> const& rules = ruleset.chains[id].rules;
    auto end = catch_all(ruleset.chains[id]); // what follows it is PC213's
    if (end != rules.end()) ++end;
    Known known(ruleset); // since the last rule that changed packets
    for (Group const& group : groups(rules, end)) {
        bool const changing = std::any_of(
            group.begin(), group.end(), [&](Rule const& rule) { return any_rule(ruleset, rule, changes_packet); });
        bool const counts = can_be_again(ruleset, group);
        if (counts) {
            if (Group const* earlier = known.find_or_add(group)) {
                found.push_back({static_cast<std::size_t>(&group.front() - rules.data()), earlier->front().span});
                continue;
            }
        }
        if (!changing) continue;
        known.clear();
        if (counts) known.find_or_add(group);
    }
    return found;
}

} // namespace portcullis
