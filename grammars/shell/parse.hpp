// The text of a shell script to its syntax tree.
#pragma once
#include <string_view>

#include "grammars/shell/ast.hpp"

namespace portcullis::shell {

// Never throws on bad input: what is not shell is an entry of Script::errors, and the next line is read.
Script parse(std::string_view text, SourceId source);

} // namespace portcullis::shell
