// The expressions of nft(8): selectors such as "tcp dport", values, sets, concatenations, ranges, masks and maps.
#include "grammars/nftables/grammar.hpp"

namespace portcullis::nftables::grammar {
namespace {

using Kind = Expr::Kind;
using T = TokenKind;

// Fields of TCP and IP options, and of SCTP chunks (nft(8), "EXTENSION HEADER EXPRESSIONS").
constexpr std::string_view option_fields[] = {"kind",  "length",  "size", "count", "left",  "right", "tsval",
                                              "tsecr", "subtype", "type", "ptr",   "value", "addr"};
constexpr std::string_view chunk_fields[] = {"type",
                                             "flags",
                                             "length",
                                             "stream",
                                             "ssn",
                                             "ppid",
                                             "init-tag",
                                             "a-rwnd",
                                             "num-outbound-streams",
                                             "num-inbound-streams",
                                             "initial-tsn",
                                             "cum-tsn-ack",
                                             "num-gap-ack-blocks",
                                             "num-dup-tsns",
                                             "lowest-tsn",
                                             "seqno",
                                             "new-cum-tsn",
                                             "tsn"};

// Leaves: parsers that make an Expr by themselves.
template <class Derived> struct leaf : x3::parser<Derived> {
    using attribute_type = Expr;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        if (first == last) return false;
        It const begin = first;
        Expr expr;
        if (!Derived::read(first, state(context), expr)) return false;
        expr.span = state(context).span(begin, first);
        x3::traits::move_to(std::move(expr), attribute);
        return true;
    }
};

// A word, a number or a quoted string.
struct value_parser : leaf<value_parser> {
    static bool read(It& at, State const& s, Expr& expr) {
        if (at->kind != T::word && at->kind != T::number && at->kind != T::string) return false;
        expr.quoted = at->kind == T::string;
        expr.text = s.token_text(*at++);
        return true;
    }
};

// The length of a prefix.
struct number_value_parser : leaf<number_value_parser> {
    static bool read(It& at, State const& s, Expr& expr) {
        if (at->kind != T::number) return false;
        expr.text = s.token_text(*at++);
        return true;
    }
};

// $name and @name.
template <T Sign, Kind K> struct reference_parser : leaf<reference_parser<Sign, K>> {
    static bool read(It& at, State& s, Expr& expr) {
        if (at->kind != Sign) return false;
        if (at[1].kind != T::word) return false;
        expr.kind = K;
        expr.text = s.token_text(at[1]);
        at += 2;
        return true;
    }
};

struct wildcard_parser : leaf<wildcard_parser> {
    static bool read(It& at, State&, Expr& expr) {
        if (at->kind != T::star) return false;
        expr.kind = Kind::wildcard;
        ++at;
        return true;
    }
};

// Where the selectors of a header start in the table, by the keyword of the header.
constexpr auto make_groups() {
    std::array<std::uint16_t, keyword_count + 1> first{};
    for (auto& index : first) index = no_selector;
    for (std::size_t i = selector_table.size(); i-- > 0;)
        first[find_keyword(selector_table[i].header)] = static_cast<std::uint16_t>(i);
    return first;
}
constexpr auto groups = make_groups();
constexpr auto make_keys() {
    std::array<Keyword, selector_table.size()> keys{};
    for (std::size_t i = 0; i < keys.size(); ++i) keys[i] = find_keyword(selector_table[i].key);
    return keys;
}
constexpr auto keys = make_keys();
constexpr auto make_bare() {
    std::array<std::uint16_t, keyword_count + 1> selectors{};
    for (auto& index : selectors) index = no_selector;
    for (std::string_view const key : bare_meta_keys) selectors[find_keyword(key)] = selector_index("meta", key);
    return selectors;
}
constexpr auto bare = make_bare();

// header key, or a key of meta alone. The token after the last is of kind `end`, so looking ahead by one is safe.
struct selector_parser : leaf<selector_parser> {
    static bool read(It& at, State& s, Expr& expr) {
        if (at->keyword == 0) return false;
        expr.kind = Kind::selector;
        if (std::uint16_t const group = groups[at->keyword]; group != no_selector) {
            for (std::size_t i = group; i < keys.size() && selector_table[i].header == selector_table[group].header;
                 ++i) {
                if (at[1].keyword == 0 || keys[i] != at[1].keyword) continue;
                expr.selector = static_cast<std::uint16_t>(i);
                at += 2;
                return true;
            }
            s.failure.note(at + 1, "field of the header", false);
        }
        expr.selector = bare[at->keyword];
        if (expr.selector == no_selector) return false;
        ++at;
        return true;
    }
};

// & | ^ << >> and their words; the attribute is the operator.
struct operator_parser : x3::parser<operator_parser> {
    using attribute_type = Operator;
    static std::optional<Operator> find(Token const& token) {
        switch (token.kind) {
        case T::ampersand: return Operator::bit_and;
        case T::bar: return Operator::bit_or;
        case T::caret: return Operator::bit_xor;
        case T::shift_left: return Operator::shift_left;
        case T::shift_right: return Operator::shift_right;
        case T::word:
            if (token.keyword == find_keyword("and")) return Operator::bit_and;
            if (token.keyword == find_keyword("or")) return Operator::bit_or;
            if (token.keyword == find_keyword("xor")) return Operator::bit_xor;
            if (token.keyword == find_keyword("lshift")) return Operator::shift_left;
            if (token.keyword == find_keyword("rshift")) return Operator::shift_right;
            return std::nullopt;
        default: return std::nullopt;
        }
    }
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        if (first == last) return false;
        std::optional<Operator> const found = find(*first);
        if (!found) return false;
        x3::traits::move_to(*found, attribute);
        ++first;
        return true;
    }
};

