// Lines that both texts have are found by their common subsequence; runs of others, with some lines around them, are
// the hunks.
#include "portcullis/report/patch.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <functional>
#include <vector>

#include "portcullis/base/common_subsequence.hpp"

namespace portcullis {

namespace {

constexpr std::size_t context_lines = 3;

std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        std::size_t const end = std::min(text.find('\n'), text.size() - 1);
        lines.push_back(text.substr(0, end + 1));
        text.remove_prefix(end + 1);
    }
    return lines;
}

std::vector<std::uint64_t> keys_of(std::vector<std::string_view> const& lines) {
    std::vector<std::uint64_t> keys;
    for (std::string_view const line : lines) keys.push_back(std::hash<std::string_view>{}(line));
    return keys;
}

// A line of the patch: of both texts, of the old, or of the new one.
struct Line {
    char sign;
    std::string_view text;
    std::size_t before, after; // lines of each text above it
};

std::vector<Line> merged(std::string_view before, std::string_view after) {
    auto const old_lines = lines_of(before);
    auto const new_lines = lines_of(after);
    std::vector<Line> all;
    std::size_t i = 0;
    std::size_t j = 0;
    auto const up_to = [&](std::size_t to_i, std::size_t to_j) {
        for (; i < to_i; ++i) all.push_back({'-', old_lines[i], i, j});
        for (; j < to_j; ++j) all.push_back({'+', new_lines[j], i, j});
    };
    for (auto const& [a, b] : common_subsequence(keys_of(old_lines), keys_of(new_lines))) {
        if (old_lines[a] != new_lines[b]) continue; // a collision of hashes
        up_to(a, b);
        all.push_back({' ', old_lines[i], i, j});
        ++i;
        ++j;
    }
    up_to(old_lines.size(), new_lines.size());
    return all;
}

std::string hunk_text(std::vector<Line> const& all, std::size_t begin, std::size_t end) {
    std::size_t removed = 0;
    std::size_t added = 0;
    std::string body;
    for (std::size_t i = begin; i < end; ++i) {
        removed += all[i].sign != '+' ? 1 : 0;
        added += all[i].sign != '-' ? 1 : 0;
        body += all[i].sign;
        body += all[i].text;
        if (!all[i].text.ends_with('\n')) body += "\n\\ No newline at end of file\n";
    }
    // An empty side is said to begin after the line above it.
    return fmt::format("@@ -{},{} +{},{} @@\n{}", all[begin].before + (removed > 0 ? 1 : 0), removed,
                       all[begin].after + (added > 0 ? 1 : 0), added, body);
}

// As git and patch read it: a name with anything but plain characters is a string in C; behind one with blanks stands a tab.
std::string file_line(std::string_view sign, std::string_view side, std::string_view path) {
    std::string name = fmt::format("{}/", side);
    bool quoted = false;
    for (char const c : path) {
        bool const plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
        quoted |= !plain;
        if (c == '"' || c == '\\')
            name += {'\\', c};
        else
            name += plain ? std::string(1, c) : fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    }
    if (quoted) return fmt::format("{} \"{}\"\n", sign, name);
    return fmt::format("{} {}{}\n", sign, name, path.find(' ') == std::string_view::npos ? "" : "\t");
}

} // namespace

std::string unified_patch(std::string_view path, std::string_view before, std::string_view after) {
    if (before == after) return {};
    auto const all = merged(before, after);
    std::string text = file_line("---", "a", path) + file_line("+++", "b", path);
    auto const changed = [](Line const& line) { return line.sign != ' '; };
    for (auto at = std::find_if(all.begin(), all.end(), changed); at != all.end();) {
        std::size_t const first = static_cast<std::size_t>(at - all.begin());
        // Changes with less than two contexts between them are one hunk.
        std::size_t last = first;
        for (std::size_t i = first; i < all.size() && i <= last + 2 * context_lines; ++i)
            if (changed(all[i])) last = i;
        std::size_t const begin = first - std::min(first, context_lines);
        std::size_t const end = std::min(all.size(), last + 1 + context_lines);
        text += hunk_text(all, begin, end);
        at = std::find_if(all.begin() + static_cast<std::ptrdiff_t>(end), all.end(), changed);
    }
    return text;
}

} // namespace portcullis
