#include "app/places.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <sys/stat.h>

namespace portcullis::app {

namespace fs = std::filesystem;

bool is_inside(fs::path const& path, fs::path const& root) {
    return std::mismatch(root.begin(), root.end(), path.begin(), path.end()).first == root.end();
}

namespace {

// Where a chain of links leads that has no file at its end; at most as many as the system follows.
fs::path end_of_links(fs::path path) {
    std::error_code error;
    for (int i = 0; i < 40 && fs::is_symlink(path, error); ++i) path = path.parent_path() / fs::read_symlink(path, error);
    return path;
}

} // namespace

std::string why_no_file(fs::path const& path) {
    std::error_code error;
    fs::file_type const type = fs::status(path, error).type();
    bool const is_nowhere = type == fs::file_type::not_found || error == std::errc::too_many_symbolic_link_levels;
    if (is_nowhere) return fs::is_symlink(path, error) ? path.string() + " is a link that leads nowhere" : "";
    if (type == fs::file_type::directory) return path.string() + " is a directory";
    constexpr fs::file_type others[] = {fs::file_type::fifo, fs::file_type::socket, fs::file_type::block, fs::file_type::character};
    return std::ranges::find(others, type) != std::end(others) ? path.string() + " is no regular file" : "";
}

std::string identity_of(fs::path const& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) return fmt::format("{}:{}", status.st_dev, status.st_ino);
    std::error_code error;
    fs::path const place = fs::absolute(end_of_links(path), error);
    fs::path const real = fs::weakly_canonical(place, error);
    return error ? place.lexically_normal().string() : real.string();
}

} // namespace portcullis::app
