#include <catch2/catch.hpp>

#include "portcullis/base/date.hpp"
#include "portcullis/base/interval_set.hpp"
#include "portcullis/base/source.hpp"
#include "portcullis/base/visible.hpp"

using namespace portcullis;

TEST_CASE("addresses are read strictly and written as RFC 5952 says") {
    struct Row {
        char const* text;
        char const* written; // null: no address
    };
    for (Row const& row : {Row{"192.0.2.1", "192.0.2.1"}, Row{"0.0.0.0", "0.0.0.0"}, Row{"255.255.255.255", "255.255.255.255"},
                           Row{"2001:db8::1", "2001:db8::1"}, Row{"2001:DB8:0:0:0:0:0:1", "2001:db8::1"}, Row{"::", "::"}, Row{"::1", "::1"},
                           Row{"1::", "1::"}, Row{"2001:db8:0:1:0:0:0:1", "2001:db8:0:1::1"}, Row{"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
                           Row{"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"}, Row{"::ffff:192.0.2.1", "::ffff:c000:201"},
                           Row{"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"}, Row{"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"}, Row{"1:2:3:4:5:6:7:8::", nullptr},
                           Row{"192.0.2", nullptr}, Row{"192.0.2.256", nullptr}, Row{"192.0.2.1.1", nullptr}, Row{"1:2", nullptr},
                           Row{":1:2:3:4:5:6:7", nullptr}, Row{"1::2::3", nullptr}, Row{"12345::", nullptr}, Row{"g::", nullptr}, Row{"", nullptr},
                           Row{"1:2:3:4:5:6:7:", nullptr}, Row{"+1.2.3.4", nullptr}}) {
        INFO(row.text);
        auto const ip = parse_ip(row.text);
        REQUIRE(ip.has_value() == (row.written != nullptr));
        if (ip) CHECK(to_string(*ip) == row.written);
    }
}

TEST_CASE("a prefix knows its bounds and its host bits") {
    Prefix const prefix = parse_prefix("10.0.0.5/8").value();
    CHECK(prefix.has_host_bits());
    CHECK(to_string(Ip{Family::v4, prefix.first()}) == "10.0.0.0");
    CHECK(to_string(Ip{Family::v4, prefix.last()}) == "10.255.255.255");
    CHECK(parse_prefix("0.0.0.0/0")->last() == max_value(32));
    CHECK(parse_prefix("::/0")->last() == max_value(128));
    CHECK(!parse_prefix("10.0.0.0/33"));
    CHECK(!parse_prefix("10.0.0.0/"));
    CHECK(mask_length(0xFFFFFF00U, 32) == 24U);
    CHECK(mask_length(0, 32) == 0U);
    CHECK(mask_length(max_value(128), 128) == 128U);
    CHECK(!mask_length(0xFF00FF00U, 32));
}

TEST_CASE("days are read as ISO 8601 writes them") {
    CHECK(to_string(*parse_date("2024-02-29")) == "2024-02-29");
    CHECK(to_string(*parse_date("0800-01-09")) == "0800-01-09");
    for (std::string_view const text : {"", "2023-02-29", "2023-13-01", "2023-00-10", "2023-1-10", "20230110", "2023-01-10 ",
                                        "-023-01-10", "2023-01--1", "2023/01/10", "+023-01-10", "2023-01-1a"})
        CHECK(!parse_date(text));
}

TEST_CASE("interval sets are canonical, and their algebra is that of sets") {
    // Every set over 0..7, as a mask of eight bits, against the mask's own algebra.
    auto const make = [](unsigned mask) {
        std::vector<Interval> intervals;
        for (unsigned bit = 0; bit < 8; ++bit) {
            if ((mask >> bit & 1U) != 0) intervals.push_back({bit, bit});
        }
        return IntervalSet::of(std::move(intervals));
    };
    for (unsigned a = 0; a < 256; ++a) {
        CHECK(make(a).complement(3) == make(~a & 255U));
        CHECK(make(a).count() == static_cast<unsigned>(__builtin_popcount(a)));
        for (unsigned b = 0; b < 256; b += 7) {
            CHECK(make(a).united(make(b)) == make(a | b));
            CHECK(make(a).intersected(make(b)) == make(a & b));
            CHECK(make(a).minus(make(b)) == make(a & ~b));
            CHECK(make(a).overlaps(make(b)) == ((a & b) != 0));
            CHECK(make(a).contains(make(b)) == ((b & ~a) == 0));
        }
    }
    CHECK(IntervalSet::all(128).complement(128).empty());
    CHECK(IntervalSet().complement(128).is_all(128));
}

TEST_CASE("a range of addresses becomes the fewest prefixes") {
    auto const texts = [](char const* first, char const* last) {
        std::string text;
        Ip const low = parse_ip(first).value();
        for (Prefix const& p : to_prefixes(IntervalSet(low.value, parse_ip(last)->value), low.family)) text += to_string(p) + ' ';
        return text;
    };
    CHECK(texts("10.0.0.1", "10.0.0.6") == "10.0.0.1/32 10.0.0.2/31 10.0.0.4/31 10.0.0.6/32 ");
    CHECK(texts("0.0.0.0", "255.255.255.255") == "0.0.0.0/0 ");
    CHECK(texts("::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff") == "::/0 ");
    CHECK(texts("255.255.255.254", "255.255.255.255") == "255.255.255.254/31 ");
}

TEST_CASE("places are lines and code points") {
    Source const source("f", "a\n\xC3\xA4z\r\n\nlast");
    CHECK(source.line_count() == 4);
    CHECK(source.line(2) == "\xC3\xA4z");
    CHECK(source.line(4) == "last");
    CHECK(source.locate(0) == Location{1, 1});
    CHECK(source.locate(4) == Location{2, 2}); // after the two bytes of one letter
    CHECK(source.locate(100) == Location{4, 5});
    CHECK(Source("f", "").locate(0) == Location{1, 1});
    CHECK(Source("f", "x\n").line_count() == 1);
}

TEST_CASE("text of the input cannot command a terminal") {
    CHECK(visible("plain \xC3\xA4\xE2\x82\xAC") == "plain \xC3\xA4\xE2\x82\xAC");
    CHECK(visible("\x1b[31mred\x07") == "\\x1b[31mred\\x07");
    CHECK(visible("a\tb\rc\nd") == "a b\\x0dc\\x0ad");
    CHECK(visible("\xE2\x80\xAEgnp.exe") == "\\u{202e}gnp.exe"); // right-to-left override
    CHECK(visible("\xE2\x80\x8Bx") == "\\u{200b}x");             // zero width space
    CHECK(visible("\xC2\x9B") == "\\u{9b}");                     // C1 control
    CHECK(visible("\xFF\xC3") == "\\xff\\xc3");                  // no UTF-8
    CHECK(display_width("\xE6\xBC\xA2") == 2);
}

TEST_CASE("text of the input cannot command who keeps the log of a build") {
    CHECK(visible("a ##vso[task.setvariable variable=x]y") == "a \\x23#vso[task.setvariable variable=x]y");
    CHECK(visible("###[error]##TeamCity[x]") == "#\\x23#[error]\\x23#TeamCity[x]");
    CHECK(visible("## heading ## [1] ##") == "## heading ## [1] ##");
    CHECK(find_log_command("##vso[a]##[b]", 1) == 8);
    CHECK(find_log_command("##vso") == std::string_view::npos);
}
