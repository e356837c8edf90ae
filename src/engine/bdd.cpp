#include "engine/bdd.hpp"

#include <algorithm>
#include <unordered_map>

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {
constexpr std::size_t first_table = std::size_t{1} << 12U;
constexpr std::size_t first_cache = std::size_t{1} << 12U;
constexpr std::size_t largest_cache = std::size_t{1} << 20U;
constexpr std::size_t small_table = std::size_t{1} << 16U; // up to here it grows in larger steps: most rulesets end below
constexpr std::uint32_t freed = ~std::uint32_t{0} - 1; // the variable of a freed node
} // namespace

Bdd::Bdd(std::size_t node_limit)
    : nodes_{{terminal_variable, true_ref, true_ref, 0}}, kept_{1}, table_(first_table, 0),
      cache_(first_cache, CacheEntry{true_ref, true_ref, true_ref}), node_limit_(node_limit),
      collect_at_(std::size_t{1} << 18U) {}

std::size_t Bdd::hash(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
    std::uint64_t h = (std::uint64_t{a} << 32U | b) * 0x9E3779B97F4A7C15ULL;
    h = (h ^ (h >> 29U) ^ c) * 0xBF58476D1CE4E5B9ULL;
    return static_cast<std::size_t>(h ^ (h >> 32U));
}

Bdd::Ref Bdd::node(std::uint32_t variable, Ref low, Ref high) {
    if (low == high) return low;
    if ((++asked_ & 0xFFFU) == 0) check_deadline();
    Ref const complement = high & 1U;
    low ^= complement;
    high ^= complement;
    std::size_t slot = hash(variable, low, high) & (table_.size() - 1);
    while (table_[slot] != 0) {
        Node const& n = nodes_[table_[slot]];
        if (n.variable == variable && n.low == low && n.high == high) return table_[slot] << 1U | complement;
        slot = (slot + 1) & (table_.size() - 1);
    }
    if (live_ >= node_limit_) throw BudgetExceeded("the sets of packets outgrew the budget of memory");
    std::uint32_t const last = std::max({variable, nodes_[low >> 1U].last, nodes_[high >> 1U].last});
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.push_back({variable, low, high, last});
        kept_.push_back(0);
    } else {
        index = free_.back();
        free_.pop_back();
        nodes_[index] = {variable, low, high, last};
    }
    table_[slot] = index;
    if (++live_ * 2 > table_.size()) grow_table();
    return index << 1U | complement;
}

void Bdd::grow_table() {
    table_.assign(table_.size() * (table_.size() < small_table ? 4 : 2), 0);
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
        Node const& n = nodes_[i];
        if (n.variable == freed) continue;
        std::size_t slot = hash(n.variable, n.low, n.high) & (table_.size() - 1);
        while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
        table_[slot] = i;
    }
    if (cache_.size() < largest_cache && cache_.size() < table_.size()) {
        cache_.assign(table_.size(), CacheEntry{true_ref, true_ref, true_ref});
    }
}

Bdd::Ref Bdd::conjunction(Ref a, Ref b) {
    if (a == b) return a;
    if (a == (b ^ 1U) || a == false_ref || b == false_ref) return false_ref;
    if (a == true_ref) return b;
    if (b == true_ref) return a;
    if (a > b) std::swap(a, b);
    // (true, true) never gets here, so an empty cache entry cannot be mistaken for a result.
    std::size_t slot = hash(a, b, 0) & (cache_.size() - 1);
    if (cache_[slot].a == a && cache_[slot].b == b) return cache_[slot].result;
    std::uint32_t const va = variable(a);
    std::uint32_t const vb = variable(b);
    std::uint32_t const v = std::min(va, vb);
    Ref const low_result = conjunction(va == v ? low(a) : a, vb == v ? low(b) : b);
    Ref const high_result = conjunction(va == v ? high(a) : a, vb == v ? high(b) : b);
    Ref const result = node(v, low_result, high_result);
    slot = hash(a, b, 0) & (cache_.size() - 1); // the cache may have grown
    cache_[slot] = {a, b, result};
    return result;
}

