#include "portcullis/base/source.hpp"

#include <algorithm>

namespace portcullis {

Source::Source(std::string path, std::string text) : path_(std::move(path)), text_(std::move(text)) {
    line_starts_.push_back(0);
    for (std::size_t at = text_.find('\n'); at != std::string::npos; at = text_.find('\n', at + 1)) {
        if (at + 1 < text_.size()) line_starts_.push_back(static_cast<std::uint32_t>(at + 1));
    }
}

std::uint32_t Source::line_start(std::uint32_t number) const {
    return number >= 1 && number <= line_starts_.size() ? line_starts_[number - 1]
                                                        : static_cast<std::uint32_t>(text_.size());
}

std::string_view Source::line(std::uint32_t number) const {
    if (number < 1 || number > line_starts_.size()) return {};
    std::size_t const begin = line_starts_[number - 1];
    std::size_t const newline = text_.find('\n', begin);
    std::string_view line = std::string_view(text_).substr(begin, newline == std::string::npos ? newline : newline - begin);
    if (line.ends_with('\r')) line.remove_suffix(1);
    return line;
}

Location Source::locate(std::uint32_t offset) const {
    offset = std::min(offset, static_cast<std::uint32_t>(text_.size()));
    auto const after = std::upper_bound(line_starts_.begin(), line_starts_.end(), offset);
    auto const line = static_cast<std::uint32_t>(after - line_starts_.begin());
    std::uint32_t const begin = line_starts_[line - 1];
    // A continuation byte of UTF-8 is not a code point of its own.
    auto const column = std::count_if(text_.begin() + begin, text_.begin() + offset,
                                      [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; });
    return {line, static_cast<std::uint32_t>(column) + 1};
}

SourceId Sources::add(std::string path, std::string text) {
    sources_.emplace_back(std::move(path), std::move(text));
    return static_cast<SourceId>(sources_.size() - 1);
}

} // namespace portcullis
