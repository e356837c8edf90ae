// portcullis.toml before it is about a file: its text joined with those that it extends. Whoever wants to know where a setting is from
// (config show) looks at the values here; what the program does is decided by the Config that is read from them.
#pragma once
#include <functional>

#include "catalogue/toml_reader.hpp"
#include "portcullis/catalogue/config.hpp"

namespace portcullis {

// Gives the text that another one extends by this name, under the path that stands for it alone.
using ReadExtended = std::function<ConfigText(std::string const& name, std::string const& from)>;

class ConfigDocument {
  public:
    // At most so many files extend each other; what extends itself in the end is an error too.
    static constexpr std::size_t most_files = 8;

    ConfigDocument() = default; // nothing is said: what holds is the standard
    ConfigDocument(ConfigText own, ReadExtended const& read);

    // The numbers of the tables of [lint.per-file] that are about a file, in the order of the text. The path is that from the folder of
    // the configuration.
    std::vector<std::size_t> tables_for(std::string_view path) const;
    bool has_tables() const { return per_file() != nullptr; }
    // What holds with them: they are joined with [lint]. Its rules that are ignored are ignored too; of anything else, what the first
    // of the tables says holds before that of the others and of [lint].
    TomlValue::Table effective(std::vector<std::size_t> const& tables) const;
    // The same as a configuration, and all that is wrong, in any of the texts.
    LoadedConfig config(std::vector<std::size_t> const& tables = {}) const;
    // The texts, by the number of the file in a place.
    std::vector<ConfigText> const& files() const { return files_; }

  private:
    TomlValue::Table const* per_file() const;

    std::vector<ConfigText> files_;
    TomlValue::Table root_;
    std::vector<ConfigError> errors_;
};

// The keys of portcullis.toml.
std::vector<TomlField> config_fields();

} // namespace portcullis
