#include "app/includes.hpp"

#include <climits>
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

// The files that a pattern matches, in order; nothing where it looks at too many, as "/*/*/*/*" does, or links that lead to one another.
std::optional<std::vector<std::string>> names_like(fs::path const& pattern) {
    static thread_local std::size_t asked_about;
    asked_about = 0;
    glob_t matches{};
    matches.gl_opendir = [](char const* name) -> void* { return ::opendir(name); };
    matches.gl_closedir = [](void* folder) { ::closedir(static_cast<DIR*>(folder)); };
    matches.gl_readdir = [](void* folder) { return ++asked_about > most_asked_about ? nullptr : ::readdir(static_cast<DIR*>(folder)); };
    matches.gl_stat = [](char const* __restrict name, struct stat* __restrict status) { return ::stat(name, status); };
    matches.gl_lstat = [](char const* __restrict name, struct stat* __restrict status) { return ::lstat(name, status); };
    int const status = ::glob(pattern.c_str(), GLOB_ALTDIRFUNC, nullptr, &matches);
    std::vector<std::string> names;
    for (std::size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) names.emplace_back(matches.gl_pathv[i]);
    ::globfree(&matches);
    if (asked_about > most_asked_about) return std::nullopt;
    return names;
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
    if (!matching) return {{}, fmt::format("the pattern asks about more than {} files", most_asked_about)};
    std::vector<std::string> const& names = *matching;
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
