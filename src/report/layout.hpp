// Text in lines that fit a terminal. Widths are columns as the terminal counts them; the text went through `visible`, and may be
// coloured where that is said.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace portcullis {

// The words of the text in lines of at most `width` columns, of which `column` are taken on the first; each further line
// begins with `hang` blanks. It may be coloured. A longer word has a line of its own. With a width of 0 the text as it is.
std::string wrapped(std::string_view text, std::size_t width, std::size_t column, std::size_t hang);

// The lines of a coloured page, each in lines that fit: what is continued stands below the text behind "label:  ", or is indented
// by two more blanks.
std::string within(std::string_view page, std::size_t width);

// The most of the text's beginning, or end, that takes at most so many columns.
std::string_view first_columns(std::string_view text, std::size_t columns);
std::string_view last_columns(std::string_view text, std::size_t columns);

// The text, or of a longer one what fits, with "…" where something is missing.
std::string fitted(std::string_view text, std::size_t columns);

} // namespace portcullis
