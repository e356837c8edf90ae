#include "report/snippet.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/visible.hpp"
#include "report/layout.hpp"
#include "report/marked_line.hpp"

namespace portcullis {

namespace {

constexpr std::size_t least_columns = 24;

} // namespace

void Snippet::add(Span span, char sign, std::string label) {
    marks_.push_back({source_.locate(span.begin).line, span, sign, std::move(label)});
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
    return width_ == 0 ? widest_line : std::max(width_, frame + least_columns) - frame;
}

void Snippet::bar(std::string_view text) {
    fmt::format_to(std::back_inserter(out_), "{}{}{}\n", std::string(gutter_, ' '), paint_.frame(" |"), text);
}

bool Snippet::print(Mark const& mark, bool with_line) {
    MarkedLine const line = marked_line(source_, mark.span, room());
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
