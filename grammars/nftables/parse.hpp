// The nftables grammar as one function.
#pragma once
#include "grammars/nftables/ast.hpp"

namespace portcullis::nftables {

// Never throws on bad input: the errors are in the File, and statements after them are read. The File holds views
// into `text`.
File parse(std::string_view text, SourceId source, Place place = Place::top);

} // namespace portcullis::nftables
