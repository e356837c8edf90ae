// What every grammar is built with: error bookkeeping, spans and depth bounds around Boost.Spirit X3. Included by
// grammars/**/*.cpp only. All rules run over `char const*` in the one context type Ctx, and are defined with
// BOOST_SPIRIT_DEFINE, never in place (in Boost 1.74 an in-place rule multiplies compile time).
#pragma once
#include <array>
#include <boost/spirit/home/x3.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammars/common/syntax_error.hpp"

namespace portcullis::kit {

namespace x3 = boost::spirit::x3;
using It = char const*;

// The furthest place at which anything failed, and what could have stood there. A committed failure (`must`) freezes
// it: whatever alternatives are tried later, the parse has failed there.
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
        bool listed = false;
        for (std::size_t i = 0; i < count; ++i) listed = listed || std::string_view(wanted[i]) == what;
        if (!listed && count < wanted.size()) wanted[count++] = what;
        frozen = commit;
    }
};

struct state_tag;
// The state of one parse; `base` is where offsets count from.
struct State {
    It base;
    Failure failure{};
    int depth = 0;
    std::uint32_t offset(It at) const { return static_cast<std::uint32_t>(at - base); }
};
using Ctx = x3::context<state_tag, State>;
template <class Context> State& state(Context const& context) { return x3::get<state_tag>(context); }

// want(p, "x"): on failure remember that x was expected here. must(p, "x"): likewise, and the parse has failed.
template <class Subject, bool Commit> struct wanted : x3::unary_parser<Subject, wanted<Subject, Commit>> {
    using base = x3::unary_parser<Subject, wanted<Subject, Commit>>;
    static bool const is_pass_through_unary = true;
    static bool const handles_container = Subject::handles_container;
    char const* what;
    constexpr wanted(Subject const& inner, char const* text) : base(inner), what(text) {}
    template <class Context, class RContext, class Attribute>
    bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
        if (this->subject.parse(first, last, context, rcontext, attribute)) return true;
        state(context).failure.note(first, what, Commit);
        return false;
    }
};
template <class Subject> constexpr auto want(Subject const& subject, char const* what) {
    auto parser = x3::as_parser(subject);
    return wanted<decltype(parser), false>(parser, what);
}
template <class Subject> constexpr auto must(Subject const& subject, char const* what) {
    auto parser = x3::as_parser(subject);
    return wanted<decltype(parser), true>(parser, what);
}

// text[p]: the characters that p matched, as a string_view into the input.
struct text_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        using attribute_type = std::string_view;
        static bool const has_attribute = true;
        static bool const handles_container = false;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
            It const begin = first;
            if (!this->subject.parse(first, last, context, rcontext, x3::unused)) return false;
            x3::traits::move_to(std::string_view(begin, static_cast<std::size_t>(first - begin)), attribute);
            return true;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
inline constexpr text_directive text{};

// nested[p]: p, but not deeper than `nesting_limit` of these within each other.
inline constexpr int nesting_limit = 64;
struct nested_directive {
    template <class Subject> struct parser : x3::unary_parser<Subject, parser<Subject>> {
        using base = x3::unary_parser<Subject, parser<Subject>>;
        static bool const is_pass_through_unary = true;
        static bool const handles_container = Subject::handles_container;
        constexpr explicit parser(Subject const& inner) : base(inner) {}
        template <class Context, class RContext, class Attribute>
        bool parse(It& first, It const& last, Context const& context, RContext& rcontext, Attribute& attribute) const {
            State& s = state(context);
            if (s.depth >= nesting_limit) {
                s.failure.note(first, "less deeply nested input", true);
                return false;
            }
            ++s.depth;
            bool const matched = this->subject.parse(first, last, context, rcontext, attribute);
            --s.depth;
            return matched;
        }
    };
    template <class Subject> constexpr auto operator[](Subject const& subject) const {
        auto inner = x3::as_parser(subject);
        return parser<decltype(inner)>(inner);
    }
};
inline constexpr nested_directive nested{};

// A semantic action that moves the attribute into a member of the rule's value.
template <auto Member> auto const put = [](auto& context) { x3::_val(context).*Member = std::move(x3::_attr(context)); };

// The recorded failure as data: the word that stands there, up to a blank, and what was wanted.
inline SyntaxError to_error(State const& s, It end, SourceId source) {
    It const at = s.failure.at == nullptr ? s.base : s.failure.at;
    return make_syntax_error(std::string_view(s.base, static_cast<std::size_t>(end - s.base)), s.offset(at), source,
                             {s.failure.wanted.begin(), s.failure.wanted.begin() + static_cast<std::ptrdiff_t>(s.failure.count)});
}

} // namespace portcullis::kit
