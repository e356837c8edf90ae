#include "engine/bdd.hpp"

#include <algorithm>
#include <bit>
#include <unordered_map>
#include <utility>

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
      cache_(first_cache, no_entry), node_limit_(node_limit),
      collect_at_(std::size_t{1} << 18U) {}

std::uint32_t Bdd::packed_node(Node const& wanted) const { return packed_->table[place(packed_->table, nodes_, wanted)]; }

Bdd::Ref Bdd::node(std::uint32_t variable, Ref low, Ref high) {
    if (low == high) return low;
    if ((++asked_ & 0xFFFU) == 0) check_deadline();
    Ref const complement = high & 1U;
    low ^= complement;
    high ^= complement;
    Node wanted{variable, low, high, 0};
    if (packed_ && (low >> 1U) < first_own_ && (high >> 1U) < first_own_)
        if (std::uint32_t const there = packed_node(wanted)) return there << 1U | complement;
    std::size_t const slot = place(table_, nodes_, wanted);
    if (table_[slot] != 0) return table_[slot] << 1U | complement;
    if (live_ >= node_limit_) throw BudgetExceeded("the sets of packets outgrew the budget of memory");
    wanted.last = std::max({variable, nodes_[low >> 1U].last, nodes_[high >> 1U].last});
    std::uint32_t index = 0;
    if (free_.empty()) {
        index = static_cast<std::uint32_t>(nodes_.size());
        nodes_.push_back(wanted);
        kept_.push_back(0);
    } else {
        index = free_.back();
        free_.pop_back();
        nodes_[index] = wanted;
    }
    table_[slot] = index;
    if ((++live_ - (first_own_ - 1)) * 2 > table_.size()) grow_table();
    return index << 1U | complement;
}

void Bdd::grow_table() {
    table_.assign(table_.size() * (table_.size() < small_table ? 4 : 2), 0);
    for (std::uint32_t i = first_own_; i < nodes_.size(); ++i) {
        if (nodes_[i].variable != freed) table_[place(table_, nodes_, nodes_[i])] = i;
    }
    if (cache_.size() < largest_cache && cache_.size() < table_.size()) resize_cache(table_.size());
}

void Bdd::resize_cache(std::size_t size) {
    Table<CacheEntry> const old = std::exchange(cache_, Table<CacheEntry>(size, no_entry));
    for (CacheEntry const& entry : old) {
        if (entry.b != true_ref) remember(hash(entry.a, entry.b, 0), entry.a, entry.b, entry.result);
    }
}

std::optional<Bdd::Ref> Bdd::known_of_packed(std::size_t hash, Ref a, Ref b) const {
    if (!packed_) return std::nullopt;
    CacheEntry const& packed = packed_->cache[hash & (packed_->cache.size() - 1)];
    return packed.a == a && packed.b == b ? std::optional(packed.result) : std::nullopt;
}

Bdd::Ref Bdd::conjunction(Ref a, Ref b) {
    if (a == b) return a;
    if (a == (b ^ 1U) || a == false_ref || b == false_ref) return false_ref;
    if (a == true_ref) return b;
    if (b == true_ref) return a;
    if (a > b) std::swap(a, b);
    std::size_t const asked = hash(a, b, 0);
    if (auto const result = known(asked, a, b)) return *result;
    std::uint32_t const va = variable(a);
    std::uint32_t const vb = variable(b);
    std::uint32_t const v = std::min(va, vb);
    Ref const low_result = conjunction(va == v ? low(a) : a, vb == v ? low(b) : b);
    Ref const high_result = conjunction(va == v ? high(a) : a, vb == v ? high(b) : b);
    Ref const result = node(v, low_result, high_result);
    remember(asked, a, b, result);
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
        std::size_t const asked = hash(f, key, 0);
        if (auto const known = bdd.known(asked, f, key)) return *known;
        Ref const low = (*this)(bdd.low(f));
        Ref result = true_ref;
        if (chosen.next_[v] == v) {
            result = low == true_ref ? true_ref : bdd.disjunction(low, (*this)(bdd.high(f)));
        } else {
            result = bdd.node(v, low, (*this)(bdd.high(f)));
        }
        bdd.remember(asked, f, key, result);
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

std::vector<bool> Bdd::reached() const {
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
    return marked;
}

void Bdd::collect() {
    std::vector<bool> const marked = reached();
    std::fill(table_.begin(), table_.end(), 0);
    std::fill(cache_.begin(), cache_.end(), no_entry);
    free_.clear();
    live_ = first_own_ - 1;
    for (std::uint32_t i = first_own_; i < nodes_.size(); ++i) {
        if (!marked[i]) {
            nodes_[i] = {freed, true_ref, true_ref, 0};
            free_.push_back(i);
            continue;
        }
        table_[place(table_, nodes_, nodes_[i])] = i;
        ++live_;
    }
}

std::vector<std::uint32_t> Bdd::pack() {
    std::vector<bool> const marked = reached();
    std::vector<std::uint32_t> places(nodes_.size(), 0);
    auto const now = [&](Ref f) { return places[f >> 1U] << 1U | (f & 1U); };
    Table<Node> nodes;
    std::vector<std::uint32_t> kept;
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) {
        if (!marked[i]) continue;
        places[i] = static_cast<std::uint32_t>(nodes.size());
        nodes.push_back(nodes_[i]);
        kept.push_back(kept_[i]);
    }
    for (Node& n : nodes) {
        n.low = now(n.low);
        n.high = now(n.high);
    }
    nodes_ = std::move(nodes);
    kept_ = std::move(kept);
    free_.clear();
    first_own_ = static_cast<std::uint32_t>(nodes_.size());
    live_ = first_own_ - 1;
    auto packed = std::make_shared<Packed>();
    packed->table.assign(std::max(first_table, std::bit_ceil(live_ * 2)), 0);
    for (std::uint32_t i = 1; i < first_own_; ++i) packed->table[place(packed->table, nodes_, nodes_[i])] = i;
    // Nodes keep their order, and so do the two of a conjunction.
    Table<CacheEntry> const known_before = std::exchange(cache_, Table<CacheEntry>(packed->table.size(), no_entry));
    for (CacheEntry const& entry : known_before) {
        bool const asks = (entry.b & no_function) != 0;
        if (entry.b == true_ref || !marked[entry.a >> 1U] || !(asks || marked[entry.b >> 1U]) || !marked[entry.result >> 1U]) continue;
        Ref const a = now(entry.a), b = asks ? entry.b : now(entry.b);
        remember(hash(a, b, 0), a, b, now(entry.result));
    }
    packed->cache = std::exchange(cache_, Table<CacheEntry>(first_cache, no_entry));
    table_.assign(first_table, 0);
    packed_ = std::move(packed);
    hoards_ = false;
    return places;
}

} // namespace portcullis
