// Rules are told apart by a hash of what they mean. Two that the hashes call equal are compared in full, so that no
// collision can make an answer wrong.
#include "engine/common_rules.hpp"

#include <algorithm>
#include <unordered_map>

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

using Keys = std::vector<std::uint64_t>;

using Places = std::vector<std::pair<std::uint32_t, std::uint32_t>>;

// Of pairs that ascend in the first place: a longest subsequence that ascends in the second as well.
Places ascending(Places const& pairs) {
    std::vector<std::size_t> tails; // of the best subsequences of each length: the pair that they end with
    std::vector<std::size_t> previous(pairs.size());
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        auto const at = std::lower_bound(tails.begin(), tails.end(), pairs[i].second,
                                         [&](std::size_t tail, std::uint32_t place) { return pairs[tail].second < place; });
        previous[i] = at == tails.begin() ? i : *(at - 1);
        if (at == tails.end()) tails.push_back(i);
        else *at = i;
    }
    Places best(tails.size());
    for (std::size_t i = tails.size(), at = tails.empty() ? 0 : tails.back(); i-- > 0; at = previous[at]) best[i] = pairs[at];
    return best;
}

// The places of keys that occur once in the range.
std::unordered_map<std::uint64_t, std::uint32_t> unique_places(Keys const& keys, std::size_t begin, std::size_t end) {
    constexpr std::uint32_t several = ~std::uint32_t{0};
    std::unordered_map<std::uint64_t, std::uint32_t> places;
    places.reserve(end - begin);
    for (std::size_t i = begin; i < end; ++i) {
        auto const [at, added] = places.try_emplace(keys[i], static_cast<std::uint32_t>(i));
        if (!added) at->second = several;
    }
    std::erase_if(places, [](auto const& entry) { return entry.second == several; });
    return places;
}

// Places of keys that stand in both in the same order. In time proportional to n log n.
Places common_keys(Keys const& before, Keys const& after) {
    std::size_t const shorter = std::min(before.size(), after.size());
    std::size_t head = 0;
    while (head < shorter && before[head] == after[head]) ++head;
    std::size_t tail = 0;
    while (tail < shorter - head && before[before.size() - 1 - tail] == after[after.size() - 1 - tail]) ++tail;
    auto const pair = [](std::size_t a, std::size_t b) {
        return std::pair(static_cast<std::uint32_t>(a), static_cast<std::uint32_t>(b));
    };
    Places common;
    for (std::size_t i = 0; i < head; ++i) common.push_back(pair(i, i));
    // In between, keys that occur once on either side are the anchors; what lies between two of them is equal as far as
    // it goes on from the first.
    std::size_t const end_before = before.size() - tail;
    std::size_t const end_after = after.size() - tail;
    auto const in_after = unique_places(after, head, end_after);
    Places anchors;
    for (auto const& [key, place] : unique_places(before, head, end_before)) {
        if (auto const at = in_after.find(key); at != in_after.end()) anchors.emplace_back(place, at->second);
    }
    std::sort(anchors.begin(), anchors.end());
    std::size_t next_before = head;
    std::size_t next_after = head;
    auto const run = [&](std::size_t to_before, std::size_t to_after) {
        for (; next_before < to_before && next_after < to_after && before[next_before] == after[next_after];
             ++next_before, ++next_after)
            common.push_back(pair(next_before, next_after));
    };
    for (auto const& [a, b] : ascending(anchors)) {
        run(a, b);
        common.push_back(pair(a, b));
        next_before = a + 1;
        next_after = b + 1;
    }
    run(end_before, end_after);
    for (std::size_t i = 0; i < tail; ++i) common.push_back(pair(end_before + i, end_after + i));
    return common;
}

Keys keys_of(std::vector<Rule> const& rules, std::vector<std::uint32_t> const& callees) {
    Keys keys;
    keys.reserve(rules.size());
    for (Rule const& rule : rules) keys.push_back(hash(rule, callees));
    return keys;
}

} // namespace

Places common_rules(std::vector<Rule> const& before, std::vector<std::uint32_t> const& callees_before,
                    std::vector<Rule> const& after, std::vector<std::uint32_t> const& callees_after) {
    Places common = common_keys(keys_of(before, callees_before), keys_of(after, callees_after));
    std::erase_if(common, [&](auto const& pair) {
        return !same(before[pair.first], callees_before, after[pair.second], callees_after);
    });
    return common;
}

} // namespace portcullis
