// The lexer, in Spirit X3: one alternative per sort of token, each with an action that records it.
#include "grammars/nftables/lexer.hpp"

#include <algorithm>
#include <boost/spirit/home/x3.hpp>
#include <iterator>

#include "portcullis/base/ascii.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::nftables {
namespace {

namespace x3 = boost::spirit::x3;
using x3::char_;
using It = char const*;

bool is_hex(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return is_ascii_letter(c) || c == '_'; }

// Six groups of one or two hexadecimal digits.
bool is_mac(std::string_view text) {
    int groups = 0;
    std::size_t at = 0;
    while (true) {
        std::size_t const begin = at;
        while (at < text.size() && is_hex(text[at])) ++at;
        if (at == begin || at - begin > 2) return false;
        ++groups;
        if (at == text.size()) return groups == 6;
        if (text[at++] != ':') return false;
    }
}

// A MAC or IPv6 address: the longest beginning that is one, as nft's scanner has it, so that "aaaa:::accept" is
// "aaaa::", ':' and "accept".
struct address_parser : x3::parser<address_parser> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        constexpr std::ptrdiff_t longest = 45; // eight groups, the last two as a dotted quad
        It end = first;
        int colons = 0;
        for (It const limit = first + std::min(last - first, longest); end < limit; ++end) {
            if (*end == ':')
                ++colons;
            else if (!is_hex(*end) && !(*end == '.' && colons > 1))
                break;
        }
        if (colons < 2) return false;
        for (; end > first + 1; --end) {
            std::string_view const text(first, static_cast<std::size_t>(end - first));
            if (!is_mac(text) && !parse_ipv6(text)) continue;
            first = end;
            return true;
        }
        return false;
    }
};

// "1:1234", a traffic-control handle, where no blank is within it. As in nft's scanner it wins over number, ':',
// number:
// "{ 80:8080 }" is no map.
struct handle_parser : x3::parser<handle_parser> {
    using attribute_type = x3::unused_type;
    static It half(It at, It last) {
        It const limit = at + std::min<std::ptrdiff_t>(last - at, 4);
        while (at != limit && is_hex(*at)) ++at;
        return at;
    }
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        It const sign = half(first, last);
        if (sign == first || sign == last || *sign != ':') return false;
        It const end = half(sign + 1, last);
        if (end == sign + 1 ||
            (end != last && std::string_view(" \t\r\n:-},").find(*end) == std::string_view::npos))
            return false;
        first = end;
        return true;
    }
};

// A letter, '_' or '.', and then letters, digits and /-_. ; a last '*' makes it a pattern. A '.' alone is a sign.
struct word_parser : x3::parser<word_parser> {
    using attribute_type = x3::unused_type;
    static bool begins(char c) { return is_letter(c) || c == '.'; }
    static bool is_part(char c) { return is_letter(c) || is_digit(c) || c == '/' || c == '-' || c == '.'; }
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (first == last || !begins(*first)) return false;
        It at = std::find_if_not(first, last, is_part);
        It const name_end = at;
        if (at != last && *at == '*')
            ++at;
        else if (last - at > 1 && at[0] == '\\' && at[1] == '*')
            at += 2;
        if (*first == '.' && name_end == first + 1 && at == name_end) return false;
        first = at;
        return true;
    }
};

