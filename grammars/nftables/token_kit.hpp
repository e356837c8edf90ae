// The counterpart of grammars/common/kit.hpp for grammars over tokens: the same words (must, want, nested, put) for
// parsers that run over `Token const*`. Included by grammars/nftables/*.cpp only.
#pragma once
#include <algorithm>
#include <boost/spirit/home/x3.hpp>

#include "grammars/common/syntax_error.hpp"
#include "grammars/nftables/ast.hpp"
#include "grammars/nftables/lexer.hpp"

namespace portcullis::nftables {

namespace x3 = boost::spirit::x3;
using It = Token const*;

// The furthest place at which anything failed, and what could have stood there; frozen by a failed must().
struct Failure {
    It at = nullptr;
    std::array<char const*, 6> wanted{};
    std::size_t count = 0;
    bool frozen = false;

    void note(It place, char const* what, bool commit) {
        if (frozen || place < at) return;
        if (place > at) {
            at = place;
            count = 0;
        }
        for (std::size_t i = 0; i < count; ++i)
            if (std::string_view(wanted[i]) == what) {
                frozen = commit;
                return;
            }
        if (count < wanted.size()) wanted[count++] = what;
        frozen = commit;
    }
};

struct state_tag;
struct State {
    std::string_view text;
    SourceId source = 0;
    std::vector<SyntaxError>& errors;
    Failure failure{};
    int depth = 0;

    std::string_view token_text(Token const& token) const { return text.substr(token.offset, token.length); }
    // With the quotes of a string.
    Span token_span(Token const& token) const {
        std::uint32_t const quote = token.kind == TokenKind::string ? 1 : 0;
        return {source, token.offset - quote, token.end() + quote};
    }
    // From the first token to the last before `end`.
    Span span(It begin, It end) const {
        Span const first = token_span(*begin);
        return {source, first.begin, begin == end ? first.begin : token_span(end[-1]).end};
    }
};
using Ctx = x3::context<state_tag, State>;
template <class Context> State& state(Context const& context) { return x3::get<state_tag>(context); }

template <class Subject, bool Commit> struct wanted : x3::unary_parser<Subject, wanted<Subject, Commit>> {
    using base = x3::unary_parser<Subject, wanted<Subject, Commit>>;
    static bool const is_pass_through_unary = true;
    static bool const handles_container = Subject::handles_container;
    char const* what;
    constexpr wanted(Subject const& child, char const* name) : base(child), what(name) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
        if (this->subject.parse(first, last, context, rcontext, attribute)) return true;
        state(context).failure.note(first, what, Commit);
        return false;
    }
};
// want(p, "x"): on failure remember that x was expected here. must(p, "x"): likewise, and the statement has failed.
template <class Subject> constexpr auto want(Subject const& subject, char const* what) {
    auto parser = x3::as_parser(subject);
    return wanted<decltype(parser), false>(parser, what);
}
template <class Subject> constexpr auto must(Subject const& subject, char const* what) {
    auto parser = x3::as_parser(subject);
    return wanted<decltype(parser), true>(parser, what);
}

// nested[p]: p, but not deeper than `nesting_limit` of these within each other.
inline constexpr int nesting_limit = 64;
// spanned[p]: p, and then the `span` of the value becomes what p matched.
template <bool Spanned> struct around_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        static bool const is_pass_through_unary = true;
        static bool const handles_container = Subject::handles_container;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& rcontext,
                   Attribute& attribute) const {
            State& s = state(context);
            if constexpr (Spanned) {
                It const begin = first;
                if (!this->subject.parse(first, last, context, rcontext, attribute)) return false;
                if constexpr (std::is_same_v<Attribute, x3::unused_type const> ||
                              std::is_same_v<Attribute, x3::unused_type>)
                    rcontext.span = s.span(begin, first);
                else
                    attribute.span = s.span(begin, first);
                return true;
            } else {
                if (s.failure.frozen) return false; // a committed failure must not be retried at every level
                if (s.depth >= nesting_limit) {
                    s.failure.note(first, "less deeply nested input", true);
                    return false;
                }
                ++s.depth;
                bool const parsed = this->subject.parse(first, last, context, rcontext, attribute);
                --s.depth;
                return parsed;
            }
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
inline constexpr around_directive<true> spanned{};
inline constexpr around_directive<false> nested{};

// as<T>[a | b]: alternatives that all yield a T, as one T. (X3 makes boost::variant<T, T> of them.)
template <class T> struct as_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        using attribute_type = T;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& rcontext,
                   Attribute& attribute) const {
            T value{};
            if (!this->subject.parse(first, last, context, rcontext, value)) return false;
            x3::traits::move_to(std::move(value), attribute);
            return true;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
template <class T> inline constexpr as_directive<T> as{};

// Actions that store the attribute, or a constant, in the rule's value.
template <auto Member>
auto const put = [](auto& context) { x3::_val(context).*Member = std::move(x3::_attr(context)); };
template <auto Member>
auto const put_optional = [](auto& context) { x3::_val(context).*Member = x3::_attr(context); };
template <auto Member>
auto const append = [](auto& context) { (x3::_val(context).*Member).push_back(std::move(x3::_attr(context))); };
template <auto Member, auto Value> auto const set = [](auto& context) { x3::_val(context).*Member = Value; };
auto const become = [](auto& context) { x3::_val(context) = std::move(x3::_attr(context)); };

// A token of one kind, without attribute.
struct token_parser : x3::parser<token_parser> {
    using attribute_type = x3::unused_type;
    TokenKind kind;
    constexpr explicit token_parser(TokenKind k) : kind(k) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const&, RContext&, Attribute&) const {
        if (first == last || first->kind != kind) return false;
        ++first;
        return true;
    }
};
constexpr token_parser token(TokenKind kind) { return token_parser(kind); }

