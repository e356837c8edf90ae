// Turns toml++'s tree into plain values. The only file of this layer that includes toml++.
#include "catalogue/toml_data.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <optional>
#include <utility>
#include <toml++/toml.h>

#include "portcullis/base/ascii.hpp"
#include "portcullis/base/embedded.hpp"

namespace portcullis {
namespace {

TomlPlace place(toml::source_position at, std::size_t file) {
    return {std::max<std::uint32_t>(at.line, 1), std::max<std::uint32_t>(at.column, 1), file};
}

TomlValue::Table plain_table(toml::table const& table, std::size_t file);

TomlValue plain(toml::node const& node, std::size_t file) {
    TomlValue value;
    value.at = place(node.source().begin, file);
    if (auto const* table = node.as_table()) {
        value.data = plain_table(*table, file);
    } else if (auto const* array = node.as_array()) {
        TomlValue::Array items;
        items.reserve(array->size());
        for (toml::node const& item : *array) items.push_back(plain(item, file));
        value.data = std::move(items);
    } else if (auto const* text = node.as_string()) {
        value.data = text->get();
    } else if (auto const* number = node.as_integer()) {
        value.data = number->get();
    } else if (auto const* truth = node.as_boolean()) {
        value.data = truth->get();
    } else if (auto const* date = node.as_date()) {
        value.data = std::chrono::year(date->get().year) / date->get().month / date->get().day;
    } else {
        value.data = TomlValue::Other{node.is_floating_point() ? "a number with a fraction" : "a time"};
    }
    return value;
}

// toml++ sorts tables by key; readers want the order in which the author wrote them.
TomlValue::Table plain_table(toml::table const& table, std::size_t file) {
    TomlValue::Table members;
    members.reserve(table.size());
    for (auto const& [key, node] : table)
        members.push_back({std::string(key.str()), place(key.source().begin, file), plain(node, file)});
    std::ranges::stable_sort(members, {},
                             [](TomlMember const& member) { return std::pair(member.at.line, member.at.column); });
    return members;
}

// The rest of the text after the string at its start, whichever of TOML's four kinds it is; empty where it does not
// end.
std::string_view after_string(std::string_view text) {
    char const quote = text.front();
    std::string const triple(3, quote);
    std::string const end = text.starts_with(triple) ? triple : std::string(1, quote);
    for (std::size_t i = end.size(); i < text.size(); ++i) {
        if (text.substr(i).starts_with(end)) return text.substr(i + end.size());
        if (quote == '"' && text[i] == '\\') ++i;
    }
    return {};
}

// Where a key has more dotted parts than any sane one: toml++ bounds the nesting of values but recurses into keys.
std::optional<std::size_t> deep_key(std::string_view text) {
    constexpr std::size_t most = 32;
    std::size_t dots = 0;
    for (std::string_view rest = text; !rest.empty();) {
        char const c = rest.front();
        if (c == '"' || c == '\'') {
            rest = after_string(rest);
            continue;
        }
        if (c == '.' && ++dots > most) return text.size() - rest.size();
        if (std::string_view("\n=,[]{}#").find(c) != std::string_view::npos) dots = 0;
        rest.remove_prefix(c == '#' ? std::min(rest.find('\n'), rest.size()) : 1);
    }
    return std::nullopt;
}

TomlPlace place_of(std::string_view text, std::size_t offset) {
    auto const before = text.substr(0, offset);
    auto const line_end = before.rfind('\n');
    std::size_t const line_start = line_end == std::string_view::npos ? 0 : line_end + 1;
    return {static_cast<std::uint32_t>(std::ranges::count(before, '\n') + 1),
            static_cast<std::uint32_t>(offset - line_start + 1)};
}

// "Error while parsing array: …" in the manner of our own messages: "broken array: …".
std::string message(std::string_view description) {
    constexpr std::string_view prefix = "Error while parsing ";
    if (description.starts_with(prefix)) return "broken " + std::string(description.substr(prefix.size()));
    std::string text(description);
    if (!text.empty()) text.front() = ascii_lower(text.front());
    return text;
}

} // namespace

std::string_view TomlValue::kind() const {
    constexpr std::string_view kinds[] = {"a string", "an integer", "a boolean", "an array", "a table", "a date"};
    if (auto const* other = std::get_if<Other>(&data)) return other->kind;
    return kinds[data.index()];
}

TomlDocument parse_toml(std::string_view text, std::string_view path, std::size_t file) {
    TomlDocument document;
    if (auto const deep = deep_key(text)) {
        TomlPlace const at = place_of(text, *deep);
        document.errors.push_back({"this key has too many parts", std::string(path), at.line, at.column});
        return document;
    }
    try {
        document.root = plain_table(toml::parse(text), file);
    } catch (toml::parse_error const& error) {
        TomlPlace const at = place(error.source().begin, file);
        document.errors.push_back({message(error.description()), std::string(path), at.line, at.column});
    }
    return document;
}

TomlValue const* find(TomlValue::Table const& table, std::string_view key) {
    auto const member = std::ranges::find(table, key, &TomlMember::key);
    return member == table.end() ? nullptr : &member->value;
}

TomlValue* find(TomlValue::Table& table, std::string_view key) { return const_cast<TomlValue*>(find(std::as_const(table), key)); }

TomlValue::Table joined(TomlValue::Table nearer, TomlValue::Table farther) {
    nearer.reserve(nearer.size() + farther.size()); // so that its members stay where they are
    std::map<std::string_view, TomlValue*> known;
    for (TomlMember& member : nearer) known.emplace(member.key, &member.value);
    for (TomlMember& other : farther) {
        auto const own = known.find(other.key);
        if (own == known.end()) nearer.push_back(std::move(other));
        else if (own->second->table() && other.value.table()) own->second->data = joined(std::move(*own->second->table()), std::move(*other.value.table()));
    }
    return nearer;
}

TomlValue::Table built_in_toml(std::string_view path) {
    auto const files = embedded_files();
    auto const file = std::ranges::find(files, path, &EmbeddedFile::path);
    assert(file != files.end());
    TomlDocument document = parse_toml(file->text, path);
    assert(document.errors.empty());
    return std::move(document.root);
}

} // namespace portcullis
