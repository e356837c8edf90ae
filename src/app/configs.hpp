// The portcullis.toml that applies to a file: --config, else the nearest one in the folders above it, else the standard.
#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/options.hpp"
#include "catalogue/config_document.hpp"

namespace portcullis::app {

class Configs {
  public:
    explicit Configs(Options const& options) : options_(options) {}

    // With the tables of [lint.per-file] that are about the file. The same object for files of which the same holds. Throws UsageError
    // with all that is wrong.
    std::shared_ptr<Config const> config_for(std::string const& path);
    // What stands behind it: the values of the texts, and those texts.
    ConfigDocument const& document_for(std::string const& path) { return found_for(path).document; }
    // The tables that are about the file.
    std::vector<std::size_t> tables_for(std::string const& path);

  private:
    struct Found {
        std::filesystem::path folder; // that patterns are seen from; empty for the standard
        ConfigDocument document;
        std::map<std::vector<std::size_t>, std::shared_ptr<Config const>> configs; // by tables
    };
    Found& found_for(std::string const& path);
    Found& search(std::filesystem::path const& folder);
    Found& load(std::filesystem::path const& file);
    std::vector<std::size_t> tables_of(Found const& found, std::string const& path) const;

    Options const& options_;
    std::map<std::filesystem::path, std::unique_ptr<Found>> files_;
    std::unordered_map<std::string, Found*> folders_; // each folder is searched once
    Found standard_;
};

} // namespace portcullis::app
