#include "report/marked_line.hpp"

#include <algorithm>

#include "portcullis/base/visible.hpp"
#include "report/layout.hpp"

namespace portcullis {

namespace {

// Leaves of each part what there is room for, and of what is marked as much as possible.
void cut(MarkedLine& line, std::size_t room) {
    std::size_t const marked = display_width(line.marked);
    std::size_t const after = display_width(line.after);
    std::size_t before = display_width(line.before);
    if (before + marked + after <= room) return;
    line.is_cut = true;
    std::size_t const context = std::max(room / 4, marked + after < room ? room - marked - after : 0);
    if (before > context) {
        line.before = "…" + std::string(last_columns(line.before, context - 1));
        before = display_width(line.before);
    }
    std::size_t const left = room - before;
    if (marked + std::min<std::size_t>(after, 1) > left) {
        // Whatever follows is missing too.
        line.marked = std::string(first_columns(line.marked, left - 1)) + "…";
        line.after.clear();
    } else {
        line.after = fitted(line.after, left - marked);
    }
}

// A log command that begins before the end of a part is found in none of them.
void hide_log_commands(MarkedLine& line) {
    for (std::size_t at = 0; (at = find_log_command(line.before + line.marked + line.after, at)) != std::string::npos; ++at) {
        std::size_t in = at;
        for (std::string* const part : {&line.before, &line.marked, &line.after}) {
            if (in < part->size()) {
                part->replace(in, 1, "\\x23");
                break;
            }
            in -= part->size();
        }
    }
}

} // namespace

MarkedLine marked_line(Source const& source, Span span, std::size_t columns) {
    MarkedLine result;
    result.number = source.locate(span.begin).line;
    std::string_view const line = source.line(result.number);
    std::uint32_t const start = source.line_start(result.number);
    std::size_t const from = std::min<std::size_t>(span.begin - start, line.size());
    std::size_t const to = std::min<std::size_t>(std::max(span.end, span.begin) - start, line.size());
    result.before = visible(line.substr(0, from));
    result.marked = visible(line.substr(from, to - from));
    result.after = visible(line.substr(to));
    cut(result, columns);
    hide_log_commands(result);
    return result;
}

} // namespace portcullis