// How tightly operators bind: shifts, then &, ^ and | (nft's parser_bison.y).
int precedence(Operator op) {
    switch (op) {
    case Operator::shift_left:
    case Operator::shift_right: return 4;
    case Operator::bit_and: return 3;
    case Operator::bit_xor: return 2;
    case Operator::bit_or: return 1;
    }
    return 0;
}

Expr combine(Kind kind, Expr left_part, Expr right_part) {
    Expr node;
    node.kind = kind;
    node.span = {left_part.span.source, left_part.span.begin, right_part.span.end};
    node.parts.reserve(2);
    node.parts.push_back(std::move(left_part));
    node.parts.push_back(std::move(right_part));
    return node;
}

// Puts `op operand` where its precedence has it in the tree so far. `quoted` marks what stood in parentheses.
void attach(Expr& tree, Operator op, Expr operand) {
    if (tree.kind == Kind::operation && !tree.quoted && precedence(tree.op) < precedence(op)) {
        tree.span.end = operand.span.end;
        attach(tree.parts[1], op, std::move(operand));
        return;
    }
    tree = combine(Kind::operation, std::move(tree), std::move(operand));
    tree.op = op;
}

// Adds a part to a flat list of kind K, which starts at the second part.
template <Kind K>
auto const extend = [](auto& context) {
    Expr& whole = x3::_val(context);
    Expr& part = x3::_attr(context);
    if (whole.kind != K) {
        whole = combine(K, std::move(whole), std::move(part));
        return;
    }
    whole.span.end = part.span.end;
    whole.parts.push_back(std::move(part));
};
template <Kind K>
auto const pair_with = [](auto& context) {
    x3::_val(context) = combine(K, std::move(x3::_val(context)), std::move(x3::_attr(context)));
};
auto const attach_operand = [](auto& context) {
    auto& tail = x3::_attr(context); // the operator and its operand
    attach(x3::_val(context), boost::fusion::at_c<0>(tail), std::move(boost::fusion::at_c<1>(tail)));
};
auto const mark_group = [](auto& context) {
    x3::_val(context) = std::move(x3::_attr(context));
    if (x3::_val(context).kind == Kind::operation) x3::_val(context).quoted = true;
};
template <Kind K> auto const be = set<&Expr::kind, K>;
auto const add_part = append<&Expr::parts>;
// What was read so far becomes the key of an element.
auto const make_element = [](auto& context) {
    Expr& expr = x3::_val(context);
    if (expr.kind == Kind::element) return;
    Expr node;
    node.kind = Kind::element;
    node.span = expr.span;
    node.parts.push_back(std::move(expr));
    expr = std::move(node);
};

// Rules of this file only.
x3::rule<struct tail_id, Expr> const computed{"expression"};
x3::rule<struct left_atom_id, Expr> const left_atom{"expression"};
x3::rule<struct right_leaf_id, Expr> const right_leaf{"value"};
x3::rule<struct right_atom_id, Expr> const right_atom{"value"};
x3::rule<struct mixed_atom_id, Expr> const mixed_atom{"value"};
x3::rule<struct left_ops_id, Expr> const left_ops{"expression"};
x3::rule<struct right_ops_id, Expr> const right_ops{"value"};
x3::rule<struct mixed_ops_id, Expr> const mixed_ops{"value"};
x3::rule<struct right_range_id, Expr> const right_range{"value"};
x3::rule<struct mixed_range_id, Expr> const mixed_range{"value"};
x3::rule<struct element_id, Expr> const element{"element"};

auto const value = value_parser{};
auto const variable = reference_parser<T::dollar, Kind::variable>{};
auto const set_name = reference_parser<T::at, Kind::set_name>{};
auto const blank_lines = x3::omit[*newline];

