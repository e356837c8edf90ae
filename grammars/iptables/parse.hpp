// iptables-save and ip6tables-save text to its syntax tree.
#pragma once
#include <string_view>

#include "grammars/iptables/ast.hpp"

namespace portcullis::iptables {

// Never throws on bad input: a bad line is an entry of File::errors, and the next line is read. The result has
// views into `text`.
File parse(std::string_view text, SourceId source);

} // namespace portcullis::iptables
