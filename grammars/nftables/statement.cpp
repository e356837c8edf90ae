// The statements of nft(8): matches, verdicts, address translation, and what only counts, logs or sets.
#include "grammars/nftables/grammar.hpp"

namespace portcullis::nftables::grammar {
namespace {

using T = TokenKind;
using Kind = Action::Kind;

x3::rule<struct expression_statement_id, Statement> const expression_statement{"expression"};
x3::rule<struct decision_id, Decision> const decision{"verdict"};
x3::rule<struct translation_id, Translation> const translation{"address translation"};
x3::rule<struct log_id, Action> const log{"log"};
x3::rule<struct reject_id, Action> const reject{"reject"};
x3::rule<struct queue_id, Action> const queue{"queue"};
x3::rule<struct set_update_id, Action> const set_update{"set statement"};
x3::rule<struct meter_id, Action> const meter{"meter"};
x3::rule<struct forwarding_id, Action> const forwarding{"forwarding"};
x3::rule<struct other_action_id, Action> const other_action{"statement"};
x3::rule<struct statement_id, Statement> const statement{"statement"};
x3::rule<struct body_id, Decision> const body{"rules"};

template <Part::Kind K>
auto const part = [](auto& c) {
    x3::_val(c).parts.push_back({K, std::move(x3::_attr(c))});
};
using P = Part::Kind;
template <Kind K> auto const be = set<&Action::kind, K>;

constexpr std::string_view tcp_log_flags[] = {"sequence", "options"};
constexpr std::string_view ip_log_flags[] = {"options"};
constexpr std::string_view log_flag_words[] = {"skuid", "ether", "all"};

// Relations: symbols, words, or none.
struct relation_parser : x3::parser<relation_parser> {
    using attribute_type = Relation;
    static Relation find(Token const& token) {
        switch (token.kind) {
        case T::double_equals: return Relation::eq;
        case T::not_equals: return Relation::ne;
        case T::less: return Relation::lt;
        case T::less_equals: return Relation::le;
        case T::greater: return Relation::gt;
        case T::greater_equals: return Relation::ge;
        case T::not_: return Relation::no_bits;
        case T::word:
            if (token.keyword == find_keyword("eq")) return Relation::eq;
            if (token.keyword == find_keyword("ne")) return Relation::ne;
            if (token.keyword == find_keyword("lt")) return Relation::lt;
            if (token.keyword == find_keyword("le")) return Relation::le;
            if (token.keyword == find_keyword("gt")) return Relation::gt;
            if (token.keyword == find_keyword("ge")) return Relation::ge;
            return Relation::implied;
        default: return Relation::implied;
        }
    }
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute& attribute) const {
        if (first == last) return false;
        Relation const found = find(*first);
        if (found != Relation::implied) ++first;
        x3::traits::move_to(found, attribute);
        return true;
    }
};

// Statements that begin with an expression. What follows decides which: set, vmap, or a relation.
template <class Form> Form& form(Statement& whole) { return std::get<Form>(whole.form); }
auto const keep_left = [](auto& c) { form<Match>(x3::_val(c)).left = std::move(x3::_attr(c)); };
auto const keep_relation = [](auto& c) { form<Match>(x3::_val(c)).relation = x3::_attr(c); };
auto const keep_right = [](auto& c) { form<Match>(x3::_val(c)).right = std::move(x3::_attr(c)); };
auto const keep_mask = [](auto& c) { form<Match>(x3::_val(c)).mask.push_back(std::move(x3::_attr(c))); };
template <class Form>
auto const turn_into = [](auto& c) {
    Expr left_part = std::move(form<Match>(x3::_val(c)).left);
    x3::_val(c).form = Form{std::move(left_part), std::move(x3::_attr(c))};
};
auto const expression_statement_def = left[keep_left] >>
                                      (("set"_kw >> must(mixed, "value")[turn_into<Assignment>]) |
                                       ("vmap"_kw >> must(lookup_table, "map")[turn_into<VerdictMap>]) |
                                       (relation_parser{}[keep_relation] >> must(right, "value")[keep_right] >>
                                        -(slash >> must(right, "mask")[keep_mask])));

// accept, jump chain, jump { rules }
auto const separator = newline | semicolon;
auto const body_def =
    open_brace >> nested[*separator >> *(rule[append<&Decision::body>] >> *separator) >> must(close_brace, "'}'")];
auto const inline_verdict = [](auto& c) {
    x3::_val(c).verdict.kind = Expr::Kind::verdict;
    x3::_val(c).verdict.text = x3::_attr(c);
};
auto const take_body = [](auto& c) { x3::_val(c).body = std::move(x3::_attr(c).body); };
auto const decision_def = (as<std::string_view>["jump"_word | "goto"_word][inline_verdict] >> body[take_body]) |
                          verdict[put<&Decision::verdict>];

// dnat ip to 192.0.2.1:80 random
auto const ip_family =
    as<TableFamily>[("ip"_kw >> x3::attr(TableFamily::ip)) | ("ip6"_kw >> x3::attr(TableFamily::ip6))];
auto const shape = ("addr"_kw >> dot >> "port"_kw) | "interval"_kw | "prefix"_kw;
auto const nat_flags = -(("random"_kw | "fully-random"_kw | "persistent"_kw) % comma);
auto const port_part = colon >> must(mixed, "port")[append<&Translation::port>];
auto const bracketed = as<Expr>[open_bracket >> mixed >> must(close_bracket, "']'")];
auto const end_of_range = [](auto& c) { // [a]-[b]
    Expr range;
    range.kind = Expr::Kind::range;
    Expr& first = x3::_val(c).address.back();
    range.span = {first.span.source, first.span.begin, x3::_attr(c).span.end};
    range.parts.push_back(std::move(first));
    range.parts.push_back(std::move(x3::_attr(c)));
    first = std::move(range);
};
auto const new_address = append<&Translation::address>;
auto const address_part = ((bracketed[new_address] >> -(dash >> must(bracketed, "'['")[end_of_range])) |
                           mixed[new_address]) >>
                          -(slash >> number) >> -port_part;
auto const to_address = as<Translation::Kind>[("dnat"_kw >> x3::attr(Translation::Kind::dnat)) |
                                              ("snat"_kw >> x3::attr(Translation::Kind::snat))];
auto const to_itself = as<Translation::Kind>[("masquerade"_kw >> x3::attr(Translation::Kind::masquerade)) |
                                             ("redirect"_kw >> x3::attr(Translation::Kind::redirect))];
auto const translation_def =
    (to_address[put<&Translation::kind>] >> -ip_family[put_optional<&Translation::family>] >> -shape >> -"to"_kw >>
     must(port_part | address_part, "address or port") >> nat_flags) |
    (to_itself[put<&Translation::kind>] >>
     -("to"_kw >> must(port_part | mixed[append<&Translation::port>], "port")) >> nat_flags);

// log prefix "x" level info group 2 flags tcp sequence,options
template <auto const& Words> auto const log_flag = must(word_among<Words>{}, "log flag");
auto const log_flags = ("tcp"_kw >> (log_flag<tcp_log_flags> % comma)) | ("ip"_kw >> log_flag<ip_log_flags>) |
                       log_flag<log_flag_words>;
auto const mark_flags = [](auto& c) { x3::_val(c).parts.push_back({P::flags, {}}); };
auto const log_def = "log"_kw >> x3::eps[be<Kind::log>] >>
                     *(("prefix"_kw >> must(simple, "string")[part<P::prefix>]) |
                       ("group"_kw >> must(simple, "number")[part<P::group>]) |
                       (("snaplen"_kw | "queue-threshold"_kw) >> must(simple, "number")[part<P::amount>]) |
                       ("level"_kw >> must(simple, "log level")[part<P::level>]) |
                       (x3::omit["flags"_kw >> must(log_flags, "log flags")] >> x3::eps[mark_flags]));

// limit rate over 10/second burst 5 packets; limit name "x"
auto const named = "name"_kw >> must(mixed, "name")[part<P::name>];
auto const over = "over"_kw >> x3::eps[set<&Action::over, true>];
auto const unit = simple[part<P::unit>];
auto const rate = must(simple, "rate")[part<P::rate>] >>
                  ((slash >> must(unit, "unit of time")) |
                   (&word >> unit >> -(slash >> must(unit, "unit of time"))));
auto const burst = must(simple, "number")[part<P::burst>] >> must(simple[part<P::burst_unit>], "packets or bytes");
auto const limit = "limit"_kw >> x3::eps[be<Kind::limit>] >>
                   must(named | ("rate"_kw >> -over >> must(rate, "unit of time") >> -("burst"_kw >> burst)),
                        "rate or name");
// quota over 25 mbytes used 2 mbytes
auto const quota = "quota"_kw >> x3::eps[be<Kind::quota>] >>
                   must(named | (-(over | "until"_kw) >> simple[part<P::bytes>] >> must(unit, "unit of bytes") >>
                                 -("used"_kw >> must(simple, "number")[part<P::used>] >>
                                   must(simple[part<P::used_unit>], "unit of bytes"))),
                        "bytes");
auto const counter = "counter"_kw >> x3::eps[be<Kind::counter>] >>
                     -(named |
                       (("packets"_kw >> must(number, "number")) | ("bytes"_kw >> must(number, "number"))) >>
                           -(("packets"_kw | "bytes"_kw) >> must(number, "number")));
auto const connection_limit = "ct"_kw >> "count"_kw >> x3::eps[be<Kind::connection_limit>] >> -over >>
                              must(simple, "number")[part<P::count>];
auto const last_used = "last"_kw >> x3::eps[be<Kind::last>] >> -("used"_kw >> must(simple, "duration"));
auto const element_state_def = counter | limit | quota | connection_limit | last_used;

// reject with icmpx port-unreachable; reject with tcp reset
auto const icmp_kind = as<std::string_view>["icmp"_word | "icmpv6"_word | "icmpx"_word];
auto const reject_def = "reject"_kw >> x3::eps[be<Kind::reject>] >>
                        -("with"_kw >> must((icmp_kind[put<&Action::answer>] >> -"type"_kw >>
                                             must(simple, "icmp code")[part<P::code>]) |
                                                ("tcp"_word[put<&Action::answer>] >> must("reset"_kw, "reset")),
                                            "icmp, icmpv6, icmpx or tcp reset"));

// queue flags bypass to 1-3; queue num 4-5 fanout
auto const queue_flag = "bypass"_kw | ("fanout"_kw >> x3::eps[set<&Action::fanout, true>]);
auto const queue_def = "queue"_kw >> x3::eps[be<Kind::queue>] >>
                       -("flags"_kw >> must(queue_flag, "bypass or fanout") >>
                         *(comma >> must(queue_flag, "bypass or fanout"))) >>
                       -(("num"_kw >> must(mixed, "queue number")[part<P::queue>]) |
                         ("to"_kw >> must(mixed, "queue number")[part<P::target>])) >>
                       -(queue_flag >> *(-comma >> queue_flag));

// add @set { ip saddr timeout 5m limit rate 3/minute : value }
auto const timeout = (("timeout"_kw | "expires"_kw) >> must(simple, "duration")[part<P::timeout>]);
auto const element_option = timeout | element_state[append<&Action::states>];
auto const entry = mixed_concat[part<P::key>] >> *(element_option | ("comment"_kw >> must(name, "string"))) >>
                   -(colon >> must(mixed_concat, "value")[part<P::data>] >> *element_option);
auto const blank_lines = *newline;
auto const entries = must(open_brace, "'{'") >> blank_lines >> must(entry, "expression") >> blank_lines >>
                     must(close_brace, "'}'");
auto const change = "add"_kw | "update"_kw | ("delete"_kw >> x3::eps[set<&Action::removal, true>]);
auto const updated_set = must(set_reference, "'@'")[part<P::set>];
auto const set_update_def = x3::eps[be<Kind::set_update>] >>
                            ((change >> updated_set >> entries) |
                             ("set"_kw >> must(change, "add, update or delete") >> entry >> updated_set));
auto const meter_def = x3::eps[be<Kind::meter>] >> (("meter"_kw >> must(name, "name") >>
                                                     -("size"_kw >> must(simple, "number")[part<P::amount>])) |
                                                    ("flow"_kw >> "table"_kw >> must(name, "name"))) >>
                       entries;

// dup to, fwd to, tproxy to
auto const in_family = ip_family[put_optional<&Action::family>];
auto const device = "device"_kw >> must(simple, "device")[part<P::device>];
auto const target = must("to"_kw, "to") >> must(mixed, "address or device")[part<P::target>];
auto const port_of_socket = colon >> must(mixed, "port")[part<P::port>];
auto const socket_address =
    port_of_socket | ((bracketed[part<P::target>] | mixed[part<P::target>]) >> -port_of_socket);
auto const forwarding_def =
    ("dup"_kw >> x3::eps[be<Kind::dup>] >> target >> -device) |
    ("fwd"_kw >> x3::eps[be<Kind::fwd>] >> ((in_family >> target >> must(device, "device")) | target)) |
    ("tproxy"_kw >> x3::eps[be<Kind::tproxy>] >> -in_family >> must("to"_kw, "to") >>
     must(socket_address, "address or port"));

auto const synproxy = "synproxy"_kw >> x3::eps[be<Kind::synproxy>] >>
                      (named |
                       *((("mss"_kw | "wscale"_kw) >> must(number, "number")) | "timestamp"_kw | "sack-perm"_kw));
auto const flow = "flow"_kw >> ("add"_kw | "offload"_kw) >> x3::eps[be<Kind::flow>] >>
                  must(set_reference, "'@'")[part<P::name>];
auto const reset_option = "reset"_kw >> x3::eps[be<Kind::reset_option>] >> must("tcp"_kw, "tcp") >>
                          must("option"_kw, "option") >> must(simple, "option")[part<P::option>];
// What iptables-nft left in a ruleset that nft cannot show: "xt match comment".
auto const foreign = "xt"_kw >> (("match"_kw >> x3::eps[be<Kind::foreign_match>]) |
                                 ("target"_kw >> x3::eps[be<Kind::foreign_target>])) >>
                     must(name, "name");
auto const other_action_def =
    synproxy | flow | reset_option | foreign | ("notrack"_kw >> x3::eps[be<Kind::notrack>]);

auto const keep_form = [](auto& c) { x3::_val(c).form = std::move(x3::_attr(c)); };
auto const statement_def =
    spanned[expression_statement[become] | decision[keep_form] | element_state[keep_form] | log[keep_form] |
            reject[keep_form] | translation[keep_form] | meter[keep_form] | set_update[keep_form] |
            queue[keep_form] | forwarding[keep_form] | other_action[keep_form]];

auto const rule_end = newline | semicolon | close_brace | x3::eoi;
auto const rule_def = spanned[+statement[append<&Rule::statements>] >>
                              -("comment"_kw >> must(name, "string")[put<&Rule::comment>])] >>
                      must(&rule_end, "statement or end of line");

BOOST_SPIRIT_DEFINE(expression_statement, decision, translation, log, reject, queue, set_update, meter, forwarding,
                    other_action, statement, body)
} // namespace

PC_DEFINE(element_state)
PC_DEFINE(rule)

} // namespace portcullis::nftables::grammar
