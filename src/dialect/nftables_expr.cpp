#include "dialect/nftables_expr.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "grammars/nftables/lexer.hpp"
#include "grammars/nftables/selectors.hpp"
#include "portcullis/base/date.hpp"

namespace portcullis::nft {
namespace {

using Kind = ast::Expr::Kind;
using ast::Relation;

constexpr int variable_depth = 64;
constexpr std::size_t element_limit = 8'000'000;
constexpr Time for_ever = ~Time{0};

std::string_view operator_text(ast::Operator op) {
    switch (op) {
    case ast::Operator::bit_and: return " & ";
    case ast::Operator::bit_xor: return " ^ ";
    case ast::Operator::bit_or: return " | ";
    case ast::Operator::shift_left: return " << ";
    case ast::Operator::shift_right: return " >> ";
    }
    return " ";
}

bool is_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

} // namespace

void Variables::define(std::string_view name, ast::Expr const& value, Time from) {
    definitions_[name].push_back({from, for_ever, &value});
    blocks_.back().insert(name);
}

// Ends the latest definition that is still in force.
bool Variables::end(std::string_view name, Time until) {
    auto const found = definitions_.find(name);
    if (found == definitions_.end()) return false;
    for (auto at = found->second.rbegin(); at != found->second.rend(); ++at) {
        if (at->until != for_ever) continue;
        at->until = until;
        return true;
    }
    return false;
}

bool Variables::undefine(std::string_view name, Time until) {
    blocks_.back().erase(name);
    return end(name, until);
}

void Variables::close_block(Time until) {
    auto const ending = std::move(blocks_.back());
    blocks_.pop_back();
    for (std::string_view const name : ending) end(name, until);
}

Variables::Found Variables::find(std::string_view name, Time at) const {
    auto const found = definitions_.find(name);
    if (found == definitions_.end()) return {};
    used_.insert(found->first);
    auto const& all = found->second;
    auto after =
        std::upper_bound(all.begin(), all.end(), at, [](Time time, Definition const& d) { return time < d.from; });
    while (after != all.begin()) {
        --after;
        if (after->until > at) return {after->value, after->from};
    }
    return {};
}

ast::Expr const* Variables::resolve(ast::Expr const& expr, Time& time) const {
    ast::Expr const* at = &expr;
    for (int steps = 0; at->kind == Kind::variable; ++steps) {
        Found const found = find(at->text, time);
        if (found.value == nullptr || steps == variable_depth) return nullptr;
        at = found.value;
        time = found.from == 0 ? 0 : found.from - 1; // a definition sees only those before it
    }
    return at;
}

std::string canonical(std::string_view source) {
    std::string text;
    bool blank = false;
    bool quoted = false;
    for (std::size_t i = 0; i < source.size(); ++i) {
        char const c = source[i];
        if (!quoted && c == '#') {
            while (i + 1 < source.size() && source[i + 1] != '\n') ++i;
            blank = true;
        } else if (!quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r' ||
                               (c == '\\' && i + 1 < source.size() && source[i + 1] == '\n'))) {
            blank = true;
        } else {
            if (blank && !text.empty()) text += ' ';
            blank = false;
            if (c == '"') quoted = !quoted;
            text += c;
        }
    }
    return text;
}

bool Expressions::spend(Span span) {
    if (++spent_ < element_limit) return true;
    if (spent_ == element_limit)
        findings_.add("PC002", span)
            .arg("construct", "a set")
            .arg("why", "the sets of this text have too many elements together");
    return false;
}

// ---- text

