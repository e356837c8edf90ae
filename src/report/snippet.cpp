#include "report/snippet.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/visible.hpp"
#include "report/layout.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_columns = 160; // of a line where nothing limits it: no line of a text is worth a page
constexpr std::size_t least_columns = 24;

struct Line {
    std::string before, marked, after;
    bool is_cut = false;
};

// Leaves of each part what there is room for, and of what is marked as much as possible.
void cut(Line& line, std::size_t room) {
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

} // namespace

void Snippet::add(Span span, char sign, std::string label) {
    std::uint32_t const first = source_.locate(span.begin).line;
    std::uint32_t const end = std::max(span.end, span.begin);
    auto const line_end = source_.line_start(first) + static_cast<std::uint32_t>(source_.line(first).size());
    marks_.push_back({first, span.begin, std::min(end, line_end), sign, std::move(label)});
}

std::size_t Snippet::print() {
    std::stable_sort(marks_.begin(), marks_.end(), [](Mark const& a, Mark const& b) { return a.line < b.line; });
    gutter_ = fmt::format("{}", marks_.back().line).size() + 1;
    bar("");
    std::uint32_t previous = 0;
    bool is_cut = false;
    for (Mark const& mark : marks_) {
        if (previous != 0 && mark.line > previous + 1) out_ += paint_.frame("...") + '\n';
        is_cut = print(mark, mark.line != previous || is_cut);
        previous = mark.line;
    }
    bar("");
    return gutter_;
}

std::size_t Snippet::room() const {
    std::size_t const frame = gutter_ + 3;
    return width_ == 0 ? most_columns : std::max(width_, frame + least_columns) - frame;
}

void Snippet::bar(std::string_view text) {
    fmt::format_to(std::back_inserter(out_), "{}{}{}\n", std::string(gutter_, ' '), paint_.frame(" |"), text);
}

bool Snippet::print(Mark const& mark, bool with_line) {
    std::string_view const text = source_.line(mark.line);
    std::uint32_t const start = source_.line_start(mark.line);
    std::size_t const from = std::min<std::size_t>(mark.begin - start, text.size());
    std::size_t const to = std::min<std::size_t>(std::max(mark.end, mark.begin) - start, text.size());
    Line line{visible(text.substr(0, from)), visible(text.substr(from, to - from)), visible(text.substr(to))};
    cut(line, room());
    if (with_line) {
        fmt::format_to(std::back_inserter(out_), "{}{}{}{}{}\n", paint_.frame(fmt::format("{:>{}}", mark.line, gutter_)), paint_.frame(" | "),
                       line.before, line.marked, line.after);
    }
    underline(mark, display_width(line.before), std::max<std::size_t>(1, display_width(line.marked)));
    return line.is_cut;
}

// The label stands behind the signs, or below them where there is no room.
void Snippet::underline(Mark const& mark, std::size_t column, std::size_t columns) {
    std::string_view const colour = mark.sign == '^' ? "1;31" : "34";
    std::string const signs(columns, mark.sign);
    std::string const label = visible(mark.label);
    std::size_t const width = display_width(label);
    bool const fits = width_ == 0 || column + columns + 1 + width <= room();
    std::string const indent(column + 1, ' ');
    bar(indent + paint_(colour, signs + (fits && width > 0 ? ' ' + label : "")));
    if (fits) return;
    std::size_t const at = std::min(column, width < room() ? room() - width : 0);
    std::string const lines = wrapped(label, room(), at, at);
    for (std::size_t begin = 0; begin < lines.size();) {
        std::size_t const end = std::min(lines.find('\n', begin), lines.size());
        bar((begin == 0 ? std::string(at + 1, ' ') : " ") + paint_(colour, lines.substr(begin, end - begin)));
        begin = end + 1;
    }
}

} // namespace portcullis
