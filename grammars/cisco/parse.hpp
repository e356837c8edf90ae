// The text of a running configuration, a command script or `show access-lists` to its syntax tree.
#pragma once
#include <string_view>

#include "grammars/cisco/ast.hpp"

namespace portcullis::cisco {

// Never throws on bad input: a line that starts as one of ours and goes wrong is one of Config::errors, and the
// next line is read. All other lines are skipped. The result has views into `text`.
Config parse(std::string_view text, SourceId source, Platform platform);

} // namespace portcullis::cisco