// What starts with a digit: a number, an IPv4 address (or what looks like a part of one), a duration ("1d12h"), and two
// names of protocols; the longest of them. What follows is another token: "22accept" is two.
struct digits_parser : x3::parser<digits_parser> {
    using attribute_type = x3::unused_type;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (first == last || !is_digit(*first)) return false;
        It const end = digits(first, last);
        if (end == last || !word_parser::begins(*end)) { // most are plain numbers
            first = end;
            return true;
        }
        first = std::max({dotted(first, last), hexadecimal(first, last), duration(first, last), name(first, last)});
        return true;
    }
    static It digits(It at, It last) { return std::find_if_not(at, last, is_digit); }
    static It dotted(It at, It last) {
        at = digits(at, last);
        while (last - at > 1 && *at == '.' && is_digit(at[1])) at = digits(at + 1, last);
        return at;
    }
    static It hexadecimal(It at, It last) {
        bool const is_it = last - at > 2 && at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && is_hex(at[2]);
        return is_it ? std::find_if_not(at + 2, last, is_hex) : at;
    }
    static It duration(It at, It last) {
        for (std::string_view const unit : {"d", "h", "m", "s", "ms"}) {
            It const end = digits(at, last);
            std::string_view const rest(end, static_cast<std::size_t>(last - end));
            bool const is_milliseconds = unit == "m" && rest.starts_with("ms");
            if (end != at && rest.starts_with(unit) && !is_milliseconds) at = end + unit.size();
        }
        return at;
    }
    static It name(It at, It last) {
        std::string_view const text(at, static_cast<std::size_t>(last - at));
        for (std::string_view const word : {"8021q", "8021ad"})
            if (text.starts_with(word)) return at + word.size();
        return at;
    }
};

struct out_tag;
struct Out {
    Tokens& tokens;
    It base;
    SourceId source;
    void push(TokenKind kind, It begin, It end) {
        Token token;
        token.offset = static_cast<std::uint32_t>(begin - base);
        if (end - begin > Token::longest) {
            kind = TokenKind::bad;
            end = begin + Token::longest;
        }
        token.length = static_cast<std::uint32_t>(end - begin) & Token::longest;
        token.kind = kind;
        if (kind == TokenKind::word) token.keyword = find_keyword({begin, static_cast<std::size_t>(end - begin)});
        tokens.tokens.push_back(token);
    }
};

bool is_number(std::string_view text) {
    bool const hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    return hex ? std::all_of(text.begin() + 2, text.end(), is_hex)
               : std::all_of(text.begin(), text.end(), is_digit);
}

template <class Context> std::string_view matched(Context const& context) {
    auto const& range = x3::_attr(context);
    return {&*range.begin(), static_cast<std::size_t>(range.end() - range.begin())};
}
template <TokenKind Kind>
auto const push = [](auto& context) {
    std::string_view const text = matched(context);
    x3::get<out_tag>(context).push(Kind, text.data(), text.data() + text.size());
};
auto const push_digits = [](auto& context) {
    std::string_view const text = matched(context);
    TokenKind const kind = is_number(text) ? TokenKind::number : TokenKind::word;
    x3::get<out_tag>(context).push(kind, text.data(), text.data() + text.size());
};
auto const push_string = [](auto& context) { // without its quotes
    std::string_view const text = matched(context);
    x3::get<out_tag>(context).push(TokenKind::string, text.data() + 1, text.data() + text.size() - 1);
};
auto const keep_comment = [](auto& context) {
    std::string_view const text = matched(context);
    Out& out = x3::get<out_tag>(context);
    auto const begin = static_cast<std::uint32_t>(text.data() - out.base);
    out.tokens.comments.push_back({out.source, begin, begin + static_cast<std::uint32_t>(text.size())});
};

template <TokenKind Kind, class Text> auto sign(Text const& text) { return x3::raw[x3::lit(text)][push<Kind>]; }

using T = TokenKind;
auto const blank = +char_(" \t\r") | (x3::lit('\\') >> '\n');
auto const two_signs = sign<T::double_equals>("==") | sign<T::not_equals>("!=") | sign<T::less_equals>("<=") |
                       sign<T::greater_equals>(">=") | sign<T::shift_left>("<<") | sign<T::shift_right>(">>");
auto const one_sign = sign<T::comma>(',') | sign<T::open_brace>('{') | sign<T::close_brace>('}') |
                      sign<T::semicolon>(';') | sign<T::dot>('.') | sign<T::colon>(':') | sign<T::slash>('/') |
                      sign<T::dash>('-') | sign<T::at>('@') | sign<T::dollar>('$') | sign<T::star>('*') |
                      sign<T::equals>('=') | sign<T::open_paren>('(') | sign<T::close_paren>(')') |
                      sign<T::ampersand>('&') | sign<T::bar>('|') | sign<T::caret>('^') | sign<T::not_>('!') |
                      sign<T::less>('<') | sign<T::greater>('>') | sign<T::plus>('+') | sign<T::open_bracket>('[') |
                      sign<T::close_bracket>(']');
