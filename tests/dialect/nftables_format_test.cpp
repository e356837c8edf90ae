// fmt of nft: one layout, and nothing else changes.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "portcullis/dialect/format.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

std::string formatted(std::string text, ReadOptions const& options = {}) {
    Sources sources;
    Formatted const result = format_nftables(sources, sources.add("test.nft", std::move(text)), options);
    return result.errors.empty() ? result.text : "error: " + result.errors.all().front().args.at("error");
}

std::string ruleset_of(std::string text) {
    Sources sources;
    return to_text(read(sources, sources.add("test.nft", std::move(text)), Dialect::nftables).ruleset);
}

std::vector<std::string> comments_of(std::string const& text) {
    std::vector<std::string> comments;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
        if (std::size_t const at = line.find('#'); at != std::string::npos)
            comments.push_back(line.substr(at, line.find_last_not_of(" \t\r") + 1 - at));
    return comments;
}

} // namespace

TEST_CASE("a ruleset is laid out as nft lists it") {
    CHECK(
        formatted(
            "table inet t{chain c{type filter hook input priority 0;policy drop;tcp dport {22,80} accept;ct state "
            "established, related accept}\nmap m{type ipv4_addr:verdict;flags "
            "interval;elements={1.1.1.1:accept,\n2.2.2.2:drop,}};}") ==
        "table inet t {\n"
        "\tchain c {\n"
        "\t\ttype filter hook input priority 0; policy drop;\n"
        "\t\ttcp dport { 22, 80 } accept\n"
        "\t\tct state established,related accept\n"
        "\t}\n"
        "\n"
        "\tmap m {\n"
        "\t\ttype ipv4_addr : verdict\n"
        "\t\tflags interval\n"
        "\t\telements = { 1.1.1.1 : accept, 2.2.2.2 : drop }\n"
        "\t}\n"
        "}\n");
}

TEST_CASE("what nft itself lists stays as it is, but for long lists") {
    std::string const listing =
        "table inet t {\n\tchain c {\n\t\ttype filter hook input priority filter; policy accept;\n"
        "\t\tip saddr 10.0.0.0/8 limit rate 3/second burst 9 packets counter packets 1 bytes 2 accept\n"
        "\t\ttcp flags syn / fin,syn accept comment \"a  b\"\n\t\tip daddr 1.1.1.1-1.1.1.9 jump "
        "{\n\t\t\tdrop\n\t\t}\n"
        "\t\tdnat ip6 to [fe80::1]:80\n\t}\n}\n";
    CHECK(formatted(listing) == listing);
    CHECK(formatted("").empty());
    CHECK(formatted("#!/usr/sbin/nft -f\n\n\n# only comments\r\n") == "#!/usr/sbin/nft -f\n\n# only comments\n");
}

TEST_CASE("comments stay in order, where they were") {
    CHECK(formatted("# one\ntable t { # two\n# three\n\nchain c { # four\n # five\n accept # six\n # seven\n } # "
                    "eight\n}\n# nine") == "# one\ntable t { # two\n\t# three\n\n\tchain c { # four\n\t\t# "
                                           "five\n\t\taccept # six\n\t\t# seven\n\t} # eight\n}\n\n# nine\n");
    CHECK(formatted("define x = { # one\n 1, # two\n # three\n 2\n # four\n}") ==
          "define x = { # one\n\t1, # two\n\t# three\n\t2\n\t# four\n}\n");
    // The comment of a rule is part of the ruleset: an empty line below it stays, and none comes between.
    CHECK(
        formatted("table t {\nchain c {\naccept\n# of the next\ndrop\n# of nothing\n\n\n\ndrop\n}\n}") ==
        "table t {\n\tchain c {\n\t\taccept\n\t\t# of the next\n\t\tdrop\n\t\t# of nothing\n\n\t\tdrop\n\t}\n}\n");
}

