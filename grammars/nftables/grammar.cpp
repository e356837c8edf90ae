// The blocks and commands of an nftables file, and parse(). A statement that fails is an error of its own; reading
// resumes after it, at the same depth of braces.
#include "grammars/nftables/grammar.hpp"
#include "grammars/nftables/parse.hpp"

namespace portcullis::nftables {
namespace {

using T = TokenKind;
using ChainItem = decltype(Chain::items)::value_type;

// Records the failure at the furthest token.
void report(State& s, It fallback) {
    It const at = s.failure.at == nullptr ? fallback : s.failure.at;
    SyntaxError error;
    if (s.errors.size() + 1 == error_limit) {
        error.span = s.token_span(*at);
        error.message = "too many errors; the rest of the text is not read";
        s.errors.push_back(std::move(error));
        return;
    }
    std::vector<std::string> expected(s.failure.wanted.begin(), s.failure.wanted.begin() + s.failure.count);
    error = make_syntax_error(s.text, s.token_span(*at).begin, s.source, std::move(expected));
    if (at->kind != T::newline && at->kind != T::end) {
        error.span = s.token_span(*at);
        error.found = s.text.substr(error.span.begin, std::min(error.span.end - error.span.begin, 40U));
    }
    s.errors.push_back(std::move(error));
}

// Where a line ends within braces although neither a ',' nor a brace is beside its end: in a rule, no set goes on.
bool breaks_set(It newline_at) {
    T const before = newline_at[-1].kind;
    T const after = newline_at[1].kind;
    auto const goes_on = [](T kind) { return kind == T::comma || kind == T::newline || kind == T::colon; };
    return !goes_on(before) && before != T::open_brace && !goes_on(after) && after != T::close_brace;
}

// The end of the statement that starts at `begin`: a separator, or the '}' of the block around it. A rule whose set
// lacks its '}' ends with its line, so that the rules after it are read.
It statement_end(It begin, It last, bool is_rule) {
    int depth = 0;
    for (; begin != last; ++begin) {
        if (begin->kind == T::open_brace)
            ++depth;
        else if (begin->kind == T::close_brace && depth-- == 0)
            break;
        else if (begin->kind == T::semicolon && depth == 0)
            break;
        else if (begin->kind == T::newline && (depth == 0 || (is_rule && breaks_set(begin))))
            break;
    }
    return begin;
}

bool ends_statement(Token const& token) {
    return token.kind == T::newline || token.kind == T::semicolon || token.kind == T::close_brace ||
           token.kind == T::end;
}

// Items up to a '}' or the end of the text, which stay.
template <class Item, class Rule>
void read_items(It& first, It last, Ctx const& context, Rule const& item, std::vector<Item>& items) {
    State& s = state(context);
    while (s.errors.size() < error_limit) {
        while (first->kind == T::newline || first->kind == T::semicolon) ++first;
        if (first->kind == T::end || first->kind == T::close_brace) return;
        It const begin = first;
        s.failure = {};
        Item value;
        bool const parsed = item.parse(first, last, context, x3::unused, value) && !s.failure.frozen;
        if (parsed && !ends_statement(*first)) s.failure.note(first, "end of statement", true);
        if (parsed && ends_statement(*first)) {
            items.push_back(std::move(value));
            continue;
        }
        s.failure.note(begin, item.name, false);
        report(s, begin);
        first = statement_end(begin, last, std::is_same_v<Item, ChainItem>);
    }
    first = last;
}

// '{' items '}'. What a block without its '}' says is kept: the rest of the text is its own error.
template <class Item, class Rule> struct block_parser : x3::parser<block_parser<Item, Rule>> {
    using attribute_type = std::vector<Item>;
    Rule item;
    constexpr explicit block_parser(Rule const& rule) : item(rule) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        State& s = state(context);
        if (first->kind != T::open_brace) {
            s.failure.note(first, "'{'", true);
            return false;
        }
        ++first;
        std::vector<Item> items;
        read_items(first, last, context, item, items);
        s.failure = {};
        if (first->kind == T::close_brace) {
            ++first;
        } else if (s.errors.size() < error_limit) {
            s.failure.note(first, "'}'", true);
            report(s, first);
            s.failure = {};
        }
        x3::traits::move_to(std::move(items), attribute);
        return true;
    }
};
template <class Item, class Rule> constexpr auto block(Rule const& rule) { return block_parser<Item, Rule>(rule); }

// Everything up to the end of the statement.
struct rest_parser : x3::parser<rest_parser> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        first = statement_end(first, last, false);
        return true;
    }
};

} // namespace

