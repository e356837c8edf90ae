#include "report/markdown_text.hpp"

#include <fmt/format.h>

namespace portcullis {

namespace {

bool is_word(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '"'; }

} // namespace

std::string markdown_text(std::string_view text) {
    constexpr std::string_view markup = "&<>\\`*_[]|~$#@";
    constexpr std::string_view references = "@#!~$%&"; // of users, issues, requests, labels …
    constexpr std::string_view break_here = "&#8203;";
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char const c = text[i];
        bool const starts_list = (c == '-' || c == '+') && (i == 0 || text[i - 1] == '\n');
        if (markup.find(c) != std::string_view::npos || starts_list) result += fmt::format("&#{};", static_cast<int>(c));
        else result += c;
        bool const refers = references.find(c) != std::string_view::npos && i + 1 < text.size() && is_word(text[i + 1]);
        bool const is_link = (c == ':' && text.substr(i, 3) == "://") || (c == '.' && i >= 3 && text.substr(i - 3, 3) == "www");
        if (refers || is_link) result += break_here;
    }
    return result;
}

} // namespace portcullis
