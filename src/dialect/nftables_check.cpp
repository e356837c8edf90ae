#include "dialect/nftables_check.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "grammars/nftables/selectors.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;
using ast::Relation;
using TableFamily = ast::TableFamily;

constexpr int expression_depth = 200; // of variables within variables, and of what is written
constexpr std::size_t work_limit = 5'000'000;
constexpr std::size_t comment_limit = 128;
constexpr Typed port_type{Type::port, 16};
constexpr Typed verdict_type{Type::verdict, 0};

std::string_view what(Typed typed) { return datatype(typed.type).what; }

bool is_unknown(Shape const& shape) {
    return shape.empty() || std::any_of(shape.begin(), shape.end(), [](Typed t) { return t.type == Type::opaque; });
}

std::string describe(Shape const& shape) {
    std::string text;
    for (Typed const typed : shape) {
        if (!text.empty()) text += " . ";
        text += what(typed);
    }
    return text;
}

bool is_terminal(ast::Statement const& statement) {
    struct Visitor {
        bool operator()(ast::Match const&) const { return false; }
        bool operator()(ast::Assignment const&) const { return false; }
        bool operator()(ast::VerdictMap const&) const { return false; }
        bool operator()(ast::Decision const& decision) const { return decision.verdict.text != "continue"; }
        bool operator()(ast::Translation const&) const { return true; }
        bool operator()(ast::Action const& action) const {
            using enum ast::Action::Kind;
            return action.kind == reject || action.kind == queue || action.kind == fwd;
        }
    };
    return std::visit(Visitor{}, statement.form);
}

bool is_equality(Relation relation) {
    return relation == Relation::implied || relation == Relation::eq || relation == Relation::ne;
}

bool stands_before(ast::Expr const& a, ast::Expr const& b) {
    return std::pair(a.span.source, a.span.begin) < std::pair(b.span.source, b.span.begin);
}

// Whether two expressions are written alike.
bool alike(ast::Expr const& a, ast::Expr const& b) {
    return a.kind == b.kind && a.text == b.text && a.selector == b.selector && a.op == b.op &&
           std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), b.parts.end(), alike);
}

// numgen, jhash and symhash are numbers of whatever width is needed.
bool is_generated(ast::Expr const& expr) {
    return expr.kind == Kind::computed &&
           (expr.text.starts_with("numgen") || expr.text.starts_with("jhash") || expr.text.starts_with("symhash"));
}

// What a mark may be set to, besides a mark: nft takes a number of its width or, since 1.0.8, a narrower header
// field.
bool assignable(Typed expected, Typed found) {
    if (expected.type == found.type || expected.type == Type::opaque || found.type == Type::opaque) return true;
    bool const number = found.type == Type::number || found.type == Type::dscp || found.type == Type::ecn;
    return number && ((expected.type == Type::mark && found.bits <= 32) ||
                      (found.type == Type::number && found.bits == expected.bits));
}

// What "set" may change (nft(8): meta, ct; every payload field and option).
bool is_writable(nftables::Selector const& selector) {
    constexpr std::string_view meta_keys[] = {"mark", "priority", "nftrace", "pkttype", "secmark", "broute"};
    constexpr std::string_view ct_keys[] = {"mark",   "event",   "label",       "zone",
                                            "helper", "timeout", "expectation", "secmark"};
    auto const has = [&](auto const& keys) {
        return std::find(std::begin(keys), std::end(keys), selector.key) != std::end(keys);
    };
    if (selector.header == "meta") return has(meta_keys);
    if (selector.header == "ct") return has(ct_keys);
    return selector.header != "rt" && selector.header != "socket" && selector.header != "exthdr";
}

// "ct helper set" and its like name an object of the table.
std::optional<std::string_view> assigned_object(nftables::Selector const& selector) {
    if (selector.key == "secmark") return "secmark";
    bool const object = selector.key == "helper" || selector.key == "timeout" || selector.key == "expectation";
    if (selector.header == "ct" && object) return selector.key;
    return std::nullopt;
}

} // namespace

// What a set or map may hold, and whether its elements may be ranges and meet each other.
struct Checker::Table {
    Shape key;
    Shape data{};
    bool is_map = false;
    bool ranges = true;           // false: "flags interval" is missing
    bool disjoint = false;        // elements may be the same, but not overlap
    bool data_ranges = false;     // "interval" data, and what address translation looks up
    bool port_follows = false;    // data may be "address . port"
    bool wildcard_strings = true; // "eth*" is a range of names
    std::string_view object{};    // data are the names of such objects
};

struct Checker::Entry {
    std::vector<Interval> key; // one for each part
    ast::Expr const* expr = nullptr;
    ast::Expr const* data = nullptr;
    bool known = true;
};

bool Checker::error(Span span, std::string message) {
    findings_.add("PC001", span).arg("error", std::move(message));
    return false;
}

std::string problem_of_number(std::string_view word) {
    std::optional<U128> const number = parse_c_number(word);
    if (!number) return fmt::format("'{}' is not a number", word);
    return *number >> 64U == 0 ? std::string() : fmt::format("{} is more than 64 bits hold", word);
}

