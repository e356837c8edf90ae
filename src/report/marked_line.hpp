// A line of the input with a stretch of it marked, as it may be shown.
#pragma once
#include <string>

#include "portcullis/base/source.hpp"

namespace portcullis {

struct MarkedLine {
    std::uint32_t number = 1;
    // What stands before the stretch, in it, and behind it; escaped for readers. Lines that are far too long are cut around it.
    std::string before;
    std::string marked;
    std::string after;
};

// Of a span over several lines, the first is shown.
MarkedLine marked_line(Source const& source, Span span);

} // namespace portcullis
