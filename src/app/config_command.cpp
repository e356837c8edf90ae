// config: what holds for a file, and from where; and the schema of portcullis.toml, from the same table of keys that reads it.
#include <algorithm>
#include <fmt/format.h>

#include "app/configs.hpp"
#include "app/outputs.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/lint/rule.hpp"
#include "report/json_text.hpp"

namespace portcullis::app {

namespace {

// Where a value is from that stands in none of the texts: numbers behind those of all files.
constexpr std::size_t standard = ConfigDocument::most_files;
constexpr std::size_t command_line = standard + 1;

TomlValue value_of(std::variant<std::string, std::vector<std::string>> const& data, std::size_t file) {
    TomlValue value;
    value.at = {0, 0, file};
    if (auto const* text = std::get_if<std::string>(&data)) {
        value.data = *text;
        return value;
    }
    TomlValue::Array items;
    for (std::string const& text : std::get<std::vector<std::string>>(data)) items.push_back(value_of(text, file));
    value.data = std::move(items);
    return value;
}

// What a table of keys says holds where nothing is said.
TomlValue::Table standards(std::vector<TomlField> const& fields) {
    TomlValue::Table table;
    for (TomlField const& field : fields) {
        if (field.shape.kind == TomlShape::Kind::table) {
            TomlValue inner;
            inner.data = standards(field.shape.members());
            if (!inner.table()->empty()) table.push_back({std::string(field.name), inner.at, std::move(inner)});
        } else if (!field.shape.standard.empty()) {
            std::string const text = fmt::format("x = {}", field.shape.standard);
            TomlDocument document = parse_toml(text, "", standard);
            table.push_back({std::string(field.name), {0, 0, standard}, std::move(document.root.front().value)});
        }
    }
    return table;
}

TomlValue& member(TomlValue::Table& table, std::string const& key, TomlValue otherwise) {
    if (TomlValue* const known = find(table, key)) return *known;
    return table.emplace_back(TomlMember{key, otherwise.at, std::move(otherwise)}).value;
}

// What the flags say, over what the files do: --ignore is on top of it, all else instead.
void apply_flags(TomlValue::Table& root, Options const& options) {
    TomlValue empty;
    empty.data = TomlValue::Table();
    TomlValue::Table& lint = *member(root, "lint", empty).table();
    auto const set = [&](std::string const& key, std::variant<std::string, std::vector<std::string>> const& data) {
        member(lint, key, {}) = value_of(data, command_line);
    };
    if (!options.select.empty()) set("select", options.select);
    if (options.fail_on) set("fail-on", *options.fail_on);
    if (!options.baseline.empty()) set("baseline", options.baseline);
    if (!options.ignore.empty()) {
        auto& items = std::get<TomlValue::Array>(member(lint, "ignore", value_of(std::vector<std::string>(), command_line)).data);
        for (std::string const& rule : options.ignore) items.push_back(value_of(rule, command_line));
    }
    for (auto const& [rule, severity] : options.levels)
        member(*member(lint, "levels", empty).table(), rule, {}) = value_of(std::string(to_string(severity)), command_line);
}

// Prints values as TOML and as JSON, each with where it is from.
class Shower {
  public:
    explicit Shower(ConfigDocument const& document) : document_(document) {}

    // Members of tables are keys with dots; in an array of tables each has a header.
    std::string toml(TomlValue::Table const& table, std::string const& prefix = "") const {
        std::string out;
        for (TomlMember const& each : table) {
            std::string const key = prefix + key_text(each.key);
            if (auto const* inner = each.value.table(); inner != nullptr && !inner->empty()) out += toml(*inner, key + '.');
            else if (auto const* items = each.value.array(); items != nullptr && is_spread(each.value)) out += spread(key, *items);
            else out += fmt::format("{} = {}{}\n", key, inline_text(each.value), origin_comment(each.value.at));
        }
        return out;
    }

    Json json(TomlValue::Table const& table, std::string const& prefix = "") const {
        Json settings = Json::array();
        for (TomlMember const& each : table) {
            std::string const key = prefix + key_text(each.key);
            if (auto const* inner = each.value.table(); inner != nullptr && !inner->empty()) {
                for (Json& setting : json(*inner, key + '.')) settings.push_back(std::move(setting));
                continue;
            }
            Json setting{{"key", key}, {"value", plain(each.value)}, {"origin", origin(each.value.at)}};
            if (is_spread(each.value)) {
                setting["origins"] = Json::array();
                for (TomlValue const& item : *each.value.array()) setting["origins"].push_back(origin(item.at));
            }
            settings.push_back(std::move(setting));
        }
        return settings;
    }

  private:
    // An array whose items are from several places, or are tables, takes a line for each.
    static bool is_spread(TomlValue const& value) {
        auto const* items = value.array();
        return items != nullptr && std::ranges::any_of(*items, [&](TomlValue const& item) {
            return item.table() != nullptr || item.at.file != items->front().at.file || item.at.line != items->front().at.line;
        });
    }

    std::string spread(std::string const& key, TomlValue::Array const& items) const {
        std::string out = key + " = [\n";
        for (TomlValue const& item : items) out += fmt::format("  {},{}\n", inline_text(item), origin_comment(item.at));
        return out + "]\n";
    }

    // A JSON string is a TOML string. What a terminal or a build log would act on is written as its number.
    static std::string quoted(std::string_view text) { return visible(text) == text ? Json(text).dump() : json_text(Json(text), -1); }

    static std::string key_text(std::string const& key) {
        bool const bare = !key.empty() && std::ranges::all_of(key, [](char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
        });
        return bare ? key : quoted(key);
    }