bool Checker::spend(Span span) {
    if (++spent_ < work_limit) return true;
    if (spent_ == work_limit)
        findings_.add("PC002", span)
            .arg("construct", "a set")
            .arg("why", "the sets of this text have too many elements together to check them all");
    return false;
}

void Checker::undefined(std::string_view kind, std::string_view name, Span span) {
    if (!told_.emplace(span.source, span.begin).second) return; // a set or variable is looked at at every use
    findings_.add("PC401", span).arg("kind", std::string(kind)).arg("name", std::string(name));
}

ast::Expr const* Checker::resolve(ast::Expr const& expr, Time& time) {
    ast::Expr const* const found = variables_.resolve(expr, time);
    if (found != nullptr) return found;
    // The variable itself may be defined, by one that is not.
    ast::Expr const* at = &expr;
    Time at_time = time;
    for (int steps = 0; at->kind == Kind::variable && steps < expression_depth; ++steps) {
        Variables::Found const value = variables_.find(at->text, at_time);
        if (value.value == nullptr) break;
        at = value.value;
        at_time = value.from == 0 ? 0 : value.from - 1;
    }
    undefined("variable", at->text, at->span);
    return nullptr;
}

void Checker::check_definition(ast::Expr const& value, Time time) {
    if (depth_ >= expression_depth) return;
    ++depth_;
    if (value.kind == Kind::variable) resolve(value, time);
    for (ast::Expr const& part : value.parts) check_definition(part, time);
    --depth_;
}

// ---- what is read

Typed Checker::look_at_connection(std::string_view key, std::string_view family, Span span) {
    std::string_view const network = family.empty() ? protocols_.network() : family;
    if (network == "ip") return {Type::ipv4, 32};
    if (network == "ip6") return {Type::ipv6, 128};
    error(span, fmt::format("nothing says whether '{}' is an IPv4 or an IPv6 address: 'ip {}' or 'ip6 {}' does",
                            key, key, key));
    return {};
}

Typed Checker::look_at_selector(ast::Expr const& expr) {
    auto const& [header, field] = nftables::selector_table[expr.selector];
    if (std::string problem = protocols_.use(header, field); !problem.empty()) {
        error(expr.span, std::move(problem));
        return {};
    }
    if (header == "meta" && field == "nfproto" && scope_->family != TableFamily::inet)
        error(expr.span, "'meta nfproto' tells something in a table of family inet only");
    bool const bridge_port = field == "ibrname" || field == "obrname";
    if (header == "meta" && bridge_port && scope_->family != TableFamily::bridge)
        error(expr.span, fmt::format("'{}' exists in a table of family bridge only", field));
    if (header == "ct" && (field == "saddr" || field == "daddr")) return look_at_connection(field, {}, expr.span);
    if (header == "rt" && field == "nexthop") return look_at_connection(field, {}, expr.span);
    if (header == "ct" && field.starts_with("proto-") && !protocols_.has_transport())
        error(expr.span, fmt::format("'ct {}' needs a match on the transport protocol before", field));
    return selector_type(expr.selector);
}

Typed Checker::look_at_computed(ast::Expr const& expr) {
    std::vector<std::string_view> const words = words_of(expr.text);
    ComputedType computed = computed_type(words);
    if (!computed.problem.empty()) {
        error(expr.span, std::move(computed.problem));
        return {};
    }
    for (ast::Expr const& part : expr.parts) look(part);
    std::string_view const first = words.front();
    bool const has = words.size() > 2;
    std::string problem;
    if (first == "rt0" || first == "rt2" || first == "srh" || first == "arp") problem = protocols_.use(first, {});
    if (first == "ip" && has && words[1] == "option") problem = protocols_.use("ip", "option");
    bool const addressed = has && (words.back() == "saddr" || words.back() == "daddr");
    std::string_view const family = has ? words[words.size() - 2] : std::string_view{};
    bool const of_family = family == "ip" || family == "ip6";
    if (first == "ct" && addressed && of_family) problem = protocols_.use(family, words.back());
    if (first == "rt" && has && words[1] == "ip6" && scope_->family == TableFamily::ip)
        problem = "a table of family ip has no ip6 route";
    if (!problem.empty()) {
        error(expr.span, std::move(problem));
        return {};
    }
    if (first == "ct" && addressed && !of_family) return look_at_connection(words.back(), {}, expr.span);
    if (first == "ct" && words.back().starts_with("proto-") && !protocols_.has_transport())
        error(expr.span, fmt::format("'{}' needs a match on the transport protocol before", words.back()));
    return computed.typed;
}

