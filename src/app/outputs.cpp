#include "app/outputs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <memory>
#include <set>
#include <stdexcept>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

// Writes all of the text and closes the file, or says why not.
std::string write_all(fs::path const& path, std::string_view text) {
    File file(std::fopen(path.c_str(), "wb"));
    if (!file) return reason();
    bool const written =
        std::fwrite(text.data(), 1, text.size(), file.get()) == text.size() && std::fflush(file.get()) == 0;
    if (!written) return reason();
    return std::fclose(file.release()) == 0 ? "" : reason();
}

// An empty file with the owner and permissions of another, whose text it will replace.
std::string create_like(fs::path const& model, fs::path const& path) {
    struct stat status {};
    if (::stat(model.c_str(), &status) != 0) return reason();
    int const file = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
    if (file < 0) return reason();
    // Who may not give files away owns it, with its group where that is one of theirs.
    bool const given = ::fchown(file, status.st_uid, status.st_gid) == 0 || ::fchown(file, ~uid_t{0}, status.st_gid) == 0;
    mode_t const mode = status.st_mode & (given ? 07777U : 0700U);
    std::string const why = ::fchmod(file, mode) == 0 ? "" : reason();
    ::close(file);
    return why;
}

bool is_set(char const* name) {
    char const* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

} // namespace

void write_output(std::string const& path, std::string_view text) {
    if (path.empty()) {
        bool const written =
            std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
        if (!written) throw std::runtime_error("cannot write to standard output: " + reason());
        return;
    }
    auto const check = [&path](std::string const& why) {
        if (!why.empty()) throw std::runtime_error(fmt::format("cannot write {}: {}", path, why));
    };
    // A device, a pipe or a link is written through, not replaced.
    std::error_code error;
    auto const kind = fs::symlink_status(path, error).type();
    if (kind != fs::file_type::regular && kind != fs::file_type::not_found) return check(write_all(path, text));
    // Whole or not at all: a reader never sees half a report.
    std::string const temporary = fmt::format("{}.{}.tmp", path, ::getpid());
    std::string why = kind == fs::file_type::regular ? create_like(path, temporary) : "";
    if (why.empty()) why = write_all(temporary, text);
    if (why.empty()) {
        fs::rename(temporary, path, error);
        if (error) why = error.message();
    }
    if (!why.empty()) fs::remove(temporary, error);
    check(why);
}

// --color, then NO_COLOR, then CLICOLOR_FORCE and FORCE_COLOR, then TERM=dumb, then whether it is a terminal.
bool use_color(std::string const& wanted) {
    if (wanted != "auto") return wanted == "always";
    if (is_set("NO_COLOR")) return false;
    if (is_set("CLICOLOR_FORCE") || is_set("FORCE_COLOR")) return true;
    char const* term = std::getenv("TERM");
    if (term != nullptr && std::string_view(term) == "dumb") return false;
    return ::isatty(STDOUT_FILENO) == 1;
}

std::size_t terminal_width() {
    struct winsize size {};
    if (::isatty(STDOUT_FILENO) != 1 || ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0) return 0;
    return size.ws_col;
}

namespace {

// Whether the terminal is one of those that make links of OSC 8. FORCE_HYPERLINK says yes or, as 0, no.
bool takes_links() {
    if (is_set("FORCE_HYPERLINK")) return std::string_view(std::getenv("FORCE_HYPERLINK")) != "0";
    if (::isatty(STDOUT_FILENO) != 1 || is_set("CI")) return false;
    constexpr char const* own[] = {"VTE_VERSION", "KITTY_WINDOW_ID", "WEZTERM_EXECUTABLE", "WT_SESSION", "KONSOLE_VERSION", "ITERM_SESSION_ID", "DOMTERM"};
    if (std::any_of(std::begin(own), std::end(own), is_set)) return true;
    std::string_view const term = is_set("TERM") ? std::getenv("TERM") : "";
    std::string_view const program = is_set("TERM_PROGRAM") ? std::getenv("TERM_PROGRAM") : "";
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
        std::string const place = output.path.empty() ? "" : fs::path(output.path).lexically_normal().string();
        if (places.insert(place).second) continue;
        throw UsageError(place.empty() ? "-o: two reports to standard output; write one of them to a file, as in -o sarif=FILE"
                                       : fmt::format("-o: two reports to {}", output.path));
    }
}

void write_report(Options const& options, Render const& render) {
    std::vector<Output> outputs = options.outputs;
    if (outputs.empty()) outputs.push_back({"text", ""});
    for (Output const& output : outputs) {
        bool const here = output.path.empty();
        bool const color = here && use_color(options.color);
        TextStyle const style{color, options.quiet, here ? terminal_width() : 0, color && takes_links() ? pages_folder() : ""};
        write_output(output.path, render(output.format, style));
    }
}

} // namespace portcullis::app