auto const simple_def = value[become] | variable[become];
auto const set_reference_def = set_name[become] | variable[become];

// Expressions of several words; their text is kept as it stands.
auto const fib = "fib"_kw >> must(("saddr"_kw | "daddr"_kw | "mark"_kw | "iif"_kw | "oif"_kw),
                                  "saddr, daddr, mark, iif or oif") >>
                 *(dot >> must(word, "field")) >> must(word, "type, oif or oifname");
auto const offset = "offset"_kw >> must(number, "number");
auto const modulus = must("mod"_kw, "mod") >> must(number, "number");
auto const numgen = "numgen"_kw >> must(word, "inc or random") >> modulus >> -offset;
auto const jhash = "jhash"_kw >> must(mixed_concat, "expression")[add_part] >> modulus >>
                   -("seed"_kw >> must(number, "number")) >> -offset;
auto const symhash = "symhash"_kw >> modulus >> -offset;
auto const raw_option = at >> number >> comma >> number >> comma >> number;
auto const raw_payload = at >> word >> comma >> must(number, "offset") >> must(comma, "','") >>
                         must(number, "length");
auto const header_option = ("tcp"_kw | "ip"_kw | "dccp"_kw) >> "option"_kw >>
                           must(raw_option | ((word | number) >> -word_among<option_fields>{}), "option");
auto const sctp_chunk = "sctp"_kw >> "chunk"_kw >> must(word, "chunk") >> -word_among<chunk_fields>{};
auto const ct_directed = "ct"_kw >> ("original"_kw | "reply"_kw) >>
                         must(-("ip"_kw | "ip6"_kw) >> word, "conntrack key");
auto const ct_family = "ct"_kw >> ("ip"_kw | "ip6"_kw) >> must("saddr"_kw | "daddr"_kw, "saddr or daddr");
auto const routing = ("rt"_kw >> ("ip"_kw | "ip6"_kw) >> must("nexthop"_kw, "nexthop")) |
                     ("rt0"_kw >> "addr"_kw >> open_bracket >> number >> close_bracket) | ("rt2"_kw >> "addr"_kw) |
                     ("srh"_kw >> "sid"_kw >> open_bracket >> number >> close_bracket);
auto const osf = "osf"_kw >> -("ttl"_kw >> must(word, "loose or skip")) >>
                 must("name"_kw | "version"_kw, "name or version");
auto const ipsec = "ipsec"_kw >> must("in"_kw | "out"_kw, "in or out") >> -("spnum"_kw >> must(number, "number")) >>
                   must("reqid"_kw | "spi"_kw | (("ip"_kw | "ip6"_kw) >> ("saddr"_kw | "daddr"_kw)),
                        "reqid, spi, ip or ip6");
auto const cgroup = "socket"_kw >> "cgroupv2"_kw >> must("level"_kw, "level") >> must(number, "number");
// What a tunnel carries: "vxlan vni", "geneve ip saddr", "gre tcp dport"; and what the device it came through says.
auto const inner_header = "ether"_kw | "vlan"_kw | "arp"_kw | "ip"_kw | "ip6"_kw | "icmp"_kw | "icmpv6"_kw | "igmp"_kw |
                          "tcp"_kw | "udp"_kw | "udplite"_kw | "sctp"_kw | "dccp"_kw | "th"_kw;
auto const inner = inner_header >> must(word, "field of the header");
auto const tunnel = (("vxlan"_kw | "geneve"_kw) >> must("vni"_kw | "flags"_kw | "type"_kw | inner, "vni, or a header")) |
                    (("gre"_kw | "gretap"_kw) >> inner) | ("tunnel"_kw >> ("id"_kw | "path"_kw));
auto const arp_address = "arp"_kw >> ("saddr"_kw | "daddr"_kw) >> must("ip"_kw | "ether"_kw, "ip or ether");
auto const become_computed = [](auto& context) {
    Expr& expr = x3::_val(context) = std::move(x3::_attr(context));
    expr.kind = Kind::computed;
    expr.text = state(context).text.substr(expr.span.begin, expr.span.end - expr.span.begin);
};

auto const computed_def = spanned[(raw_payload | fib | numgen | jhash | symhash | header_option | sctp_chunk |
                                   ct_directed | ct_family | routing | osf | ipsec | cgroup | arp_address | tunnel)];

auto const left_atom_def =
    selector_parser{}[become] | computed[become_computed] |
    (open_paren >> as<Expr>[nested[must(left_ops, "value")]][mark_group] >> must(close_paren, "')'"));
auto const right_leaf_def = value[become] | (&open_brace >> anonymous_set[become]) | variable[become] |
                            set_name[become] | wildcard_parser{}[become];
auto const right_atom_def =
    right_leaf[become] |
    (open_paren >> as<Expr>[nested[must(right_ops, "value")]][mark_group] >> must(close_paren, "')'"));
