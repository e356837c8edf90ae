#include "grammars/common/syntax_error.hpp"

#include <algorithm>

namespace portcullis {

SyntaxError make_syntax_error(std::string_view text, std::uint32_t offset, SourceId source,
                              std::vector<std::string> expected) {
    SyntaxError error;
    error.expected = std::move(expected);
    std::size_t end = std::min<std::size_t>(offset, text.size());
    std::size_t const begin = end;
    auto const blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (end < text.size() && !blank(text[end])) ++end;
    // One character at least, so that a stray blank or tab can be shown too.
    if (end == begin && end < text.size() && text[end] != '\n' && text[end] != '\r') ++end;
    error.span = {source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
    if (begin == text.size()) error.found = "end of file";
    else if (begin == end) error.found = "end of line";
    else error.found = text.substr(begin, std::min<std::size_t>(end - begin, 40));
    return error;
}

std::string to_string(SyntaxError const& error) {
    if (!error.message.empty()) return error.message;
    std::string text;
    for (std::size_t i = 0; i < error.expected.size(); ++i) {
        text += i == 0 ? "expected " : i + 1 == error.expected.size() ? " or " : ", ";
        text += error.expected[i];
    }
    bool const place = error.found == "end of file" || error.found == "end of line";
    text += text.empty() ? "unexpected " : ", found ";
    text += place ? error.found : '\'' + error.found + '\'';
    return text;
}

} // namespace portcullis
