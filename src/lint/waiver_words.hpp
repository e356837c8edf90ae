// The words of one waiver, behind its mark.
#pragma once
#include "lint/waiver_comment.hpp"

namespace portcullis {

// Reads text[begin, end). In a quoted string of the dialect, quotes may have a backslash before them.
Waiver read_waiver(std::string_view text, SourceId source, std::size_t begin, std::size_t end);
// Whether it begins as a waiver does; otherwise it may be prose.
bool begins_waiver(std::string_view text);

} // namespace portcullis
