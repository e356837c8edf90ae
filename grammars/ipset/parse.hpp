// `ipset save` text, or one command line of ipset, to its syntax tree.
#pragma once
#include <string_view>

#include "grammars/ipset/ast.hpp"

namespace portcullis::ipset {

// Never throws on bad input: a bad line is an entry of File::errors, and the next line is read. The result has
// views into `text`.
File parse(std::string_view text, SourceId source);

} // namespace portcullis::ipset
