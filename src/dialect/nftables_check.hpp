// What nft asks of a text before it gives it to the kernel, and what the kernel then refuses: types on both sides
// of a match, headers that exclude each other, sets and maps as they were declared. Only reports; what a text means
// is lowered elsewhere.
#pragma once
#include <set>
#include <tuple>

#include "dialect/nftables_expr.hpp"
#include "dialect/nftables_protocols.hpp"

namespace portcullis::nft {

// The types of an expression: one, or several where there is a concatenation.
using Shape = std::vector<Typed>;

class Checker {
  public:
    Checker(Variables const& variables, Findings& findings, bool from_json) : variables_(variables), findings_(findings), from_json_(from_json) {}

    void check_rule(ast::Rule const& rule, Scope const& scope);
    void check_set(NamedSet const& set, Scope const& scope);
    void check_object(std::string_view kind, ast::Expr const& content, Span span, Scope const& scope);
    void check_chain(ast::HookSpec const& hook, Scope const& scope);
    void check_property(ast::Property const& property, Scope const& scope);
    void check_flags(ast::Flags const& flags, std::initializer_list<std::string_view> known);
    // What a definition stands for is defined where it is made.
    void check_definition(ast::Expr const& value, Time time);
    void check_comment(std::string_view comment, Span span);
    // The expression itself, or what the variable stands for; null where it is undefined, which is reported.
    ast::Expr const* resolve(ast::Expr const& expr, Time& time);

  private:
    struct Entry; // an element with its interval, of a set whose overlaps are asked for
    struct Table; // what a set may hold

    // ---- what is read
    Shape look(ast::Expr const& expr);
    Typed look_at_selector(ast::Expr const& expr);
    Typed look_at_computed(ast::Expr const& expr);
    Typed look_at_operation(ast::Expr const& expr);
    Typed look_at_connection(std::string_view key, std::string_view family, Span span);
    Shape mapped(ast::Expr const& map); // what "key map table" yields, with its table checked

    // ---- constants
    std::optional<Interval> constant(ast::Expr const& expr, Typed typed, Time time);
    std::optional<Interval> constant_of_variable(ast::Expr const& expr, Typed typed, Time time);
    std::optional<Interval> range(ast::Expr const& expr, Typed typed, Time time);
    std::optional<Interval> prefix(ast::Expr const& expr, Typed typed, Time time);
    void list(ast::Expr const& expr, Typed typed, Time time);
    void operation(ast::Expr const& expr, Typed typed, Time time);
    bool is_computed(ast::Expr const& expr, Time time) const; // reads the packet
    // A constant of the type, or an expression that yields it.
    void value(ast::Expr const& expr, Shape const& expected, Time time);

    // ---- sets
    void elements(ast::Expr const& expr, Table const& table, Time time, std::vector<Entry>& entries);
    void element(ast::Expr const& key, ast::Expr const* data, Table const& table, Time time,
                 std::vector<Entry>& entries);
    void key(ast::Expr const& expr, Table const& table, Time time, Entry& entry);
    void data(ast::Expr const& key, ast::Expr const* value, Table const& table, Time time);
    void overlaps(std::vector<Entry>& entries, Table const& table);
    void lookup(ast::Expr const& expr, Table const& table, Time time); // in { … }, @name or $name
    bool is_empty(ast::Expr const& set, Time time);
    void lookup_objects(ast::Expr const& table, Shape const& key, std::string_view kind);
    void lookup_values(ast::Expr const& expr, Shape const& expected); // a value, or a map that yields it
    std::pair<Shape, Shape> declared_shapes(NamedSet const& set);     // of the key, and of what it maps to
    bool same_shape(Shape const& expected, Shape const& found, Span span);
    Shape declared(ast::Expr const& type, bool is_typeof, Time time);
    Table declared_table(NamedSet const& set);
    NamedSet const* named(ast::Expr const& name, std::string_view kind);

    // ---- statements
    void check(ast::Match const& match);
    void check(ast::Assignment const& assignment);
    void check(ast::VerdictMap const& map);
    void check(ast::Decision const& decision);
    void check(ast::Translation const& translation);
    void check(ast::Action const& action);
    void check_number(ast::Action const& action, ast::Part::Kind part);
    void check_object(ast::Action const& action, std::string_view kind);
    void check_limit(ast::Action const& action);
    void check_quota(ast::Action const& action);
    void check_log(ast::Action const& action);
    void check_reject(ast::Action const& action);
    void check_queue(ast::Action const& action);
    void check_copy(ast::Action const& action);
    void check_tproxy(ast::Action const& action);
    void check_set_update(ast::Action const& action);
    void establish(ast::Expr const& left, ast::Expr const& right, Time time);
    void relation(ast::Match const& match, ast::Expr const& right);
    void address(ast::Translation const& translation);
    void port(std::vector<ast::Expr> const& ports);

    bool error(Span span, std::string message);
    bool spend(Span span); // false: enough was looked at
    void undefined(std::string_view kind, std::string_view name, Span span);

    Variables const& variables_;
    Findings& findings_;
    bool from_json_;
    Scope const* scope_ = nullptr; // of the rule or set that is checked
    Protocols protocols_{ast::TableFamily::ip};
    Span span_; // of the statement
    int depth_ = 0;
    std::size_t spent_ = 0; // expressions looked at: bounded, since variables can multiply them
    std::set<std::pair<SourceId, std::uint32_t>> told_; // where an undefined name was reported
    std::set<std::pair<ast::Expr const*, std::string>>
        known_; // sets in variables, by the types they were checked for
};

// Why the word is no number to nft's scanner, whose numbers have 64 bits; empty where it is one.
std::string problem_of_number(std::string_view word);

void check_jump_depth(Ruleset const& ruleset, Findings& findings);

} // namespace portcullis::nft
