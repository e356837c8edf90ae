#include "portcullis/base/glob.hpp"

#include <optional>

namespace portcullis {

namespace {

// Whether one byte fits what the pattern begins with, and the rest of the pattern; nothing where it does not.
std::optional<std::string_view> after_byte(std::string_view pattern, char byte) {
    switch (pattern.front()) {
    case '?': return pattern.substr(1);
    case '\\':
        if (pattern.size() < 2) return std::nullopt; // nothing is meant, so nothing fits
        return pattern[1] == byte ? std::optional(pattern.substr(2)) : std::nullopt;
    case '[': break;
    default: return pattern.front() == byte ? std::optional(pattern.substr(1)) : std::nullopt;
    }
    auto const code = [](char c) { return static_cast<unsigned char>(c); };
    std::string_view rest = pattern.substr(1);
    bool const negated = rest.starts_with('!') || rest.starts_with('^');
    if (negated) rest.remove_prefix(1);
    bool within = false;
    for (bool first = true; first || !rest.starts_with(']'); first = false) {
        if (rest.empty()) return std::nullopt; // a bracket that does not close
        auto const take = [&rest] {
            if (rest.size() > 1 && rest.front() == '\\') rest.remove_prefix(1);
            char const c = rest.front();
            rest.remove_prefix(1);
            return c;
        };
        char const low = take();
        char high = low;
        if (rest.size() > 1 && rest[0] == '-' && rest[1] != ']') {
            rest.remove_prefix(1);
            high = take();
        }
        within = within || (code(low) <= code(byte) && code(byte) <= code(high));
    }
    return within != negated ? std::optional(rest.substr(1)) : std::nullopt;
}

// Without slashes. Only the last star before a mismatch has to give way: what an earlier one took, the last one takes as well.
bool part_matches(std::string_view pattern, std::string_view text) {
    std::optional<std::string_view> star; // the pattern behind it
    std::string_view taken;               // where that was tried
    while (!text.empty()) {
        if (pattern.starts_with('*')) {
            star = pattern = pattern.substr(1);
            taken = text;
            continue;
        }
        auto const rest = pattern.empty() ? std::nullopt : after_byte(pattern, text.front());
        if (rest) {
            pattern = *rest;
            text.remove_prefix(1);
        } else if (star) {
            pattern = *star;
            taken.remove_prefix(1);
            text = taken;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*') == std::string_view::npos;
}

// Takes the first part away.
std::string_view take_part(std::string_view& path) {
    std::size_t const end = path.find('/');
    std::string_view const part = path.substr(0, end);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end + 1);
    return part;
}

// The same for parts as for bytes: `**` is the star.
bool path_matches(std::string_view pattern, std::string_view path) {
    std::optional<std::string_view> star;
    std::string_view taken;
    while (!path.empty()) {
        std::string_view rest_of_pattern = pattern;
        std::string_view rest_of_path = path;
        std::string_view const wanted = take_part(rest_of_pattern);
        if (!pattern.empty() && wanted == "**") {
            if (rest_of_pattern.empty()) return true;
            star = pattern = rest_of_pattern;
            taken = path;
        } else if (!pattern.empty() && part_matches(wanted, take_part(rest_of_path))) {
            pattern = rest_of_pattern;
            path = rest_of_path;
        } else if (star) {
            pattern = *star;
            take_part(taken);
            path = taken;
        } else {
            return false;
        }
    }
    return pattern.empty();
}

} // namespace

bool glob_matches(std::string_view pattern, std::string_view path) {
    if (pattern.ends_with('/')) pattern.remove_suffix(1);
    if (pattern.find('/') == std::string_view::npos) return !pattern.empty() && part_matches(pattern, path.substr(path.rfind('/') + 1));
    if (pattern.starts_with('/')) pattern.remove_prefix(1);
    return path_matches(pattern, path);
}

} // namespace portcullis
