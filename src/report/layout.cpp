#include "report/layout.hpp"

#include <algorithm>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

// Where the code point that begins at the offset ends; what takes no column of its own stays with it.
std::size_t next_cell(std::string_view text, std::size_t at) {
    auto const next_code = [&](std::size_t from) {
        std::size_t end = from + 1;
        while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
        return end;
    };
    std::size_t end = next_code(at);
    while (end < text.size()) {
        std::size_t const next = next_code(end);
        if (display_width(text.substr(end, next - end)) > 0) break;
        end = next;
    }
    return end;
}

// Without the escape sequences that set colours.
std::size_t columns_of(std::string_view text) {
    std::size_t columns = 0;
    for (std::size_t escape = text.find('\x1b'); escape != std::string_view::npos; escape = text.find('\x1b')) {
        columns += display_width(text.substr(0, escape));
        text.remove_prefix(std::min(text.find('m', escape), text.size() - 1) + 1);
    }
    return columns + display_width(text);
}

// The next that is neither a blank nor sets a colour.
std::size_t text_behind(std::string_view line, std::size_t at) {
    while (at < line.size() && (line[at] == ' ' || line[at] == '\x1b')) at = line[at] == ' ' ? at + 1 : std::min(line.find('m', at), line.size() - 1) + 1;
    return at;
}

} // namespace

std::string wrapped(std::string_view text, std::size_t width, std::size_t column, std::size_t hang) {
    if (width == 0 || column + columns_of(text) <= width) return std::string(text);
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const blanks = std::min(text.find_first_not_of(' ', at), text.size()) - at;
        std::size_t const end = std::min(text.find(' ', at + blanks), text.size());
        std::string_view const word = text.substr(at + blanks, end - at - blanks);
        if (column > hang && column + blanks + columns_of(word) > width) {
            result += '\n' + std::string(hang, ' ');
            column = hang;
        } else {
            result.append(blanks, ' ');
            column += blanks;
        }
        result += word;
        column += columns_of(word);
        at = end;
    }
    return result;
}

std::string within(std::string_view page, std::size_t width) {
    std::string result;
    while (!page.empty()) {
        std::string_view const line = page.substr(0, page.find('\n'));
        std::size_t const indent = std::min(line.find_first_not_of(' '), line.size());
        std::size_t const colon = line.find(':', indent);
        std::size_t const blanks = line.find("  ", indent);
        bool const labelled = colon != std::string_view::npos && blanks != std::string_view::npos && colon < line.find(' ', indent) && text_behind(line, colon + 1) > blanks;
        std::size_t hang = indent + 2;
        if (labelled) hang = columns_of(line.substr(0, text_behind(line, blanks)));
        result += wrapped(line, width, 0, hang + 20 > width ? indent + 2 : hang);
        page.remove_prefix(line.size());
        if (page.empty()) break;
        result += '\n';
        page.remove_prefix(1);
    }
    return result;
}

std::string_view first_columns(std::string_view text, std::size_t columns) {
    std::size_t end = 0;
    for (std::size_t taken = 0; end < text.size();) {
        std::size_t const next = next_cell(text, end);
        taken += display_width(text.substr(end, next - end));
        if (taken > columns) break;
        end = next;
    }
    return text.substr(0, end);
}

std::string_view last_columns(std::string_view text, std::size_t columns) {
    std::size_t const width = display_width(text);
    std::size_t begin = 0;
    for (std::size_t left = width; begin < text.size() && left > columns;) {
        std::size_t const next = next_cell(text, begin);
        left -= display_width(text.substr(begin, next - begin));
        begin = next;
    }
    return text.substr(begin);
}

std::string fitted(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string(text);
    return std::string(first_columns(text, columns == 0 ? 0 : columns - 1)) + "…";
}

} // namespace portcullis
