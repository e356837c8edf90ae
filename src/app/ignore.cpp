#include "app/ignore.hpp"

#include <algorithm>
#include <string_view>

#include "app/inputs.hpp"
#include "app/places.hpp"
#include "portcullis/base/glob.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

// Blanks at the end do not count, unless a backslash stands before them.
std::string_view trimmed(std::string_view line) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    while (line.ends_with(' ') && !line.ends_with("\\ ")) line.remove_suffix(1);
    return line;
}

// With a slash at the end, or nothing for the root itself.
std::string as_prefix(fs::path const& path) { return path.empty() || path == "." ? "" : path.string() + '/'; }

} // namespace

void IgnoreRules::read(fs::path const& file, std::string base) {
    File& rules = files_.emplace_back(File{std::move(base), {}});
    std::error_code error;
    std::string const why = why_no_file(file);
    if (why.empty() && !fs::exists(file, error) && !error) return;
    FileText const text = why.empty() ? read_text_file(file) : FileText{{}, why};
    if (!text.error.empty()) problems_.emplace_back(file.string(), text.error);
    std::string_view rest = text.text;
    while (!rest.empty()) {
        std::string_view line = trimmed(rest.substr(0, rest.find('\n')));
        rest.remove_prefix(std::min(rest.size(), rest.find('\n') == std::string_view::npos ? rest.size() : rest.find('\n') + 1));
        if (line.empty() || line.starts_with('#')) continue;
        Pattern pattern;
        pattern.negated = line.starts_with('!');
        if (pattern.negated) line.remove_prefix(1);
        pattern.folders_only = line.ends_with('/');
        pattern.glob = line;
        rules.patterns.push_back(std::move(pattern));
    }
}

IgnoreRules::IgnoreRules(fs::path const& folder) {
    std::error_code error;
    fs::path const start = fs::absolute(folder, error).lexically_normal();
    fs::path root = start;
    while (!fs::exists(root / ".git", error)) {
        if (root == root.root_path() || root.empty()) return;
        root = root.parent_path();
    }
    fs::path const down = start.lexically_relative(root);
    start_ = as_prefix(down.filename().empty() ? down.parent_path() : down);
    read(root / ".git/info/exclude", "");
    fs::path above = root;
    for (fs::path const& part : down) {
        if (part.empty() || part == ".") continue;
        read(above / ".gitignore", as_prefix(above.lexically_relative(root)));
        above /= part;
    }
}

void IgnoreRules::enter(fs::path const& folder, std::string const& path) { read(folder / ".gitignore", start_ + as_prefix(path)); }

bool IgnoreRules::ignores(std::string const& path, bool is_folder) const {
    std::string const whole = start_ + path;
    for (auto file = files_.rbegin(); file != files_.rend(); ++file) {
        std::string_view const below = std::string_view(whole).substr(file->base.size());
        for (auto pattern = file->patterns.rbegin(); pattern != file->patterns.rend(); ++pattern)
            if ((is_folder || !pattern->folders_only) && glob_matches(pattern->glob, below)) return !pattern->negated;
    }
    return false;
}

bool is_excluded(std::string const& path, std::vector<std::string> const& patterns) {
    if (patterns.empty()) return false;
    fs::path seen(path);
    std::error_code error;
    if (seen.is_absolute()) seen = seen.lexically_relative(fs::current_path(error));
    std::string const whole = seen.lexically_normal().string();
    for (std::size_t end = 0; end != std::string::npos;) {
        end = whole.find('/', end + 1);
        std::string_view const part = std::string_view(whole).substr(0, end);
        bool const is_folder = end != std::string::npos;
        auto const fits = [&](std::string const& pattern) { return (is_folder || !pattern.ends_with('/')) && glob_matches(pattern, part); };
        if (std::ranges::any_of(patterns, fits)) return true;
    }
    return false;
}

} // namespace portcullis::app
