#include "portcullis/base/visible.hpp"

#include <algorithm>
#include <utf8proc.h>

#include "portcullis/base/ascii.hpp"

namespace portcullis {

namespace {

constexpr std::string_view digits = "0123456789abcdef";

std::string hexadecimal(std::uint32_t value) {
    std::string text;
    do {
        text.insert(text.begin(), digits[value & 0xFU]);
        value >>= 4U;
    } while (value != 0);
    return text;
}

bool is_harmless(utf8proc_int32_t code) {
    switch (utf8proc_category(code)) {
    case UTF8PROC_CATEGORY_CC: // controls
    case UTF8PROC_CATEGORY_CF: // format characters: bidirectional marks, zero-width joiners
    case UTF8PROC_CATEGORY_ZL: // line and paragraph separators
    case UTF8PROC_CATEGORY_ZP:
    case UTF8PROC_CATEGORY_CS: // surrogates, private use, unassigned
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_CN: return false;
    default: return true;
    }
}

// The code point at the start of the text and its length; a negative code where it is not UTF-8.
std::pair<utf8proc_int32_t, std::size_t> next_code(std::string_view text) {
    utf8proc_int32_t code = -1;
    auto const length = utf8proc_iterate(reinterpret_cast<utf8proc_uint8_t const*>(text.data()),
                                         static_cast<utf8proc_ssize_t>(text.size()), &code);
    return length > 0 ? std::pair{code, static_cast<std::size_t>(length)} : std::pair{utf8proc_int32_t{-1}, std::size_t{1}};
}

// "##", letters, "[".
bool begins_log_command(std::string_view text) {
    if (!text.starts_with("##")) return false;
    auto const end = std::find_if_not(text.begin() + 2, text.end(), is_ascii_letter);
    return end != text.end() && *end == '[';
}

} // namespace

std::string visible(std::string_view text) {
    std::string result;
    result.reserve(text.size());
    while (!text.empty()) {
        auto const [code, length] = next_code(text);
        auto const byte = static_cast<unsigned char>(text.front());
        if (byte == '\t') {
            result += ' ';
        } else if (code < 0x20 || code == 0x7F || (byte == '#' && begins_log_command(text))) { // less than 0 where it is no UTF-8
            result += "\\x";
            result += digits[byte >> 4U];
            result += digits[byte & 0xFU];
        } else if (code >= 0x80 && !is_harmless(code)) {
            result += "\\u{" + hexadecimal(static_cast<std::uint32_t>(code)) + '}';
        } else {
            result += text.substr(0, length);
        }
        text.remove_prefix(length);
    }
    return result;
}

std::size_t find_log_command(std::string_view text, std::size_t at) {
    while ((at = text.find("##", at)) != std::string_view::npos && !begins_log_command(text.substr(at))) ++at;
    return at;
}

std::string shortened(std::string_view text, std::size_t most) {
    if (text.size() <= most) return std::string(text);
    std::size_t end = most;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    return std::string(text.substr(0, end)) + "...";
}

std::size_t display_width(std::string_view text) {
    std::size_t width = 0;
    while (!text.empty()) {
        auto const [code, length] = next_code(text);
        width += code < 0 ? 1 : static_cast<std::size_t>(utf8proc_charwidth(code));
        text.remove_prefix(length);
    }
    return width;
}

} // namespace portcullis
