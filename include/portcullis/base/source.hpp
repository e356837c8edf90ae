// The texts under analysis and places in them. A span is two byte offsets; lines and columns are worked out
// only when somebody reads them.
#pragma once
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis {

using SourceId = std::uint32_t;

// A half-open range of bytes of one source.
struct Span {
    SourceId source = 0;
    std::uint32_t begin = 0;
    std::uint32_t end = 0;
    friend bool operator==(Span const&, Span const&) = default;
};

// A place as people count it: both from 1, the column in Unicode code points.
struct Location {
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    friend bool operator==(Location const&, Location const&) = default;
};

// One input text with its name. Owns the text; views into it stay valid while it lives.
class Source {
  public:
    Source(std::string path, std::string text);

    std::string const& path() const { return path_; }
    std::string_view text() const { return text_; }
    // The number of lines; a text without a final newline counts its last line too.
    std::uint32_t line_count() const { return static_cast<std::uint32_t>(line_starts_.size()); }
    // The line at `number` (from 1), without its end of line; empty past the end.
    std::string_view line(std::uint32_t number) const;
    // The offset of the first byte of the line at `number` (from 1).
    std::uint32_t line_start(std::uint32_t number) const;
    Location locate(std::uint32_t offset) const;

  private:
    std::string path_;
    std::string text_;
    std::vector<std::uint32_t> line_starts_;
};

// All sources of one analysis. Ids and references stay valid as sources are added.
class Sources {
  public:
    SourceId add(std::string path, std::string text);
    Source const& operator[](SourceId id) const { return sources_[id]; }
    std::size_t size() const { return sources_.size(); }
    std::string_view text(Span span) const { return sources_[span.source].text().substr(span.begin, span.end - span.begin); }

  private:
    std::deque<Source> sources_;
};

} // namespace portcullis
