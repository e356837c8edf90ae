// The files to look at: what the arguments and lists name, directories searched.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>
#include <tuple>

#include "app/ignore.hpp"
#include "app/inputs.hpp"
#include "app/tell.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

bool is_hidden(std::string const& name) { return name.starts_with('.'); }

class Search {
  public:
    Search(Options const& options, std::vector<InputFile>& found) : options_(options), found_(found) {}

    void directory(std::string const& name) {
        root_ = name;
        IgnoreRules rules(name);
        enter(name, "", options_.ignore_files ? &rules : nullptr);
    }
    void tell() const {
        if (ignored_ == 0 || options_.quiet) return;
        say(fmt::format("passed over {} {} that .gitignore names; --no-ignore looks at {}", ignored_, ignored_ == 1 ? "file or folder" : "files and folders",
                        ignored_ == 1 ? "it" : "them"));
    }

  private:
    // `path` is that from where the search began.
    void enter(fs::path const& folder, std::string const& path, IgnoreRules* rules) {
        std::error_code error;
        fs::directory_iterator at(folder, error);
        if (rules != nullptr) rules->enter(folder, path);
        // Nobody knows what it would have left out.
        if (rules != nullptr)
            for (auto& [file, why] : rules->take_problems()) found_.push_back({file, false, false, root_, why});
        for (; !error && at != fs::directory_iterator(); at.increment(error)) {
            std::string const name = at->path().filename().string();
            std::error_code unknown; // what is no folder is told by who reads it
            bool const is_folder = at->is_directory(unknown);
            if (is_hidden(name) || (is_folder && at->is_symlink(unknown))) continue;
            std::string const below = path.empty() ? name : path + '/' + name;
            if (is_excluded(at->path().string(), options_.exclude)) continue;
            if (rules != nullptr && rules->ignores(below, is_folder)) ignore(at->path());
            else if (is_folder) enter(at->path(), below, rules);
            else found_.push_back({at->path().string(), false, false, root_});
        }
        if (rules != nullptr) rules->leave();
        // What cannot be searched, or not to its end, is told like a file that cannot be read.
        if (error) found_.push_back({folder.string(), false, false, root_});
    }

    void ignore(fs::path const& path) {
        ++ignored_;
        if (options_.verbose) say(fmt::format("{} is passed over: .gitignore names it", path.string()));
    }

    Options const& options_;
    std::vector<InputFile>& found_;
    std::string root_; // that is searched
    std::size_t ignored_ = 0;
};

// The paths of --files-from.
std::vector<std::string> listed_paths(Options const& options) {
    if (options.files_from.empty()) return {};
    FileText const list = read_bytes(options.files_from == "-" ? named_input("-", "standard input") : InputFile{options.files_from, true, false});
    if (!list.error.empty()) throw UsageError("--files-from: " + list.error);
    char const end = options.null_separated ? '\0' : '\n';
    std::vector<std::string> paths;
    for (std::string_view rest = list.text; !rest.empty();) {
        std::string_view const path = rest.substr(0, rest.find(end));
        rest.remove_prefix(std::min(rest.size(), path.size() + 1));
        if (path.find('\0') != std::string_view::npos) throw UsageError("--files-from: a path has a NUL byte; --null is for lists with a NUL behind each path");
        if (!path.empty()) paths.emplace_back(path);
    }
    return paths;
}

// The same for all ways to a name: f.rules, ./f.rules. A link is a name of its own.
class Names {
  public:
    std::string of(std::string const& path) {
        fs::path const whole(path), name = whole.filename();
        if (name.empty() || name == "." || name == "..") return path;
        std::string const folder = whole.parent_path().string();
        auto const [known, is_new] = folders_.try_emplace(folder);
        std::error_code error;
        if (is_new) known->second = fs::weakly_canonical(folder.empty() ? "." : folder, error);
        return (known->second / name).string();
    }

  private:
    std::map<std::string, fs::path> folders_;
};

} // namespace

InputFile named_input(std::string const& argument, std::string const& stdin_filename) {
    bool const standard_input = argument == "-";
    return {standard_input ? stdin_filename : argument, true, standard_input};
}

std::vector<InputFile> find_inputs(std::vector<std::string> const& arguments, Options const& options) {
    bool const reads_input = std::ranges::find(arguments, "-") != arguments.end();
    if (reads_input && options.files_from == "-") throw UsageError("standard input cannot be both a list of files and a file");
    std::vector<InputFile> found;
    Search search(options, found);
    auto const add = [&](std::string const& path) {
        std::error_code error;
        if (is_excluded(path, options.exclude)) return;
        if (fs::is_directory(path, error)) search.directory(path);
        else found.push_back({path, true, false});
    };
    for (std::string const& argument : arguments) {
        if (argument == "-") found.push_back(named_input("-", options.stdin_filename));
        else add(argument);
    }
    for (std::string const& path : listed_paths(options)) add(path);
    search.tell();
    // Of a file that is both named and found, the name counts.
    std::stable_sort(found.begin(), found.end(), [](InputFile const& a, InputFile const& b) {
        return std::tie(a.path, b.named) < std::tie(b.path, a.named);
    });
    Names names;
    std::set<std::string> seen;
    for (InputFile const& file : found)
        if (file.named) seen.insert(file.standard_input ? "-" : names.of(file.path));
    std::set<std::string> taken;
    std::erase_if(found, [&](InputFile const& file) {
        std::string const name = file.standard_input ? "-" : names.of(file.path);
        return (!file.named && seen.contains(name)) || !taken.insert(name).second;
    });
    return found;
}

void check_found(std::vector<InputFile> const& files, Options const& options) {
    // An empty list is an answer too: that of git diff --name-only, where nothing was changed.
    bool const list_alone = !options.files_from.empty() && options.inputs.empty();
    if (files.empty() && !list_alone) throw UsageError("there is no file in the directory to look at");
}

} // namespace portcullis::app
