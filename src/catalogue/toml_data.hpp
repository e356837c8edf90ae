// A TOML document as plain values that know where they stand, so that one file alone pays for toml++ and every
// reader of configuration reports positions in the same way.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "portcullis/catalogue/config_error.hpp"

namespace portcullis {

struct TomlPlace {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    std::size_t file = 0; // where several texts are joined
};

struct TomlMember;

struct TomlValue {
    // A time or a float: nothing here uses them, so their kind is enough to name them in an error.
    struct Other {
        std::string_view kind;
    };
    using Date = std::chrono::year_month_day;
    using Array = std::vector<TomlValue>;
    using Table = std::vector<TomlMember>; // in the order of the text

    std::variant<std::string, std::int64_t, bool, Array, Table, Date, Other> data;
    TomlPlace at;

    std::string const* string() const { return std::get_if<std::string>(&data); }
    std::int64_t const* integer() const { return std::get_if<std::int64_t>(&data); }
    bool const* boolean() const { return std::get_if<bool>(&data); }
    Array const* array() const { return std::get_if<Array>(&data); }
    Table const* table() const { return std::get_if<Table>(&data); }
    Table* table() { return std::get_if<Table>(&data); }
    Date const* date() const { return std::get_if<Date>(&data); }
    // "a string", "an array" …
    std::string_view kind() const;
};

struct TomlMember {
    std::string key;
    TomlPlace at; // of the key
    TomlValue value;
};

struct TomlDocument {
    TomlValue::Table root;
    std::vector<ConfigError> errors; // at most one: toml++ stops at the first
};

TomlDocument parse_toml(std::string_view text, std::string_view path, std::size_t file = 0);

// Both, the nearer one first: tables of one name are joined, of anything else that both have the nearer one counts.
TomlValue::Table joined(TomlValue::Table nearer, TomlValue::Table farther);

TomlValue const* find(TomlValue::Table const& table, std::string_view key);
TomlValue* find(TomlValue::Table& table, std::string_view key);

// An embedded file of rules/, which is right because the tests say so.
TomlValue::Table built_in_toml(std::string_view path);

} // namespace portcullis
