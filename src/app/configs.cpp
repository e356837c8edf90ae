#include "app/configs.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "app/inputs.hpp"
#include "app/places.hpp"
#include "portcullis/lint/rule.hpp"
#include "portcullis/query/question.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

// People write it.
constexpr std::size_t largest_config = std::size_t{4} << 20U;

// It is shown as other files are, wherever above them it was found.
ConfigText read_config(fs::path const& path) {
    std::error_code error;
    FileText text = read_text_file(path);
    if (text.error.empty() && text.text.size() > largest_config) text.error = fmt::format("{} is larger than {} MiB", path.string(), largest_config >> 20U);
    return {fs::proximate(path, error).string(), std::move(text.text), std::move(text.error)};
}

ConfigText read_extended(std::string const& name, std::string const& from) {
    std::error_code error;
    fs::path const path = fs::path(from).parent_path() / name;
    // A path for each file, or a loop is not seen.
    fs::path const real = fs::weakly_canonical(path, error);
    return read_config(error ? path : real);
}

// Every rule that the configuration names has to exist, or a misspelt one would be ignored in silence; and so for phrases of traffic.
std::vector<std::string> wrong_words(Config const& config) {
    std::vector<std::string> errors;
    auto const add = [&](ConfigWord const& word, std::string const& error) {
        errors.push_back(fmt::format("{}:{}:{}: {}", config.files[word.file].path, word.line, word.column, error));
    };
    auto const check = [&](ConfigWord const& rule) {
        if (auto const error = unknown_rule(rule.text)) add(rule, *error);
    };
    for (auto const* words : {&config.select, &config.ignore, &config.unignorable, &config.per_file_rules})
        for (ConfigWord const& word : *words) check(word);
    for (auto const& level : config.levels) check(level.first);
    for (Waive const& waive : config.waives) {
        if (!waive.rule.text.empty() || waive.traffic.text.empty()) check(waive.rule);
        if (waive.traffic.text.empty()) continue;
        ParsedQuestion const parsed = parse_phrase(waive.traffic.text, config);
        if (!parsed.question) add(waive.traffic, parsed.error);
    }
    return errors;
}

std::shared_ptr<Config const> config_of(ConfigDocument const& document, std::vector<std::size_t> const& tables) {
    LoadedConfig loaded = document.config(tables);
    std::vector<std::string> errors;
    for (ConfigError const& error : loaded.errors) errors.push_back(to_string(error));
    std::ranges::move(wrong_words(loaded.config), std::back_inserter(errors));
    if (!errors.empty()) throw UsageError(errors);
    return std::make_shared<Config const>(std::move(loaded.config));
}

} // namespace

Configs::Found& Configs::load(fs::path const& file) {
    auto& found = files_[file];
    if (found) return *found;
    ConfigText text = read_config(file);
    if (!text.error.empty()) throw UsageError(text.error);
    check_apart({file.string()}, options_);
    std::error_code error;
    found = std::make_unique<Found>(Found{fs::absolute(file, error).parent_path(), ConfigDocument(std::move(text), read_extended), {}});
    return *found;
}

Configs::Found& Configs::search(fs::path const& folder) {
    auto const [at, is_new] = folders_.try_emplace(folder.string(), nullptr);
    if (!is_new) return *at->second;
    std::error_code error;
    Found* found = &standard_;
    fs::path const file = folder / "portcullis.toml";
    // Whoever put it there wanted something of it.
    if (std::string const why = why_no_file(file); !why.empty()) throw UsageError(why);
    if (fs::exists(file, error)) found = &load(file);
    // A repository is a world of its own.
    else if (!folder.empty() && folder != folder.root_path() && !fs::exists(folder / ".git", error)) found = &search(folder.parent_path());
    return *(folders_[folder.string()] = found);
}

Configs::Found& Configs::found_for(std::string const& path) {
    if (!options_.config_file.empty()) return load(options_.config_file);
    if (options_.isolated) return standard_;
    std::error_code error;
    return search(fs::absolute(path, error).parent_path());
}

std::vector<std::size_t> Configs::tables_of(Found const& found, std::string const& path) const {
    if (!found.document.has_tables()) return {};
    std::error_code error;
    return found.document.tables_for(fs::absolute(path, error).lexically_normal().lexically_relative(found.folder.lexically_normal()).string());
}

std::vector<std::size_t> Configs::tables_for(std::string const& path) { return tables_of(found_for(path), path); }

std::shared_ptr<Config const> Configs::config_for(std::string const& path) {
    Found& found = found_for(path);
    std::vector<std::size_t> const tables = tables_of(found, path);
    auto& config = found.configs[tables];
    if (!config) config = config_of(found.document, tables);
    return config;
}

} // namespace portcullis::app
