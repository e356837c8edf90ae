#include "report/region.hpp"

#include <algorithm>
#include <utf8proc.h>

namespace portcullis {

namespace {

std::uint32_t utf16_units(std::string_view text) {
    std::uint32_t units = 0;
    while (!text.empty()) {
        std::size_t const ascii = static_cast<std::size_t>(std::ranges::find_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0x80U) != 0; }) - text.begin());
        units += static_cast<std::uint32_t>(ascii);
        text.remove_prefix(ascii);
        if (text.empty()) break;
        utf8proc_int32_t code = 0;
        auto const length = utf8proc_iterate(reinterpret_cast<utf8proc_uint8_t const*>(text.data()),
                                             static_cast<utf8proc_ssize_t>(text.size()), &code);
        units += length > 0 && code > 0xFFFF ? 2 : 1;
        text.remove_prefix(length > 0 ? static_cast<std::size_t>(length) : 1);
    }
    return units;
}

struct Point {
    std::uint32_t line;
    std::uint32_t column;
};

Point point(Source const& source, std::uint32_t offset, Columns columns) {
    std::uint32_t const line = source.locate(offset).line;
    std::uint32_t const start = source.line_start(line);
    return {line, 1 + (columns == Columns::bytes ? offset - start : utf16_units(source.text().substr(start, offset - start)))};
}

} // namespace

TextRegion region_of(Source const& source, Span span, Columns columns) {
    std::string_view const text = source.text();
    auto const size = static_cast<std::uint32_t>(text.size());
    std::uint32_t begin = std::min(span.begin, size);
    std::uint32_t end = std::clamp(span.end, begin, size);
    // Past the last end of line there is no line for readers to show: what begins there is at the end of the line before; what
    // ends there takes the end of line with it.
    bool const past_last_line = begin == size && text.ends_with('\n');
    if (past_last_line) begin = end = size - 1;
    Point const first = point(source, begin, columns);
    Point const last = end == size && text.ends_with('\n') ? Point{source.line_count() + 1, 1} : point(source, end, columns);
    return {first.line, first.column, last.line, last.column};
}

} // namespace portcullis
