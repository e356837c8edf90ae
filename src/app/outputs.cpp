#include "app/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fmt/format.h>
#include <set>
#include <stdexcept>
#include <unistd.h>

#include "app/files.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

} // namespace

void write_output(std::string const& path, std::string_view text) {
    if (path.empty()) {
        bool const written =
            std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
        if (!written) throw std::runtime_error("cannot write to standard output: " + reason());
        return;
    }
    NewFile const file{path, text};
    write_files({&file, 1});
}

void write_plain(std::string const& path, std::string_view text) {
    if (!path.empty() || ::isatty(STDOUT_FILENO) != 1) return write_output(path, text);
    std::string shown;
    while (!text.empty()) {
        std::size_t const end = std::min(text.find('\n'), text.size() - 1) + 1;
        std::string_view line = text.substr(0, end);
        text.remove_prefix(end);
        bool const ended = line.ends_with('\n');
        if (ended) line.remove_suffix(1);
        for (std::size_t tab = line.find('\t'); tab != std::string_view::npos; tab = line.find('\t')) { // layout, and harmless
            shown += visible(line.substr(0, tab)) + '\t';
            line.remove_prefix(tab + 1);
        }
        shown += visible(line);
        if (ended) shown += '\n';
    }
    write_output(path, shown);
}

// --color, then NO_COLOR, then CLICOLOR_FORCE and FORCE_COLOR, then TERM=dumb, then whether it is a terminal.
bool use_color(std::string const& wanted) {
    auto const set = [](char const* name) {
        char const* value = std::getenv(name);
        return value != nullptr && *value != '\0';
    };
    if (wanted != "auto") return wanted == "always";
    if (set("NO_COLOR")) return false;
    if (set("CLICOLOR_FORCE") || set("FORCE_COLOR")) return true;
    char const* term = std::getenv("TERM");
    if (term != nullptr && std::string_view(term) == "dumb") return false;
    return ::isatty(STDOUT_FILENO) == 1;
}

Repository find_repository() {
    std::error_code error;
    fs::path const directory = fs::current_path(error);
    if (error) return {};
    for (fs::path folder = directory;; folder = folder.parent_path()) {
        if (fs::exists(folder / ".git", error)) return {folder.string(), directory.string()};
        if (folder == folder.root_path()) return {directory.string(), directory.string()};
    }
}

void check_outputs(std::vector<Output> const& outputs) {
    std::set<std::string> places;
    for (Output const& output : outputs) {
        std::string const place = output.path.empty() ? "" : fs::path(output.path).lexically_normal().string();
        if (places.insert(place).second) continue;
        throw UsageError(place.empty() ? "-o: two reports to standard output; write one of them to a file, as in -o sarif=FILE"
                                       : fmt::format("-o: two reports to {}", output.path));
    }
}

void write_report(Options const& options, Render const& render) {
    std::vector<Output> outputs = options.outputs;
    if (outputs.empty()) outputs.push_back({"text", ""});
    std::string errors;
    for (Output const& output : outputs) {
        TextStyle const style{output.path.empty() && use_color(options.color), options.quiet};
        std::string const text = render(output.format, style);
        try {
            write_output(output.path, text);
        } catch (std::runtime_error const& e) {
            errors += (errors.empty() ? "" : "; ") + std::string(e.what());
        }
    }
    if (!errors.empty()) throw std::runtime_error(errors);
}

} // namespace portcullis::app
