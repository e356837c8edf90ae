#include "lsp/framer.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <utility>

#include "portcullis/base/ascii.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::size_t shown = 60; // bytes of what is wrong, in an error

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), ascii_lower);
    return result;
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
    while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
    return text;
}

std::string quoted(std::string_view text) { return "'" + visible(shortened(text, shown)) + "'"; }

std::optional<std::uint64_t> length_of(std::string_view digits) {
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (digits.empty() || error != std::errc{} || end != digits.data() + digits.size()) return std::nullopt;
    return value;
}

// "application/vscode-jsonrpc; charset=utf-8": the one encoding that there is has two spellings (utf8 for older clients).
bool is_utf8(std::string_view content_type) {
    std::string const type = lower(content_type);
    std::size_t const at = type.find("charset=");
    if (at == std::string::npos) return true;
    std::string_view charset = trimmed(std::string_view(type).substr(at + 8));
    charset = charset.substr(0, charset.find(';'));
    if (charset.size() >= 2 && charset.front() == '"' && charset.back() == '"') charset = charset.substr(1, charset.size() - 2);
    return charset == "utf-8" || charset == "utf8";
}

} // namespace

void Framer::feed(std::string_view bytes) {
    if (broken_) return;
    if (stage_ == Stage::skipped) { // what is not wanted is not kept
        auto const skipped = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
        left_ -= skipped;
        bytes.remove_prefix(skipped);
    }
    buffer_.append(bytes);
}

void Framer::take(std::size_t bytes) {
    read_ += bytes;
    if (read_ < buffer_.size() && read_ < (std::size_t{1} << 16U)) return;
    buffer_.erase(0, read_);
    read_ = 0;
}

Frame Framer::broken(std::string why) {
    broken_ = true;
    buffer_.clear();
    read_ = 0;
    return {{}, std::move(why), true};
}

// One line of the header; what is wrong with it, if something is.
std::string Framer::read_line(std::string_view line) {
    std::size_t const colon = line.find(':');
    if (colon == std::string_view::npos)
        return fmt::format("found {}, expected a header such as 'Content-Length: 120'", quoted(line));
    std::string const name = lower(trimmed(line.substr(0, colon)));
    std::string_view const value = trimmed(line.substr(colon + 1));
    if (name == "content-length") {
        auto const length = length_of(value);
        if (!length) return fmt::format("Content-Length: found {}, expected a number of bytes", quoted(value));
        if (length_ && *length_ != *length) return "two headers Content-Length say different lengths";
        length_ = length;
    } else if (name == "content-type" && !is_utf8(value)) {
        refusal_ = fmt::format("Content-Type: found {}, expected the charset utf-8", quoted(value));
    }
    return "";
}

std::optional<Frame> Framer::read_header() {
    while (true) {
        std::string_view const text = rest();
        std::size_t const newline = text.find('\n');
        std::size_t const size = newline == std::string_view::npos ? text.size() : newline + 1;
        if (header_size_ + size > limits_.header) return broken(fmt::format("a header has more than {} bytes", limits_.header));
        if (newline == std::string_view::npos) return std::nullopt;
        if (newline == 0 || text[newline - 1] != '\r') return broken("a line of a header does not end with CR LF");
        std::string_view const line = text.substr(0, newline - 1);
        if (line.empty() && !length_) return broken("a header has no Content-Length");
        std::string error = line.empty() ? "" : read_line(line);
        bool const ended = line.empty();
        header_size_ += size;
        take(size);
        if (!error.empty()) return broken(std::move(error));
        if (!ended) continue;
        header_size_ = 0;
        if (*length_ > limits_.body)
            refusal_ = fmt::format("a message has {} bytes, and at most {} are read", *length_, limits_.body);
        stage_ = refusal_.empty() ? Stage::body : Stage::skipped;
        left_ = refusal_.empty() ? 0 : *length_;
        return std::nullopt;
    }
}

std::optional<Frame> Framer::next() {
    if (broken_) return std::nullopt;
    if (stage_ == Stage::header) {
        if (auto error = read_header()) return error;
    }
    if (stage_ == Stage::skipped) {
        auto const here = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest().size()));
        left_ -= here;
        take(here);
        if (left_ > 0) return std::nullopt;
        stage_ = Stage::header;
        length_.reset();
        return Frame{{}, std::exchange(refusal_, {}), false};
    }
    if (stage_ != Stage::body || rest().size() < *length_) return std::nullopt;
    Frame frame{std::string(rest().substr(0, static_cast<std::size_t>(*length_))), {}, false};
    take(frame.body.size());
    stage_ = Stage::header;
    length_.reset();
    return frame;
}

std::string framed(std::string_view body) { return fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body); }

} // namespace portcullis::lsp
