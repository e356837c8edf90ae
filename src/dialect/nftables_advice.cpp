#include "dialect/nftables_advice.hpp"

#include <algorithm>
#include <bit>
#include <fmt/format.h>

#include "dialect/nftables_tidy.hpp"
#include "grammars/nftables/selectors.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::nft {

namespace {

using Kind = ast::Expr::Kind;
using ast::Relation;
using nftables::selector_index;

bool any_selector(ast::Expr const& expr, auto const& wanted) {
    if (expr.kind == Kind::selector && wanted(nftables::selector_table[expr.selector])) return true;
    return std::any_of(expr.parts.begin(), expr.parts.end(),
                       [&](ast::Expr const& part) { return any_selector(part, wanted); });
}

bool is_single_flag(ast::Expr const& expr, Meaning const& meaning) {
    ast::Expr const& key = expr.kind == Kind::element ? expr.parts.front() : expr;
    if (key.kind != Kind::value) return false;
    std::optional<Interval> const value = parse_value(key.text, meaning.typed());
    return value && value->first == value->last && std::has_single_bit(static_cast<std::uint64_t>(value->first));
}

// Protocols that only IPv4 has, or that mean IPv4 to everybody.
bool belongs_to_ipv4(ast::Expr const& values) {
    if (values.kind == Kind::value)
        return values.text == "icmp" || values.text == "1" || values.text == "igmp" || values.text == "2";
    return (values.kind == Kind::set || values.kind == Kind::element) &&
           std::all_of(values.parts.begin(), values.parts.end(), belongs_to_ipv4);
}

// Devices that daemons make and remove while the machine runs, by the names that they give them: pppd, VPNs, container
// engines and virtual machines. The loopback device and network cards are there before the rules are.
bool comes_and_goes(std::string_view device) {
    constexpr std::string_view prefixes[] = {"ppp",    "tun",  "tap",  "wg",      "veth", "docker",   "br-",
                                             "virbr",  "vnet", "cni",  "flannel", "cali", "tailscale", "zt",
                                             "podman", "wwan", "vmnet", "ipsec",  "l2tp", "gre"};
    return std::any_of(std::begin(prefixes), std::end(prefixes),
                       [&](std::string_view prefix) { return device.starts_with(prefix); });
}

} // namespace

std::string Advice::text(Span span) const { return canonical(sources_.text(span)); }

void Advice::values(ast::Expr const& expr, Mentions& mentions) {
    if (expr.kind == Kind::set_name) mentions.sets.emplace(expr.text);
    if (expr.kind == Kind::value && expr.parts.empty()) mentions.objects.emplace(expr.text);
    if (auto const prefix = written_prefix(expr); prefix && prefix->has_host_bits()) {
        bool const is_new = seen_.insert(std::uint64_t{expr.span.source} << 32U | expr.span.begin).second;
        Prefix const network{{prefix->ip.family, prefix->first()}, prefix->length};
        if (is_new)
            findings_.add("PC410", expr.span).arg("text", text(expr.span)).arg("network", to_string(network));
    }
    // Several rules can come by the set of a variable.
    if (expr.kind == Kind::set && seen_.insert(std::uint64_t{expr.span.source} << 32U | expr.span.begin).second)
        check_elements(expr, sources_, findings_);
    for (ast::Expr const& part : expr.parts) values(part, mentions);
}

void Advice::rule(ast::Rule const& rule, Scope const& scope, Mentions& mentions) {
    for (ast::Statement const& one : rule.statements) statement(one, scope, mentions);
    using enum ast::TableFamily;
    if (scope.family == inet || scope.family == bridge || scope.family == netdev) one_family(rule, scope);
}

void Advice::statement(ast::Statement const& statement, Scope const& scope, Mentions& mentions) {
    struct Visitor {
        Advice& advice;
        Span span;
        Scope const& scope;
        Mentions& mentions;
        void operator()(ast::Match const& match) {
            advice.values(match.left, mentions);
            advice.values(match.right, mentions);
            advice.bound_at_load(match.left, match.right, scope.time);
            advice.exact_flags(match, span, scope);
        }
        void operator()(ast::Assignment const& assignment) {
            advice.values(assignment.target, mentions);
            advice.values(assignment.value, mentions);
        }
        void operator()(ast::VerdictMap const& map) {
            advice.values(map.key, mentions);
            advice.values(map.table, mentions);
            advice.bound_at_load(map.key, map.table, scope.time);
        }
        void operator()(ast::Decision const& decision) {
            for (ast::Rule const& inner : decision.body) advice.rule(inner, scope, mentions);
        }
        void operator()(ast::Translation const& translation) {
            for (auto const* part : {&translation.address, &translation.port})
                for (ast::Expr const& expr : *part) advice.values(expr, mentions);
        }
        void operator()(ast::Action const& action) {
            for (ast::Part const& part : action.parts) advice.values(part.value, mentions);
        }
    };
    std::visit(Visitor{*this, statement.span, scope, mentions}, statement.form);
}