Typed Checker::look_at_operation(ast::Expr const& expr) {
    Shape const left = look(expr.parts[0]);
    Typed const typed = left.size() == 1 ? left.front() : Typed{};
    if (typed.type == Type::opaque) return typed;
    bool const shift = expr.op == ast::Operator::shift_left || expr.op == ast::Operator::shift_right;
    ast::Expr const& right = expr.parts[1];
    if (is_computed(right, scope_->time)) {
        look(right);
        return typed;
    }
    std::optional<Interval> const operand = constant(right, shift ? Typed{Type::number, 32} : typed, scope_->time);
    if (shift && operand && operand->first >= typed.bits)
        error(right.span, fmt::format("a value of {} bits is shifted by {}", typed.bits, low64(operand->first)));
    return typed;
}

Shape Checker::look(ast::Expr const& expr) {
    if (depth_ >= expression_depth) return {};
    ++depth_;
    Shape shape;
    switch (expr.kind) {
    case Kind::selector: shape = {look_at_selector(expr)}; break;
    case Kind::computed: shape = {look_at_computed(expr)}; break;
    case Kind::operation: shape = {look_at_operation(expr)}; break;
    case Kind::map: shape = mapped(expr); break;
    case Kind::concatenation:
        for (ast::Expr const& part : expr.parts) {
            Shape const one = look(part);
            shape.push_back(one.size() == 1 ? one.front() : Typed{});
        }
        break;
    case Kind::variable: {
        Time time = scope_->time;
        if (ast::Expr const* const found = resolve(expr, time)) shape = look(*found);
        break;
    }
    default: shape = {Typed{}}; break;
    }
    --depth_;
    return shape;
}

// ---- constants

std::optional<Interval> Checker::constant_of_variable(ast::Expr const& expr, Typed typed, Time time) {
    ast::Expr const* const found = resolve(expr, time);
    if (found == nullptr || depth_ >= expression_depth || !spend(expr.span)) return std::nullopt;
    ++depth_;
    std::optional<Interval> const result = constant(*found, typed, time);
    --depth_;
    return result;
}

std::optional<Interval> Checker::range(ast::Expr const& expr, Typed typed, Time time) {
    std::optional<Interval> const first = constant(expr.parts[0], typed, time);
    std::optional<Interval> const last = constant(expr.parts[1], typed, time);
    if (!first || !last) return std::nullopt;
    if (first->first > last->last) {
        error(expr.span, "the range ends before it begins");
        return std::nullopt;
    }
    return Interval{first->first, last->last};
}

std::optional<Interval> Checker::prefix(ast::Expr const& expr, Typed typed, Time time) {
    std::optional<Interval> const value = constant(expr.parts[0], typed, time);
    ast::Expr const* const text = resolve(expr.parts[1], time);
    if (text == nullptr || typed.type == Type::opaque) return std::nullopt;
    std::optional<U128> const length = parse_c_number(text->text);
    if (!length || *length > typed.bits) {
        error(expr.parts[1].span, fmt::format("a prefix of at most {} bits is needed", typed.bits));
        return std::nullopt;
    }
    if (!value) return std::nullopt;
    U128 const rest = max_value(typed.bits - static_cast<unsigned>(*length));
    return Interval{value->first & ~rest, value->first | rest};
}

void Checker::list(ast::Expr const& expr, Typed typed, Time time) {
    if (typed.type != Type::opaque && !datatype(typed.type).bitmask) {
        error(expr.span, fmt::format("a list needs braces: it is {} that is compared", what(typed)));
        return;
    }
    for (ast::Expr const& part : expr.parts) constant(part, typed, time);
}

void Checker::operation(ast::Expr const& expr, Typed typed, Time time) {
    bool const shift = expr.op == ast::Operator::shift_left || expr.op == ast::Operator::shift_right;
    constant(expr.parts[0], typed, time);
    constant(expr.parts[1], shift ? Typed{Type::number, 32} : typed, time);
}

// Reports what is no constant of the type. The interval is that of a value, range or prefix whose numbers are
// known.
std::optional<Interval> Checker::constant(ast::Expr const& expr, Typed typed, Time time) {
    switch (expr.kind) {
    case Kind::value: {
        if (typed.type == Type::verdict) {
            error(expr.span, fmt::format("'{}' is not a verdict", expr.text));
            return std::nullopt;
        }
        if (std::optional<Interval> const parsed = parse_value(expr.text, typed);
            parsed && typed.type != Type::interface && typed.type != Type::day)
            return parsed;
        if (std::string problem = value_problem(expr.text, typed); !problem.empty()) {
            error(expr.span, std::move(problem));
            return std::nullopt;
        }
        return typed.type == Type::interface ? parse_value(expr.text, typed) : std::nullopt;
    }
    case Kind::variable: return constant_of_variable(expr, typed, time);
    case Kind::range: return range(expr, typed, time);
    case Kind::prefix: return prefix(expr, typed, time);
    case Kind::list: list(expr, typed, time); return std::nullopt;
    case Kind::operation: operation(expr, typed, time); return std::nullopt;
    case Kind::element:
        if (expr.parts.size() > 1) error(expr.span, "a mapping is no value: 'vmap' and 'map' look up mappings");
        return constant(expr.parts[0], typed, time);
    case Kind::concatenation:
        error(expr.span, fmt::format("expected {}, found several values", what(typed)));
        return std::nullopt;
    case Kind::set: error(expr.span, fmt::format("expected {}, found a set", what(typed))); return std::nullopt;
    case Kind::set_name:
        error(expr.span, fmt::format("expected {}, found the set '{}'", what(typed), expr.text));
        return std::nullopt;
    case Kind::wildcard: error(expr.span, "'*' stands in a set or map only"); return std::nullopt;
    case Kind::verdict:
        if (typed.type != Type::verdict) error(expr.span, fmt::format("expected {}, found a verdict", what(typed)));
        return std::nullopt;
    default: return std::nullopt;
    }
}

