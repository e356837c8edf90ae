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
#include <utility>

#include "portcullis/report/lines.hpp"

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

Stream::Stream(std::string path) : path_(std::move(path)) {
    if (path_.empty()) {
        file_ = stdout;
        return;
    }
    std::error_code error;
    auto const kind = fs::symlink_status(path_, error).type();
    bool const replaced = kind == fs::file_type::regular || kind == fs::file_type::not_found;
    if (replaced) temporary_ = fmt::format("{}.{}.tmp", path_, ::getpid());
    std::string const why = kind == fs::file_type::regular ? create_like(path_, temporary_) : "";
    if (!why.empty()) fail(why);
    file_ = std::fopen((replaced ? temporary_ : path_).c_str(), "wb");
    if (file_ == nullptr) fail(reason());
}

Stream::Stream(Stream&& other) noexcept
    : path_(std::move(other.path_)), temporary_(std::exchange(other.temporary_, {})), file_(std::exchange(other.file_, nullptr)) {}

Stream::~Stream() {
    if (file_ != nullptr && file_ != stdout) std::fclose(file_);
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove(temporary_, ignored);
}

void Stream::fail(std::string const& why) const {
    throw std::runtime_error(path_.empty() ? "cannot write to standard output: " + why : fmt::format("cannot write {}: {}", path_, why));
}

void Stream::write(std::string_view text) {
    if (text.empty()) return;
    bool const written = std::fwrite(text.data(), 1, text.size(), file_) == text.size() && (file_ != stdout || std::fflush(file_) == 0);
    if (!written) fail(reason());
}

void Stream::finish() {
    if (std::fflush(file_) != 0) fail(reason());
    std::FILE* const file = std::exchange(file_, nullptr);
    if (file != stdout && std::fclose(file) != 0) fail(reason());
    if (temporary_.empty()) return;
    std::error_code error;
    fs::rename(temporary_, path_, error);
    if (error) fail(error.message());
    temporary_.clear();
}

bool is_written_in_lines(std::string const& format) {
    return std::ranges::any_of(line_formats(), [&](LineFormat const& each) { return each.name == format; });
}

unsigned text_width(Options const& options) {
    if (options.width) return *options.width;
    winsize size{};
    return ::isatty(STDOUT_FILENO) == 1 && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
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
    for (Output const& output : outputs) {
        if (is_written_in_lines(output.format)) continue;
        bool const to_terminal = output.path.empty();
        TextStyle const style{to_terminal && use_color(options.color), options.quiet, to_terminal || options.width ? text_width(options) : 0};
        write_output(output.path, render(output.format, style));
    }
}

} // namespace portcullis::app