void Expressions::append_text(ast::Expr const& expr, Time time, std::string& out) {
    auto const join = [&](std::string_view separator) {
        for (std::size_t i = 0; i < expr.parts.size(); ++i) {
            if (i > 0) out += separator;
            append_text(expr.parts[i], time, out);
        }
    };
    // '-' and '/' can be a part of the word before them.
    auto const join_word = [&](std::string_view separator) {
        std::size_t const begin = out.size();
        append_text(expr.parts[0], time, out);
        if (nftables::ends_in_word(std::string_view(out).substr(begin))) out += ' ';
        out += separator;
        append_text(expr.parts[1], time, out);
    };
    switch (expr.kind) {
    case Kind::value:
        if (expr.quoted) out += '"';
        out += expr.text;
        if (expr.quoted) out += '"';
        break;
    case Kind::variable: {
        Variables::Found const found = variables_.find(expr.text, time);
        if (found.value == nullptr || depth_ == variable_depth || !spend(expr.span)) {
            out += '$';
            out += expr.text;
            break;
        }
        ++depth_;
        append_text(*found.value, found.from == 0 ? 0 : found.from - 1, out);
        --depth_;
        break;
    }
    case Kind::set_name:
        out += '@';
        out += expr.text;
        break;
    case Kind::wildcard: out += '*'; break;
    case Kind::selector: {
        nftables::Selector const& selector = nftables::selector_table[expr.selector];
        out += fmt::format("{} {}", selector.header, selector.key);
        break;
    }
    case Kind::computed: out += canonical(expr.text); break;
    case Kind::set:
        out += "{ ";
        join(", ");
        out += expr.parts.empty() ? "}" : " }";
        break;
    case Kind::element: join(" : "); break;
    case Kind::list: join(","); break;
    case Kind::concatenation: join(" . "); break;
    case Kind::range: join_word("-"); break;
    case Kind::prefix: join_word("/"); break;
    case Kind::operation:
        if (expr.quoted) out += '(';
        join(operator_text(expr.op));
        if (expr.quoted) out += ')';
        break;
    case Kind::map: join(" map "); break;
    case Kind::verdict:
        out += expr.text;
        if (!expr.parts.empty()) out += ' ';
        join(" ");
        break;
    }
}

std::string Expressions::text(ast::Expr const& expr, Time time) {
    std::string out;
    append_text(expr, time, out);
    return out;
}

std::string Expressions::variable_text(std::string_view name, Span span, Time time) {
    ast::Expr variable;
    variable.kind = Kind::variable;
    variable.span = span;
    variable.text = name;
    return text(variable, time);
}

bool Expressions::is_stateful(ast::Expr const& expr) const {
    if (expr.kind == Kind::selector && meaning_of(expr.selector).stateful) return true;
    if (expr.kind == Kind::computed && is_stateful_computed(canonical(expr.text))) return true;
    return std::any_of(expr.parts.begin(), expr.parts.end(),
                       [&](ast::Expr const& part) { return is_stateful(part); });
}

void Expressions::keep(ast::Expr const& table, Scope const& scope) {
    Time time = scope.time;
    ast::Expr const* const resolved = resolve(table, time);
    if (resolved == nullptr || resolved->kind != Kind::set_name) return;
    auto const found = scope.sets->find(resolved->text);
    if (found != scope.sets->end()) kept_.insert(&found->second);
}

// ---- requirements

void Expressions::require(Requirement const& requirement, Span span, Scope const& scope, Match& out) {
    using enum ast::TableFamily;
    bool const any_family = scope.family == inet || scope.family == bridge || scope.family == netdev;
    add_required(requirement, any_family, span, out.terms);
}

void Expressions::require(ast::Expr const& expr, Span span, Scope const& scope, Match& out) {
    if (expr.kind == Kind::selector || expr.kind == Kind::computed) {
        std::string_view const first = expr.kind == Kind::selector
                                           ? nftables::selector_table[expr.selector].header
                                           : expr.text.substr(0, expr.text.find_first_of(" \t\\\n"));
        std::string const text = expr.kind == Kind::computed ? canonical(expr.text) : std::string();
        bool const of_connection = first == "ct" && expr.kind == Kind::computed;
        require(expr.kind == Kind::selector ? requirement_of(expr.selector)
                : of_connection             ? requirement_of(first, text.substr(first.size()))
                                            : requirement_of(first),
                span, scope, out);
        if (expr.kind == Kind::computed && first == "rt" && expr.text.find("ip6") != expr.text.npos)
            require(requirement_of("ip6"), span, scope, out);
        else if (expr.kind == Kind::computed && first == "rt")
            require(requirement_of("ip"), span, scope, out);
    }
    for (ast::Expr const& part : expr.parts) require(part, span, scope, out);
}

