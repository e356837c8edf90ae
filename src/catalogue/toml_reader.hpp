// Reads tables whose keys are known: a table of keys with their reading functions, and everything else is an error
// that says where it stands, what was found and what would be right. Reading goes on after an error, to report them
// all.
#pragma once
#include <functional>
#include <optional>
#include <span>

#include "catalogue/toml_data.hpp"
#include "portcullis/base/did_you_mean.hpp"

namespace portcullis {

// Where the errors of one document go.
class TomlReport {
  public:
    TomlReport(std::string_view path, std::vector<ConfigError>& errors) : TomlReport(std::vector{std::string(path)}, errors) {}
    // Of several texts that were joined, by the number of the file in a place.
    TomlReport(std::vector<std::string> paths, std::vector<ConfigError>& errors) : paths_(std::move(paths)), errors_(&errors) {}

    void error(TomlPlace at, std::string message);
    std::size_t count() const { return errors_->size(); }

  private:
    std::vector<std::string> paths_;
    std::vector<ConfigError>* errors_;
};

// The value of a member if it is of the type, else nothing and an error.
std::optional<std::string> read_string(TomlMember const& member, TomlReport& report);
std::optional<bool> read_boolean(TomlMember const& member, TomlReport& report);
std::optional<TomlValue::Date> read_date(TomlMember const& member, TomlReport& report);
TomlValue::Array const* read_array(TomlMember const& member, TomlReport& report);
TomlValue::Table const* read_table(TomlMember const& member, TomlReport& report);

struct PlacedString {
    std::string text;
    TomlPlace at;
};
std::vector<PlacedString> read_strings(TomlMember const& member, TomlReport& report);

// One of a few words, else an error with a suggestion.
std::optional<std::size_t> read_word(TomlMember const& member, std::span<std::string_view const> words,
                                     TomlReport& report);

// "a, b or c"
std::string either(std::span<std::string_view const> words);

struct TomlField;

// What the value of a key looks like, and what it is for: said once, for the schemas and documents that are made of a table of keys.
struct TomlShape {
    enum class Kind : std::uint8_t {
        any,     // nothing is said
        boolean,
        text,    // of a few words, where there are some
        date,
        texts,
        ports,   // an array of numbers and ranges
        table,   // with known keys
        map,     // a table whose keys are the user's; its values are tables with known keys, or of a few words
        tables,  // an array of tables with known keys
    };
    Kind kind = Kind::any;
    std::string_view about{};
    std::string_view standard{}; // what holds where the key is not there, as TOML and JSON both write it; empty: nothing
    std::span<std::string_view const> words{};
    std::vector<TomlField> (*members)() = nullptr;
};

template <class Target> struct TomlKey {
    std::string_view name;
    void (*read)(TomlMember const&, Target&, TomlReport&);
    TomlShape shape{};
};

struct TomlField {
    std::string_view name;
    TomlShape shape;
};

// The keys of a table, without what reads them: a value of TomlShape::members.
template <auto const& keys> std::vector<TomlField> fields_of() {
    std::vector<TomlField> fields;
    for (auto const& key : keys) fields.push_back({key.name, key.shape});
    return fields;
}

// Every member by the function of its key. `where` names the table in errors: "[lint]".
template <class Target, std::size_t N>
void read_members(TomlValue::Table const& table, TomlKey<Target> const (&keys)[N], std::string_view where,
                  Target& target, TomlReport& report) {
    for (TomlMember const& member : table) {
        auto const* key = std::begin(keys);
        while (key != std::end(keys) && key->name != member.key) ++key;
        if (key != std::end(keys)) {
            key->read(member, target, report);
            continue;
        }
        std::vector<std::string_view> known;
        for (auto const& each : keys) known.push_back(each.name);
        std::string suggestion = did_you_mean_text(member.key, known);
        if (suggestion.empty()) suggestion = "; known here: " + either(known);
        report.error(member.at, "unknown key '" + member.key + "' in " + std::string(where) + suggestion);
    }
}

} // namespace portcullis