Bdd::Chosen::Chosen(std::uint32_t number, std::vector<bool> const& variables)
    : number_(number), rest_(0), next_(variables.size()) {
    auto next = static_cast<std::uint32_t>(variables.size());
    for (auto v = next; v-- > 0;) {
        if (variables[v]) next = v;
        else rest_ = std::max(rest_, v + 1);
        next_[v] = next;
    }
}

void Bdd::Chosen::add(std::size_t count) {
    for (; count > 0; --count) next_.push_back(static_cast<std::uint32_t>(next_.size()));
}

struct Bdd::Quantification {
    Bdd& bdd;
    Chosen const& chosen;
    std::uint32_t key;

    Ref operator()(Ref f) {
        if (f <= false_ref) return f;
        std::uint32_t const v = bdd.variable(f);
        if (v >= chosen.size() || bdd.nodes_[f >> 1U].last < chosen.next_[v]) return f;
        if (v >= chosen.rest_) return true_ref; // some values make true what is not false
        CacheEntry const& known = bdd.cache_[hash(f, key, 0) & (bdd.cache_.size() - 1)];
        if (known.a == f && known.b == key) return known.result;
        Ref const low = (*this)(bdd.low(f));
        Ref result = true_ref;
        if (chosen.next_[v] == v) {
            result = low == true_ref ? true_ref : bdd.disjunction(low, (*this)(bdd.high(f)));
        } else {
            result = bdd.node(v, low, (*this)(bdd.high(f)));
        }
        bdd.cache_[hash(f, key, 0) & (bdd.cache_.size() - 1)] = {f, key, result}; // it may have grown
        return result;
    }
};

Bdd::Ref Bdd::exists(Ref f, Chosen const& chosen) {
    return Quantification{*this, chosen, no_function | chosen.number_}(f);
}

Bdd::Ref Bdd::compose(Ref f, std::vector<std::optional<Ref>> const& by) {
    std::uint32_t end = 0; // of the variables that are replaced
    for (std::uint32_t v = 0; v < by.size(); ++v)
        if (by[v]) end = v + 1;
    struct Walk {
        Bdd& bdd;
        std::vector<std::optional<Ref>> const& by;
        std::uint32_t end;
        std::unordered_map<Ref, Ref> done{};
        Ref operator()(Ref g) {
            std::uint32_t const v = bdd.variable(g);
            if (v >= end) return g;
            if (auto const known = done.find(g); known != done.end()) return known->second;
            Ref const condition = by[v] ? *by[v] : bdd.node(v, false_ref, true_ref);
            Ref result = false_ref;
            if (condition != false_ref) result = bdd.conjunction(condition, (*this)(bdd.high(g)));
            if (condition != true_ref)
                result = bdd.disjunction(result, bdd.conjunction(negation(condition), (*this)(bdd.low(g))));
            done.emplace(g, result);
            return result;
        }
    };
    return Walk{*this, by, end}(f);
}

void Bdd::collect_if_due() {
    if (live_ < collect_at_) return;
    collect();
    // Collecting again at once would gain nothing: let the garbage grow to the size of what is alive.
    collect_at_ = std::max(collect_at_, live_ * 2);
}

void Bdd::collect() {
    std::vector<bool> marked(nodes_.size(), false);
    std::vector<std::uint32_t> todo;
    marked[0] = true;
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
        if (kept_[i] > 0 && nodes_[i].variable != freed) todo.push_back(i);
    }
    while (!todo.empty()) {
        std::uint32_t const i = todo.back();
        todo.pop_back();
        if (marked[i]) continue;
        marked[i] = true;
        todo.push_back(nodes_[i].low >> 1U);
        todo.push_back(nodes_[i].high >> 1U);
    }
    std::fill(table_.begin(), table_.end(), 0);
    std::fill(cache_.begin(), cache_.end(), CacheEntry{true_ref, true_ref, true_ref});
    free_.clear();
    live_ = 0;
    for (std::uint32_t i = 1; i < nodes_.size(); ++i) {
        if (!marked[i]) {
            nodes_[i] = {freed, true_ref, true_ref, 0};
            free_.push_back(i);
            continue;
        }
        Node const& n = nodes_[i];
        std::size_t slot = hash(n.variable, n.low, n.high) & (table_.size() - 1);
        while (table_[slot] != 0) slot = (slot + 1) & (table_.size() - 1);
        table_[slot] = i;
        ++live_;
    }
}

} // namespace portcullis