namespace {

// "tcp option maxseg missing" holds of packets of other protocols too (checked against the kernel); nft asks nothing else.
bool holds_without_header(ast::Match const& statement) {
    bool const equals = statement.relation == Relation::implied || statement.relation == Relation::eq;
    std::string_view const text = statement.left.text;
    bool const missing = statement.right.kind == Kind::value && statement.right.text == "missing";
    return equals && missing && statement.left.kind == Kind::computed &&
           (text.starts_with("tcp") || text.starts_with("sctp"));
}

} // namespace

void Expressions::require(ast::Match const& statement, Span span, Scope const& scope, Match& out) {
    if (!holds_without_header(statement)) require(statement.left, span, scope, out);
}

// ---- values

bool Expressions::collect_value(ast::Expr const& expr, Meaning const& meaning, std::vector<Interval>& out) {
    if (meaning.type == Type::interface_index && !expr.quoted && is_digits(expr.text))
        return false; // an index of the machine's
    if (std::optional<Interval> const interval = parse_value(expr.text, meaning.typed(), meaning.protocol)) {
        out.push_back(*interval);
        return true;
    }
    return false; // also a host name: nft looks it up when it loads the file
}

bool Expressions::collect_range(ast::Expr const& expr, Meaning const& meaning, Time time,
                                std::vector<Interval>& out) {
    std::optional<Interval> const first = constant_range(expr.parts[0], meaning, time);
    std::optional<Interval> const last = constant_range(expr.parts[1], meaning, time);
    if (!first || !last) return false;
    if (first->first > last->last) return false;
    out.push_back({first->first, last->last});
    return true;
}

bool Expressions::collect_prefix(ast::Expr const& expr, Meaning const& meaning, Time time,
                                 std::vector<Interval>& out) {
    std::optional<U128> const value = constant(expr.parts[0], meaning, time);
    Time length_time = time;
    ast::Expr const* const length_text = resolve(expr.parts[1], length_time);
    if (!value || length_text == nullptr) return false;
    std::optional<U128> const length = parse_c_number(length_text->text);
    if (!length || *length > meaning.bits) return false;
    U128 const rest = max_value(meaning.bits - static_cast<unsigned>(*length));
    out.push_back({*value & ~rest, *value | rest});
    return true;
}

bool Expressions::collect(ast::Expr const& expr, Meaning const& meaning, Time time, std::vector<Interval>& out) {
    if (!spend(expr.span)) return false;
    switch (expr.kind) {
    case Kind::value: return collect_value(expr, meaning, out);
    case Kind::variable: {
        ast::Expr const* const value = resolve(expr, time);
        if (value == nullptr || depth_ == variable_depth) return false;
        ++depth_;
        bool const collected = collect(*value, meaning, time, out);
        --depth_;
        return collected;
    }
    case Kind::wildcard: out.push_back({0, max_value(meaning.bits)}); return true;
    case Kind::range: return collect_range(expr, meaning, time, out);
    case Kind::prefix: return collect_prefix(expr, meaning, time, out);
    case Kind::element: return collect(expr.parts[0], meaning, time, out);
    case Kind::set:
        return std::all_of(expr.parts.begin(), expr.parts.end(),
                           [&](ast::Expr const& part) { return collect(part, meaning, time, out); });
    case Kind::list:
        if (!meaning.bitmask()) return false;
        [[fallthrough]];
    case Kind::operation:
        if (std::optional<U128> const value = constant(expr, meaning, time)) {
            out.push_back({*value, *value});
            return true;
        }
        return false;
    default: return false;
    }
}

std::optional<Interval> Expressions::constant_range(ast::Expr const& expr, Meaning const& meaning, Time time) {
    std::vector<Interval> values;
    if (!collect(expr, meaning, time, values) || values.size() != 1) return std::nullopt;
    return values.front();
}

