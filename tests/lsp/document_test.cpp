// Places in texts, and texts as they are edited: compared with a plain list of code points.
#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "lsp/document.hpp"
#include "lsp/places.hpp"
#include "seeds.hpp"

using namespace portcullis::lsp;

namespace {

std::string utf8(char32_t c) {
    auto const byte = [](char32_t value) { return static_cast<char>(static_cast<unsigned char>(value)); };
    if (c < 0x80) return {byte(c)};
    if (c < 0x800) return {byte(0xC0 | (c >> 6)), byte(0x80 | (c & 63))};
    if (c < 0x10000) return {byte(0xE0 | (c >> 12)), byte(0x80 | ((c >> 6) & 63)), byte(0x80 | (c & 63))};
    return {byte(0xF0 | (c >> 18)), byte(0x80 | ((c >> 12) & 63)), byte(0x80 | ((c >> 6) & 63)), byte(0x80 | (c & 63))};
}

std::string utf8(std::u32string const& text) {
    std::string result;
    for (char32_t const c : text) result += utf8(c);
    return result;
}

std::uint32_t units(char32_t c, Encoding encoding) {
    return encoding == Encoding::utf8                  ? static_cast<std::uint32_t>(utf8(c).size())
           : encoding == Encoding::utf16 && c > 0xFFFF ? 2
                                                       : 1;
}

// The position of a code point, counted from the beginning of the text; between CR and LF is no position.
Position position_of(std::u32string const& text, std::size_t at, Encoding encoding) {
    Position position;
    for (std::size_t i = 0; i < at; ++i) {
        bool const ends = text[i] == U'\n' || (text[i] == U'\r' && !(i + 1 < text.size() && text[i + 1] == U'\n'));
        bool const is_cr = text[i] == U'\r' && !ends;
        if (ends) position = {position.line + 1, 0};
        else if (!is_cr) position.character += units(text[i], encoding);
    }
    return position;
}

bool is_position(std::u32string const& text, std::size_t at) {
    return at == 0 || at == text.size() || !(text[at - 1] == U'\r' && text[at] == U'\n');
}

Json change(Position begin, Position end, std::string text) {
    return {{"range", {{"start", position_json(begin)}, {"end", position_json(end)}}}, {"text", std::move(text)}};
}

std::u32string random_text(std::mt19937& random, std::size_t most) {
    constexpr char32_t letters[] = {U'a',  U'b',      U' ',      U'\t',     U'\n',         U'\n',
                                    U'\r', U'\u00e4', U'\u20ac', U'\u2028', U'\U0001F525', U'\U00010000'};
    std::u32string text;
    std::size_t const size = random() % (most + 1);
    for (std::size_t i = 0; i < size; ++i) {
        text += letters[random() % std::size(letters)];
        if (random() % 8 == 0) text += U"\r\n";
    }
    return text;
}

} // namespace

TEST_CASE("positions and offsets are each other's inverse, in every encoding") {
    std::mt19937 random(1);
    for (std::uint32_t seed = 0; seed < seeds(300); ++seed) {
        std::u32string const text = random_text(random, 40);
        std::string const bytes = utf8(text);
        Lines const lines(bytes);
        for (Encoding const encoding : {Encoding::utf8, Encoding::utf16, Encoding::utf32}) {
            std::size_t offset = 0;
            for (std::size_t at = 0; at <= text.size(); ++at) {
                if (is_position(text, at)) {
                    Position const position = position_of(text, at, encoding);
                    INFO(seed << " " << bytes << " at " << offset << " " << to_string(encoding));
                    CHECK(lines.position_of(offset, encoding) == position);
                    CHECK(lines.offset_of(position, encoding) == offset);
                }
                if (at < text.size()) offset += utf8(text[at]).size();
            }
        }
    }
}

