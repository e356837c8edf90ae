#include "app/inputs.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <fnmatch.h>
#include <fstream>
#include <glob.h>
#include <sys/stat.h>
#include <tuple>
#include <unistd.h>

#include "app/companions.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

std::string reason() { return std::strerror(errno); }

struct FileCloser {
    void operator()(std::FILE* file) const { std::fclose(file); }
};
using File = std::unique_ptr<std::FILE, FileCloser>;

FileText read_all(std::FILE* file, std::string const& name) {
    FileText result;
    std::vector<char> buffer(std::size_t{1} << 16U);
    while (std::size_t const count = std::fread(buffer.data(), 1, buffer.size(), file)) {
        if (result.text.size() + count > largest_input) {
            return {{}, fmt::format("{} is larger than {} MiB", name, largest_input >> 20U)};
        }
        result.text.append(buffer.data(), count);
    }
    if (std::ferror(file) != 0) return {{}, fmt::format("cannot read {}: {}", name, reason())};
    return result;
}

// Byte order marks, and encodings that are no UTF-8, by their first bytes.
FileText check_encoding(FileText text, std::string const& name) {
    if (text.text.starts_with("\xEF\xBB\xBF")) text.text.erase(0, 3);
    if (text.text.starts_with("\xFF\xFE") || text.text.starts_with("\xFE\xFF")) {
        return {std::move(text.text), name + " is UTF-16; convert it to UTF-8 first"};
    }
    if (text.text.find('\0') != std::string::npos)
        return {std::move(text.text), name + " is a binary file: it has NUL bytes"};
    return text;
}

bool is_hidden(fs::path const& path) { return path.filename().string().starts_with('.'); }

void search_directory(std::string const& directory, std::vector<InputFile>& found) {
    std::error_code error;
    fs::recursive_directory_iterator at(directory, fs::directory_options::skip_permission_denied, error);
    if (error) throw UsageError(fmt::format("cannot read directory {}: {}", directory, error.message()));
    for (; at != fs::recursive_directory_iterator(); at.increment(error)) {
        if (error) break;
        if (at->is_directory(error) && is_hidden(at->path())) at.disable_recursion_pending();
        if (at->is_regular_file(error) && !is_hidden(at->path()))
            found.push_back({at->path().string(), false, false});
    }
}

// Includes of nft: relative to the including file, or absolute, but never outside the folder of the file on the
// command line, links followed.
Included include(std::string const& pattern, SourceId from, Sources& sources, fs::path const& root, TextReader const& reader) {
    fs::path path(pattern);
    if (path.is_relative()) path = fs::path(sources[from].path()).parent_path() / path;
    glob_t matches{};
    int const status = ::glob(path.c_str(), 0, nullptr, &matches);
    std::vector<std::string> names;
    for (std::size_t i = 0; status == 0 && i < matches.gl_pathc; ++i) names.emplace_back(matches.gl_pathv[i]);
    ::globfree(&matches);
    bool const is_pattern = pattern.find_first_of("*?[") != std::string::npos;
    // nft accepts a pattern that matches nothing, and refuses a missing file.
    if (names.empty()) return is_pattern ? Included{} : Included{{}, "no such file"};
    Included result;
    for (std::string const& name : names) {
        std::error_code error;
        fs::path const real = fs::canonical(name, error);
        if (error) return {{}, fmt::format("{}: {}", name, error.message())};
        auto const inside = std::mismatch(root.begin(), root.end(), real.begin(), real.end());
        if (inside.first != root.end()) return {{}, fmt::format("{} is outside {}", name, root.string())};
        FileText text = reader ? reader(name) : read_text_file(name);
        if (!text.error.empty()) return {{}, text.error};
        result.sources.push_back(sources.add(name, std::move(text.text)));
    }
    return result;
}

