// The words of the errors that every table shares.
#include "catalogue/toml_reader.hpp"

#include <algorithm>

namespace portcullis {
namespace {

void wrong_kind(TomlMember const& member, std::string_view wanted, TomlReport& report) {
    report.error(member.value.at, "'" + member.key + "' must be " + std::string(wanted) + ", not " +
                                      std::string(member.value.kind()));
}

} // namespace

std::string to_string(ConfigError const& error) {
    return error.path + ":" + std::to_string(error.line) + ":" + std::to_string(error.column) + ": " +
           error.message;
}

void TomlReport::error(TomlPlace at, std::string message) {
    errors_->push_back({std::move(message), paths_.at(at.file), at.line, at.column});
}

std::optional<std::string> read_string(TomlMember const& member, TomlReport& report) {
    if (auto const* text = member.value.string()) return *text;
    wrong_kind(member, "a string", report);
    return std::nullopt;
}

std::optional<bool> read_boolean(TomlMember const& member, TomlReport& report) {
    if (auto const* value = member.value.boolean()) return *value;
    wrong_kind(member, "true or false", report);
    return std::nullopt;
}

std::optional<TomlValue::Date> read_date(TomlMember const& member, TomlReport& report) {
    if (auto const* date = member.value.date()) return *date;
    wrong_kind(member, "a date such as 2027-01-31, without quotes", report);
    return std::nullopt;
}

TomlValue::Array const* read_array(TomlMember const& member, TomlReport& report) {
    auto const* items = member.value.array();
    if (!items) wrong_kind(member, "an array", report);
    return items;
}

TomlValue::Table const* read_table(TomlMember const& member, TomlReport& report) {
    auto const* table = member.value.table();
    if (!table) wrong_kind(member, "a table", report);
    return table;
}

std::vector<PlacedString> read_strings(TomlMember const& member, TomlReport& report) {
    std::vector<PlacedString> strings;
    auto const* items = member.value.array();
    if (!items) {
        wrong_kind(member, "an array of strings", report);
        return strings;
    }
    for (TomlValue const& item : *items) {
        if (auto const* text = item.string())
            strings.push_back({*text, item.at});
        else
            report.error(item.at, "'" + member.key + "' must hold strings, not " + std::string(item.kind()));
    }
    return strings;
}

std::optional<std::size_t> read_word(TomlMember const& member, std::span<std::string_view const> words,
                                     TomlReport& report) {
    auto const text = read_string(member, report);
    if (!text) return std::nullopt;
    auto const found = std::ranges::find(words, *text);
    if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
    report.error(member.value.at, "'" + member.key + "' is '" + *text + "', but must be " + either(words) +
                                      did_you_mean_text(*text, {words.begin(), words.end()}));
    return std::nullopt;
}

std::string either(std::span<std::string_view const> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += words[i];
    }
    return text;
}

} // namespace portcullis
