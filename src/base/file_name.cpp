#include "portcullis/base/file_name.hpp"

#include <filesystem>

namespace portcullis {

namespace fs = std::filesystem;

std::string Repository::name_of(std::string const& path) const {
    if (root.empty()) return fs::path(path).lexically_normal().string();
    fs::path const whole = (fs::path(directory) / path).lexically_normal();
    fs::path const within = whole.lexically_relative(fs::path(root).lexically_normal());
    return within.empty() || *within.begin() == ".." ? whole.string() : within.string();
}

std::string uri_of(std::string_view name) {
    constexpr std::string_view unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/";
    constexpr std::string_view digits = "0123456789ABCDEF";
    std::string uri = name.starts_with('/') ? "file://" : "";
    for (char const c : name) {
        auto const byte = static_cast<unsigned char>(c);
        if (unreserved.find(c) != std::string_view::npos) uri += c;
        else uri += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
    return uri;
}

} // namespace portcullis