    static std::string inline_text(TomlValue const& value) {
        if (auto const* text = value.string()) return quoted(*text);
        if (auto const* number = value.integer()) return fmt::format("{}", *number);
        if (auto const* truth = value.boolean()) return *truth ? "true" : "false";
        if (auto const* date = value.date()) return to_string(*date);
        std::string out;
        if (auto const* items = value.array()) {
            for (TomlValue const& item : *items) out += (out.empty() ? "" : ", ") + inline_text(item);
            return '[' + out + ']';
        }
        for (TomlMember const& each : *value.table()) out += fmt::format("{}{} = {}", out.empty() ? "" : ", ", key_text(each.key), inline_text(each.value));
        return out.empty() ? "{}" : "{ " + out + " }";
    }

    static Json plain(TomlValue const& value) {
        if (auto const* number = value.integer()) return *number;
        if (auto const* truth = value.boolean()) return *truth;
        if (auto const* text = value.string()) return *text;
        if (auto const* date = value.date()) return to_string(*date);
        if (auto const* items = value.array()) {
            Json all = Json::array();
            for (TomlValue const& item : *items) all.push_back(plain(item));
            return all;
        }
        Json all = Json::object();
        for (TomlMember const& each : *value.table()) all[each.key] = plain(each.value);
        return all;
    }

    std::string origin_comment(TomlPlace at) const {
        if (at.file == command_line) return "  # command line";
        if (at.file == standard) return "  # default";
        return fmt::format("  # {}:{}", visible(document_.files()[at.file].path), at.line);
    }

    Json origin(TomlPlace at) const {
        if (at.file == command_line) return {{"kind", "command line"}};
        if (at.file == standard) return {{"kind", "default"}};
        return {{"kind", "file"}, {"path", document_.files()[at.file].path}, {"line", at.line}};
    }

    ConfigDocument const& document_;
};

// A name that stands for a file in a directory.
std::string asked_path(Options const& options) {
    if (options.inputs.size() > 1) throw UsageError("'config show' is about one file or directory");
    std::string path = options.inputs.empty() ? "." : options.inputs.front();
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return (std::filesystem::path(path) / ".").string();
    if (!std::filesystem::exists(path, error)) throw UsageError("there is no file or directory " + path);
    return path;
}

int show(Options const& options) {
    std::string const path = asked_path(options);
    Configs configs(options);
    configs.config_for(path); // it has to be right
    ConfigDocument const& document = configs.document_for(path);
    TomlValue::Table root = document.effective(configs.tables_for(path));
    if (TomlValue* const lint = find(root, "lint")) std::erase_if(*lint->table(), [](TomlMember const& each) { return each.key == "per-file"; });
    std::erase_if(root, [](TomlMember const& each) { return each.key == "extend"; }); // what it says stands here
    root = joined(std::move(root), standards(config_fields()));
    apply_flags(root, options);
    Shower const shower(document);
    auto const render = [&](std::string const& format, TextStyle const&) {
        std::string const name = options.inputs.empty() ? "." : options.inputs.front();
        if (format == "text") return fmt::format("# what holds for {}\n{}", visible(name), shower.toml(root));
        Json const json{{"schema_version", "1.0"}, {"path", name}, {"settings", shower.json(root)}};
        return json_text(json) + '\n';
    };
    write_report(options, render);
    return clean;
}

// JSON Schema

Json schema_of(std::vector<TomlField> const& fields);

Json strings() { return {{"type", "array"}, {"items", {{"type", "string"}}}}; }

Json schema_of(TomlShape const& shape) {
    using Kind = TomlShape::Kind;
    Json schema = Json::object();
    if (!shape.about.empty()) schema["description"] = shape.about;
    Json const words = shape.words.empty() ? Json{{"type", "string"}} : Json{{"enum", std::vector<std::string>(shape.words.begin(), shape.words.end())}};
    switch (shape.kind) {
    case Kind::any: break;
    case Kind::boolean: schema["type"] = "boolean"; break;
    case Kind::text: schema.update(words); break;
    case Kind::date: schema.update(Json{{"type", "string"}, {"format", "date"}}); break;
    case Kind::texts: schema.update(strings()); break;
    case Kind::ports:
        schema["type"] = "array";
        schema["items"] = {{"anyOf", {{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}}, {{"type", "string"}, {"pattern", "^[0-9]+(-[0-9]+)?$"}}}}};
        break;
    case Kind::table: schema.update(schema_of(shape.members())); break;
    case Kind::map:
        schema["type"] = "object";
        schema["additionalProperties"] = shape.members != nullptr ? schema_of(shape.members()) : words;
        break;
    case Kind::tables:
        schema["type"] = "array";
        schema["items"] = schema_of(shape.members());
        break;
    }
    if (!shape.standard.empty()) schema["default"] = Json::parse(shape.standard);
    return schema;
}

Json schema_of(std::vector<TomlField> const& fields) {
    Json properties = Json::object();
    for (TomlField const& field : fields) properties[std::string(field.name)] = schema_of(field.shape);
    return {{"type", "object"}, {"additionalProperties", false}, {"properties", std::move(properties)}};
}

int print_schema(Options const& options) {
    if (!options.inputs.empty()) throw UsageError("'config schema' takes no files");
    Json schema{{"$schema", "http://json-schema.org/draft-07/schema#"}, {"title", "portcullis.toml"}};
    schema.update(schema_of(config_fields()));
    write_output("", schema.dump(2) + '\n');
    return clean;
}

} // namespace

int run_config(Options const& options) { return options.topic == "schema" ? print_schema(options) : show(options); }

} // namespace portcullis::app