std::optional<Dialect> configured_dialect(Config const& config, std::string const& path) {
    for (auto const& [pattern, dialect] : config.dialects) {
        bool const matches = ::fnmatch(pattern.c_str(), path.c_str(), 0) == 0 ||
                             ::fnmatch(pattern.c_str(), fs::path(path).filename().c_str(), 0) == 0;
        if (matches) return dialect;
    }
    return std::nullopt;
}

// Every rule that the configuration names has to exist, or a misspelt one would be ignored in silence.
void check_selectors(Config const& config, std::string const& path, std::string& errors) {
    auto const check = [&](RuleSelector const& selector) {
        if (auto const error = unknown_rule(selector.text)) {
            errors += fmt::format("{}:{}:{}: {}\n", path, selector.line, selector.column, *error);
        }
    };
    for (RuleSelector const& selector : config.select) check(selector);
    for (RuleSelector const& selector : config.ignore) check(selector);
    for (auto const& level : config.levels) check(level.first);
    for (RuleSelector const& selector : config.unignorable) check(selector);
    for (Waive const& waive : config.waives) check(waive.rule);
}

// Rules of IPv6 alone may have nothing in them that says so, but the name of their file; then they read as such.
bool is_really_ipv6(Loaded const& loaded, InputFile const& file) {
    if (loaded.dialect != Dialect::iptables || !is_named_ipv6(file)) return false;
    return read(*loaded.sources, loaded.source, Dialect::ip6tables).findings.empty();
}

bool is_iptables(Dialect dialect) {
    return dialect == Dialect::iptables || dialect == Dialect::ip6tables || dialect == Dialect::iptables_script;
}

} // namespace

InputFile named_input(std::string const& argument, std::string const& stdin_filename) {
    bool const standard_input = argument == "-";
    return {standard_input ? stdin_filename : argument, true, standard_input};
}

std::vector<InputFile> find_inputs(std::vector<std::string> const& arguments, std::string const& stdin_filename) {
    std::vector<InputFile> found;
    for (std::string const& argument : arguments) {
        std::error_code error;
        if (argument == "-")
            found.push_back(named_input("-", stdin_filename));
        else if (fs::is_directory(argument, error))
            search_directory(argument, found);
        else
            found.push_back({argument, true, false});
    }
    // Of a file that is both named and found, the name counts.
    std::stable_sort(found.begin(), found.end(), [](InputFile const& a, InputFile const& b) {
        return std::tie(a.path, b.named) < std::tie(b.path, a.named);
    });
    auto const last = std::unique(found.begin(), found.end(),
                                  [](InputFile const& a, InputFile const& b) { return a.path == b.path; });
    found.erase(last, found.end());
    return found;
}

FileText read_text_file(fs::path const& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {{}, fmt::format("cannot read {}: {}", path.string(), reason())};
    if (S_ISDIR(status.st_mode)) return {{}, path.string() + " is a directory"};
    if (!S_ISREG(status.st_mode) && !S_ISFIFO(status.st_mode)) return {{}, path.string() + " is no regular file"};
    File const file(std::fopen(path.c_str(), "rb"));
    if (!file) return {{}, fmt::format("cannot read {}: {}", path.string(), reason())};
    return check_encoding(read_all(file.get(), path.string()), path.string());
}

FileText read_text(InputFile const& file) {
    if (!file.standard_input) return read_text_file(file.path);
    return check_encoding(read_all(stdin, file.path), file.path);
}

