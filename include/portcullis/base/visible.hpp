// Text of the input as it may be shown: what a terminal or a reader's eye would act on is escaped.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace portcullis {

// Control characters (C0, DEL, C1), bidirectional controls, line separators, invisible format characters and bytes that
// are not UTF-8 become "\x1b" or "\u{202e}"; a tab becomes one blank. The rest is kept.
std::string visible(std::string_view text);

// At most `most` bytes of the text, cut between code points, with "..." where something is missing.
std::string shortened(std::string_view text, std::size_t most);

// How many columns the text takes in a terminal; for text that went through `visible`.
std::size_t display_width(std::string_view text);

} // namespace portcullis
