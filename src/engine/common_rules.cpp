// Rules are told apart by a hash of what they mean. Two that the hashes call equal are compared in full, so that no
// collision can make an answer wrong.
#include "engine/common_rules.hpp"

#include <algorithm>

#include "portcullis/base/common_subsequence.hpp"

namespace portcullis {

namespace {

// Multiply and fold, word by word: good enough to tell rules apart, and as fast as reading them.
class Hash {
  public:
    void add(std::uint64_t word) {
        U128 const product = U128{state_ ^ word} * 0x9E3779B97F4A7C15ULL;
        state_ = low64(product) ^ high64(product);
    }
    void add(U128 value) {
        add(low64(value));
        add(high64(value));
    }
    void add(bool value) { add(std::uint64_t{value}); }
    void add(std::string const& text) { add(std::uint64_t{std::hash<std::string>{}(text)}); }
    void add(Interval const& interval) {
        add(interval.first);
        add(interval.last);
    }
    void add(ValueSet const& values) {
        add(values.negated);
        for (Interval const& interval : values.intervals.intervals()) add(interval);
        for (Masked const& masked : values.masks) {
            add(masked.value);
            add(masked.mask);
        }
    }
    void add(Match const& match) {
        for (Term const& term : match.terms) {
            add(static_cast<std::uint64_t>(term.field));
            add(term.values);
        }
        for (Alternatives const& relation : match.alternatives) {
            add(relation.negated);
            for (Field const field : relation.fields) add(static_cast<std::uint64_t>(field));
            for (auto const& row : relation.rows) {
                for (ValueSet const& cell : row) add(cell);
            }
        }
        for (Opaque const& opaque : match.opaque) {
            add(opaque.text);
            add(opaque.negated);
        }
    }
    std::uint64_t value() const { return state_; }

  private:
    std::uint64_t state_ = 0x243F6A8885A308D3ULL;
};

std::uint64_t hash(Rule const& rule, std::vector<std::uint32_t> const& callees) {
    Hash hash;
    hash.add(rule.match);
    hash.add(std::uint64_t{rule.verdict.index()});
    auto const* jump = std::get_if<Jump>(&rule.verdict);
    if (jump != nullptr && jump->chain != no_chain) hash.add(std::uint64_t{callees[jump->chain]});
    return hash.value();
}

bool same(Term const& a, Term const& b) { return a.field == b.field && a.values == b.values; }
bool same(Alternatives const& a, Alternatives const& b) {
    return a.fields == b.fields && a.rows == b.rows && a.negated == b.negated;
}
bool same(Opaque const& a, Opaque const& b) {
    return a.text == b.text && a.stateful == b.stateful && a.negated == b.negated;
}

template <class Part> bool same(std::vector<Part> const& a, std::vector<Part> const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](Part const& x, Part const& y) { return same(x, y); });
}

bool same_verdict(Verdict const& a, std::vector<std::uint32_t> const& callees_a, Verdict const& b,
                  std::vector<std::uint32_t> const& callees_b) {
    auto const* x = std::get_if<Jump>(&a);
    auto const* y = std::get_if<Jump>(&b);
    if (x == nullptr || y == nullptr) return a == b;
    if (x->is_goto != y->is_goto || x->chain == no_chain || y->chain == no_chain) return *x == *y;
    return callees_a[x->chain] == callees_b[y->chain];
}

// But for what decides nothing: spans, comments, logs and counters.
bool same(Rule const& a, std::vector<std::uint32_t> const& callees_a, Rule const& b,
          std::vector<std::uint32_t> const& callees_b) {
    return same(a.match.terms, b.match.terms) && same(a.match.alternatives, b.match.alternatives) &&
           same(a.match.opaque, b.match.opaque) && same_verdict(a.verdict, callees_a, b.verdict, callees_b) &&
           a.effects.notrack == b.effects.notrack && a.effects.assignments == b.effects.assignments;
}

std::vector<std::uint64_t> keys_of(std::vector<Rule> const& rules, std::vector<std::uint32_t> const& callees) {
    std::vector<std::uint64_t> keys;
    keys.reserve(rules.size());
    for (Rule const& rule : rules) keys.push_back(hash(rule, callees));
    return keys;
}

} // namespace

std::vector<std::pair<std::uint32_t, std::uint32_t>> common_rules(std::vector<Rule> const& before, std::vector<std::uint32_t> const& callees_before,
                    std::vector<Rule> const& after, std::vector<std::uint32_t> const& callees_after) {
    auto common = common_subsequence(keys_of(before, callees_before), keys_of(after, callees_after));
    std::erase_if(common, [&](auto const& pair) {
        return !same(before[pair.first], callees_before, after[pair.second], callees_after);
    });
    return common;
}

bool are_comparable(std::vector<Rule> const& rules) {
    return std::all_of(rules.begin(), rules.end(), [](Rule const& rule) {
        return rule.match.opaque.empty() && !std::holds_alternative<Jump>(rule.verdict);
    });
}

std::uint64_t rules_key(std::vector<Rule> const& rules) {
    Hash all;
    for (Rule const& rule : rules) all.add(hash(rule, {}));
    return all.value();
}

bool same_rules(std::vector<Rule> const& a, std::vector<Rule> const& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](Rule const& x, Rule const& y) { return same(x, {}, y, {}) && x.effects.answer == y.effects.answer; });
}

} // namespace portcullis
