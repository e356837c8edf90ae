// Places in a text as editors count them: lines and characters from 0. A character is a code unit of the encoding that
// client and server agreed on; a line ends with LF, CR LF or CR alone. Places within a text are byte offsets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lsp/json_rpc.hpp"

namespace portcullis::lsp {

enum class Encoding : std::uint8_t { utf8, utf16, utf32 };
std::string_view to_string(Encoding encoding); // "utf-16"
std::optional<Encoding> encoding_by_name(std::string_view name);

struct Position {
    std::uint32_t line = 0;
    std::uint32_t character = 0;
    friend bool operator==(Position const&, Position const&) = default;
};

// Where the lines of a text begin. The text must outlive it.
class Lines {
  public:
    explicit Lines(std::string_view text);

    // At most the end of its line, or of the text. Within a character that is several units or bytes, its beginning.
    std::size_t offset_of(Position position, Encoding encoding) const;
    Position position_of(std::size_t offset, Encoding encoding) const;
    // The line at `number` without its end; empty past the last.
    std::string_view line(std::uint32_t number) const;
    std::uint32_t count() const { return static_cast<std::uint32_t>(starts_.size()); }
    std::size_t start_of(std::uint32_t line) const { return line < starts_.size() ? starts_[line] : text_.size(); }
    std::string_view text() const { return text_; }

  private:
    std::string_view text_;
    std::vector<std::size_t> starts_;
};

// Of the protocol's JSON. RequestError invalid_params where it has another form.
Position position_in(Json const& value);
Json position_json(Position position);
Json range_json(Lines const& lines, std::size_t begin, std::size_t end, Encoding encoding);

} // namespace portcullis::lsp
