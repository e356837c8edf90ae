// A text as its lines, for tests that change one of them.
#pragma once
#include <algorithm>
#include <string>
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