TEST_CASE("edits of random texts lead to what whole texts say") {
    std::mt19937 random(2);
    for (std::uint32_t seed = 0; seed < seeds(300); ++seed) {
        for (Encoding const encoding : {Encoding::utf8, Encoding::utf16, Encoding::utf32}) {
            std::u32string text = random_text(random, 60);
            std::string edited = utf8(text);
            for (int edit = 0; edit < 12; ++edit) {
                std::size_t begin = random() % (text.size() + 1);
                std::size_t end = begin + random() % (text.size() - begin + 1);
                if (!is_position(text, begin) || !is_position(text, end)) continue;
                std::u32string const fresh = random_text(random, 6);
                edited = changed(
                    edited, change(position_of(text, begin, encoding), position_of(text, end, encoding), utf8(fresh)), encoding);
                text.replace(begin, end - begin, fresh);
                INFO(seed << " edit " << edit << " " << to_string(encoding));
                REQUIRE(edited == utf8(text));
            }
        }
    }
}

TEST_CASE("edits that turn one text into another are few and do so") {
    std::mt19937 random(3);
    for (std::uint32_t seed = 0; seed < seeds(300); ++seed) {
        std::string const before = utf8(random_text(random, 60));
        std::string const after = seed % 2 == 0 ? utf8(random_text(random, 60)) : before + "x";
        Json const edits = text_edits(Lines(before), after, Encoding::utf16);
        if (before == after) CHECK(edits.empty());
        std::string text = before;
        // From the last to the first, so that ranges stay what they are.
        for (auto edit = edits.rbegin(); edit != edits.rend(); ++edit)
            text = changed(text, {{"range", (*edit)["range"]}, {"text", (*edit)["newText"]}}, Encoding::utf16);
        INFO(seed);
        REQUIRE(text == after);
    }
    CHECK(text_edits(Lines("a\nb\nc\n"), "a\nB\nc\n", Encoding::utf16).dump() ==
          R"([{"newText":"B\n","range":{"end":{"character":0,"line":2},"start":{"character":0,"line":1}}}])");
}

TEST_CASE("positions that are not there are the nearest that are") {
    std::string const text = "ab\r\n\xF0\x9F\x94\xA5" "c\n";
    Lines const lines(text);
    CHECK(lines.offset_of({0, 99}, Encoding::utf16) == 2);
    CHECK(lines.offset_of({1, 1}, Encoding::utf16) == 4); // within a pair of surrogates
    CHECK(lines.offset_of({1, 2}, Encoding::utf16) == 8);
    CHECK(lines.offset_of({1, 2}, Encoding::utf8) == 4);
    CHECK(lines.offset_of({2, 0}, Encoding::utf16) == text.size());
    CHECK(lines.offset_of({4000000000U, 4000000000U}, Encoding::utf16) == text.size());
    CHECK(lines.position_of(3, Encoding::utf16) == Position{0, 2}); // between CR and LF
    CHECK(lines.position_of(6, Encoding::utf16) == Position{1, 0}); // within a character
    CHECK(lines.position_of(99, Encoding::utf16) == Position{2, 0});
    CHECK(Lines("\xff\xfe").position_of(2, Encoding::utf16) == Position{0, 2}); // no UTF-8: each a character
}

TEST_CASE("a change that says nothing sensible is refused") {
    auto const error = [](Json const& value) {
        try {
            changed("text", value, Encoding::utf16);
        } catch (RequestError const& e) {
            return std::string(e.what());
        }
        return std::string();
    };
    CHECK(error({{"text", "x"}}).empty());
    CHECK(error(Json::object()) == "text has to be a string");
    CHECK(error({{"text", 1}}) == "text has to be a string");
    CHECK(error(change({0, 2}, {0, 1}, "")) == "a range ends before it begins");
    CHECK(error({{"text", ""}, {"range", {{"start", {{"line", -1}, {"character", 0}}}}}}) ==
          "a position needs line, a number from 0");
    CHECK(error({{"text", ""}, {"range", "all"}}) == "a position needs line, a number from 0");
}

TEST_CASE("a URI of a file is its path") {
    CHECK(path_of_uri("file:///etc/nftables.conf") == "/etc/nftables.conf");
    CHECK(path_of_uri("file:///a%20b/%C3%A4.rules") == "/a b/\xC3\xA4.rules");
    CHECK(path_of_uri("file://localhost/etc/fw") == "/etc/fw");
    CHECK(path_of_uri("file:///100%/x%2") == "/100%/x%2");
    CHECK(path_of_uri("untitled:Untitled-1") == "untitled:Untitled-1");
}
