// What a search in directories passes over: what .gitignore files name, and --exclude.
#pragma once
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace portcullis::app {

// The .gitignore files on the way from the root of the repository to a folder, as git reads them: the last pattern that fits decides, and one
// further down before one further up. Where there is no repository, those from the folder on.
class IgnoreRules {
  public:
    // For a search that begins in the folder: those above it, and .git/info/exclude.
    explicit IgnoreRules(std::filesystem::path const& folder);

    // On the way down, with the folder's path from where the search began ("" for itself), and up again.
    void enter(std::filesystem::path const& folder, std::string const& path);
    void leave() { files_.pop_back(); }

    // Which of them could not be read, by path, and why; each is told once.
    std::vector<std::pair<std::string, std::string>> take_problems() { return std::exchange(problems_, {}); }

    // Whether something in the folders that were entered is ignored; by its path from where the search began.
    bool ignores(std::string const& path, bool is_folder) const;

  private:
    struct Pattern {
        std::string glob;
        bool negated = false;
        bool folders_only = false;
    };
    struct File {
        std::string base; // what stands before the paths that its patterns are about, from the root: "" or "a/b/"
        std::vector<Pattern> patterns;
    };
    void read(std::filesystem::path const& file, std::string base);

    std::string start_; // where the search began, from the root: "" or "a/b/"
    std::vector<File> files_;
    std::vector<std::pair<std::string, std::string>> problems_;
};

// Whether some pattern fits the path, or a folder that it is in. Both are seen from the working directory.
bool is_excluded(std::string const& path, std::vector<std::string> const& patterns);

} // namespace portcullis::app
