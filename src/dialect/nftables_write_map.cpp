// Rules that share an origin were one rule of the text: a map, or a statement that decides by itself. What all of
// them ask stands before it, and what they differ in are its elements.
#include <algorithm>
#include <fmt/format.h>

#include "dialect/nftables_write_rule.hpp"

namespace portcullis::nft {
namespace {

bool same(Term const& a, Term const& b) { return a.field == b.field && a.values == b.values; }
bool same(Opaque const& a, Opaque const& b) { return a.text == b.text && a.negated == b.negated; }
bool same(Alternatives const& a, Alternatives const& b) {
    return a.fields == b.fields && a.rows == b.rows && a.negated == b.negated;
}

// How many items all of the lists begin (or end) with.
template <class List, class Of> std::size_t shared_front(std::span<Rule const> rules, Of of, List const& first) {
    std::size_t count = first.size();
    for (Rule const& rule : rules) {
        auto const& list = of(rule);
        std::size_t same_so_far = 0;
        while (same_so_far < std::min(count, list.size()) && same(list[same_so_far], first[same_so_far]))
            ++same_so_far;
        count = same_so_far;
    }
    return count;
}
template <class List, class Of>
std::size_t shared_back(std::span<Rule const> rules, Of of, List const& first, std::size_t front) {
    std::size_t count = first.size() - front;
    for (Rule const& rule : rules) {
        auto const& list = of(rule);
        std::size_t same_so_far = 0;
        while (same_so_far < std::min(count, list.size() - front) &&
               same(list[list.size() - 1 - same_so_far], first[first.size() - 1 - same_so_far]))
            ++same_so_far;
        count = same_so_far;
    }
    return count;
}

template <class T> std::vector<T> slice(std::vector<T> const& list, std::size_t begin, std::size_t end) {
    return {list.begin() + static_cast<std::ptrdiff_t>(begin), list.begin() + static_cast<std::ptrdiff_t>(end)};
}

// A match in three parts: what all rules ask first, what they differ in, and what all ask at the end.
struct Parts {
    Match before;
    std::vector<Match> differing; // one a rule
    Match after;
};

Parts parts_of(std::span<Rule const> rules) {
    Parts parts;
    parts.differing.resize(rules.size());
    auto const split = [&](auto of, auto into) {
        auto const& first = of(rules.front());
        std::size_t const front = shared_front(rules, of, first);
        std::size_t const back = shared_back(rules, of, first, front);
        into(parts.before) = slice(first, 0, front);
        into(parts.after) = slice(first, first.size() - back, first.size());
        for (std::size_t i = 0; i < rules.size(); ++i) {
            auto const& list = of(rules[i]);
            into(parts.differing[i]) = slice(list, front, list.size() - back);
        }
    };
    split(
        [](Rule const& r) -> auto const& { return r.match.terms; }, [](Match & m) -> auto& { return m.terms; });
    split(
        [](Rule const& r) -> auto const& { return r.match.alternatives; },
        [](Match & m) -> auto& { return m.alternatives; });
    split(
        [](Rule const& r) -> auto const& { return r.match.opaque; }, [](Match & m) -> auto& { return m.opaque; });
    return parts;
}

// "STATEMENT accepts" and "STATEMENT drops".
std::optional<std::string> judging_statement(std::span<Rule const> rules) {
    if (rules.size() != 2 || !std::holds_alternative<Accept>(rules[0].verdict) ||
        !std::holds_alternative<Drop>(rules[1].verdict))
        return std::nullopt;
    auto const statement = [](Rule const& rule, std::string_view ending) -> std::string {
        if (rule.match.opaque.empty()) return {};
        std::string const& text = rule.match.opaque.back().text;
        return text.ends_with(ending) ? text.substr(0, text.size() - ending.size()) : std::string();
    };
    std::string text = statement(rules[0], " accepts");
    if (text.empty() || text != statement(rules[1], " drops")) return std::nullopt;
    return text;
}

// ---- keys

struct Keys {
    Piece key;
    std::vector<std::string> elements; // one a rule; "*" for the rest
};

// One field, perhaps masked.
std::optional<Keys> keys_of_field(std::vector<Match> const& differing, Known const& known) {
    for (Match const& match : differing)
        if (match.terms.size() != 1 || !match.opaque.empty() || !match.alternatives.empty()) return std::nullopt;
    Field const field = differing.front().terms.front().field;
    std::optional<Look> const look = look_at(field, known);
    if (!look) return std::nullopt;
    Keys keys{look->selector, {}};
    std::vector<Interval> all;
    std::optional<U128> mask;
    for (Match const& match : differing) {
        ValueSet const& values = match.terms.front().values;
        bool const masked = !values.masks.empty();
        if (match.terms.front().field != field) return std::nullopt;
        if (masked) {
            if (values.masks.size() != 1 || !values.intervals.empty() || values.negated ||
                (mask && *mask != values.masks[0].mask))
                return std::nullopt;
            mask = values.masks[0].mask;
        } else if (mask) {
            return std::nullopt;
        }
        IntervalSet const set = masked ? IntervalSet::single(values.masks[0].value) : values.intervals;
        if (values.negated) { // all that no other element has
            keys.elements.push_back("*");
            continue;
        }
        std::optional<std::vector<std::string>> const texts = elements_of(*look, set);
        if (!texts || texts->size() != 1) return std::nullopt;
        keys.elements.push_back(texts->front());
        for (Interval const& interval : set.intervals()) all.push_back(interval);
    }
    // nft refuses elements that overlap: between rules the first one decides.
    std::sort(all.begin(), all.end(), [](Interval const& a, Interval const& b) { return a.first < b.first; });
    for (std::size_t i = 1; i < all.size(); ++i)
        if (all[i].first <= all[i - 1].last) return std::nullopt;
    IntervalSet const others = IntervalSet::of(all);
    for (Match const& match : differing) {
        ValueSet const& values = match.terms.front().values;
        if (values.negated && values.intervals != others) return std::nullopt;
    }
    if (mask) {
        std::optional<std::vector<std::string>> const text = elements_of(*look, IntervalSet::single(*mask));
        if (!text) return std::nullopt;
        bool const several = text->front().find('|') != std::string::npos;
        keys.key.text += several ? " & (" + text->front() + ')' : " & " + text->front();
    }
    return keys;
}

// "None of these rows", which "*" stands for.
bool is_rest(Alternatives const& relation, std::vector<Look> const& looks,
             std::vector<std::vector<IntervalSet>> const& rows) {
    if (!relation.negated || relation.rows.size() != rows.size() || relation.fields.size() != looks.size())
        return false;
    for (std::size_t i = 0; i < looks.size(); ++i) {
        if (relation.fields[i] != looks[i].field) return false;
        for (std::size_t r = 0; r < rows.size(); ++r)
            if (relation.rows[r][i].as_intervals(info(looks[i].field).bits) != rows[r][i]) return false;
    }
    return true;
}

// Several fields: cells that allow everything are left out by the reader.
std::optional<Keys> keys_of_fields(std::vector<Match> const& differing, Known const& known) {
    auto const longest = std::max_element(differing.begin(), differing.end(), [](Match const& a, Match const& b) {
        return a.terms.size() < b.terms.size();
    });
    std::vector<Look> looks;
    for (Term const& term : longest->terms) {
        std::optional<Look> look = look_at(term.field, known);
        if (!look) return std::nullopt;
        looks.push_back(std::move(*look));
    }
    if (looks.size() < 2) return std::nullopt;
    Keys keys{concatenated(looks), {}};
    std::vector<std::vector<IntervalSet>> rows;
    for (Match const& match : differing) {
        if (!match.opaque.empty()) return std::nullopt;
        if (match.terms.empty() && match.alternatives.size() == 1) {
            keys.elements.push_back("*");
            continue;
        }
        if (!match.alternatives.empty()) return std::nullopt;
        std::string element;
        rows.emplace_back();
        std::size_t at = 0;
        for (Look const& look : looks) {
            bool const has = at < match.terms.size() && match.terms[at].field == look.field;
            if (has && (match.terms[at].values.negated || !match.terms[at].values.masks.empty()))
                return std::nullopt;
            IntervalSet const cell =
                has ? match.terms[at++].values.intervals : IntervalSet::all(info(look.field).bits);
            std::optional<std::vector<std::string>> const texts = elements_of(look, cell);
            if (!texts || texts->size() != 1) return std::nullopt;
            element += (element.empty() ? "" : " . ") + texts->front();
            rows.back().push_back(cell);
        }
        if (at != match.terms.size()) return std::nullopt;
        keys.elements.push_back(std::move(element));
    }
    bool const rests = std::all_of(differing.begin(), differing.end(), [&](Match const& match) {
        return match.alternatives.empty() || is_rest(match.alternatives.front(), looks, rows);
    });
    return rests ? std::optional(keys) : std::nullopt;
}

// A key that has no field: "numgen inc mod 2 0".
std::optional<Keys> keys_of_text(std::vector<Match> const& differing, ast::TableFamily family) {
    std::optional<Keys> keys;
    std::vector<std::string> others;
    for (Match const& match : differing) {
        if (match.opaque.size() != 1 || !match.terms.empty() || !match.alternatives.empty()) return std::nullopt;
        std::optional<Native> native = understand(match.opaque.front().text, family);
        if (!native || !native->is_comparison || !native->between.empty()) return std::nullopt;
        if (!keys) keys = Keys{{native->left, std::move(native->needs)}, {}};
        if (native->left != keys->key.text) return std::nullopt;
        if (match.opaque.front().negated) {
            keys->elements.push_back("*");
            continue;
        }
        // In a map the element stands without the braces of a set of one.
        std::string element = native->right;
        if (element.starts_with("{ ") && element.ends_with(" }")) element = element.substr(2, element.size() - 4);
        keys->elements.push_back(element);
        others.push_back(std::move(element));
    }
    std::string const all = others.size() == 1 ? others.front() : in_braces(others);
    for (Match const& match : differing)
        if (match.opaque.front().negated && match.opaque.front().text != keys->key.text + ' ' + all)
            return std::nullopt;
    return keys;
}

// ---- values

bool same_but(Effects const& a, Effects const& b, std::size_t less) {
    auto const front = [&](std::vector<std::string> const& list) {
        return std::vector<std::string>(list.begin(),
                                        list.end() - static_cast<std::ptrdiff_t>(std::min(less, list.size())));
    };
    return a.log == b.log && a.counter == b.counter && a.notrack == b.notrack && a.log_options == b.log_options &&
           a.answer == b.answer && front(a.sets) == front(b.sets);
}

// What a map gives for each key, and the words around it.
struct Values {
    std::string before;  // "meta mark set ", "dnat ip to "
    std::string keyword; // "vmap", "map"
    std::vector<std::string> values;
    std::string after;    // " random"
    bool of_mark = false; // the rule goes on
    std::vector<Term> needs{};
};

std::optional<Values> marks_of(std::span<Rule const> rules, TableWriter& table) {
    Values values{"", "map", {}, "", true};
    for (Rule const& rule : rules) {
        if (rule.effects.sets.empty() || !same_but(rule.effects, rules.front().effects, 1)) return std::nullopt;
        if (to_text(rule.verdict, table.ruleset) != to_text(rules.front().verdict, table.ruleset))
            return std::nullopt;
        std::string const& text = rule.effects.sets.back();
        std::size_t const at = text.rfind(" set ");
        if (at == std::string::npos || rule.effects.assignments.empty()) return std::nullopt;
        values.before = text.substr(0, at + 5);
        values.values.push_back(text.substr(at + 5));
    }
    bool const all_equal = std::all_of(rules.begin(), rules.end(), [&](Rule const& rule) {
        return rule.effects.sets == rules.front().effects.sets;
    });
    return all_equal && rules.size() > 1 ? std::nullopt : std::optional(values);
}

std::optional<Values> targets_of(std::span<Rule const> rules, TableWriter& table, Known const& known) {
    auto const* const first = std::get_if<Rewrite>(&rules.front().verdict);
    if (first == nullptr || !has_words_for(*first)) return std::nullopt;
    Values values{to_text(Rewrite{first->kind, {}, {}, {}}, table.ruleset),
                  "map",
                  {},
                  first->flags.empty() || is_netmap(*first) ? "" : ' ' + first->flags};
    Family const family = family_of(*first, known.family);
    if (first->address && sees_both_families(table.family)) {
        std::string_view const word = family == Family::v4 ? "ip" : "ip6";
        values.before += fmt::format(" {}", word);
        add_required(requirement_of(word), true, {}, values.needs);
    }
    if (is_netmap(*first)) values.before += " prefix";
    values.before += first->address ? " to " : " to :";
    for (Rule const& rule : rules) {
        auto const* const rewrite = std::get_if<Rewrite>(&rule.verdict);
        bool const alike = rewrite != nullptr && rewrite->kind == first->kind && rewrite->flags == first->flags &&
                           rewrite->address.has_value() == first->address.has_value() &&
                           rewrite->port.has_value() == first->port.has_value() &&
                           same_but(rule.effects, rules.front().effects, 0);
        if (!alike || (!rewrite->address && !rewrite->port)) return std::nullopt;
        values.values.push_back(target_text(*rewrite, family, " . "));
    }
    return values;
}

std::optional<Values> verdicts_of(std::span<Rule const> rules, TableWriter& table) {
    Values values{"", "vmap", {}, ""};
    for (Rule const& rule : rules) {
        auto const* const jump = std::get_if<Jump>(&rule.verdict);
        bool const of_chain = jump == nullptr || (jump->chain != no_chain &&
                                                  !table.ruleset.chains[jump->chain].name.starts_with("{}"));
        if (!of_chain || std::holds_alternative<Reject>(rule.verdict) ||
            !same_but(rule.effects, rules.front().effects, 0))
            return std::nullopt;
        std::optional<std::string> const text = decision_text(rule.verdict, table);
        if (!text) return std::nullopt;
        values.values.push_back(*text);
    }
    return values;
}

bool empty(Match const& match) { return match.terms.empty() && match.alternatives.empty() && match.opaque.empty(); }

} // namespace

std::optional<std::string> as_one_rule(std::span<Rule const> rules, TableWriter& table) {
    RuleText text(table);
    Effects effects = rules.front().effects;
    if (std::optional<std::string> const statement = judging_statement(rules)) {
        Match match = rules[0].match;
        Match other = rules[1].match;
        match.opaque.pop_back();
        other.opaque.pop_back();
        if (to_text(match) != to_text(other) || !same_but(effects, rules[1].effects, 0)) return std::nullopt;
        std::optional<Native> native = understand(*statement, table.family);
        bool const written = native && text.conditions(match, effects) && text.effects(effects) &&
                             text.add({native->text, native->needs});
        return written ? std::optional(text.text()) : std::nullopt;
    }
    Parts const parts = parts_of(rules);
    if (!text.conditions(parts.before, effects)) return std::nullopt;
    Known const known = text.known();
    std::optional<Keys> keys = keys_of_field(parts.differing, known);
    if (!keys) keys = keys_of_fields(parts.differing, known);
    if (!keys) keys = keys_of_text(parts.differing, table.family);
    if (!keys) return std::nullopt;
    std::optional<Values> values = marks_of(rules, table);
    if (!values) values = targets_of(rules, table, known);
    if (!values) values = verdicts_of(rules, table);
    if (!values || (!empty(parts.after) && !values->of_mark)) return std::nullopt;
    std::vector<std::string> elements;
    for (std::size_t i = 0; i < rules.size(); ++i)
        elements.push_back(keys->elements[i] + " : " + values->values[i]);
    Piece map{fmt::format("{}{} {} {}{}", values->before, keys->key.text, values->keyword, in_braces(elements),
                          values->after),
              values->needs};
    for (Term const& term : missing(keys->key.needs, map.needs)) map.needs.push_back(term);
    if (!values->of_mark) {
        bool const written = text.effects(effects) && text.add(map);
        return written ? std::optional(text.text()) : std::nullopt;
    }
    effects.sets.pop_back();
    bool const written = text.add(map) && text.conditions(parts.after, effects) && text.effects(effects) &&
                         text.verdict(rules.front().verdict, effects);
    return written ? std::optional(text.text()) : std::nullopt;
}

} // namespace portcullis::nft
