// Everything that is written: reports to files and to standard output.
#pragma once
#include <string>
#include <string_view>

namespace portcullis::app {

// Writes all of the text, or throws a sentence: a full disk is an error, not silence. A file that is replaced keeps its
// owner and permissions.
void write_output(std::string const& path, std::string_view text);

// Whether text on standard output is coloured, by --color, the environment and the terminal.
bool use_color(std::string const& wanted);

} // namespace portcullis::app
