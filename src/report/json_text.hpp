// JSON as text, the same in all places that write it.
#pragma once
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace portcullis {

using Json = nlohmann::ordered_json;

// In plain ASCII, which no terminal acts on, and where no build log finds a command (base/visible.hpp). On one line where `indent` is
// -1. Bytes that are not UTF-8 become U+FFFD.
std::string json_text(Json const& json, int indent = 2);
// A string in JSON, likewise, and without a detour where it stands there as it is.
void append_json(std::string& out, std::string_view text);

} // namespace portcullis