std::optional<U128> Expressions::constant(ast::Expr const& expr, Meaning const& meaning, Time time) {
    if (!spend(expr.span)) return std::nullopt;
    switch (expr.kind) {
    case Kind::list: {
        U128 bits = 0;
        for (ast::Expr const& part : expr.parts) {
            std::optional<U128> const value = constant(part, meaning, time);
            if (!value) return std::nullopt;
            bits |= *value;
        }
        return bits;
    }
    case Kind::operation: {
        std::optional<U128> const a = constant(expr.parts[0], meaning, time);
        if (!a) return std::nullopt;
        bool const shift = expr.op == ast::Operator::shift_left || expr.op == ast::Operator::shift_right;
        std::optional<U128> const b = constant(expr.parts[1], shift ? Meaning{Type::number, {}, 7} : meaning, time);
        if (!b) return std::nullopt;
        switch (expr.op) {
        case ast::Operator::bit_and: return *a & *b;
        case ast::Operator::bit_or: return *a | *b;
        case ast::Operator::bit_xor: return *a ^ *b;
        case ast::Operator::shift_left: return (*a << static_cast<unsigned>(*b)) & max_value(meaning.bits);
        case ast::Operator::shift_right: return *a >> static_cast<unsigned>(*b);
        }
        return std::nullopt;
    }
    case Kind::variable: {
        ast::Expr const* const value = resolve(expr, time);
        if (value == nullptr || depth_ == variable_depth) return std::nullopt;
        ++depth_;
        std::optional<U128> const result = constant(*value, meaning, time);
        --depth_;
        return result;
    }
    default: {
        std::optional<Interval> const interval = constant_range(expr, meaning, time);
        return interval && interval->first == interval->last ? std::optional(interval->first) : std::nullopt;
    }
    }
}

// ---- elements

void Expressions::flatten(ast::Expr const& expr, ast::Expr const* value, Time time, std::vector<Element>& out) {
    if (!spend(expr.span)) return;
    switch (expr.kind) {
    case Kind::set:
        for (ast::Expr const& part : expr.parts) flatten(part, value, time, out);
        return;
    case Kind::element: flatten(expr.parts[0], expr.parts.size() > 1 ? &expr.parts[1] : value, time, out); return;
    case Kind::variable: {
        ast::Expr const* const found = resolve(expr, time);
        if (found == nullptr || depth_ == variable_depth) {
            out.push_back({&expr, value, time}); // stays unknown
            return;
        }
        ++depth_;
        flatten(*found, value, time, out);
        --depth_;
        return;
    }
    default: out.push_back({&expr, value, time}); return;
    }
}

// What the changes leave. Elements are the same where their canonical texts are.
std::vector<Element> Expressions::content(NamedSet const& set) {
    std::vector<Element> all;
    bool const removals =
        std::any_of(set.changes.begin(), set.changes.end(), [](NamedSet::Change const& c) { return c.removal; });
    std::unordered_map<std::string, std::size_t> positions; // needed for removals only
    for (NamedSet::Change const& change : set.changes) {
        if (change.removal) {
            std::vector<Element> gone;
            flatten(*change.elements, nullptr, change.time, gone);
            for (Element const& element : gone) {
                auto const found = positions.find(text(*element.key, element.time));
                if (found == positions.end()) continue;
                all[found->second].key = nullptr;
                positions.erase(found);
            }
            continue;
        }
        std::size_t const first = all.size();
        flatten(*change.elements, nullptr, change.time, all);
        for (std::size_t i = first; removals && i < all.size(); ++i) positions[text(*all[i].key, all[i].time)] = i;
    }
    std::erase_if(all, [](Element const& element) { return element.key == nullptr; });
    return all;
}

Elements Expressions::elements(ast::Expr const& table, Scope const& scope) {
    Elements result;
    Time time = scope.time;
    ast::Expr const* const resolved = resolve(table, time);
    if (resolved == nullptr) {
        result.known = false;
    } else if (resolved->kind == Kind::set_name) {
        auto const found = scope.sets->find(resolved->text);
        if (found == scope.sets->end()) {
            result.known = false;
        } else if (found->second.changes_at_run_time) {
            result.known = false;
            result.stateful = true;
        } else {
            auto const [known, is_new] = known_elements_.try_emplace(&found->second);
            if (is_new) known->second = content(found->second);
            result.all = known->second;
        }
    } else {
        flatten(*resolved, nullptr, time, result.all);
    }
    return result;
}

