#include "app/includes.hpp"

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <dirent.h>
#include <fmt/format.h>
#include <glob.h>
#include <iterator>
#include <sys/stat.h>

#include "app/places.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t most_asked_about = 100'000;
constexpr std::ptrdiff_t most_parts = 128; // glob() calls itself for each

// What glob() meets on its way and does not tell. It is C: nothing may be thrown through it.
struct Encountered {
    std::size_t names = 0;
    int error = 0; // the first that is more than a missing file
    std::array<char, PATH_MAX> at{};

    void failed(char const* where) {
        if (error != 0 || errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return;
        error = errno;
        std::strncpy(at.data(), where, at.size() - 1);
    }
};
thread_local Encountered encountered;

void* open_folder(char const* name) {
    DIR* const folder = ::opendir(name);
    if (folder == nullptr) encountered.failed(name);
    return folder;
}

dirent* next_in(void* folder) {
    if (++encountered.names > most_asked_about) return nullptr;
    errno = 0;
    dirent* const entry = ::readdir(static_cast<DIR*>(folder));
    if (entry == nullptr && errno != 0) encountered.failed("a folder");
    return entry;
}

int look_at(char const* __restrict name, struct stat* __restrict status) {
    int const result = ::stat(name, status);
    if (result != 0) encountered.failed(name);
    return result;
}

// Links that lead to no file are names too.
int look_at_link(char const* __restrict name, struct stat* __restrict status) {
    int const result = ::lstat(name, status);
    if (result != 0) encountered.failed(name);
    return result;
}

// The files that a pattern matches, in order, or why it cannot be said: where it looks at too many, as "/*/*/*/*" does, or links that lead to
// one another; and where it may not look at some, of which nobody knows whether they match.
struct Matching {
    std::vector<std::string> names;
    std::string error;
};

Matching names_like(fs::path const& pattern) {
    encountered = {};
    glob_t matches{};
    matches.gl_opendir = open_folder;
    matches.gl_closedir = [](void* folder) { ::closedir(static_cast<DIR*>(folder)); };
    matches.gl_readdir = next_in;
    matches.gl_stat = look_at;
    matches.gl_lstat = look_at_link;
    int const status = ::glob(pattern.c_str(), GLOB_ALTDIRFUNC, nullptr, &matches);
    Matching result;
    for (std::size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) result.names.emplace_back(matches.gl_pathv[i]);
    ::globfree(&matches);
    if (encountered.names > most_asked_about) result.error = fmt::format("the pattern asks about more than {} files", most_asked_about);
    else if (encountered.error != 0) result.error = fmt::format("cannot search {}: {}", encountered.at.data(), std::strerror(encountered.error));
    else if (status == GLOB_NOSPACE) result.error = "looking for its files takes more memory than there is";
    else if (status != 0 && status != GLOB_NOMATCH) result.error = "not all of its files could be looked for";
    return result;
}

std::size_t size_of(Sources const& sources) {
    std::size_t size = 0;
    for (std::size_t i = 0; i < sources.size(); ++i) size += sources[static_cast<SourceId>(i)].text().size();
    return size;
}

} // namespace

Included include(std::string const& pattern, SourceId from, Sources& sources, fs::path const& root, TextReader const& reader) {
    fs::path path(pattern);
    if (path.is_relative()) path = fs::path(sources[from].path()).parent_path() / path;
    if (path.native().size() >= PATH_MAX) return {{}, fmt::format("the pattern is longer than {} bytes", PATH_MAX - 1)};
    if (std::distance(path.begin(), path.end()) > most_parts) return {{}, fmt::format("the pattern has more than {} parts", most_parts)};
    auto const matching = names_like(path);
    if (!matching.error.empty()) return {{}, matching.error};
    std::vector<std::string> const& names = matching.names;
    bool const is_pattern = pattern.find_first_of("*?[") != std::string::npos;
    // nft accepts a pattern that matches nothing, and refuses a missing file.
    if (names.empty()) return is_pattern ? Included{} : Included{{}, "no such file"};
    Included result;
    for (std::string const& name : names) {
        std::error_code error;
        fs::path const real = fs::canonical(name, error);
        if (error) return {{}, fmt::format("{}: {}", name, error.message())};
        if (!is_inside(real, root)) return {{}, fmt::format("{} is outside {}", name, root.string())};
        FileText text = reader ? reader(name) : read_text_file(name);
        if (!text.error.empty()) return {{}, text.error};
        if (size_of(sources) + text.text.size() > largest_input) return {{}, fmt::format("with it, more than {} MiB are included", largest_input >> 20U)};
        result.sources.push_back(sources.add(name, std::move(text.text)));
    }
    return result;
}

} // namespace portcullis::app