// "iif ppp0" and "ip saddr host.example": nft looks up the number and the address once, when it loads the file.
void Advice::bound_at_load(ast::Expr const& key, ast::Expr const& values, Time time) {
    ast::Expr const* const value = variables_.resolve(values, time);
    // Variables may name each other many times over.
    if (value == nullptr || !bound_.emplace(&key, value).second) return;
    switch (value->kind) {
    case Kind::set:
    case Kind::list:
        for (ast::Expr const& part : value->parts) bound_at_load(key, part, time);
        return;
    case Kind::element: return bound_at_load(key, value->parts.front(), time);
    case Kind::concatenation:
        if (key.kind != Kind::concatenation || key.parts.size() != value->parts.size()) return;
        for (std::size_t i = 0; i < key.parts.size(); ++i) bound_at_load(key.parts[i], value->parts[i], time);
        return;
    case Kind::value:
        if (key.kind == Kind::selector) bound_value(meaning_of(key.selector), *value);
        return;
    default: return;
    }
}

void Advice::bound_value(Meaning const& meaning, ast::Expr const& value) {
    bool const number = !value.quoted && parse_c_number(value.text);
    std::string what;
    if (meaning.type == Type::interface_index && (number ? value.text != "0" && value.text != "1" : comes_and_goes(value.text)))
        what = fmt::format("{} '{}' is meant as the device that has this {} when the rules are loaded, not as any later one",
                           number ? "interface number" : "interface", value.text, number ? "number" : "name");
    bool const address = (meaning.type == Type::ipv4 || meaning.type == Type::ipv6) &&
                         value_problem(value.text, meaning.typed()).empty();
    if (address && !number && !parse_value(value.text, meaning.typed()))
        what = fmt::format("the name '{}' is looked up once, when the rules are loaded", value.text);
    if (what.empty() || !seen_.insert(std::uint64_t{value.span.source} << 32U | value.span.begin).second) return;
    findings_.add("PC436", value.span).arg("what", std::move(what));
}

// "tcp flags { syn, ack }": a set compares the whole field, where a list asks for bits.
void Advice::exact_flags(ast::Match const& match, Span span, Scope const& scope) {
    Time time = scope.time;
    ast::Expr const* const right = variables_.resolve(match.right, time);
    bool const positive = match.relation == Relation::implied || match.relation == Relation::eq;
    if (right == nullptr || right->kind != Kind::set || right->parts.size() < 2 || !positive) return;
    if (match.left.kind != Kind::selector || !match.mask.empty()) return;
    Meaning const& meaning = meaning_of(match.left.selector);
    // A packet has one conntrack state, so that its sets do what they say.
    if (!meaning.bitmask() || meaning.type == Type::ct_state) return;
    bool const single = std::all_of(right->parts.begin(), right->parts.end(),
                                    [&](ast::Expr const& part) { return is_single_flag(part, meaning); });
    if (single) findings_.add("PC422", span).arg("text", text(span));
}

// "ip protocol tcp", or any source by "ip saddr 0.0.0.0/0", where nothing else in the rule is about IPv4.
void Advice::one_family(ast::Rule const& rule, Scope const& scope) {
    static std::uint16_t const protocol = selector_index("ip", "protocol");
    ast::Statement const* suspect = nullptr;
    for (ast::Statement const& statement : rule.statements) {
        auto const* const match = std::get_if<ast::Match>(&statement.form);
        if (match == nullptr) continue;
        Time time = scope.time;
        ast::Expr const* const right = variables_.resolve(match->right, time);
        auto const prefix = right == nullptr ? std::nullopt : written_prefix(*right);
        bool const any_address = prefix && prefix->length == 0 && prefix->ip.family == Family::v4;
        bool const any_of_protocol = match->left.kind == Kind::selector && match->left.selector == protocol &&
                                     right != nullptr && !belongs_to_ipv4(*right);
        if (any_address || any_of_protocol) {
            if (suspect == nullptr) suspect = &statement;
            continue;
        }
        bool const says_ipv4 = any_selector(match->left, [](nftables::Selector const& selector) {
            return selector.header == "ip" || selector.header == "icmp" || selector.header == "igmp" ||
                   selector.key == "nfproto" || (selector.header == "meta" && selector.key == "protocol") ||
                   (selector.header == "ether" && selector.key == "type");
        });
        if (says_ipv4) return;
    }
    if (suspect != nullptr) findings_.add("PC421", suspect->span).arg("text", text(suspect->span));
}

} // namespace portcullis::nft
