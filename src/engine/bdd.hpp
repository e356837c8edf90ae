// Binary decision diagrams: functions of Boolean variables as shared, canonical graphs, so that equality is a
// comparison of numbers. Complement edges, an open-addressing unique table, a lossy cache of results, collection by
// mark and sweep. One manager per thread.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/huge_pages.hpp"

namespace portcullis {

class Bdd {
  public:
    // A function: twice the index of a node, plus one where the edge complements it. Not owned: see `keep`.
    using Ref = std::uint32_t;
    static constexpr Ref true_ref = 0;
    static constexpr Ref false_ref = 1;
    // Terminals come after all variables in the order.
    static constexpr std::uint32_t terminal_variable = ~std::uint32_t{0};

    // At most `node_limit` live nodes of 16 bytes each; BudgetExceeded is thrown beyond that.
    explicit Bdd(std::size_t node_limit = std::size_t{1} << 25U);
    // With the same functions under the same references.
    Bdd(Bdd const&) = default;

    Ref conjunction(Ref a, Ref b);
    Ref disjunction(Ref a, Ref b) { return conjunction(a ^ 1U, b ^ 1U) ^ 1U; }
    static Ref negation(Ref a) { return a ^ 1U; }
    // if variable then high else low; both may only depend on later variables.
    Ref node(std::uint32_t variable, Ref low, Ref high);
    // Variables to quantify over. Results are remembered under its number: variables that are added later must be such
    // that no function has depended on them.
    class Chosen {
      public:
        Chosen(std::uint32_t number, std::vector<bool> const& variables);
        void add(std::size_t count); // of variables behind those that there are
        std::size_t size() const { return next_.size(); }

      private:
        friend class Bdd;
        std::uint32_t number_;
        std::uint32_t rest_;              // from here on all are chosen
        std::vector<std::uint32_t> next_; // by variable: the first chosen one from there on
    };
    // There is a value of each chosen variable such that f holds.
    Ref exists(Ref f, Chosen const& chosen);

    // f with the variables replaced for which `by` has a function.
    Ref compose(Ref f, std::vector<std::optional<Ref>> const& by);

    std::uint32_t variable(Ref f) const { return nodes_[f >> 1U].variable; }
    Ref low(Ref f) const { return nodes_[f >> 1U].low ^ (f & 1U); }
    Ref high(Ref f) const { return nodes_[f >> 1U].high ^ (f & 1U); }

    // What is kept survives `collect`; each `keep` needs one `release`.
    void keep(Ref f) { ++kept_[f >> 1U]; }
    void release(Ref f) { kept_[f >> 1U] -= hoards_ ? 0 : 1; }
    // From now on nothing is released.
    void hoard() { hoards_ = true; }
    // Leaves all out but what is kept, and known results about it, which all copies then share. References change: the new ones, by
    // node. Not to be done twice.
    std::vector<std::uint32_t> pack();
    // Frees what nothing kept reaches, once enough has gathered. Unkept references are invalid after it.
    void collect_if_due();

  private:
    struct Node {
        std::uint32_t variable;
        Ref low;
        Ref high; // never complemented: that makes the form canonical
        std::uint32_t last; // variable that it depends on
    };
    struct CacheEntry {
        Ref a;
        Ref b; // for a conjunction; else what is asked about a, with a bit that no function has
        Ref result;
    };
    static constexpr CacheEntry no_entry{true_ref, true_ref, true_ref}; // nobody asks about true alone
    static constexpr std::uint32_t no_function = std::uint32_t{1} << 31U;
    struct Quantification;

    void grow_table();
    void resize_cache(std::size_t size);
    // What is asked, as in CacheEntry, by its hash.
    std::optional<Ref> known(std::size_t hash, Ref a, Ref b) const {
        CacheEntry const& own = cache_[hash & (cache_.size() - 1)];
        if (own.a == a && own.b == b) return own.result;
        // Of the two of a conjunction, the second is the later one.
        bool const packed = ((b & no_function) != 0 ? a : b) >> 1U < first_own_;
        return packed ? known_of_packed(hash, a, b) : std::nullopt;
    }
    std::optional<Ref> known_of_packed(std::size_t hash, Ref a, Ref b) const;
    void remember(std::size_t hash, Ref a, Ref b, Ref result) { cache_[hash & (cache_.size() - 1)] = {a, b, result}; }
    std::vector<bool> reached() const; // by node: from what is kept
    void collect();
    static std::size_t hash(std::uint32_t a, std::uint32_t b, std::uint32_t c) {
        std::uint64_t h = (std::uint64_t{a} << 32U | b) * 0x9E3779B97F4A7C15ULL;
        h = (h ^ (h >> 29U) ^ c) * 0xBF58476D1CE4E5B9ULL;
        return static_cast<std::size_t>(h ^ (h >> 32U));
    }

    template <class T> using Table = std::vector<T, HugePages<T>>;
    // Tables have the indices of nodes where their hash leads, and behind it while there are others; 0 ends them. The place of the
    // node, or where it belongs.
    static std::size_t place(Table<std::uint32_t> const& table, Table<Node> const& nodes, Node const& wanted) {
        std::size_t slot = hash(wanted.variable, wanted.low, wanted.high) & (table.size() - 1);
        for (; table[slot] != 0; slot = (slot + 1) & (table.size() - 1)) {
            Node const& n = nodes[table[slot]];
            if (n.variable == wanted.variable && n.low == wanted.low && n.high == wanted.high) break;
        }
        return slot;
    }
    std::uint32_t packed_node(Node const& wanted) const; // 0 for none
    // Of packed nodes, the first ones, and what is known of them alone.
    struct Packed {
        Table<std::uint32_t> table;
        Table<CacheEntry> cache;
    };

    Table<Node> nodes_;
    std::vector<std::uint32_t> kept_; // by node: how often it is kept
    std::vector<std::uint32_t> free_; // indices of freed nodes
    Table<std::uint32_t> table_; // of the nodes that are not packed
    Table<CacheEntry> cache_;
    std::shared_ptr<Packed const> packed_;
    std::uint32_t first_own_ = 1; // those before it are packed, and kept for ever
    std::size_t live_ = 0;
    std::size_t node_limit_;
    std::size_t asked_ = 0; // nodes that were asked for, whether they were there or not
    std::size_t collect_at_;
    bool hoards_ = false;
};

} // namespace portcullis
