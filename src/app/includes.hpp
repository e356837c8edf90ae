// What `include` of nft leads to.
#pragma once
#include <filesystem>
#include <string>

#include "app/inputs.hpp"

namespace portcullis::app {

// Relative to the including file, or absolute, but never outside of `root`, the folder of the file on the command line, links followed.
Included include(std::string const& pattern, SourceId from, Sources& sources, std::filesystem::path const& root, TextReader const& reader);

} // namespace portcullis::app
