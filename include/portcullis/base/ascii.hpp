// Letters without locale: configuration languages fold the case of ASCII only.
#pragma once

namespace portcullis {

constexpr char ascii_lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

} // namespace portcullis
