#include "lint/justification.hpp"

#include <algorithm>

#include "lint/waiver_comment.hpp"

namespace portcullis {

namespace {

constexpr std::string_view blanks = " \t\r";

std::string_view trimmed(std::string_view text, std::string_view what = blanks) {
    std::size_t const begin = text.find_first_not_of(what);
    if (begin == std::string_view::npos) return {};
    return text.substr(begin, text.find_last_not_of(what) - begin + 1);
}

// The text of a comment that is a line of its own; empty where it is none, or a ruler of signs.
std::string_view comment_line(std::string_view line, char sign) {
    std::string_view const text = trimmed(line);
    if (!text.starts_with(sign)) return {};
    return trimmed(text, " \t\r#!=-*_");
}

void put(std::string& into, std::string_view text, bool before = false) {
    if (text.empty() || has_waiver(text)) return;
    if (into.empty()) into = text;
    else into = before ? std::string(text) + ' ' + into : into + "; " + std::string(text);
}

// A remark of several lines, or several comments: those that are no waivers.
std::string own_comment(Rule const& rule) {
    std::string text;
    for (std::string_view rest = rule.comment; !rest.empty();) {
        std::string_view const line = rest.substr(0, rest.find('\n'));
        put(text, trimmed(line));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    }
    return text;
}

std::string_view behind(Rule const& rule, Source const& source) {
    std::uint32_t const line = source.locate(rule.span.end).line;
    std::string_view const rest = source.line(line).substr(rule.span.end - source.line_start(line));
    std::size_t const sign = rest.find_first_not_of(" \t\r;");
    if (sign == std::string_view::npos || rest[sign] != '#') return {};
    return trimmed(rest.substr(sign), " \t\r#");
}

std::string above(Rule const& rule, Source const& source, char sign) {
    std::string text;
    for (std::uint32_t line = source.locate(rule.span.begin).line; line > 1; --line) {
        if (!trimmed(source.line(line - 1)).starts_with(sign)) break;
        put(text, comment_line(source.line(line - 1), sign), true);
    }
    return text;
}

} // namespace

std::string justification_of(Rule const& rule, Sources const& sources, Dialect dialect) {
    std::string text = own_comment(rule);
    if (!text.empty() || rule.implicit || dialect == Dialect::nft_json) return text;
    Source const& source = sources[rule.span.source];
    if (!is_cisco(dialect)) put(text, behind(rule, source));
    return text.empty() ? above(rule, source, is_cisco(dialect) ? '!' : '#') : text;
}

} // namespace portcullis