bool Checker::is_computed(ast::Expr const& expr, Time time) const {
    ast::Expr const* const found = variables_.resolve(expr, time);
    if (found == nullptr) return false;
    if (found->kind == Kind::selector || found->kind == Kind::computed || found->kind == Kind::map) return true;
    if (found->kind != Kind::operation && found->kind != Kind::concatenation && found->kind != Kind::range)
        return false;
    return std::any_of(found->parts.begin(), found->parts.end(), [&](ast::Expr const& part) {
        return part.kind != Kind::variable && is_computed(part, time);
    });
}

void Checker::value(ast::Expr const& expr, Shape const& expected, Time time) {
    ast::Expr const* const found = resolve(expr, time);
    if (found == nullptr) return;
    if (!is_computed(*found, time)) {
        std::vector<Entry> none;
        Entry entry;
        key(*found, Table{expected}, time, entry);
        return;
    }
    if (is_generated(*found)) {
        look(*found);
        return;
    }
    Shape const shape = look(*found);
    if (is_unknown(shape) || is_unknown(expected)) return;
    bool const fits =
        shape.size() == expected.size() &&
        std::equal(shape.begin(), shape.end(), expected.begin(), [](Typed a, Typed b) { return assignable(b, a); });
    if (!fits) error(found->span, fmt::format("expected {}, found {}", describe(expected), describe(shape)));
}

// ---- sets

bool Checker::same_shape(Shape const& expected, Shape const& found, Span span) {
    if (is_unknown(expected) || is_unknown(found)) return true;
    bool const same =
        expected.size() == found.size() && std::equal(expected.begin(), expected.end(), found.begin(),
                                                      [](Typed a, Typed b) { return a.type == b.type; });
    return same || error(span, fmt::format("expected {}, found {}", describe(expected), describe(found)));
}

void Checker::key(ast::Expr const& expr, Table const& table, Time time, Entry& entry) {
    ast::Expr const* const found = expr.kind == Kind::variable ? resolve(expr, time) : &expr;
    if (found == nullptr || table.key.empty()) {
        entry.known = false;
        return;
    }
    bool const concatenated = found->kind == Kind::concatenation;
    std::size_t const width = concatenated ? found->parts.size() : 1;
    if (width != table.key.size()) {
        if (table.key.size() == 1)
            error(found->span, fmt::format("expected {}, found several values", what(table.key.front())));
        else
            error(found->span,
                  fmt::format("expected {} values with '.' between, found {}", table.key.size(), width));
        entry.known = false;
        return;
    }
    for (std::size_t i = 0; i < width; ++i) {
        ast::Expr const& part = concatenated ? found->parts[i] : *found;
        std::optional<Interval> const interval = constant(part, table.key[i], time);
        bool const written_range = part.kind == Kind::range || part.kind == Kind::prefix;
        bool const pattern = !table.wildcard_strings && interval && interval->first != interval->last &&
                             table.key[i].type == Type::interface;
        if (!table.ranges && (written_range || pattern)) error(part.span, "a set of ranges needs 'flags interval'");
        if (interval)
            entry.key.push_back(*interval);
        else
            entry.known = false;
    }
}

void Checker::data(ast::Expr const& key_expr, ast::Expr const* value_expr, Table const& table, Time time) {
    if (!table.is_map) {
        if (value_expr != nullptr) error(value_expr->span, "a set has no mapped values; a map does");
        return;
    }
    bool const verdicts = table.data.size() == 1 && table.data.front().type == Type::verdict;
    if (value_expr == nullptr) {
        error(key_expr.span,
              verdicts ? "an element of a verdict map needs a verdict" : "an element of a map needs a value");
        return;
    }
    ast::Expr const* const found = resolve(*value_expr, time);
    if (found == nullptr) return;
    if (!table.object.empty()) {
        if (found->kind != Kind::value)
            error(found->span, fmt::format("the name of a {} is needed", table.object));
        else if (scope_->objects != nullptr &&
                 !scope_->objects->contains({std::string(table.object), std::string(found->text)}))
            undefined(table.object, found->text, found->span);
        return;
    }
    if (table.data.empty()) return;
    Shape shape = table.data;
    if (table.port_follows && found->kind == Kind::concatenation && shape.size() == 1) shape.push_back(port_type);
    if (!table.data_ranges && found->kind == Kind::range && !from_json_)
        error(found->span, "a mapped value is no range, unless it is declared 'interval'");
    Entry entry;
    key(*found, Table{std::move(shape)}, time, entry);
}

