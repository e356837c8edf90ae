// What an nftables file says, as written: commands, blocks, statements, expressions, each with its place. Nothing
// is resolved here: variables, sets and names are texts. Views point into the parsed text.
#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "grammars/common/syntax_error.hpp"

namespace portcullis::nftables {

enum class Operator : std::uint8_t { bit_and, bit_xor, bit_or, shift_left, shift_right };

struct Expr {
    enum class Kind : std::uint8_t {
        value,         // a word, a number or a quoted string: `text`
        variable,      // $text
        set_name,      // @text
        wildcard,      // *
        selector,      // "ip saddr": `selector` is its index in selectors()
        computed,      // fib, numgen, tcp option, @nh,0,8 …: `text` as written; parts are the expressions within
        set,           // { parts }
        element,       // of a set, with options or a mapped value: parts are the key and, in a map, the value
        list,          // a, b
        concatenation, // a . b
        range,         // a - b
        prefix,        // a / b
        operation,     // a op b
        map,           // key map table
        verdict,       // `text`; the part of "jump" and "goto" is the chain
    };
    Kind kind = Kind::value;
    Operator op = Operator::bit_and;
    bool quoted = false;  // a value in quotes
    bool expires = false; // an element with a timeout
    std::uint16_t selector = 0;
    Span span;
    std::string_view text;
    std::vector<Expr> parts;
};

enum class Relation : std::uint8_t { implied, eq, ne, lt, le, gt, ge, no_bits /* ! */ };

// left relation right; with a mask, (left & mask) relation right: "tcp flags syn / fin,syn,rst,ack".
struct Match {
    Expr left;
    Relation relation = Relation::implied;
    Expr right;
    std::vector<Expr> mask; // one or none
};

struct Assignment { // meta mark set 5
    Expr target;
    Expr value;
};

struct VerdictMap { // tcp dport vmap { … }
    Expr key;
    Expr table;
};

struct Rule;
struct Decision { // accept, jump chain, or jump { rules }
    Expr verdict;
    std::vector<Rule> body;
};

enum class TableFamily : std::uint8_t { ip, ip6, inet, arp, bridge, netdev };

struct Translation {
    enum class Kind : std::uint8_t { dnat, snat, masquerade, redirect } kind = Kind::dnat;
    std::optional<TableFamily> family;
    std::vector<Expr> address; // one or none
    std::vector<Expr> port;    // one or none
};

// A piece of a statement, by what it is called in nft(8).
struct Part {
    enum class Kind : std::uint8_t {
        name,       // of an object, or a map that yields it
        set,        // that is added to: @name
        key,        // of the element
        data,       // … and what it maps to
        timeout,    // of the element
        rate,       // limit: "10"
        unit,       // limit, quota: "mbytes", "second", "mbytes/second"
        burst,      // limit: "5"
        burst_unit, // limit: "packets"
        used,       // quota: "used 2"
        used_unit,
        bytes,   // quota: "25"
        count,   // ct count
        prefix,  // log
        level,   // log
        group,   // log
        amount,  // log: snaplen and queue-threshold; meter: its size
        flags,   // log
        code,    // reject
        queue,   // queue num 1-3
        target,  // queue to, dup to, fwd to, tproxy to
        port,    // tproxy
        device,  // dup, fwd
        option,  // reset tcp option
    };
    Kind kind;
    Expr value;
};

// Every other statement.
struct Action {
    enum class Kind : std::uint8_t {
        reject,
        counter,
        log,
        limit,
        quota,
        connection_limit,
        last,
        notrack,
        queue,
        synproxy,
        tproxy,
        dup,
        fwd,
        flow,
        set_update,
        meter,
        reset_option,
        foreign_match,
        foreign_target
    };
    Kind kind = Kind::counter;
    bool over = false;                 // limit, quota, ct count: matches beyond the bound
    bool fanout = false;               // queue
    bool removal = false;              // set update: "delete"
    std::optional<TableFamily> family; // fwd ip to, tproxy ip6 to
    std::string_view answer;           // reject: "tcp", "icmp", "icmpv6", "icmpx" or empty
    std::vector<Part> parts;           // their selectors may imply protocols
    std::vector<Action> states;        // set update: the limits, quotas and counters of the element

