// A text of nft that was written from JSON, and which piece of it came from where. Pieces lie within each other
// like the values of the JSON, so any place in the text leads back to the smallest value, or the neighbours, that
// it came from.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/source.hpp"

namespace portcullis::nft_json {

class Transcript {
  public:
    explicit Transcript(Span whole) : pieces_{{0, ~std::uint32_t{0}, 0, whole}} {}

    // As long as it lives, what is written belongs to the piece.
    class Scope {
      public:
        explicit Scope(Transcript& transcript) : transcript_(transcript) {}
        Scope(Scope const&) = delete;
        Scope& operator=(Scope const&) = delete;
        ~Scope() { transcript_.close(); }

      private:
        Transcript& transcript_;
    };
    [[nodiscard]] Scope piece(Span origin);
    void put(std::string_view text) { text_ += text; }

    // Takes back all that was written since the text had this size; no piece may be open.
    void cut(std::size_t size);

    std::string const& text() const { return text_; }

    // Where several values became the same text: a statement that is all of its rule, and the rule.
    enum class Among : std::uint8_t { innermost, outermost };
    Span origin(Span span, Among among) const;

  private:
    struct Piece {
        std::uint32_t begin;
        std::uint32_t end;
        std::uint32_t parent;
        Span origin;
    };
    void close();
    std::uint32_t innermost(std::uint32_t at) const; // the piece that the byte at this place belongs to
    std::uint32_t size() const { return static_cast<std::uint32_t>(text_.size()); }

    std::string text_;
    std::vector<Piece> pieces_; // each before those within it; the first is the whole
    std::uint32_t open_ = 0;
};

} // namespace portcullis::nft_json
