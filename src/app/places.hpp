// Where paths lead, whatever they are called.
#pragma once
#include <filesystem>
#include <string>

namespace portcullis::app {

// By their parts; both without links.
bool is_inside(std::filesystem::path const& path, std::filesystem::path const& root);

// The same for all names of a file, relative ones and links among them: of one that is there its device and number, of one that is
// not where it would be.
std::string identity_of(std::filesystem::path const& path);

// Why what was found under the name, and not named by anybody, is no file to read: a broken link, a directory, a pipe or another device, which
// would be waited for. Empty for a file, and where nothing is.
std::string why_no_file(std::filesystem::path const& path);

} // namespace portcullis::app