template <class Inside> auto text(Inside const& inside_quotes) {
    return *(x3::omit[blank] | x3::raw['\n'][push<T::newline>] | x3::raw[address_parser{}][push<T::word>] |
             x3::raw[handle_parser{}][push<T::word>] | x3::raw[word_parser{}][push<T::word>] |
             x3::raw[digits_parser{}][push_digits] | x3::raw['#' >> *(char_ - '\n')][keep_comment] |
             x3::raw['"' >> *inside_quotes >> '"'][push_string] | two_signs | one_sign |
             x3::raw[x3::lit("\\*")][push<T::word>] | x3::raw[char_][push<T::bad>]);
}
// nft takes strings of several lines. Where one does not end, none of them do: the lines after a quote too many mean what they say.
auto const file = text(~char_('"'));
auto const file_with_open_string = text(~char_("\"\n"));

template <class Text> Tokens lex_as(Text const& text, std::string_view input, SourceId source) {
    Tokens tokens;
    tokens.tokens.reserve(input.size() / 5 + 2);
    It first = input.data();
    It const last = first + input.size();
    Out out{tokens, first, source};
    x3::parse(first, last, x3::with<out_tag>(out)[text]);
    out.push(TokenKind::end, last, last);
    return tokens;
}

} // namespace

// In the order of the alphabet.
constexpr std::string_view reserved_words[] = {
    "accept", "add", "ah", "all", "and", "arp", "auto-merge", "bridge", "chain", "comment", "comp", "constant",
    "continue", "counter", "cpu", "create", "day", "dccp", "define", "delete", "describe", "device", "devices",
    "dnat", "drop", "dst", "dup", "dynamic", "ecn", "element", "elements", "eq", "esp", "ether", "exists",
    "expires", "export", "exthdr", "fib", "flags", "flow", "flowtable", "flush", "frag", "fwd", "gc-interval",
    "ge", "get", "goto", "gt", "handle", "hbh", "hook", "hour", "ibriport", "ibrname", "icmp", "icmpv6", "igmp",
    "iif", "iifgroup", "iifname", "iiftype", "import", "include", "index", "inet", "insert", "interval", "ip",
    "ip6", "ipsec", "jhash", "jump", "le", "limit", "list", "log", "lt", "map", "mark", "masquerade", "meta",
    "meter", "mh", "missing", "monitor", "ne", "netdev", "nftrace", "not", "notrack", "numgen", "obriport",
    "obrname", "offload", "oif", "oifgroup", "oifname", "oiftype", "or", "osf", "pkttype", "policy", "position",
    "priority", "queue", "quota", "random", "redefine", "redirect", "reject", "rename", "replace", "reset",
    "return", "rt", "rt0", "rt2", "rtclassid", "rule", "ruleset", "sctp", "secmark", "set", "size", "skgid",
    "skuid", "snat", "socket", "srh", "symhash", "synproxy", "table", "tcp", "th", "time", "timeout", "tproxy",
    "type", "typeof", "udp", "udplite", "undefine", "update", "vlan", "vmap", "xor", "xt"};

bool is_reserved(std::string_view word) { return std::ranges::binary_search(reserved_words, word); }

bool is_identifier(std::string_view name) {
    return !name.empty() && word_parser::begins(name.front()) && std::ranges::all_of(name, word_parser::is_part) && !is_reserved(name);
}

bool ends_in_word(std::string_view text) {
    auto const begin = std::find_if_not(text.rbegin(), text.rend(), [](char c) { return word_parser::is_part(c) || c == ':'; }).base();
    return begin != text.end() && word_parser::begins(*begin) && std::find(begin, text.end(), ':') == text.end();
}

Tokens lex(std::string_view input, SourceId source) {
    Tokens tokens = lex_as(file, input, source);
    bool const is_open = std::ranges::any_of(tokens.tokens, [&](Token const& token) {
        return token.kind == TokenKind::bad && input[token.offset] == '"';
    });
    return is_open ? lex_as(file_with_open_string, input, source) : tokens;
}

} // namespace portcullis::nftables
