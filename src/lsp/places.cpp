#include "lsp/places.hpp"

#include <functional>

#include "portcullis/base/common_subsequence.hpp"

namespace portcullis::lsp {

namespace {

// Each with its end of line.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        lines.push_back(text.substr(0, std::min(text.find('\n'), text.size() - 1) + 1));
        text.remove_prefix(lines.back().size());
    }
    return lines;
}

std::vector<std::uint64_t> keys_of(std::vector<std::string_view> const& lines) {
    std::vector<std::uint64_t> keys;
    for (std::string_view const line : lines) keys.push_back(std::hash<std::string_view>{}(line));
    return keys;
}

} // namespace

std::string Places::uri(SourceId source) const { return snapshot_.uri_of((*snapshot_.loaded().sources)[source].path()); }

Lines const& Places::lines(SourceId source) {
    LoadedText const& loaded = snapshot_.loaded();
    return lines_.try_emplace(source, (*loaded.sources)[source].text()).first->second;
}

Json Places::range(Span span) { return range_json(lines(span.source), span.begin, span.end, encoding_); }

std::uint32_t Places::line(Span span) { return lines(span.source).position_of(span.begin, encoding_).line + 1; }

Json text_edits(Lines const& before, std::string_view after, Encoding encoding) {
    auto const old_lines = lines_of(before.text());
    auto const new_lines = lines_of(after);
    Json edits = Json::array();
    std::size_t i = 0;
    std::size_t j = 0;
    std::size_t offset = 0; // of old line i
    auto const up_to = [&](std::size_t to_i, std::size_t to_j) {
        if (i == to_i && j == to_j) return;
        std::size_t const begin = offset;
        std::string text;
        for (; i < to_i; ++i) offset += old_lines[i].size();
        for (; j < to_j; ++j) text += new_lines[j];
        edits.push_back({{"range", range_json(before, begin, offset, encoding)}, {"newText", std::move(text)}});
    };
    for (auto const& [a, b] : common_subsequence(keys_of(old_lines), keys_of(new_lines))) {
        if (old_lines[a] != new_lines[b]) continue; // a collision of hashes
        up_to(a, b);
        offset += old_lines[i].size();
        ++i;
        ++j;
    }
    up_to(old_lines.size(), new_lines.size());
    return edits;
}

} // namespace portcullis::lsp