void Checker::element(ast::Expr const& key_expr, ast::Expr const* value_expr, Table const& table, Time time,
                      std::vector<Entry>& entries) {
    Entry entry;
    entry.expr = &key_expr;
    entry.data = value_expr;
    if (key_expr.kind != Kind::wildcard) key(key_expr, table, time, entry);
    data(key_expr, value_expr, table, time);
    if (table.disjoint || table.is_map) entries.push_back(std::move(entry));
}

// The elements of a set; sets in it are spliced.
void Checker::elements(ast::Expr const& expr, Table const& table, Time time, std::vector<Entry>& entries) {
    if (depth_ >= expression_depth || !spend(expr.span)) return;
    ++depth_;
    if (expr.kind == Kind::variable) {
        Time value_time = time;
        ast::Expr const* const found = resolve(expr, value_time);
        if (found != nullptr && found->kind == Kind::set) {
            std::string shape;
            for (Typed const typed : table.key)
                shape += fmt::format("{}/{} ", static_cast<int>(typed.type), typed.bits);
            bool const asked = table.disjoint || table.is_map || known_.emplace(found, std::move(shape)).second;
            if (asked) elements(*found, table, value_time, entries);
        } else if (found != nullptr) {
            element(*found, nullptr, table, value_time, entries);
        }
    } else if (expr.kind == Kind::set) {
        for (ast::Expr const& part : expr.parts) elements(part, table, time, entries);
    } else if (expr.kind == Kind::element) {
        bool const set_key = expr.parts[0].kind == Kind::set || expr.parts[0].kind == Kind::variable;
        if (expr.parts.size() == 1 && set_key)
            elements(expr.parts[0], table, time, entries);
        else
            element(expr.parts[0], expr.parts.size() > 1 ? &expr.parts[1] : nullptr, table, time, entries);
    } else {
        element(expr, nullptr, table, time, entries);
    }
    --depth_;
}

// Of elements that meet, nft takes equal ones; a map's have to say the same.
void Checker::overlaps(std::vector<Entry>& entries, Table const& table) {
    if (is_unknown(table.key)) return;
    std::erase_if(entries,
                  [&](Entry const& entry) { return !entry.known || entry.key.size() != table.key.size(); });
    auto const less = [](Entry const& a, Entry const& b) {
        return std::lexicographical_compare(a.key.begin(), a.key.end(), b.key.begin(), b.key.end(),
                                            [](Interval const& x, Interval const& y) {
                                                return x.first != y.first ? x.first < y.first : x.last < y.last;
                                            });
    };
    std::stable_sort(entries.begin(), entries.end(), less);
    Entry const* widest = nullptr;
    for (Entry const& entry : entries) {
        bool const same = widest != nullptr && !less(*widest, entry) && !less(entry, *widest);
        bool const meets = widest != nullptr && entry.key.size() == 1 && entry.key[0].first <= widest->key[0].last;
        Entry const* const later = widest != nullptr && stands_before(*entry.expr, *widest->expr) ? widest : &entry;
        if (same && entry.data != nullptr && widest->data != nullptr && !alike(*entry.data, *widest->data))
            error(later->expr->span, "this key is in the map already, with another value");
        else if (!same && meets && table.disjoint)
            error(later->expr->span, "this element overlaps another one of the set, which does not merge them");
        if (widest == nullptr || entry.key.size() != 1 || entry.key[0].last >= widest->key[0].last) widest = &entry;
    }
}

NamedSet const* Checker::named(ast::Expr const& name, std::string_view kind) {
    auto const found = scope_->sets->find(name.text);
    if (found != scope_->sets->end()) return &found->second;
    undefined(kind, name.text, name.span);
    return nullptr;
}

// Whether the sets and variables that it is made of have no element at all.
bool Checker::is_empty(ast::Expr const& expr, Time time) {
    bool const set_key = expr.kind == Kind::element && expr.parts.size() == 1;
    if (expr.kind != Kind::set && expr.kind != Kind::variable && !set_key) return false;
    if (depth_ >= expression_depth || !spend(expr.span)) return false;
    ++depth_;
    ast::Expr const* const found = resolve(expr, time);
    bool const empty = found != nullptr && (found->kind == Kind::set || found->kind == Kind::element) &&
                       std::ranges::all_of(found->parts, [&](ast::Expr const& part) { return is_empty(part, time); });
    --depth_;
    return empty;
}

