// Where paths lead, whatever they are called.
#pragma once
#include <filesystem>

namespace portcullis::app {

// By their parts; both without links.
bool is_inside(std::filesystem::path const& path, std::filesystem::path const& root);

} // namespace portcullis::app