namespace grammar {
namespace {

using SetItem = decltype(Set::items)::value_type;
using TableItem = decltype(Table::items)::value_type;
using FileItem = decltype(File::items)::value_type;

x3::rule<struct define_id, Define> const define{"define"};
x3::rule<struct include_id, Include> const include{"include"};
x3::rule<struct flags_id, Flags> const flags{"flags"};
x3::rule<struct comment_id, Comment> const comment{"comment"};
x3::rule<struct hook_id, HookSpec> const hook{"hook"};
x3::rule<struct policy_id, Policy> const policy{"policy"};
x3::rule<struct chain_item_id, ChainItem> const chain_item{"statement"};
x3::rule<struct chain_id, Chain> const chain{"chain"};
x3::rule<struct chain_body_id, Chain> const chain_body{"'{'"};
x3::rule<struct set_type_id, SetType> const set_type{"type"};
x3::rule<struct property_id, Property> const property{"property"};
x3::rule<struct elements_id, Elements> const elements{"elements"};
x3::rule<struct set_item_id, SetItem> const set_item{"property of a set"};
x3::rule<struct set_id, Set> const named_set{"set"};
x3::rule<struct set_body_id, Set> const set_body{"'{'"};
x3::rule<struct object_id, Object> const object{"object"};
x3::rule<struct object_body_id, Expr> const object_body{"'{'"};
x3::rule<struct table_item_id, TableItem> const table_item{"chain, set or object"};
x3::rule<struct table_body_id, Table> const table_body{"'{'"};
x3::rule<struct command_id, Command> const command{"command"};
x3::rule<struct file_item_id, FileItem> const file_item{"command"};
x3::rule<struct negative_id, Expr> const negative{"number"};
x3::rule<struct empty_set_id, Expr> const empty_set{"{ }"};

// define NAME = VALUE; the only place of an empty set
auto const negative_text = [](auto& c) { x3::_val(c).text = x3::_attr(c); };
auto const negative_def = spanned[dash >> number[negative_text] >> x3::eps[set<&Expr::quoted, true>]];
auto const empty_set_def = spanned[open_brace >> *newline >> close_brace >> x3::eps[set<&Expr::kind, Expr::Kind::set>]];
auto const define_def =
    spanned[("define"_kw | ("redefine"_kw >> x3::eps[set<&Define::kind, Define::Kind::redefine>])) >>
                must(word, "name")[put<&Define::name>] >> must(equals, "'='") >>
                must(as<Expr>[negative | empty_set | right], "value")[put<&Define::value>] |
            ("undefine"_kw >> x3::eps[set<&Define::kind, Define::Kind::undefine>] >>
             must(word, "name")[put<&Define::name>])];
auto const include_def = spanned["include"_kw >> must(string, "file name in quotes")[put<&Include::pattern>]];
auto const flags_def = spanned["flags"_kw >> must(word, "flag")[append<&Flags::words>] >>
                               *(comma >> must(word, "flag")[append<&Flags::words>])];
auto const comment_def = spanned["comment"_kw >> must(name, "string")[put<&Comment::text>]];

// type filter hook input device "eth0" priority filter + 10
auto const device = ("device"_kw >> must(simple, "device")[append<&HookSpec::devices>]) |
                    ("devices"_kw >> must(equals, "'='") >> must(lookup_table, "'{'")[append<&HookSpec::devices>]);
auto const priority = must(((dash >> x3::eps[set<&HookSpec::negative, true>]) | -plus) >>
                               simple[put<&HookSpec::priority>],
                           "priority") >>
                      -((plus | (dash >> x3::eps[set<&HookSpec::subtract, true>])) >>
                        must(simple, "number")[append<&HookSpec::offset>]);
auto const keep_point = [](auto& c) {
    x3::_val(c).point = x3::_attr(c).text;
    x3::_val(c).point_span = x3::_attr(c).span;
};
auto const hook_def =
    spanned["type"_kw >> must(word, "filter, nat or route")[put<&HookSpec::type>] >> must("hook"_kw, "hook") >>
            must(simple, "hook point")[keep_point] >> *device >> must("priority"_kw, "priority") >> priority];
auto const policy_def = spanned["policy"_kw >> must(simple, "accept or drop")[put<&Policy::verdict>]];

// chain NAME { … }
auto const chain_item_def = hook[become] | policy[become] | flags[become] | comment[become] | define[become] |
                            include[become] | rule[become];
auto const chain_block = block<ChainItem>(chain_item);
auto const chain_body_def = chain_block[put<&Chain::items>];
auto const keep_name = [](auto& c) { // with its place
    x3::_val(c).name = x3::_attr(c).text;
    x3::_val(c).span = x3::_attr(c).span;
};
auto const take_items = [](auto& c) { x3::_val(c).items = std::move(x3::_attr(c).items); };
auto const chain_def = "chain"_kw >> must(simple, "name")[keep_name] >> chain_body[take_items];

// set NAME { … }, map NAME { … }
auto const data_type = -("interval"_kw >> x3::eps[set<&SetType::data_interval, true>]) >>
                       must(mixed_concat, "type")[append<&SetType::data>];
auto const set_type_def = ("type"_kw | ("typeof"_kw >> x3::eps[set<&SetType::by_example, true>])) >>
                          must(mixed_concat, "type")[put<&SetType::key>] >> -(colon >> data_type);
auto const elements_def = "elements"_kw >> must(equals, "'='") >> must(lookup_table, "'{'")[put<&Elements::value>];
template <Property::Kind K> auto const is_property = x3::eps[set<&Property::kind, K>];
auto const property_value = must(simple, "value")[put<&Property::value>];
using PK = Property::Kind;
auto const property_def = ("auto-merge"_kw >> is_property<PK::merge>) |
                          ("timeout"_kw >> is_property<PK::timeout> >> property_value) |
                          ("gc-interval"_kw >> is_property<PK::gc_interval> >> property_value) |
                          ("size"_kw >> is_property<PK::size> >> property_value) |
                          ("policy"_kw >> is_property<PK::policy> >> property_value) |
                          x3::omit[element_state >> *element_state];
auto const set_item_def = set_type[become] | elements[become] | flags[become] | property[become] | comment[become] |
                          define[become] | include[become];
auto const set_block = block<SetItem>(set_item);
auto const set_body_def = set_block[put<&Set::items>];
auto const set_kind = "set"_kw | ("map"_kw >> x3::eps[set<&Set::is_map, true>]);
auto const named_set_def = set_kind >> must(simple, "name")[keep_name] >> set_body[take_items];

// counter NAME { … }, ct helper NAME { … }, flowtable NAME { … }: words and sets, whose order a reader judges.
auto const between = slash | equals | plus | dash | comma;
auto const object_word = simple[append<&Expr::parts>] | anonymous_set[append<&Expr::parts>] |
                         ("devices"_kw >> equals >> set_reference[append<&Expr::parts>]);
auto const object_words = +(object_word | between);
auto const object_body_def =
    spanned[x3::eps[set<&Expr::kind, Expr::Kind::list>] >>
            ((open_brace >> *(object_words | newline | semicolon) >> must(close_brace, "'}'")) | -object_words)];
auto const object_kind = as<std::string_view>["counter"_word | "quota"_word | "limit"_word | "synproxy"_word |
                                              "secmark"_word | "flowtable"_word | "tunnel"_word |
                                              ("ct"_kw >> ("helper"_word | "timeout"_word | "expectation"_word))];
auto const block_of_object = must(&open_brace, "'{'") >> object_body[put<&Object::content>];
auto const object_def = object_kind[put<&Object::kind>] >> must(simple, "name")[keep_name] >> block_of_object;

// table FAMILY NAME { … }
auto const table_item_def = chain[become] | named_set[become] | object[become] | flags[become] | comment[become] |
                            define[become] | include[become];
auto const table_block = block<TableItem>(table_item);
auto const table_body_def = table_block[put<&Table::items>];

auto const set_rule_word = [](auto& c) { x3::_val(c).object = "rule"; };
// VERB OBJECT [FAMILY] [TABLE] [NAME] …
auto const family =
    as<TableFamily>[("ip"_kw >> x3::attr(TableFamily::ip)) | ("ip6"_kw >> x3::attr(TableFamily::ip6)) |
                    ("inet"_kw >> x3::attr(TableFamily::inet)) | ("arp"_kw >> x3::attr(TableFamily::arp)) |
                    ("bridge"_kw >> x3::attr(TableFamily::bridge)) |
                    ("netdev"_kw >> x3::attr(TableFamily::netdev))];
auto const in_family = -family[put_optional<&Command::family>];
auto const table_name = must(name, "name of a table")[put<&Command::table>];
auto const own_name = must(name, "name")[put<&Command::name>];
auto const in_table = in_family >> table_name >> own_name;
auto const
    position = as<std::string_view>["handle"_word | "position"_word | "index"_word][put<&Command::position_kind>] >>
               must(number, "number")[put<&Command::position>];
auto const keep_payload = [](auto& c) { x3::_val(c).payload = std::move(x3::_attr(c)); };
template <Verb V> auto const verb = set<&Command::verb, V>;
auto const command_object = put<&Command::object>;

auto const add_table = "table"_word[command_object] >> in_family >> table_name >>
                       -(&open_brace >> table_body[keep_payload]);
auto const add_chain = "chain"_word[command_object] >> in_table >> -(&open_brace >> chain_body[keep_payload]);
auto const add_set = as<std::string_view>["set"_word | "map"_word][command_object] >> in_table >>
                     -(&open_brace >> set_body[keep_payload]);
auto const add_element = "element"_word[command_object] >> in_table >>
                         must(as<Expr>[anonymous_set | simple], "'{'")[keep_payload];
auto const add_object = object_kind[command_object] >> in_table >> object_body[keep_payload];
auto const rule_of_chain = -"rule"_kw >> x3::eps[set_rule_word] >> in_family >> table_name >>
                           must(name, "name of a chain")[put<&Command::name>] >> *position >>
                           must(rule, "statement")[keep_payload];
auto const addition = add_table | add_chain | add_set | add_element | add_object | rule_of_chain;
auto const removal = must(word, "what to remove")[command_object] >>
                     -("helper"_kw | "timeout"_kw | "expectation"_kw) >> in_family >> *position >>
                     -name[put<&Command::table>] >> *position >> -name[put<&Command::name>] >> *position >>
                     -(anonymous_set[keep_payload] | (dollar >> word));
auto const renaming = must("chain"_word, "chain")[command_object] >> in_table >>
                      must(name, "new name")[put<&Command::new_name>];
auto const looking = "list"_kw | "reset"_kw | "export"_kw | "monitor"_kw | "describe"_kw | "import"_kw;
auto const command_def =
    spanned[(looking >> x3::eps[verb<Verb::other>] >> rest_parser{}) |
            (("delete"_kw >> x3::eps[verb<Verb::delete_>] | "destroy"_kw >> x3::eps[verb<Verb::destroy>] |
              "flush"_kw >> x3::eps[verb<Verb::flush>]) >>
             removal) |
            ("rename"_kw >> x3::eps[verb<Verb::rename>] >> renaming) |
            (("insert"_kw >> x3::eps[verb<Verb::insert>] | "replace"_kw >> x3::eps[verb<Verb::replace>]) >>
             rule_of_chain) |
            (("create"_kw >> x3::eps[verb<Verb::create>]) >> addition) | ("add"_kw >> addition) |
            (&word >> addition)];
auto const file_item_def = define[become] | include[become] | command[become];

BOOST_SPIRIT_DEFINE(define, include, flags, comment, hook, policy, chain_item, chain, chain_body, set_type,
                    elements, property, set_item, named_set, set_body, object, object_body, table_item, table_body, command,
                    file_item, negative, empty_set)

} // namespace
} // namespace grammar

