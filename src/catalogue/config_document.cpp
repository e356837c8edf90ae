#include "catalogue/config_document.hpp"

#include <algorithm>
#include <iterator>

#include "portcullis/base/glob.hpp"

namespace portcullis {

ConfigDocument::ConfigDocument(ConfigText own, ReadExtended const& read) {
    files_.push_back(std::move(own));
    for (std::size_t file = 0; file < files_.size(); ++file) {
        TomlDocument document = parse_toml(files_[file].text, files_[file].path, file);
        std::ranges::move(document.errors, std::back_inserter(errors_));
        TomlValue const* const extend = find(document.root, "extend");
        std::string const* const name = extend == nullptr ? nullptr : extend->string();
        TomlPlace const at = extend == nullptr ? TomlPlace() : extend->at;
        auto const refuse = [&](std::string message) { errors_.push_back({std::move(message), files_[file].path, at.line, at.column}); };
        if (name != nullptr) {
            ConfigText next = read ? read(*name, files_[file].path) : ConfigText{*name, {}, "there are no files here"};
            bool const is_loop = std::ranges::find(files_, next.path, &ConfigText::path) != files_.end();
            if (!next.error.empty()) refuse("'extend': " + next.error);
            else if (is_loop) refuse("'extend': " + next.path + " extends itself in the end");
            else if (files_.size() == most_files) refuse("'extend': more than " + std::to_string(most_files) + " files extend each other");
            else files_.push_back(std::move(next));
        }
        // Whether the search ends here is a matter of the file that was found.
        if (file > 0) std::erase_if(document.root, [](TomlMember const& member) { return member.key == "root"; });
        root_ = joined(std::move(root_), std::move(document.root));
    }
}

TomlValue::Table const* ConfigDocument::per_file() const {
    TomlValue const* const lint = find(root_, "lint");
    TomlValue const* const tables = lint != nullptr && lint->table() ? find(*lint->table(), "per-file") : nullptr;
    return tables == nullptr ? nullptr : tables->table();
}

std::vector<std::size_t> ConfigDocument::tables_for(std::string_view path) const {
    std::vector<std::size_t> found;
    auto const* const tables = per_file();
    for (std::size_t i = 0; tables != nullptr && i < tables->size(); ++i)
        if (glob_matches((*tables)[i].key, path)) found.push_back(i);
    return found;
}

namespace {

// The table before [lint].
void put_before(TomlValue::Table& lint, TomlValue::Table const& part) {
    for (TomlMember const& member : part) {
        TomlValue* const own = find(lint, member.key);
        auto const* const more = member.value.array();
        if (own == nullptr) lint.push_back(member);
        else if (member.key == "ignore" && more && own->array()) std::get<TomlValue::Array>(own->data).insert(std::get<TomlValue::Array>(own->data).end(), more->begin(), more->end());
        else if (own->table() && member.value.table()) own->data = joined(*member.value.table(), std::move(*own->table()));
        else *own = member.value;
    }
}

} // namespace

TomlValue::Table ConfigDocument::effective(std::vector<std::size_t> const& tables) const {
    TomlValue::Table root = root_;
    auto const* const all = per_file();
    if (all == nullptr) return root;
    TomlValue::Table& lint = *find(root, "lint")->table();
    // What comes later holds before what is there.
    for (auto at = tables.rbegin(); at != tables.rend(); ++at)
        if (auto const* const part = (*all)[*at].value.table()) put_before(lint, *part);
    return root;
}

} // namespace portcullis
