#include "app/rewrite.hpp"

#include <filesystem>

#include "app/files.hpp"

namespace portcullis::app {

bool is_link(InputFile const& file) {
    std::error_code error;
    return !file.standard_input && std::filesystem::is_symlink(file.path, error);
}

void refuse_link(InputFile const& file) {
    if (is_link(file)) throw UsageError(file.path + " is a symbolic link; name the file that it leads to");
}

void rewrite(InputFile const& file, std::string_view before, std::string_view after) {
    refuse_link(file);
    FileText const now = read_text_file(file.path);
    if (!now.error.empty()) throw std::runtime_error(now.error);
    if (now.text != before) throw std::runtime_error(file.path + " was changed by somebody else meanwhile, and is left as it is");
    std::string const text = std::string(now.mark).append(after);
    NewFile const changed{.path = file.path, .text = text, .through_links = false};
    write_files({&changed, 1});
}

} // namespace portcullis::app
