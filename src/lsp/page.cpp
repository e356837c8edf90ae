#include "lsp/page.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "report/markdown_text.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::size_t most_lines = 12;
constexpr std::size_t longest_line = 200;

} // namespace

std::string Page::shown(std::string_view text) const { return markdown_ ? markdown_text(visible(text)) : visible(text); }

void Page::separate() {
    if (!text_.empty()) text_ += '\n';
    in_list_ = false;
}

void Page::title(std::string_view text) {
    separate();
    text_ += markdown_ ? fmt::format("**{}**\n", shown(text)) : shown(text) + '\n';
}

void Page::paragraph(std::string_view text) {
    separate();
    text_ += shown(text) + '\n';
}

void Page::item(std::string_view text) {
    if (!in_list_) separate();
    in_list_ = true;
    text_ += fmt::format("- {}\n", shown(text));
}

void Page::code(std::string_view text) {
    separate();
    std::size_t const indentation = std::min(text.find_first_not_of(" \t"), text.size());
    std::string lines;
    std::size_t count = 0;
    while (!text.empty() && count < most_lines) {
        std::size_t const end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        if (line.ends_with('\r')) line.remove_suffix(1);
        std::size_t const blanks = std::min(line.find_first_not_of(" \t"), line.size());
        for (std::size_t i = std::min(indentation, blanks); i < blanks; ++i) lines += line[i] == '\t' ? "    " : " ";
        lines += visible(shortened(line.substr(blanks), longest_line)) + '\n';
        text.remove_prefix(std::min(text.size(), end + 1));
        ++count;
    }
    if (!text.empty()) lines += "...\n";
    // The fence is longer than any in the text.
    std::string fence = "```";
    while (lines.find(fence) != std::string::npos) fence += '`';
    text_ += markdown_ ? fmt::format("{}\n{}{}\n", fence, lines, fence) : lines;
}

} // namespace portcullis::lsp
