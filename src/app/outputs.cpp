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
#include <sys/ioctl.h>
#include <unistd.h>

#include "app/files.hpp"
#include "app/places.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/report/lines.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

// A variable of the environment; empty where there is none.
std::string_view variable(char const* name) {
    char const* const value = std::getenv(name);
    return value != nullptr ? value : "";
}
bool is_set(char const* name) { return !variable(name).empty(); }

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

Stream::Stream(std::string const& path) {
    if (!path.empty()) file_.emplace(path);
}

void Stream::write(std::string_view text) {
    if (file_) file_->write(text);
    else if (!text.empty()) write_output("", text);
}

void Stream::finish() {
    if (file_) file_->finish();
}

bool is_written_in_lines(std::string const& format) {
    return std::ranges::any_of(line_formats(), [&](LineFormat const& each) { return each.name == format; });
}

std::size_t text_width(Options const& options) {
    if (options.width) return *options.width;
    struct winsize size {};
    return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

// --color, then NO_COLOR, then CLICOLOR_FORCE and FORCE_COLOR, then TERM=dumb, then whether it is a terminal.
bool use_color(std::string const& wanted) {
    if (wanted != "auto") return wanted == "always";
    if (is_set("NO_COLOR")) return false;
    if (is_set("CLICOLOR_FORCE") || is_set("FORCE_COLOR")) return true;
    if (variable("TERM") == "dumb") return false;
    return ::isatty(STDOUT_FILENO) == 1;
}

namespace {

// Whether the terminal is one of those that make links of OSC 8. FORCE_HYPERLINK says yes or, as 0, no.
bool takes_links() {
    if (is_set("FORCE_HYPERLINK")) return variable("FORCE_HYPERLINK") != "0";
    if (::isatty(STDOUT_FILENO) != 1 || is_set("CI")) return false;
    constexpr char const* own[] = {"VTE_VERSION", "KITTY_WINDOW_ID", "WEZTERM_EXECUTABLE", "WT_SESSION", "KONSOLE_VERSION", "ITERM_SESSION_ID", "DOMTERM"};
    if (std::any_of(std::begin(own), std::end(own), is_set)) return true;
    std::string_view const term = variable("TERM");
    std::string_view const program = variable("TERM_PROGRAM");
    return program == "vscode" || term.starts_with("foot") || term.starts_with("alacritty") || term.starts_with("xterm-ghostty");
}

// The pages of the rules as they are installed beside the program; empty where they are not.
std::string pages_folder() {
    std::error_code error;
    fs::path const program = fs::read_symlink("/proc/self/exe", error);
    if (error) return "";
    fs::path const folder = program.parent_path().parent_path() / "share/doc/portcullis/rules";
    return fs::is_directory(folder, error) ? folder.string() : "";
}

} // namespace

Repository find_repository(fs::path const& around) {
    std::error_code error;
    fs::path const directory = around.empty() ? fs::current_path(error) : fs::absolute(around, error);
    if (error) return {};
    for (fs::path folder = directory;; folder = folder.parent_path()) {
        if (fs::exists(folder / ".git", error)) return {folder.string(), directory.string()};
        if (folder == folder.root_path()) return {directory.string(), directory.string()};
    }
}

void check_outputs(std::vector<Output> const& outputs) {
    std::set<std::string> places;
    for (Output const& output : outputs) {
        std::string const place = output.path.empty() ? "" : identity_of(output.path);
        if (places.insert(place).second) continue;
        throw UsageError(place.empty() ? "-o: two reports to standard output; write one of them to a file, as in -o sarif=FILE"
                                       : fmt::format("-o: two reports to {}", output.path));
    }
}

void check_apart(std::vector<std::string> const& read, Options const& options) {
    std::vector<std::string> written;
    for (Output const& output : options.outputs)
        if (!output.path.empty()) written.push_back(output.path);
    if (!options.output_file.empty()) written.push_back(options.output_file);
    for (std::string& path : written) path = identity_of(path);
    if (written.empty()) return;
    for (std::string const& name : read)
        if (name != "-" && !name.empty() && std::ranges::find(written, identity_of(name)) != written.end())
            throw UsageError(fmt::format("-o: {} is read, and would be written over", name));
}

void write_report(Options const& options, Render const& render) {
    std::vector<Output> outputs = options.outputs;
    if (outputs.empty()) outputs.push_back({"text", ""});
    std::string errors;
    for (Output const& output : outputs) {
        if (is_written_in_lines(output.format)) continue;
        bool const here = output.path.empty();
        bool const color = here && use_color(options.color);
        TextStyle const style{color, options.quiet, here || options.width ? text_width(options) : 0, color && takes_links() ? pages_folder() : ""};
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
