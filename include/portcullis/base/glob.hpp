// Patterns for paths, as .gitignore has them.
#pragma once
#include <string_view>

namespace portcullis {

// Whether the whole path, whose parts have a slash between them, is one that the pattern means. `*` and `?` are any bytes but a
// slash, `[a-z]` and `[!a-z]` one byte, a backslash takes the next byte as it is. `**` as a part of its own is any number of parts, and
// at the end at least one. A pattern without a slash, but for one at its end, is about the last part of the path; all others are about
// the path from its beginning. It takes time in proportion to the product of the two lengths at most.
bool glob_matches(std::string_view pattern, std::string_view path);

} // namespace portcullis