Loaded load(InputFile const& file, Options const& options, Config const& config, std::shared_ptr<Sources> into, TextReader const& reader) {
    Loaded loaded;
    loaded.sources = std::move(into);
    FileText text = reader ? reader(file.path) : read_text(file);
    if (!text.error.empty()) {
        loaded.source = loaded.sources->add(file.path, "");
        loaded.error = text.error;
        return loaded;
    }
    loaded.source = loaded.sources->add(file.path, std::move(text.text));
    std::string_view const content = (*loaded.sources)[loaded.source].text();
    loaded.dialect = options.dialect ? options.dialect : configured_dialect(config, file.path);
    if (!loaded.dialect) {
        loaded.dialect = detect_dialect(content);
        if (is_really_ipv6(loaded, file)) loaded.dialect = Dialect::ip6tables;
    }
    if (!loaded.dialect) {
        loaded.error = "not recognised as iptables, nftables or Cisco text; name the dialect with --dialect";
        return loaded;
    }
    std::error_code error;
    fs::path const folder = fs::path(file.path).parent_path();
    fs::path const root = fs::canonical(folder.empty() ? "." : folder, error);
    if (!file.standard_input && !error) { // an editor's text may be in a folder that is not there yet
        loaded.read_options.include = [sources = loaded.sources.get(), root, reader](std::string const& pattern,
                                                                                     SourceId from) {
            return include(pattern, from, *sources, root, reader);
        };
    }
    Findings of_sets;
    if (is_iptables(*loaded.dialect)) loaded.ipset_files = ipset_files(file, content, options);
    if (!loaded.ipset_files.empty()) {
        LoadedIpsets sets = load_ipsets(loaded.ipset_files, *loaded.sources, reader);
        loaded.read_options.ipsets = std::move(sets.sets);
        of_sets = std::move(sets.findings);
    }
    loaded.reading = read(*loaded.sources, loaded.source, *loaded.dialect, loaded.read_options);
    loaded.reading->findings.append(std::move(of_sets));
    return loaded;
}

bool is_other_file(InputFile const& file, Loaded const& loaded) {
    return !loaded.reading && !file.named && loaded.error.starts_with("not recognised");
}

bool tell_problems(Loaded const& loaded) {
    if (!loaded.reading) {
        fmt::print(stderr, "portcullis: {}: {}\n", visible((*loaded.sources)[loaded.source].path()), visible(loaded.error));
        return false;
    }
    bool whole = true;
    for (Finding const& finding : loaded.reading->findings.all()) {
        if (!is_unread(finding)) continue;
        Source const& source = (*loaded.sources)[finding.span.source];
        Location const at = source.locate(finding.span.begin);
        auto const text = finding.args.contains("error")
                              ? finding.args.at("error")
                              : finding.args.at("construct") + ": " + finding.args.at("why");
        fmt::print(stderr, "portcullis: {}:{}:{}: {}\n", visible(source.path()), at.line, at.column, visible(text));
        whole = false;
    }
    return whole;
}

std::shared_ptr<Config const> Configs::load_file(fs::path const& path) {
    for (auto const& [known, config] : known_) {
        if (known == path) return config;
    }
    FileText text = read_text_file(path);
    if (!text.error.empty()) throw UsageError(text.error);
    LoadedConfig loaded = load_config(text.text, path.string());
    std::string errors;
    for (ConfigError const& error : loaded.errors) errors += to_string(error) + '\n';
    check_selectors(loaded.config, path.string(), errors);
    if (!errors.empty()) {
        errors.pop_back();
        throw UsageError(errors);
    }
    // It is shown as other files are, wherever above them it was found.
    std::error_code error;
    loaded.config.path = fs::proximate(path, error).string();
    auto config = std::make_shared<Config const>(std::move(loaded.config));
    known_.emplace_back(path, config);
    return config;
}

std::shared_ptr<Config const> Configs::config_for(std::string const& path) {
    if (!options_.config_file.empty()) return load_file(options_.config_file);
    if (!defaults_) defaults_ = std::make_shared<Config const>();
    if (options_.isolated) return defaults_;
    std::error_code error;
    fs::path const absolute = fs::absolute(path, error);
    for (fs::path folder = absolute.parent_path();; folder = folder.parent_path()) {
        fs::path const candidate = folder / "portcullis.toml";
        if (fs::is_regular_file(candidate, error)) return load_file(candidate);
        // A repository is a world of its own.
        if (fs::exists(folder / ".git", error) || folder == folder.root_path() || folder.empty()) return defaults_;
    }
}

} // namespace portcullis::app