void Checker::lookup(ast::Expr const& expr, Table const& table, Time time) {
    Time const from = time;
    ast::Expr const* const found = resolve(expr, time);
    if (found == nullptr) return;
    if (found->kind != Kind::set_name) {
        if (!table.is_map && is_empty(expr, from)) error(expr.span, "the set is empty, and no packet is in it");
        std::vector<Entry> entries;
        elements(*found, table, time, entries);
        if (!entries.empty()) overlaps(entries, table);
        return;
    }
    NamedSet const* const set = named(*found, table.is_map ? "map" : "set");
    if (set == nullptr) return;
    Table const declared_one = declared_table(*set);
    if (!same_shape(declared_one.key, table.key, expr.span)) return;
    if (table.is_map && !set->is_map)
        error(expr.span, fmt::format("'{}' is a set, which maps to nothing", set->name));
    else if (table.is_map && !is_unknown(declared_one.data) && !is_unknown(table.data) &&
             !(table.port_follows && declared_one.data.size() == 2))
        same_shape(table.data, declared_one.data, expr.span);
}

void Checker::lookup_objects(ast::Expr const& table_expr, Shape const& key_shape, std::string_view kind) {
    Table table{key_shape};
    table.is_map = table.disjoint = true;
    table.object = kind;
    lookup(table_expr, table, scope_->time);
}

void Checker::lookup_values(ast::Expr const& expr, Shape const& expected) {
    Time time = scope_->time;
    ast::Expr const* const found = resolve(expr, time);
    if (found == nullptr) return;
    if (found->kind != Kind::map) {
        value(expr, expected, scope_->time);
        return;
    }
    Table table{look(found->parts[0]), expected};
    table.is_map = table.disjoint = table.data_ranges = true;
    lookup(found->parts[1], table, scope_->time);
}

std::pair<Shape, Shape> Checker::declared_shapes(NamedSet const& set) {
    Table table = declared_table(set);
    return {std::move(table.key), std::move(table.data)};
}

Shape Checker::mapped(ast::Expr const& map) {
    Table table{look(map.parts[0])};
    table.is_map = true;
    table.disjoint = true;
    Time time = scope_->time;
    ast::Expr const* const found = resolve(map.parts[1], time);
    if (found == nullptr) return {};
    lookup(map.parts[1], table, scope_->time);
    if (found->kind != Kind::set_name) return {};
    auto const set = scope_->sets->find(found->text);
    return set == scope_->sets->end() ? Shape{} : declared_table(set->second).data;
}

Shape Checker::declared(ast::Expr const& type, bool by_example, Time time) {
    Shape shape;
    auto const add = [&](ast::Expr const& each) {
        Time value_time = time;
        ast::Expr const* const part = resolve(each, value_time);
        // "mark", "time" and their like are also keys of meta.
        Datatype const* const named_like_key = part != nullptr && part->kind == Kind::selector && !by_example
                                                   ? datatype(nftables::selector_table[part->selector].key)
                                                   : nullptr;
        if (part == nullptr) {
            shape.push_back({});
        } else if (named_like_key != nullptr) {
            shape.push_back({named_like_key->type, named_like_key->bits});
        } else if (part->kind != Kind::value) {
            // Its headers need not agree with those of other parts.
            protocols_ = Protocols(scope_->family);
            Shape const one = by_example ? look(*part) : Shape{};
            if (!by_example) error(part->span, "the name of a type is needed; 'typeof' takes an expression");
            shape.push_back(one.size() == 1 ? one.front() : Typed{});
        } else if (part->text == "verdict") {
            shape.push_back(verdict_type);
        } else if (Datatype const* const row = datatype(part->text); row != nullptr && !by_example) {
            bool const is_open = row->type == Type::number || row->type == Type::bitmask || row->type == Type::string;
            if (is_open && !from_json_)
                error(part->span,
                      fmt::format("the width of '{}' is open; 'typeof' with an expression says it", part->text));
            shape.push_back(is_open ? Typed{} : Typed{row->type, row->bits});
        } else {
            shape.push_back({});
        }
    };
    if (type.kind == Kind::concatenation)
        for (ast::Expr const& part : type.parts) add(part);
    else
        add(type);
    return shape;
}

Checker::Table Checker::declared_table(NamedSet const& set) {
    Table table;
    table.is_map = set.is_map;
    if (set.type == nullptr) return table;
    Findings aside; // what is wrong with a declaration is told once, at it
    Checker quiet(variables_, aside, from_json_);
    quiet.scope_ = scope_;
    table.key = quiet.declared(set.type->key, set.type->by_example, set.type_time);
    for (ast::Expr const& type : set.type->data)
        table.data = quiet.declared(type, set.type->by_example, set.type_time);
    table.data_ranges = set.type->data_interval;
    table.ranges = table.wildcard_strings = set.has_intervals;
    table.disjoint = set.has_intervals && !set.merges;
    if (set.is_map && set.type->data.size() == 1 && set.type->data.front().kind == Kind::value &&
        !set.type->by_example) {
        constexpr std::string_view objects[] = {"counter", "quota", "limit", "secmark", "synproxy"};
        auto const object = std::find(std::begin(objects), std::end(objects), set.type->data.front().text);
        if (object != std::end(objects)) table.object = *object;
    }
    return table;
}

