// A line of the input with a stretch of it marked, as it may be shown.
#pragma once
#include <string>

#include "portcullis/base/source.hpp"

namespace portcullis {

struct MarkedLine {
    std::uint32_t number = 1;
    // What stands before the stretch, in it, and behind it; escaped for readers.
    std::string before;
    std::string marked;
    std::string after;
    bool is_cut = false; // around the stretch, with "…" where something is missing
};

constexpr std::size_t widest_line = 160; // where nothing else limits it: no line of a text is worth a page

// In at most `columns`, of which there are two or more. Of a span over several lines, the first is shown.
MarkedLine marked_line(Source const& source, Span span, std::size_t columns = widest_line);

} // namespace portcullis