// ---- matches

// What a selector reads, and the arithmetic on it: nft compares (value & mask) ^ flip.
struct Expressions::Component {
    Meaning meaning;
    U128 mask = 0;
    U128 flip = 0;
    bool computed = false; // there is arithmetic
    bool first_header = false; // "ip6 nexthdr"
};

bool Expressions::component(ast::Expr const& expr, Scope const& scope, Component& out) {
    static std::uint16_t const first_header = nftables::selector_index("ip6", "nexthdr");
    if (expr.kind == Kind::selector || expr.kind == Kind::computed) {
        out.meaning =
            expr.kind == Kind::selector ? meaning_of(expr.selector) : meaning_of_computed(canonical(expr.text), scope.family);
        out.mask = max_value(out.meaning.bits);
        // Frames of bridges and devices may be padded, so the length of the buffer is not that of the IP packet.
        bool const padded = scope.family == ast::TableFamily::bridge || scope.family == ast::TableFamily::netdev;
        if (padded && expr.kind == Kind::selector && expr.selector == nftables::selector_index("meta", "length"))
            return false;
        out.first_header = expr.kind == Kind::selector && expr.selector == first_header;
        return out.meaning.type != Type::opaque;
    }
    if (expr.kind != Kind::operation || !component(expr.parts[0], scope, out)) return false;
    std::optional<U128> const operand = constant(expr.parts[1], out.meaning, scope.time);
    if (!operand) return false;
    out.computed = true;
    switch (expr.op) {
    case ast::Operator::bit_and:
        out.mask &= *operand;
        out.flip &= *operand;
        return true;
    case ast::Operator::bit_or:
        out.mask &= ~*operand;
        out.flip |= *operand;
        return true;
    case ast::Operator::bit_xor: out.flip ^= *operand; return true;
    default: return false;
    }
}

std::optional<std::vector<Expressions::Component>> Expressions::components(ast::Expr const& left,
                                                                           Scope const& scope) {
    std::vector<Component> all(left.kind == Kind::concatenation ? left.parts.size() : 1);
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!component(left.kind == Kind::concatenation ? left.parts[i] : left, scope, all[i])) return std::nullopt;
        if (all[i].first_header && (all[i].computed || all.size() > 1)) return std::nullopt;
    }
    return all;
}

// Adds that the field has one of the values, where the model can say that.
bool Expressions::add(Component const& look, ValueSet values, Span span, Match& out) {
    if (!look.first_header) {
        out.terms.push_back({look.meaning.field, std::move(values), span});
        return true;
    }
    std::optional<Alternatives> relation = nft::first_header(values, span);
    if (!relation) return false;
    if (relation->rows.size() > 1) {
        out.alternatives.push_back(std::move(*relation));
        return true;
    }
    out.terms.push_back({Field::protocol, std::move(values), span});
    out.terms.push_back({Field::exthdr, ValueSet::single(0), span});
    return true;
}

// "left relation right" for one selector and a right side that is no set.
std::optional<ValueSet> Expressions::compared(Component const& look, ast::Match const& statement,
                                              ast::Expr const& right, Time time) {
    Meaning const& meaning = look.meaning;
    U128 const all = max_value(meaning.bits);
    auto const field = [&](IntervalSet const& raw, bool negated) {
        return to_field(meaning, raw, look.mask, look.flip, negated);
    };
    if (!statement.mask.empty()) { // syn / fin,syn,rst,ack
        std::optional<U128> const value = constant(right, meaning, time);
        std::optional<U128> const mask = constant(statement.mask.front(), meaning, time);
        if (!value || !mask || look.computed) return std::nullopt;
        return to_field(meaning, IntervalSet::single(*value), *mask, 0, statement.relation == Relation::ne);
    }
    // A bitmask beside its value, or after '!', is a test of bits; between "==" and after arithmetic it is not.
    bool const bit_test = statement.relation == Relation::no_bits ||
                          (statement.relation == Relation::implied && meaning.bitmask() && !look.computed);
    if (bit_test) {
        std::optional<U128> const bits = constant(right, meaning, time);
        if (!bits || look.computed) return std::nullopt;
        return to_field(meaning, IntervalSet::single(0), *bits, 0, statement.relation != Relation::no_bits);
    }
    std::vector<Interval> values;
    if (!collect(right, meaning, time, values)) return std::nullopt;
    IntervalSet const set = IntervalSet::of(values);
    switch (statement.relation) {
    case Relation::implied:
    case Relation::eq: return field(set, false);
    case Relation::ne: return field(set, true);
    default: break;
    }
    std::optional<U128> const bound = set.only();
    if (!bound) return std::nullopt;
    IntervalSet const below = *bound == 0 ? IntervalSet{} : IntervalSet(0, *bound - 1);
    switch (statement.relation) {
    case Relation::lt: return field(below, false);
    case Relation::ge: return field(below.complement(meaning.bits), false);
    case Relation::le: return field(IntervalSet(0, *bound), false);
    case Relation::gt: return field(IntervalSet(0, std::min(*bound, all)).complement(meaning.bits), false);
    default: return std::nullopt;
    }
}