void Checker::check_set(NamedSet const& set, Scope const& scope) {
    scope_ = &scope;
    protocols_ = Protocols(scope.family);
    span_ = set.span;
    std::string_view const kind = set.is_map ? "map" : "set";
    if (set.type == nullptr) {
        error(set.span, fmt::format("the {} '{}' has no type", kind, set.name));
        return;
    }
    if (set.is_map && set.type->data.empty())
        error(set.type->key.span, fmt::format("the map '{}' does not say what it maps to", set.name));
    if (!set.is_map && !set.type->data.empty())
        error(set.type->data.front().span, "a set has no mapped values; a map does");
    for (ast::Expr const* type : {&set.type->key, set.type->data.empty() ? nullptr : &set.type->data.front()}) {
        if (type == nullptr) continue;
        bool const is_data = type != &set.type->key;
        declared(*type, set.type->by_example, set.type_time);
        auto const names = [&](ast::Expr const& part) {
            constexpr std::string_view objects[] = {"counter", "quota", "limit", "secmark", "synproxy", "ct"};
            bool const object = std::find(std::begin(objects), std::end(objects), part.text) != std::end(objects);
            if (part.kind != Kind::value || (is_data && (object || part.text == "verdict"))) return;
            if (set.type->by_example)
                error(part.span,
                      fmt::format("'{}' is no expression that 'typeof' could take the type of", part.text));
            else if (part.text == "verdict" || datatype(part.text) == nullptr)
                error(part.span, fmt::format("'{}' is not a type", part.text));
        };
        if (type->kind == Kind::concatenation)
            std::for_each(type->parts.begin(), type->parts.end(), names);
        else
            names(*type);
    }
    Table const table = declared_table(set);
    std::vector<Entry> entries;
    for (NamedSet::Change const& change : set.changes) {
        if (change.removal) continue;
        for (ast::Expr const& element : change.elements->parts)
            if (element.kind == Kind::element && element.expires && !set.has_timeouts)
                error(element.span, fmt::format("'{}' lacks 'flags timeout' or 'timeout'", set.name));
        elements(*change.elements, table, change.time, entries);
    }
    bool const removals =
        std::any_of(set.changes.begin(), set.changes.end(), [](auto const& c) { return c.removal; });
    if (!removals && !entries.empty()) overlaps(entries, table); // what was removed meets nothing
}

// ---- rules

void Checker::check_comment(std::string_view comment, Span span) {
    if (comment.size() > comment_limit)
        error(span, fmt::format("a comment has at most {} characters", comment_limit));
}

void Checker::check_rule(ast::Rule const& rule, Scope const& scope) {
    scope_ = &scope;
    protocols_ = Protocols(scope.family);
    check_comment(rule.comment, rule.span);
    bool ended = false;
    for (ast::Statement const& statement : rule.statements) {
        span_ = statement.span;
        if (ended) {
            error(statement.span, "a statement after a verdict");
            return;
        }
        std::visit([&](auto const& form) { check(form); }, statement.form);
        ended = is_terminal(statement);
    }
}

void Checker::establish(ast::Expr const& left, ast::Expr const& right, Time time) {
    if (left.kind != Kind::selector) return;
    auto const& [header, field] = nftables::selector_table[left.selector];
    bool const settles = field == "protocol" || field == "l4proto" || field == "nfproto" || field == "l3proto" ||
                         field == "nexthdr" || field == "type";
    ast::Expr const* const found = settles ? variables_.resolve(right, time) : nullptr;
    if (found == nullptr || depth_ >= expression_depth || !spend(right.span)) return;
    ++depth_;
    if (found->kind == Kind::set) {
        for (ast::Expr const& part : found->parts) establish(left, part, time);
    } else if (found->kind == Kind::element) {
        establish(left, found->parts[0], time);
    } else if (found->kind == Kind::value) {
        std::optional<Interval> const number = parse_value(found->text, selector_type(left.selector));
        if (number) protocols_.establish(header, field, number->first);
    }
    --depth_;
}

// Relations that only some right sides have.
void Checker::relation(ast::Match const& match, ast::Expr const& right) {
    bool const is_set = right.kind == Kind::set || right.kind == Kind::set_name;
    if (match.relation == Relation::no_bits) {
        if (match.left.kind == Kind::operation) error(span_, "'!' and a mask do not go together");
        return;
    }
    if (is_equality(match.relation)) return;
    if (is_set)
        error(span_, "a set is compared with == or != only");
    else if (right.kind == Kind::range || right.kind == Kind::prefix)
        error(right.span, "a range is compared with == or != only");
    else if (match.left.kind == Kind::concatenation)
        error(span_, "a concatenation is compared with == or != only");
}

