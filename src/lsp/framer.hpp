// The base protocol of LSP 3.17: messages in a stream of bytes, each behind a header that says how long it is. What is
// wrong is an answer like any other; nothing in a stream is trusted, neither a length nor that a header ends.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace portcullis::lsp {

// A message, or what is wrong with it.
struct Frame {
    std::string body;
    std::string error; // a sentence without its full stop; the body is empty then
    bool fatal = false; // where the next message begins cannot be told: nothing follows
};

class Framer {
  public:
    struct Limits {
        std::size_t header = std::size_t{8} << 10U; // bytes, all lines together
        std::size_t body = std::size_t{64} << 20U;
    };

    Framer() = default;
    explicit Framer(Limits limits) : limits_(limits) {}

    void feed(std::string_view bytes);
    // The next message, as soon as it is there whole. How the bytes were cut when they were fed makes no difference.
    std::optional<Frame> next();

  private:
    enum class Stage : std::uint8_t { header, body, skipped };

    std::string_view rest() const { return std::string_view(buffer_).substr(read_); }
    void take(std::size_t bytes);
    std::optional<Frame> read_header();
    std::string read_line(std::string_view line);
    Frame broken(std::string why);

    Limits limits_;
    std::string buffer_;
    std::size_t read_ = 0; // bytes of the buffer that are done with
    Stage stage_ = Stage::header;
    bool broken_ = false;
    std::size_t header_size_ = 0;        // so far
    std::optional<std::uint64_t> length_; // of the body
    std::uint64_t left_ = 0;             // of a body that is skipped
    std::string refusal_;                // why it is
};

// The message with its header.
std::string framed(std::string_view body);

} // namespace portcullis::lsp
