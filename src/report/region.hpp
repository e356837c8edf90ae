// Places in a text as the readers of a format count them. A source has bytes, which need not be UTF-8: one that is no part
// of it counts as the replacement character that is shown for it.
#pragma once
#include "portcullis/base/source.hpp"

namespace portcullis {

enum class Columns { bytes, utf16 };

// All from 1; the end is exclusive.
struct TextRegion {
    std::uint32_t start_line = 1;
    std::uint32_t start_column = 1;
    std::uint32_t end_line = 1;
    std::uint32_t end_column = 1;
};

TextRegion region_of(Source const& source, Span span, Columns columns);

} // namespace portcullis