void Checker::check(ast::Match const& match) {
    Shape const left = look(match.left);
    Time time = scope_->time;
    ast::Expr const* const right = resolve(match.right, time);
    if (right == nullptr) return;
    relation(match, *right);
    Typed const first = left.empty() ? Typed{} : left.front();
    if (match.relation == Relation::no_bits && first.type != Type::opaque && !datatype(first.type).bitmask)
        error(right->span, fmt::format("'!' asks for bits, and {} has none", what(first)));
    Table const table{left};
    if (right->kind == Kind::set || right->kind == Kind::set_name) {
        lookup(match.right, table, scope_->time);
    } else {
        if (right->kind == Kind::wildcard) error(right->span, "'*' stands in a set or map only");
        Entry entry;
        if (right->kind != Kind::wildcard && !left.empty()) key(*right, table, time, entry);
    }
    for (ast::Expr const& mask : match.mask) {
        Time mask_time = scope_->time;
        ast::Expr const* const bits = resolve(mask, mask_time);
        if (bits != nullptr && bits->kind != Kind::list)
            error(mask.span, "after '/' stands the length of a prefix, or several flags with ',' between");
        else if (bits != nullptr)
            constant(*bits, first, mask_time);
    }
    if (match.relation == Relation::implied || match.relation == Relation::eq) establish(match.left, *right, time);
}

void Checker::check(ast::Assignment const& assignment) {
    ast::Expr const& target = assignment.target;
    Time time = scope_->time;
    ast::Expr const* const found = resolve(assignment.value, time);
    if (target.kind == Kind::selector) {
        nftables::Selector const& selector = nftables::selector_table[target.selector];
        if (!is_writable(selector)) {
            error(target.span, fmt::format("'{} {}' cannot be set", selector.header, selector.key));
            return;
        }
        if (std::optional<std::string_view> const object = assigned_object(selector); object && found != nullptr) {
            bool const is_name = found->kind == Kind::value;
            if (is_name && scope_->objects != nullptr &&
                !scope_->objects->contains({std::string(*object), std::string(found->text)}))
                undefined(selector.header == "ct" && *object != "secmark" ? fmt::format("ct {}", *object)
                                                                          : std::string(*object),
                          found->text, found->span);
            if (found->kind == Kind::map) look(*found);
            return;
        }
    }
    Shape const expected = look(target);
    if (found == nullptr) return;
    bool const bitmask = expected.size() == 1 && datatype(expected.front().type).bitmask;
    if (found->kind == Kind::set || found->kind == Kind::set_name || (found->kind == Kind::list && !bitmask))
        error(found->span, "a field is set to one value; 'map' chooses among several");
    else if (found->kind == Kind::range || found->kind == Kind::wildcard)
        error(found->span, "a field is set to one value");
    else
        lookup_values(assignment.value, expected);
}

void Checker::check(ast::VerdictMap const& map) {
    Table table{look(map.key), {verdict_type}};
    table.is_map = table.disjoint = true;
    lookup(map.table, table, scope_->time);
}

void Checker::check(ast::Decision const& decision) {
    for (ast::Expr const& chain : decision.verdict.parts) {
        Time time = scope_->time;
        ast::Expr const* const name = resolve(chain, time);
        if (name != nullptr && name->kind != Kind::value) error(chain.span, "the name of a chain is needed");
    }
}

// ---- address translation

void Checker::port(std::vector<ast::Expr> const& ports) {
    if (ports.empty()) return;
    if (!protocols_.has_transport())
        error(ports.front().span, "a port needs a match on the transport protocol before, such as 'tcp dport'");
    lookup_values(ports.front(), {port_type});
}

void Checker::address(ast::Translation const& translation) {
    bool const of_table = scope_->family == TableFamily::ip || scope_->family == TableFamily::ip6;
    std::string_view const network = protocols_.network();
    std::string_view const written = !translation.family                     ? network
                                     : translation.family == TableFamily::ip ? "ip"
                                                                             : "ip6";
    if (translation.family && !network.empty() && network != written) {
        error(span_, of_table ? fmt::format("a table of family {} translates no {} address", network, written)
                              : fmt::format("the rule asks for {} before: no packet of it has a header of {}",
                                            network, written));
        return;
    }
    if (translation.address.empty()) return;
    if (written.empty()) {
        error(span_, "nothing says whether this is for IPv4 or IPv6: 'dnat ip to' or 'dnat ip6 to' does");
        return;
    }
    Typed const type = written == "ip" ? Typed{Type::ipv4, 32} : Typed{Type::ipv6, 128};
    Time time = scope_->time;
    ast::Expr const* const found = resolve(translation.address.front(), time);
    if (found == nullptr) return;
    if (found->kind == Kind::map) {
        Table table{look(found->parts[0]), {type}};
        table.is_map = table.disjoint = table.data_ranges = table.port_follows = true;
        lookup(found->parts[1], table, scope_->time);
    } else if (found->kind == Kind::set || found->kind == Kind::set_name) {
        error(found->span, "addresses to translate to are one, a range, or a 'map'");
    } else {
        Shape expected{type};
        if (found->kind == Kind::concatenation) expected.push_back(port_type);
        value(translation.address.front(), expected, scope_->time);
    }
}

void Checker::check(ast::Translation const& translation) {
    if (scope_->family == TableFamily::arp || scope_->family == TableFamily::bridge ||
        scope_->family == TableFamily::netdev) {
        error(span_, "addresses are translated in tables of family ip, ip6 and inet only");
        return;
    }
    address(translation);
    port(translation.port);
}

} // namespace portcullis::nft
