// Several files as the rules of one host: all of their chains stand on its packets' ways, in order of priority.
#pragma once
#include "app/inputs.hpp"

namespace portcullis::app {

// Reads the files into one ruleset; `source` is the first that was read. What is no firewall's is left out where it was
// found in a directory, and an error where it was named. Throws UsageError where nothing is left, or where files of
// systems with and without hooks are mixed.
Loaded load_host(std::vector<InputFile> const& files, Options const& options, Config const& config,
                 std::shared_ptr<Sources> const& sources = std::make_shared<Sources>());
// The files of --host, or those that are named: the inputs, where nothing is said.
std::vector<InputFile> host_files(Options const& options);
std::vector<InputFile> host_files(Options const& options, std::vector<std::string> const& named);

} // namespace portcullis::app
