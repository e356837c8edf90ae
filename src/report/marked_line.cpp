#include "report/marked_line.hpp"

#include <algorithm>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_columns = 160; // longer lines are cut

void cut(std::string& before, std::string& marked, std::string& after) {
    // At code points, so at bytes that do not continue one.
    auto const boundary = [](std::string const& text, std::size_t at) {
        while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) ++at;
        return at;
    };
    if (before.size() + marked.size() + after.size() <= most_columns) return;
    std::size_t const margin = most_columns / 4;
    if (before.size() > margin) before = "..." + before.substr(boundary(before, before.size() - margin));
    if (marked.size() > most_columns / 2) marked = marked.substr(0, boundary(marked, most_columns / 2)) + "...";
    if (after.size() > margin) after = after.substr(0, boundary(after, margin)) + "...";
}

} // namespace

MarkedLine marked_line(Source const& source, Span span) {
    MarkedLine result;
    result.number = source.locate(span.begin).line;
    std::string_view const line = source.line(result.number);
    std::uint32_t const start = source.line_start(result.number);
    std::size_t const from = std::min<std::size_t>(span.begin - start, line.size());
    std::size_t const to = std::min<std::size_t>(std::max(span.end, span.begin) - start, line.size());
    result.before = visible(line.substr(0, from));
    result.marked = visible(line.substr(from, to - from));
    result.after = visible(line.substr(to));
    cut(result.before, result.marked, result.after);
    return result;
}

} // namespace portcullis