// "ip frag-off & 0x1fff != 0": a later fragment.
bool Expressions::fragment_match(ast::Match const& statement, Span span, Scope const& scope, Match& out) {
    static std::uint16_t const offset = nftables::selector_index("ip", "frag-off");
    ast::Expr const& left = statement.left;
    if (left.kind != Kind::operation || left.op != ast::Operator::bit_and || left.parts[0].kind != Kind::selector ||
        left.parts[0].selector != offset)
        return false;
    Meaning const number{Type::number, {}, 16};
    constexpr U128 offset_bits = 0x1fff;
    if (left.parts[1].kind != Kind::value || statement.right.kind != Kind::value || !statement.mask.empty())
        return false;
    if (constant(left.parts[1], number, scope.time) != offset_bits ||
        constant(statement.right, number, scope.time) != U128{0})
        return false;
    bool const later = statement.relation == Relation::ne || statement.relation == Relation::gt;
    if (!later && statement.relation != Relation::eq && statement.relation != Relation::implied) return false;
    out.terms.push_back({Field::fragment, ValueSet::single(later ? 1 : 0), span});
    return true;
}

bool Expressions::row(std::vector<Component> const& look, ast::Expr const& key, Time time,
                      std::vector<ValueSet>& cells) {
    bool const concatenated = key.kind == Kind::concatenation;
    std::size_t const width = concatenated ? key.parts.size() : 1;
    if (key.kind == Kind::wildcard) {
        cells.assign(look.size(), ValueSet{}.complement());
        return true;
    }
    if (width != look.size()) return false;
    for (std::size_t i = 0; i < width; ++i) {
        std::vector<Interval> values;
        if (look[i].computed && look.size() > 1) return false;
        if (!collect(concatenated ? key.parts[i] : key, look[i].meaning, time, values)) return false;
        std::optional<ValueSet> cell =
            to_field(look[i].meaning, IntervalSet::of(std::move(values)), look[i].mask, look[i].flip, false);
        if (!cell) return false;
        cells.push_back(std::move(*cell));
    }
    return true;
}