auto const mixed_atom_def =
    selector_parser{}[become] | computed[become_computed] | right_leaf[become] |
    (open_paren >> as<Expr>[nested[must(mixed_ops, "value")]][mark_group] >> must(close_paren, "')'"));

// atom { operator atom }, at most 64 of them: the tree that they make is as deep.
auto const
    left_ops_def = left_atom[become] >>
                   x3::repeat(0, nesting_limit)[(operator_parser{} >> must(mixed_atom, "value"))[attach_operand]];
auto const
    right_ops_def = right_atom[become] >>
                    x3::repeat(0, nesting_limit)[(operator_parser{} >> must(right_atom, "value"))[attach_operand]];
auto const
    mixed_ops_def = mixed_atom[become] >>
                    x3::repeat(0, nesting_limit)[(operator_parser{} >> must(mixed_atom, "value"))[attach_operand]];

// a / length, or a - b
auto const prefix_length = as<Expr>[number_value_parser{} | variable];
auto const right_range_def = right_ops[become] >>
                             -((slash >> prefix_length[pair_with<Kind::prefix>]) |
                               (dash >> must(right_ops, "end of range")[pair_with<Kind::range>]));
auto const mixed_range_def = mixed_ops[become] >>
                             -((slash >> prefix_length[pair_with<Kind::prefix>]) |
                               (dash >> must(mixed_ops, "end of range")[pair_with<Kind::range>]));

// a . b . c
auto const right_concat_def = right_range[become] >>
                              *(dot >> must(right_range, "value")[extend<Kind::concatenation>]);
auto const mixed_concat_def = mixed_range[become] >>
                              *(dot >> must(mixed_range, "value")[extend<Kind::concatenation>]);

// a, b, c
auto const right_def = right_concat[become] >> *(comma >> must(right_concat, "value")[extend<Kind::list>]);

// key map { a : b }
auto const lookup_table_def = anonymous_set[become] | set_name[become] | variable[become];
auto const left_def = left_ops[become] >> *(dot >> must(left_ops, "expression")[extend<Kind::concatenation>]) >>
                      -("map"_kw >> must(lookup_table, "map")[pair_with<Kind::map>]);
auto const mixed_def = mixed_concat[become] >> *(comma >> must(mixed_concat, "value")[extend<Kind::list>]) >>
                       -("map"_kw >> must(lookup_table, "map")[pair_with<Kind::map>]);

// accept, drop, continue, return, jump chain, goto chain
auto const verdict_text = [](auto& context) {
    x3::_val(context).kind = Kind::verdict;
    x3::_val(context).text = x3::_attr(context);
};
auto const verdict_def =
    spanned[as<std::string_view>["accept"_word | "drop"_word | "return"_word | "continue"_word][verdict_text] |
            (as<std::string_view>["jump"_word | "goto"_word][verdict_text] >> must(simple, "chain")[add_part])];

// { element, element, }: blank lines may stand anywhere between, and commas without an element.
auto const duration = must(simple, "duration");
auto const element_option = (("timeout"_kw | "expires"_kw) >> duration >> x3::eps[set<&Expr::expires, true>]) |
                            ("comment"_kw >> must(name, "string")[put<&Expr::text>]) | x3::omit[element_state];
auto const element_option_start =
    "timeout"_kw | "expires"_kw | "comment"_kw | "counter"_kw | "limit"_kw | "quota"_kw | "ct"_kw | "last"_kw;
auto const element_def =
    spanned[right_concat[become] >> blank_lines >>
            -(&element_option_start >> x3::eps[make_element] >> +(element_option >> blank_lines)) >>
            -(colon >> x3::eps[make_element] >> blank_lines >>
              must(as<Expr>[verdict | right_concat], "value")[add_part] >> *(blank_lines >> element_option))];
auto const anonymous_set_def =
    spanned[open_brace >> x3::eps[be<Kind::set>] >>
            nested[blank_lines >> must(element, "element")[add_part] >> blank_lines >>
                   *(comma >> blank_lines >> -(element[add_part] >> blank_lines)) >>
                   must(close_brace, "',' or '}'")]];

BOOST_SPIRIT_DEFINE(computed, left_atom, right_leaf, right_atom, mixed_atom, left_ops, right_ops, mixed_ops,
                    right_range, mixed_range, element)
} // namespace

PC_DEFINE(left)
PC_DEFINE(right_concat)
PC_DEFINE(right)
PC_DEFINE(mixed_concat)
PC_DEFINE(mixed)
PC_DEFINE(anonymous_set)
PC_DEFINE(verdict)
PC_DEFINE(simple)
PC_DEFINE(lookup_table)
PC_DEFINE(set_reference)

} // namespace portcullis::nftables::grammar