    Expr const* find(Part::Kind part) const {
        for (Part const& each : parts)
            if (each.kind == part) return &each.value;
        return nullptr;
    }
};

struct Statement {
    Span span;
    std::variant<Match, Assignment, VerdictMap, Decision, Translation, Action> form;
};

struct Rule {
    Span span;
    std::vector<Statement> statements;
    std::string_view comment;
};

struct Define {
    enum class Kind : std::uint8_t { define, redefine, undefine } kind = Kind::define;
    std::string_view name;
    Expr value;
    Span span;
};

struct Include {
    std::string_view pattern;
    Span span;
};

struct Policy {
    Expr verdict;
    Span span;
};

// type filter hook input device "eth0" priority filter + 10
struct HookSpec {
    std::string_view type;
    std::string_view point;
    Span point_span;
    std::vector<Expr> devices; // one or none; a set or a variable
    Expr priority;             // a name, a number or a variable
    bool negative = false;     // "- 150"
    std::vector<Expr> offset;  // one or none
    bool subtract = false;
    Span span;
};

struct Flags {
    std::vector<std::string_view> words;
    Span span;
};

struct Comment {
    std::string_view text;
    Span span;
};

struct Chain {
    std::string_view name;
    Span span; // of its name
    std::vector<std::variant<Rule, HookSpec, Policy, Flags, Comment, Define, Include>> items;
};

struct SetType { // type ipv4_addr . inet_service : verdict, or the same with selectors after "typeof"
    Expr key;
    std::vector<Expr> data; // one or none
    bool by_example = false;     // typeof
    bool data_interval = false;  // "interval" before the data
};
struct Elements {
    Expr value; // a set or a variable
};
struct Property {
    enum class Kind : std::uint8_t {
        merge, // auto-merge
        timeout,
        gc_interval,
        size,
        policy,
        state // a counter, limit … for each element
    };
    Kind kind = Kind::state;
    Expr value; // but for merge and state
};

struct Set {
    bool is_map = false;
    std::string_view name;
    Span span; // of its name
    std::vector<std::variant<SetType, Flags, Elements, Property, Comment, Define, Include>> items;
};

// Named objects that only count, limit or help. What their blocks say is kept as words, and braces as sets.
struct Object {
    std::string_view kind; // "counter", "flowtable", "helper"
    std::string_view name;
    Span span;    // of its name
    Expr content; // a list
};

struct Table {
    std::vector<std::variant<Chain, Set, Object, Flags, Comment, Define, Include>> items;
};

enum class Verb : std::uint8_t { add, create, insert, replace, delete_, destroy, flush, rename, other };

struct Command {
    Verb verb = Verb::add;
    std::string_view object; // "table", "chain", "rule", "set", "map", "element", "ruleset" …
    std::optional<TableFamily> family;
    std::string_view table;
    std::string_view name; // of the chain, set or object
    Span span;
    std::string_view position_kind; // "handle", "position" or "index"
    std::string_view position;
    std::string_view new_name;
    std::variant<std::monostate, Table, Chain, Set, Rule, Expr> payload;
};

// Where a text stands: an included file continues the block of its include.
enum class Place : std::uint8_t { top, table, chain, set };

struct File {
    std::vector<std::variant<Command, Define, Include>> items; // Place::top
    Table table;                                               // Place::table
    Chain chain;                                               // Place::chain
    Set set;                                                   // Place::set
    std::vector<Span> comments;                                // "# …" without the end of line, in order
    std::vector<SyntaxError> errors;
};

} // namespace portcullis::nftables