void Expressions::member(ast::Expr const& key, std::vector<Element> const& chosen, bool negated, Span span,
                         Scope const& scope, Match& out) {
    std::optional<std::vector<Component>> const look = components(key, scope);
    bool modelled = look.has_value();
    if (modelled && look->size() == 1) { // one field: one set
        std::vector<Interval> values;
        for (Element const& element : chosen)
            modelled = modelled && collect(*element.key, look->front().meaning, element.time, values);
        Component const& only = look->front();
        std::optional<ValueSet> set;
        if (modelled)
            set = to_field(only.meaning, IntervalSet::of(std::move(values)), only.mask, only.flip, negated);
        if (set && add(only, std::move(*set), span, out)) return;
        modelled = false;
    }
    if (modelled) {
        Alternatives relation;
        relation.negated = negated;
        relation.span = span;
        for (Component const& component : *look) relation.fields.push_back(component.meaning.field);
        relation.rows.reserve(chosen.size());
        for (Element const& element : chosen) {
            relation.rows.emplace_back();
            modelled = modelled && row(*look, *element.key, element.time, relation.rows.back());
        }
        if (modelled && relation.rows.size() == 1 && !negated) { // one row is a conjunction
            for (std::size_t i = 0; i < relation.fields.size(); ++i) {
                ValueSet& cell = relation.rows.front()[i];
                if (!cell.is_all(info(relation.fields[i]).bits))
                    out.terms.push_back({relation.fields[i], std::move(cell), span});
            }
            return;
        }
        if (modelled) {
            bool const of_socket = std::ranges::any_of(
                relation.fields, [](Field field) { return field == Field::skuid || field == Field::skgid; });
            if (of_socket && negated)
                out.terms.push_back({Field::skuid, ValueSet::single(no_socket).complement(), span});
            out.alternatives.push_back(std::move(relation));
            return;
        }
    }
    Opaque opaque{text(key, scope.time) + ' ', is_stateful(key), negated, span};
    bool const braces = chosen.size() != 1;
    if (braces) opaque.text += "{ ";
    for (std::size_t i = 0; i < chosen.size(); ++i) {
        if (i > 0) opaque.text += ", ";
        append_text(*chosen[i].key, chosen[i].time, opaque.text);
    }
    if (braces) opaque.text += chosen.empty() ? "}" : " }";
    out.opaque.push_back(std::move(opaque));
}

// A right side that is a set, by braces, name or variable.
namespace {

// As what its elements were read: port names differ by protocol.
std::string known_set_type(Type type, U128 protocol) {
    return fmt::format("{} {}", static_cast<int>(type), low64(protocol));
}

} // namespace

bool Expressions::set_match(ast::Match const& statement, ast::Expr const& table, Span span, Scope const& scope,
                            Match& out) {
    bool const negated = statement.relation == Relation::ne;
    if (!negated && statement.relation != Relation::implied && statement.relation != Relation::eq)
        return false;
    if (table.kind == Kind::set_name) {
        auto const found = scope.sets->find(table.text);
        std::optional<std::vector<Component>> const look = components(statement.left, scope);
        if (found != scope.sets->end() && !found->second.changes_at_run_time && look && look->size() == 1 &&
            !look->front().computed) {
            Meaning const& meaning = look->front().meaning;
            std::string const type = known_set_type(meaning.type, meaning.protocol);
            auto const known = known_sets_.find({&found->second, type});
            if (known != known_sets_.end()) {
                std::optional<ValueSet> set = to_field(meaning, known->second, look->front().mask, 0, negated);
                if (set && add(look->front(), std::move(*set), span, out)) return true;
            } else {
                std::vector<Interval> values;
                bool exact = true;
                for (Element const& element : elements(table, scope).all)
                    exact = exact && collect(*element.key, meaning, element.time, values);
                if (exact) {
                    known_sets_[{&found->second, type}] = IntervalSet::of(std::move(values));
                    return set_match(statement, table, span, scope, out);
                }
            }
        }
    }
    Elements const found = elements(table, scope);
    if (found.known) {
        member(statement.left, found.all, negated, span, scope, out);
        return true;
    }
    std::string const name = text(table, scope.time);
    out.opaque.push_back({fmt::format("{} contains {}", name, text(statement.left, scope.time)),
                          found.stateful || is_stateful(statement.left), negated, span});
    return true;
}

void Expressions::note_written(ast::Expr const& selector, std::string text, Span span) {
    std::optional<Field> field;
    if (selector.kind == Kind::selector) {
        Meaning const& meaning = meaning_of(selector.selector);
        if (meaning.type == Type::opaque) return; // of no field that a rule can ask for here
        field = meaning.field;
    } else if (!selector.text.starts_with('@')) {
        return;
    }
    written_.push_back({field, std::move(text), span});
}

std::vector<AddressGroup> Expressions::address_sets() const {
    std::vector<AddressGroup> groups;
    for (auto const& [key, values] : known_sets_) {
        auto const& [set, type] = key;
        AddressGroup group{std::string(set->name), {}, {}, true, set->span};
        if (type == known_set_type(Type::ipv4, 0))
            group.v4 = values;
        else if (type == known_set_type(Type::ipv6, 0))
            group.v6 = values;
        else
            continue;
        groups.push_back(std::move(group));
    }
    std::sort(groups.begin(), groups.end(),
              [](AddressGroup const& a, AddressGroup const& b) { return a.span.begin < b.span.begin; });
    return groups;
}

