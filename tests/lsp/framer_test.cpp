// The stream of messages, cut in every way, and everything that a stream should not be.
#include <catch2/catch.hpp>
#include <vector>

#include "lsp/framer.hpp"

using namespace portcullis::lsp;

namespace {

std::vector<Frame> frames_of(std::vector<std::string_view> const& pieces, Framer::Limits limits = {}) {
    Framer framer(limits);
    std::vector<Frame> frames;
    for (std::string_view const piece : pieces) {
        framer.feed(piece);
        while (auto frame = framer.next()) frames.push_back(std::move(*frame));
    }
    return frames;
}

std::string only_error(std::string_view text, Framer::Limits limits = {}) {
    auto const frames = frames_of({text}, limits);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].body.empty());
    CHECK(frames[0].fatal);
    return frames[0].error;
}

} // namespace

TEST_CASE("a stream is the same messages however it is cut") {
    std::string const whole =
        framed(R"({"a":1})") +
        "content-length: 6\r\nContent-Type: application/vscode-jsonrpc; charset=\"UTF-8\"\r\n\r\nh\xC3\xA4llo" +
        "Content-Length: 3\r\nContent-Type: text/plain; charset=latin1\r\n\r\nabc" + framed("") + framed("end");
    auto const check = [](std::vector<Frame> const& frames) {
        REQUIRE(frames.size() == 5);
        CHECK(frames[0].body == R"({"a":1})");
        CHECK(frames[1].body == "h\xC3\xA4llo");
        CHECK(frames[2].body.empty());
        CHECK(frames[2].error == "Content-Type: found 'text/plain; charset=latin1', expected the charset utf-8");
        CHECK_FALSE(frames[2].fatal);
        CHECK((frames[3].body.empty() && frames[3].error.empty()));
        CHECK(frames[4].body == "end");
    };
    check(frames_of({whole}));
    std::vector<std::string_view> bytes;
    for (std::size_t i = 0; i < whole.size(); ++i) bytes.push_back(std::string_view(whole).substr(i, 1));
    check(frames_of(bytes));
    for (std::size_t first = 0; first <= whole.size(); ++first) {
        for (std::size_t second = first; second <= whole.size(); second += 7) {
            std::string_view const text = whole;
            check(frames_of({text.substr(0, first), text.substr(first, second - first), text.substr(second)}));
        }
    }
}

TEST_CASE("of a stream that ends anywhere, the messages before that are there") {
    std::string const whole = framed("one") + framed("two");
    std::size_t const first = framed("one").size();
    for (std::size_t length = 0; length <= whole.size(); ++length) {
        Framer framer;
        framer.feed(std::string_view(whole).substr(0, length));
        std::size_t count = 0;
        while (auto const frame = framer.next()) {
            CHECK(frame->error.empty());
            ++count;
        }
        INFO(length);
        CHECK(count == (length >= whole.size() ? 2U : length >= first ? 1U : 0U));
    }
}

TEST_CASE("what is no header ends the stream with a sentence") {
    CHECK(only_error("GET / HTTP/1.1\r\n\r\n") == "found 'GET / HTTP/1.1', expected a header such as 'Content-Length: 120'");
    CHECK(only_error("\r\n{}") == "a header has no Content-Length");
    CHECK(only_error("Content-Type: x\r\n\r\n{}") == "a header has no Content-Length");
    CHECK(only_error("Content-Length: 2\n\n{}") == "a line of a header does not end with CR LF");
    CHECK(only_error("Content-Length: -2\r\n\r\n{}") == "Content-Length: found '-2', expected a number of bytes");
    CHECK(only_error("Content-Length: \r\n\r\n{}") == "Content-Length: found '', expected a number of bytes");
    CHECK(only_error("Content-Length: 2x\r\n\r\n{}") == "Content-Length: found '2x', expected a number of bytes");
    CHECK(only_error("Content-Length: 99999999999999999999999\r\n\r\n{}") ==
          "Content-Length: found '99999999999999999999999', expected a number of bytes");
    CHECK(only_error("Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}") == "two headers Content-Length say different lengths");
    CHECK(only_error("\x1b[31m\r\n\r\n") == "found '\\x1b[31m', expected a header such as 'Content-Length: 120'");
    CHECK(only_error(std::string(10000, 'x')) == "a header has more than 8192 bytes");
    std::string many;
    for (int i = 0; i < 1000; ++i) many += "X-Header: yes\r\n";
    CHECK(only_error(many) == "a header has more than 8192 bytes");
}

TEST_CASE("after the end of a stream nothing more is read") {
    Framer framer;
    framer.feed("nonsense\r\n");
    REQUIRE(framer.next()->fatal);
    framer.feed(framed("{}"));
    CHECK_FALSE(framer.next());
}

TEST_CASE("a message that is too large is passed over, and the next one is read") {
    Framer::Limits const limits{100, 10};
    std::string const whole = framed("0123456789") + framed("0123456789a") + framed("next");
    for (std::size_t cut = 0; cut <= whole.size(); ++cut) {
        auto const frames = frames_of({std::string_view(whole).substr(0, cut), std::string_view(whole).substr(cut)}, limits);
        REQUIRE(frames.size() == 3);
        CHECK(frames[0].body == "0123456789");
        CHECK(frames[1].error == "a message has 11 bytes, and at most 10 are read");
        CHECK_FALSE(frames[1].fatal);
        CHECK(frames[2].body == "next");
    }
    // Of one that would not fit into any memory, nothing is kept while its end is waited for.
    auto const endless = frames_of({"Content-Length: 18446744073709551615\r\n\r\n", std::string_view(whole)}, limits);
    CHECK(endless.empty());
}
