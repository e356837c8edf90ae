#include "report/json_writer.hpp"

#include <charconv>

namespace portcullis {

void JsonWriter::text(std::string_view key, std::string_view value) {
    next(key);
    append_json(out_, value);
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
        out_ += json_text(value, -1);
        return;
    }
    for (char const c : json_text(value)) { // strings have no new lines in them
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
    append_json(out_, key);
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

} // namespace portcullis