namespace {

// The day of `meta time < "2026-12-31 18:00"`, or of the end of a range: the last that the match names.
std::optional<std::chrono::year_month_day> end_of_time(Opaque const& opaque) {
    constexpr std::size_t length = 10; // of the date alone
    std::string_view const text = opaque.text;
    if (opaque.negated || !text.starts_with("meta time ")) return std::nullopt;
    auto const end = text.rfind('"');
    auto const begin = end == std::string_view::npos || end == 0 ? end : text.rfind('"', end - 1);
    return begin == std::string_view::npos ? std::nullopt : parse_date(text.substr(begin + 1).substr(0, length));
}

// In a table of both families, what the rule has asked so far may say whose addresses it means.
Scope within_family(Scope scope, Match const& so_far) {
    if (scope.family != ast::TableFamily::inet) return scope;
    for (Term const& term : so_far.terms) {
        if (term.field != Field::family || term.values.negated || !term.values.masks.empty()) continue;
        if (auto const only = term.values.intervals.only())
            scope.family = *only == family_v4 ? ast::TableFamily::ip : ast::TableFamily::ip6;
    }
    return scope;
}

} // namespace

void Expressions::match(ast::Match const& statement, Span span, Scope const& of_table, Match& out) {
    Scope const scope = within_family(of_table, out);
    require(statement, span, scope, out);
    if (fragment_match(statement, span, scope, out)) return;
    Time time = scope.time;
    ast::Expr const* right = resolve(statement.right, time);
    bool one = false;
    // nft takes the braces off a set of one: "tcp flags { syn }" tests a bit, "tcp flags { syn, ack }" and named
    // sets compare the whole byte.
    if (right != nullptr && right->kind == Kind::set && right->parts.size() == 1 &&
        right->parts.front().kind != Kind::set) {
        one = true;
        right = resolve(right->parts.front().kind == Kind::element ? right->parts.front().parts[0]
                                                                   : right->parts.front(),
                        time);
    }
    bool const equality = statement.relation == Relation::implied || statement.relation == Relation::eq ||
                          statement.relation == Relation::ne;
    if (right != nullptr && (right->kind == Kind::set || right->kind == Kind::set_name) && statement.mask.empty()) {
        Scope inner = scope;
        inner.time = time;
        if (set_match(statement, *right, span, inner, out)) return;
    } else if (std::optional<std::vector<Component>> const look = components(statement.left, scope);
               look && right != nullptr) {
        if (look->size() == 1) {
            std::optional<ValueSet> values = compared(look->front(), statement, *right, time);
            if (values && add(look->front(), std::move(*values), span, out)) return;
        } else if (statement.mask.empty() && equality) {
            member(statement.left, {{right, nullptr, time}}, statement.relation == Relation::ne, span, scope, out);
            return;
        }
    }
    // The rest is opaque; its text is that of the relation without negation.
    Opaque opaque{text(statement.left, scope.time), is_stateful(statement.left) || is_stateful(statement.right),
                  false, span};
    switch (statement.relation) {
    case Relation::implied:
    case Relation::eq: opaque.text += ' '; break;
    case Relation::ne:
    case Relation::no_bits:
        opaque.text += ' ';
        opaque.negated = true;
        break;
    case Relation::ge: opaque.negated = true; [[fallthrough]];
    case Relation::lt: opaque.text += " < "; break;
    case Relation::gt: opaque.negated = true; [[fallthrough]];
    case Relation::le: opaque.text += " <= "; break;
    }
    if (one && right != nullptr)
        append_text(*right, time, opaque.text);
    else
        append_text(statement.right, scope.time, opaque.text);
    if (!statement.mask.empty()) {
        opaque.text += " / ";
        append_text(statement.mask.front(), scope.time, opaque.text);
    }
    opaque.until = end_of_time(opaque);
    out.opaque.push_back(std::move(opaque));
}

} // namespace portcullis::nft
