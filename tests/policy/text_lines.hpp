// A text as its lines, for tests that change one of them.
#pragma once
#include <algorithm>
#include <cstddef>
#include <regex>
#include <span>
#include <string>
#include <utility>
#include <vector>

using Lines = std::vector<std::string>;

inline Lines lines_of(std::string const& text) {
    Lines lines;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = std::min(text.find('\n', at), text.size());
        lines.push_back(text.substr(at, end - at));
        at = end + 1;
    }
    return lines;
}

inline std::string text_of(Lines const& lines) {
    std::string text;
    for (std::string const& line : lines) text += line + '\n';
    return text;
}

// What a mistake makes of a part of a line.
using Replacement = std::pair<std::regex, std::string>;

// How many kinds of mistakes there are with these: each of them, a line that is missing, and two that have changed places.
inline std::size_t kinds_of_mistakes(std::span<Replacement const> replacements) { return replacements.size() + 2; }

inline void make_mistake(Lines& lines, std::size_t at, std::size_t kind, std::span<Replacement const> replacements) {
    if (kind < replacements.size())
        lines[at] = std::regex_replace(lines[at], replacements[kind].first, replacements[kind].second, std::regex_constants::format_first_only);
    else if (kind == replacements.size())
        lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(at));
    else if (at + 1 < lines.size())
        std::swap(lines[at], lines[at + 1]);
}
