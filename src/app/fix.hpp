// --fix and --diff of lint: files are mended in place, or the change is shown.
#pragma once
#include <string>

#include "app/inputs.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis::app {

struct FileFix {
    std::string patch;     // unified, empty where nothing changes
    std::size_t fixes = 0;
};

// Mends the file, which has been loaded, and writes it where --fix says so; `loaded` is then that of the mended text. A link
// that was found in a directory is left alone.
FileFix fix_file(InputFile const& file, Options const& options, Config const& config, LintOptions const& lint_options,
                 Loaded& loaded);

} // namespace portcullis::app