// A keyword: "accept"_kw has no attribute, "accept"_word its text.
template <bool Text> struct keyword_parser : x3::parser<keyword_parser<Text>> {
    using attribute_type = std::conditional_t<Text, std::string_view, x3::unused_type>;
    Keyword keyword;
    constexpr explicit keyword_parser(Keyword k) : keyword(k) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        if (first == last || first->keyword != keyword) return false;
        if constexpr (Text) x3::traits::move_to(state(context).token_text(*first), attribute);
        ++first;
        return true;
    }
};
consteval Keyword known_keyword(std::string_view word) {
    Keyword const keyword = find_keyword(word);
    if (keyword == 0) throw "not in grammar_words";
    return keyword;
}
consteval keyword_parser<false> operator""_kw(char const* word, std::size_t length) {
    return keyword_parser<false>(known_keyword({word, length}));
}
consteval keyword_parser<true> operator""_word(char const* word, std::size_t length) {
    return keyword_parser<true>(known_keyword({word, length}));
}

// A word of a list, whose text is the attribute: for words that are no keywords anywhere else.
template <auto const& Words> struct word_among : x3::parser<word_among<Words>> {
    using attribute_type = std::string_view;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        if (first == last || first->kind != TokenKind::word) return false;
        std::string_view const text = state(context).token_text(*first);
        if (std::find(std::begin(Words), std::end(Words), text) == std::end(Words)) return false;
        x3::traits::move_to(text, attribute);
        ++first;
        return true;
    }
};

// A token of one of two kinds, whose text is the attribute.
template <TokenKind A, TokenKind B = A> struct text_parser : x3::parser<text_parser<A, B>> {
    using attribute_type = std::string_view;
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext&, Attribute& attribute) const {
        if (first == last || (first->kind != A && first->kind != B)) return false;
        x3::traits::move_to(state(context).token_text(*first), attribute);
        ++first;
        return true;
    }
};
inline constexpr text_parser<TokenKind::word> word{};
inline constexpr text_parser<TokenKind::number> number{};
inline constexpr text_parser<TokenKind::string> string{};
inline constexpr text_parser<TokenKind::word, TokenKind::string>
    name{}; // nft quotes some names, and lets others stand bare

inline constexpr token_parser comma{TokenKind::comma}, dot{TokenKind::dot}, colon{TokenKind::colon},
    slash{TokenKind::slash}, dash{TokenKind::dash}, plus{TokenKind::plus}, at{TokenKind::at},
    dollar{TokenKind::dollar}, open_brace{TokenKind::open_brace}, close_brace{TokenKind::close_brace},
    open_paren{TokenKind::open_paren}, close_paren{TokenKind::close_paren}, open_bracket{TokenKind::open_bracket},
    close_bracket{TokenKind::close_bracket}, equals{TokenKind::equals}, newline{TokenKind::newline},
    semicolon{TokenKind::semicolon};

} // namespace portcullis::nftables

// A rule of the grammar that other translation units may use: PC_RULE in the header, PC_DEFINE after `name_def`.
#define PC_RULE(name, attribute, text)                                                                             \
    using name##_type = x3::rule<struct name##_id, attribute>;                                                     \
    inline constexpr name##_type name{text};                                                                       \
    BOOST_SPIRIT_DECLARE(name##_type)
#define PC_DEFINE(name)                                                                                            \
    BOOST_SPIRIT_DEFINE(name)                                                                                      \
    BOOST_SPIRIT_INSTANTIATE(name##_type, It, Ctx)
