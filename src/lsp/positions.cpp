#include "lsp/positions.hpp"

#include <algorithm>
#include <limits>

namespace portcullis::lsp {

namespace {

// The bytes of the character at the head of the text, which is not empty: one for a byte that begins none.
std::size_t character_size(std::string_view text) {
    auto const lead = static_cast<unsigned char>(text.front());
    std::size_t const wanted = lead >= 0xF0U && lead < 0xF8U   ? 4
                               : lead >= 0xE0U && lead < 0xF0U ? 3
                               : lead >= 0xC2U && lead < 0xE0U ? 2
                                                               : 1;
    if (wanted > text.size()) return 1;
    for (std::size_t i = 1; i < wanted; ++i)
        if ((static_cast<unsigned char>(text[i]) & 0xC0U) != 0x80U) return 1;
    return wanted;
}

std::uint32_t units_of(std::size_t size, Encoding encoding) {
    switch (encoding) {
    case Encoding::utf8: return static_cast<std::uint32_t>(size);
    case Encoding::utf16: return size == 4 ? 2 : 1;
    case Encoding::utf32: return 1;
    }
    return 1;
}

std::uint32_t number_in(Json const& value, char const* name) {
    Json const& number = member(value, name);
    if (!number.is_number_unsigned())
        throw RequestError(ErrorCode::invalid_params, std::string("a position needs ") + name + ", a number from 0");
    return static_cast<std::uint32_t>(
        std::min<std::uint64_t>(number.get<std::uint64_t>(), std::numeric_limits<std::uint32_t>::max()));
}

} // namespace

std::string_view to_string(Encoding encoding) {
    return encoding == Encoding::utf8 ? "utf-8" : encoding == Encoding::utf16 ? "utf-16" : "utf-32";
}

std::optional<Encoding> encoding_by_name(std::string_view name) {
    for (Encoding const encoding : {Encoding::utf8, Encoding::utf16, Encoding::utf32})
        if (name == to_string(encoding)) return encoding;
    return std::nullopt;
}

Lines::Lines(std::string_view text) : text_(text), starts_{0} {
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\n' && text[i] != '\r') continue;
        if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
        starts_.push_back(i + 1);
    }
}

std::string_view Lines::line(std::uint32_t number) const {
    if (number >= starts_.size()) return {};
    std::size_t const end = number + 1 < starts_.size() ? starts_[number + 1] : text_.size();
    std::string_view line = text_.substr(starts_[number], end - starts_[number]);
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

std::size_t Lines::offset_of(Position position, Encoding encoding) const {
    if (position.line >= starts_.size()) return text_.size();
    std::string_view const whole = line(position.line);
    std::string_view left = whole;
    std::uint32_t units = 0;
    while (!left.empty() && units < position.character) {
        std::size_t const size = character_size(left);
        units += units_of(size, encoding);
        if (units > position.character) break;
        left.remove_prefix(size);
    }
    return starts_[position.line] + (whole.size() - left.size());
}

Position Lines::position_of(std::size_t offset, Encoding encoding) const {
    offset = std::min(offset, text_.size());
    auto const after = std::upper_bound(starts_.begin(), starts_.end(), offset);
    auto const number = static_cast<std::uint32_t>(after - starts_.begin() - 1);
    std::size_t const start = starts_[number];
    std::string_view left = line(number); // between CR and LF is the end of the line
    std::uint32_t units = 0;
    for (std::size_t at = start; !left.empty();) {
        std::size_t const size = character_size(left);
        if (at + size > offset) break;
        at += size;
        units += units_of(size, encoding);
        left.remove_prefix(size);
    }
    return {number, units};
}

Position position_in(Json const& value) { return {number_in(value, "line"), number_in(value, "character")}; }

Json position_json(Position position) { return {{"line", position.line}, {"character", position.character}}; }

Json range_json(Lines const& lines, std::size_t begin, std::size_t end, Encoding encoding) {
    return {{"start", position_json(lines.position_of(begin, encoding))},
            {"end", position_json(lines.position_of(end, encoding))}};
}

} // namespace portcullis::lsp
