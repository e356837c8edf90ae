// Expressions of nft lowered to conditions of the model: selectors, sets, concatenations and masks become terms and
// alternatives, and what has no field becomes opaque. What is wrong with them is reported elsewhere
// (nftables_check.hpp).
#pragma once
#include <deque>
#include <map>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "dialect/nftables_meaning.hpp"
#include "dialect/written_fields.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::nft {

// A position in the order in which the file's commands take effect.
using Time = std::uint32_t;

// Variables have values from their definition on, until the block around it ends or they are undefined.
class Variables {
  public:
    void define(std::string_view name, ast::Expr const& value, Time from);
    bool undefine(std::string_view name, Time until);
    bool defined_in_block(std::string_view name) const { return blocks_.back().contains(name); }
    void open_block() { blocks_.emplace_back(); }
    void close_block(Time until);
    struct Found {
        ast::Expr const* value = nullptr; // none: not defined
        Time from = 0;
    };
    Found find(std::string_view name, Time at) const;
    bool used(std::string_view name) const { return used_.contains(name); }
    // The expression itself, or what the variable stands for, and when; null where it is undefined.
    ast::Expr const* resolve(ast::Expr const& expr, Time& time) const;

  private:
    bool end(std::string_view name, Time until);
    struct Definition {
        Time from;
        Time until;
        ast::Expr const* value;
    };
    std::unordered_map<std::string_view, std::vector<Definition>> definitions_;
    mutable std::unordered_set<std::string_view> used_; // the names that were asked for
    std::vector<std::unordered_set<std::string_view>> blocks_{1}; // the names defined in each open block
};

// A named set or map: what the file puts in and takes out, in order.
struct NamedSet {
    struct Change {
        ast::Expr const* elements; // a set, or a variable that holds one
        Time time;
        bool removal;
    };
    bool is_map = false;
    bool changes_at_run_time = false; // flags dynamic or timeout, or a rule updates it
    bool updated = false;             // … which marks it as dynamic
    bool has_intervals = false;       // the flags of its declarations
    bool has_timeouts = false;
    bool is_constant = false;
    bool merges = false; // auto-merge
    ast::SetType const* type = nullptr;
    Time type_time = 0;
    std::string_view name; // where it is declared
    Span span;             // … of the name
    Time time = 0;
    std::vector<Change> changes;
};

// The counters, quotas, helpers … of a table by kind and name, and whether one is a limit "over" its rate.
using ObjectNames = std::map<std::pair<std::string, std::string>, bool, std::less<>>;

// Where an expression stands.
struct Scope {
    ast::TableFamily family = ast::TableFamily::ip;
    std::map<std::string, NamedSet, std::less<>> const* sets = nullptr;
    Time time = 0;
    ObjectNames const* objects = nullptr;
};

// One element of a set or map with its variables followed. `value` only in maps.
struct Element {
    ast::Expr const* key = nullptr;
    ast::Expr const* value = nullptr;
    Time time = 0;
};
struct Elements {
    std::vector<Element> all;
    bool known = true;     // false: their number and values are not in the file
    bool stateful = false; // … because they change at run time
};

class Expressions {
  public:
    Expressions(Variables const& variables, Findings& findings) : variables_(variables), findings_(findings) {}

    // Adds what "left relation right" asks to `out`.
    void match(ast::Match const& statement, Span span, Scope const& scope, Match& out);
    // Adds "key is one of elements" (or none of them).
    void member(ast::Expr const& key, std::vector<Element> const& elements, bool negated, Span span,
                Scope const& scope, Match& out);
    // Adds that the packet has the headers which the selectors in `expr` read.
    void require(ast::Expr const& expr, Span span, Scope const& scope, Match& out);
    // … and for a comparison, which may hold where there are none.
    void require(ast::Match const& statement, Span span, Scope const& scope, Match& out);
    void require(Requirement const& requirement, Span span, Scope const& scope, Match& out);
    // The elements of { … }, @name or $name.
    Elements elements(ast::Expr const& table, Scope const& scope);
    // The expression itself, or what the variable stands for; null where it is undefined.
    ast::Expr const* resolve(ast::Expr const& expr, Time& time) const { return variables_.resolve(expr, time); }
    // A constant or a range of the type; nothing where it is another expression.
    std::optional<Interval> constant_range(ast::Expr const& expr, Meaning const& meaning, Time time);
    // Canonical text, variables followed.
    std::string text(ast::Expr const& expr, Time time);
    std::string variable_text(std::string_view name, Span span, Time time);
    bool is_stateful(ast::Expr const& expr) const;
    // A set that a text kept by the model names, so that its declaration has to be kept too.
    void keep(ast::Expr const& table, Scope const& scope);
    bool is_kept(NamedSet const& set) const { return kept_.contains(&set); }
    // The named sets of addresses that matches have asked for so far, in the order of the text.
    std::vector<AddressGroup> address_sets() const;
    // That a statement writes what the selector reads.
    void note_written(ast::Expr const& selector, std::string text, Span span);
    std::vector<WrittenField> const& written() const { return written_; }

  private:
    struct Component; // one selector of the left side, perhaps masked
    std::optional<std::vector<Component>> components(ast::Expr const& left, Scope const& scope);
    bool component(ast::Expr const& expr, Scope const& scope, Component& out);
    static bool add(Component const& component, ValueSet values, Span span, Match& out);
    bool fragment_match(ast::Match const& statement, Span span, Scope const& scope, Match& out);
    std::optional<ValueSet> compared(Component const& component, ast::Match const& statement,
                                     ast::Expr const& right, Time time);
    bool row(std::vector<Component> const& components, ast::Expr const& key, Time time,
             std::vector<ValueSet>& cells);
    bool set_match(ast::Match const& statement, ast::Expr const& table, Span span, Scope const& scope, Match& out);
    bool collect(ast::Expr const& expr, Meaning const& meaning, Time time, std::vector<Interval>& out);
    bool collect_value(ast::Expr const& expr, Meaning const& meaning, std::vector<Interval>& out);
    bool collect_range(ast::Expr const& expr, Meaning const& meaning, Time time, std::vector<Interval>& out);
    bool collect_prefix(ast::Expr const& expr, Meaning const& meaning, Time time, std::vector<Interval>& out);
    std::optional<U128> constant(ast::Expr const& expr, Meaning const& meaning, Time time);
    void flatten(ast::Expr const& expr, ast::Expr const* value, Time time, std::vector<Element>& out);
    std::vector<Element> content(NamedSet const& set);
    void append_text(ast::Expr const& expr, Time time, std::string& out);
    bool spend(Span span);

    Variables const& variables_;
    Findings& findings_;
    int depth_ = 0;         // of variables within variables
    std::size_t spent_ = 0; // elements visited: bounded, since variables can multiply them
    std::unordered_set<NamedSet const*> kept_;
    std::map<std::pair<NamedSet const*, std::string>, IntervalSet> known_sets_;
    std::map<NamedSet const*, std::vector<Element>> known_elements_;
    std::vector<WrittenField> written_;
};

// What a word of nft, and so the name of a variable, is made of.
inline constexpr std::string_view word_characters =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-/.\\";
// The text of a piece of source with single blanks, without comments.
std::string canonical(std::string_view source);

} // namespace portcullis::nft
