// Fields and sets of values in the words of nft: the reverse of what the reader makes of selectors and sets.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialect/nftables_meaning.hpp"

namespace portcullis::nft {

// What is known of a packet at a place in a rule. The names of some selectors depend on it.
struct Known {
    ast::TableFamily table = ast::TableFamily::ip;
    std::optional<Family> family;
    std::optional<IntervalSet> protocols; // none: any
    bool several_protocols = false;       // some term allows more than one
};
// … from the terms before that place.
Known known_of(ast::TableFamily table, std::vector<Term> const& terms);
inline bool sees_both_families(ast::TableFamily table) {
    return table == ast::TableFamily::inet || table == ast::TableFamily::bridge ||
           table == ast::TableFamily::netdev;
}

// Of the two ends of a connection, as "ct original proto-src" and its like ask for them.
bool is_port_of_connection(Field field);

// A piece of a rule, and the terms that nft adds before it where they are not implied yet.
struct Piece {
    std::string text;
    std::vector<Term> needs;
};

// How a field is asked for.
struct Look {
    Piece selector;
    Field field{};
    Type type = Type::opaque;
    std::string_view set_type; // "ipv4_addr"; empty where only typeof names it
};
std::optional<Look> look_at(Field field, Known const& known);

// The sets of one table that are worth a declaration: long ones that are used again, and the empty ones, which have
// no other spelling. The first pass over a table counts, the second one uses what was named.
class NamedSets {
  public:
    explicit NamedSets(std::vector<std::string> taken) : taken_(std::move(taken)) {}
    // "{ a, b }", or "@set_1".
    std::string use(std::vector<Look> const& looks, std::vector<std::string> const& elements);
    void next_rule() { ++rule_; }
    void name();
    struct Declaration {
        std::string name;
        std::string type; // "type ipv4_addr . inet_service"
        bool has_ranges = false;
        std::vector<std::string> elements;
    };
    std::vector<Declaration> declarations() const;

  private:
    struct Use {
        Declaration declaration;
        std::size_t rules = 0;
        std::size_t last_rule = 0;
    };
    std::vector<std::string> taken_;
    std::vector<Use> uses_; // in order of the first use
    std::map<std::string, std::size_t> positions_;
    std::size_t rule_ = 0;
    bool named_ = false;
};

// The elements of a set; nothing where some of it has no spelling, such as a range of names.
std::optional<std::vector<std::string>> elements_of(Look const& look, IntervalSet const& values);
// "tcp dport != { 22, 80 }"; nothing where nft cannot ask that.
std::optional<Piece> comparison(Look const& look, ValueSet const& values, NamedSets& sets);
// "ip saddr . tcp dport { … }".
std::optional<Piece> relation(Alternatives const& alternatives, Known const& known, NamedSets& sets);
// "ip saddr . tcp dport", and what it needs.
Piece concatenated(std::vector<Look> const& looks);
// "{ a, b }"
std::string in_braces(std::vector<std::string> const& elements);

// The terms of `needs` that `terms` do not imply.
std::vector<Term> missing(std::vector<Term> const& needs, std::vector<Term> terms);

} // namespace portcullis::nft
