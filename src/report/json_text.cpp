#include "report/json_text.hpp"

#include <algorithm>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

// Stands in JSON as it is, wherever it stands.
bool is_plain(char c) { return c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '#'; }

} // namespace

std::string json_text(Json const& json, int indent) {
    std::string text = json.dump(indent, ' ', true, Json::error_handler_t::replace);
    std::size_t at = find_log_command(text);
    if (at == std::string::npos) return text;
    std::string result;
    std::size_t done = 0;
    for (; at != std::string::npos; at = find_log_command(text, done)) { // in a string, since "#" is nowhere else
        result.append(text, done, at - done).append("\\u0023");
        done = at + 1;
    }
    return result.append(text, done);
}

void append_json(std::string& out, std::string_view text) {
    if (std::ranges::all_of(text, is_plain)) out.append(1, '"').append(text).append(1, '"');
    else out += json_text(Json(text), -1);
}

} // namespace portcullis