namespace {

// What nft's scanner takes amiss without naming it: it ends lines with line feeds only, and needs one after a
// comment, a definition and an include.
void check_line_ends(std::string_view text, SourceId source, Place place, File& file) {
    auto const complain = [&](std::size_t at, char const* message) {
        auto const begin = static_cast<std::uint32_t>(at);
        file.errors.push_back({{source, begin, begin + 1}, {}, {}, message});
    };
    auto comment = file.comments.begin();
    for (std::size_t at = text.find('\r'); at != text.npos; at = text.find('\r', at + 1)) {
        while (comment != file.comments.end() && comment->end <= at) ++comment;
        if (comment != file.comments.end() && comment->begin <= at) continue;
        complain(at, "a carriage return: nft ends lines with line feeds only");
        break;
    }
    char const* const needs_line_end = "a line feed is needed at the end of the file";
    if (!file.comments.empty() && file.comments.back().end == text.size()) {
        complain(text.size() - 1, needs_line_end);
    } else if (place == Place::top && !file.items.empty()) {
        auto const& last = file.items.back();
        Span span;
        if (auto const* const definition = std::get_if<Define>(&last)) span = definition->span;
        if (auto const* const include = std::get_if<Include>(&last)) span = include->span;
        if (span.end != 0 && text.find_first_not_of(" \t", span.end) == text.npos)
            complain(text.size() - 1, needs_line_end);
    }
}

} // namespace

File parse(std::string_view text, SourceId source, Place place) {
    File file;
    if (text.size() > size_limit) {
        file.errors.push_back({{source, 0, 0}, {}, {}, "the text is larger than 1 GiB"});
        return file;
    }
    Tokens tokens = lex(text, source);
    file.comments = std::move(tokens.comments);
    State s{text, source, file.errors};
    Ctx const context{s};
    It first = tokens.tokens.data();
    It const last = first + tokens.tokens.size() - 1; // the `end` token
    auto const read = [&] {
        switch (place) {
        case Place::top: read_items(first, last, context, grammar::file_item, file.items); break;
        case Place::table: read_items(first, last, context, grammar::table_item, file.table.items); break;
        case Place::chain: read_items(first, last, context, grammar::chain_item, file.chain.items); break;
        case Place::set: read_items(first, last, context, grammar::set_item, file.set.items); break;
        }
    };
    for (read(); first != last && file.errors.size() < error_limit; read()) { // a '}' too many
        s.failure = {};
        s.failure.note(first, "command", true);
        report(s, first++);
    }
    if (!text.empty()) check_line_ends(text, source, place, file);
    return file;
}

} // namespace portcullis::nftables