TEST_CASE("a list that does not fit into 100 columns takes lines of its own") {
    std::string list = "define hosts = { 192.0.2.1";
    for (int i = 2; i < 40; ++i) list += ", 192.0.2." + std::to_string(i);
    std::string const text = formatted(list + " }");
    CHECK_THAT(text, Catch::Matchers::StartsWith("define hosts = {\n\t192.0.2.1, 192.0.2.2,"));
    CHECK_THAT(text, Catch::Matchers::EndsWith("192.0.2.39\n}\n"));
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) CHECK(line.size() + 7 <= 100);
    // The lines of the source decide nothing.
    CHECK(formatted("define x = {\n1,\n2\n}") == "define x = { 1, 2 }\n");
}

TEST_CASE("signs that the lexer would take for a part of a word keep their blanks") {
    CHECK(formatted("add rule t c tcp dport ssh - http accept") == "add rule t c tcp dport ssh - http accept\n");
    CHECK(formatted("add rule t c tcp dport 1 - 9 accept") == "add rule t c tcp dport 1-9 accept\n");
    CHECK(formatted("add rule t c ip saddr 10.0.0.0 / 8 limit rate 3 / minute accept") ==
          "add rule t c ip saddr 10.0.0.0/8 limit rate 3/minute accept\n");
    CHECK(formatted("add rule t c ip saddr 1.1.1.1 @th , 0 , 16 7 dnat to $host : 80") ==
          "add rule t c ip saddr 1.1.1.1 @th,0,16 7 dnat to $host : 80\n");
    CHECK(formatted("add chain t c { type filter hook input priority filter - 10 ; }") ==
          "add chain t c {\n\ttype filter hook input priority filter - 10;\n}\n");
    CHECK(formatted("define low = -5\ndefine s = \"a  # b\"") == "define low = -5\ndefine s = \"a  # b\"\n");
    CHECK(formatted("add rule t c tcp dport 1 \\\n accept") == "add rule t c tcp dport 1 accept\n");
}

TEST_CASE("a text that nft refuses for what it says is formatted") {
    CHECK(formatted("table t {\n\tcounter w {\n\t\tpackets {2.103 . 443 }\n\t}\n}\n").starts_with("table t {\n\tcounter w {\n"));
}

TEST_CASE("a text with an error of syntax is not formatted") {
    CHECK_THAT(formatted("table t { chain c { tcp dprot 22 accept } }"), Contains("error: "));
    CHECK_THAT(formatted("table t { "), Contains("error: "));
    CHECK_THAT(formatted("table t { } }"), Contains("error: "));
    CHECK_THAT(formatted("table t { counter c { packets 1"), Contains("error: "));
    CHECK_THAT(formatted("add ct helper t h { type \"ft\np ; }"), Contains("error: "));
    CHECK_THAT(formatted("add counter t c " + std::string(100'000, '{')), Contains("error: "));
}

TEST_CASE("formatting changes neither a ruleset nor its comments, and doing it twice is doing it once") {
    std::size_t count = 0;
    auto const check = [&](fs::path const& path) {
        INFO(path);
        std::ifstream in(path, std::ios::binary);
        std::ostringstream out;
        out << in.rdbuf();
        Sources sources;
        Formatted const result = format_nftables(sources, sources.add(path, out.str()));
        if (!result.errors.empty()) return;
        ++count;
        CHECK(formatted(result.text) == result.text);
        CHECK(comments_of(result.text) == comments_of(out.str()));
        auto const plain = [](std::string text) {
            std::erase(text, ' '); // opaque matches are told with the blanks of the text
            return text;
        };
        CHECK(plain(ruleset_of(result.text)) == plain(ruleset_of(out.str())));
    };
    fs::path const root = PORTCULLIS_ROOT;
    for (auto const& folder : {root / "tests/fixtures/nftables", root.parent_path() / "shared/corpus/nftables"}) {
        if (!fs::is_directory(folder)) continue;
        for (auto const& entry : fs::recursive_directory_iterator(folder))
            if (entry.is_regular_file() && !entry.path().filename().string().starts_with("expected."))
                check(entry.path());
    }
    CHECK(count >= 9);
}
