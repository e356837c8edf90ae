#include "report/json_writer.hpp"

#include <algorithm>
#include <charconv>

namespace portcullis {

namespace {

std::string dumped(Json const& value, int indent = 2) { return value.dump(indent, ' ', true, Json::error_handler_t::replace); }

// Stands in JSON as it is.
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\'; }

} // namespace

void JsonWriter::text(std::string_view key, std::string_view value) {
    next(key);
    quote(value);
}

void JsonWriter::number(std::string_view key, std::uint64_t value) {
    next(key);
    char digits[20];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

void JsonWriter::literal(std::string_view key, std::string_view value) {
    next(key);
    out_ += value;
}

void JsonWriter::json(std::string_view key, Json const& value) {
    next(key);
    if (layout_ == Layout::lines) {
        out_ += dumped(value, -1);
        return;
    }
    for (char const c : dumped(value)) { // strings have no new lines in them
        if (c == '\n') new_line();
        else out_ += c;
    }
}

void JsonWriter::next(std::string_view key) {
    if (levels_.empty()) return;
    if (!levels_.back().empty) out_ += ',';
    levels_.back().empty = false;
    new_line();
    if (!levels_.back().object) return;
    quote(key);
    out_ += layout_ == Layout::lines ? ":" : ": ";
}

void JsonWriter::begin(std::string_view key, char bracket, bool object) {
    next(key);
    out_ += bracket;
    levels_.push_back({object, true});
}

void JsonWriter::end(char bracket) {
    bool const empty = levels_.back().empty;
    levels_.pop_back();
    if (!empty) new_line();
    out_ += bracket;
    if (layout_ == Layout::lines && levels_.empty()) out_ += '\n';
}

void JsonWriter::quote(std::string_view text) {
    if (std::all_of(text.begin(), text.end(), is_plain)) out_.append(1, '"').append(text).append(1, '"');
    else out_ += dumped(Json(text));
}

} // namespace portcullis
