// The reports for people, as a terminal shows them: what fits, what stands below what, and what a click would open.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sstream>

#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/report/report.hpp"
#include "report/marked_line.hpp"

namespace portcullis {
namespace {

std::string ipt(std::string const& lines) {
    return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n" + lines + "COMMIT\n";
}

std::string const nft_head = "table inet t {\nchain i {\ntype filter hook input priority 0; policy drop;\n";

Report report_of(Dialect dialect, std::string const& text, std::string const& path = "fw.rules") {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add(path, text);
    LintOptions options;
    options.exposures = true;
    Report report;
    report.version = "0.1.0";
    report.shown = Severity::info;
    report.files.push_back(lint(sources, source, dialect, read(*sources, source, dialect), options));
    return report;
}

std::vector<std::string> lines_of(std::string const& page) {
    std::vector<std::string> lines;
    std::istringstream stream(page);
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

TextStyle wide(std::size_t width) {
    TextStyle style;
    style.width = width;
    return style;
}

// A long rule with wide characters, tabs, and bytes that nobody can see.
std::string long_rules() {
    std::string ports = "23";
    for (int port = 1000; port < 1014; ++port) ports += fmt::format(",{}", port);
    std::string text;
    for (char const* comment : {"日本語のとても長い説明文です。日本語のとても長い説明文です", "🚒🚒🚒 fire 🚒🚒 brigade\tand\ttabs", "e\u0301te\u0301 \u202e\x1b[31m \u200b"})
        text += fmt::format("-A INPUT -s 203.0.113.0/24 -p tcp -m multiport --dports {} -m comment --comment \"{}\" -j ACCEPT\n", ports, comment);
    text += "-A INPUT -s 203.0.113.0/24 -p tcp -m multiport --dports " + ports + " -j DROP\n";
    text += "-A INPUT -s 203.0.113.7 -p tcp --dport 1005 -m comment --comment \"" + std::string(200, 'x') + "\" -j DROP\n";
    return ipt(text);
}

} // namespace

TEST_CASE("no line of a report is wider than the terminal") {
    Report const report = report_of(Dialect::iptables, long_rules());
    REQUIRE(report.files.front().findings.size() > 4);
    for (std::size_t const width : {50U, 80U, 100U, 120U, 200U}) {
        for (std::string const& page : {text_report(report, wide(width)), text_audit(report, wide(width))}) {
            for (std::string const& line : lines_of(page)) {
                INFO(width << ": " << line);
                CHECK(display_width(line) <= width);
            }
        }
    }
    for (RuleInfo const& rule : rules()) {
        std::string const page = rule_page(rule, 80);
        for (std::string const& line : lines_of(page))
            if (!line.starts_with(' ')) CHECK(display_width(line) <= 80); // examples stay as they are
    }
}

TEST_CASE("without a terminal nothing is wrapped, and only what nobody would read is cut") {
    Report const report = report_of(Dialect::iptables, long_rules());
    auto const lines = lines_of(text_report(report, {}));
    auto const help = std::ranges::find_if(lines, [](std::string const& line) { return line.find("= help:") != std::string::npos; });
    REQUIRE(help != lines.end());
    CHECK(std::ranges::none_of(lines, [](std::string const& line) {
        std::size_t const number = line.find_first_not_of(' '); // of lines of source
        return number != std::string::npos && line[number] >= '1' && line[number] <= '9' && display_width(line) > 170;
    }));
    std::string text;
    for (std::string const& line : lines) text += line + '\n';
    CHECK(text.find("…") != std::string::npos);
    CHECK(text_report(report_of(Dialect::iptables, ipt("-A INPUT -p tcp --dport 23 -j ACCEPT\n")), {}).find("…") == std::string::npos);
}

TEST_CASE("signs stand below what they mean, whatever its width") {
    // The word that the reader does not know comes after wide and narrow characters.
    for (char const* comment : {"plain", "漢字", "🚒 a", "e\u0301", "\tx"}) {
        std::string const text = nft_head + fmt::format("tcp dport 22 log prefix \"{}\" bogus\n}}\n}}\n", comment);
        Report const report = report_of(Dialect::nftables, text, "fw.nft");
        for (std::size_t const width : {0U, 44U, 80U}) {
            auto const lines = lines_of(text_report(report, wide(width)));
            auto const shown = std::ranges::find_if(lines, [](std::string const& line) { return line.find("log prefix") != std::string::npos && line.find("4 |") != std::string::npos; });
            REQUIRE(shown != lines.end());
            std::string const& below = *(shown + 1);
            INFO(*shown << '\n' << below);
            std::size_t const word = shown->find("bogus");
            REQUIRE(word != std::string::npos);
            CHECK(below.find('^') == display_width(shown->substr(0, word)));
            CHECK(std::count(below.begin(), below.end(), '^') == 5);
        }
    }
}

TEST_CASE("a long line is cut around what is meant") {
    std::string const text = nft_head + "tcp dport 22 log prefix \"" + std::string(100, 'a') + "\" bogus log prefix \"" + std::string(90, 'b') + "\"\n}\n}\n";
    auto const lines = lines_of(text_report(report_of(Dialect::nftables, text, "fw.nft"), wide(60)));
    auto const shown = std::ranges::find_if(lines, [](std::string const& line) { return line.find("bogus") != std::string::npos && line.find("4 |") != std::string::npos; });
    REQUIRE(shown != lines.end());
    CHECK(display_width(*shown) <= 60);
    CHECK(shown->find("4 | …") != std::string::npos);
    CHECK(shown->ends_with("…"));
    CHECK(shown->find("tcp dport 22") == std::string::npos);
}

TEST_CASE("no log command is put together of the parts of a line") {
    Source const source("f", "##[error] ##vso[a.b]c");
    for (std::uint32_t begin = 0; begin < 21; ++begin) {
        for (std::uint32_t end = begin; end <= 21; ++end) {
            MarkedLine const line = marked_line(source, {0, begin, end}, 80);
            CHECK(line.before + line.marked + line.after == "\\x23#[error] \\x23#vso[a.b]c");
        }
    }
}

TEST_CASE("rules link to their pages only where there are pages, and nothing of the input is in a link") {
    Report const report = report_of(Dialect::iptables, ipt("-A INPUT -p tcp --dport 23 -j ACCEPT\n"), "\x1b]8;;http://example.com\x1b\\fw");
    CHECK(text_report(report, {true, false, 0, ""}).find("\x1b]8") == std::string::npos);
    std::string const text = text_report(report, {true, false, 0, "/opt/a b/\x1b/rules"});
    CHECK(text.find("\x1b]8;;file:///opt/a%20b/%1B/rules/telnet-exposed.md\x1b\\") != std::string::npos);
    for (std::size_t at = text.find("\x1b]8;;"); at != std::string::npos; at = text.find("\x1b]8;;", at + 1)) {
        std::string const link = text.substr(at + 5, text.find('\x1b', at + 1) - at - 5);
        INFO(link);
        CHECK((link.empty() || link.starts_with("file:///opt/a%20b/%1B/rules/")));
    }
}

TEST_CASE("audit as Markdown has each service with its reason, and who accepted the insecure ones") {
    Report const report = report_of(Dialect::iptables, ipt("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -m comment --comment \"admins | CHG-1 <b>\" -j ACCEPT\n"
                                                           "# the shop\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
                                                           "# portcullis: ignore[PC101] until=2999-12-31 owner=net-team reason=\"the lab\"\n"
                                                           "-A INPUT -p tcp --dport 23 -j ACCEPT\n-A INPUT -p tcp --dport 21 -j ACCEPT\n"));
    std::string const page = markdown_audit(report);
    auto const lines = lines_of(page);
    auto const second = std::ranges::find_if(lines, [](std::string const& line) { return line.find("1.2.6") != std::string::npos; });
    REQUIRE(second != lines.end());
    auto const row = [&](auto from, auto to, std::string_view start) {
        auto const found = std::find_if(from, to, [&](std::string const& line) { return line.starts_with(start); });
        REQUIRE(found != to);
        return *found;
    };
    using Catch::Matchers::Contains;
    CHECK_THAT(row(lines.begin(), second, "| ssh"), Contains("tcp/22") && Contains("10.0.0.0/8") && Contains("admins &#124; CHG-1 &#60;b&#62;"));
    CHECK_THAT(row(lines.begin(), second, "| https"), Contains("the shop") && Contains("line 8"));
    CHECK_THAT(row(lines.begin(), second, "| http:"), Contains("**no justification given**"));
    CHECK_THAT(row(lines.begin(), second, "| telnet"), Contains("**no justification given**")); // a waiver says why the finding is accepted
    CHECK_THAT(row(second, lines.end(), "| telnet"), Contains("PC101 high, accepted by a comment, until 2999-12-31, for net-team: the lab"));
    CHECK_THAT(row(second, lines.end(), "| ftp"), Contains("PC102 high, **not accepted by anybody**"));
    CHECK(std::none_of(second, lines.end(), [](std::string const& line) { return line.starts_with("| ssh"); }));
    for (std::string const& line : lines)
        if (line.starts_with("| ")) CHECK((std::count(line.begin(), line.end(), '|') == 8));
}

TEST_CASE("what comments say of a rule is its reason, in every dialect") {
    struct Case {
        Dialect dialect;
        std::string text;
        std::vector<std::string> told;
    };
    auto const ios = [](std::string const& lines) {
        return "hostname example\nip access-list extended EDGE\n" + lines + "interface GigabitEthernet0/0\n ip access-group EDGE in\n";
    };
    Case const cases[] = {
        {Dialect::iptables, ipt("-A INPUT -p tcp --dport 22 -m comment --comment \"admins\" -j ACCEPT\n"), {"admins"}},
        {Dialect::iptables, ipt("# --- the admins ---\n# of the office\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"), {"the admins of the office"}},
        {Dialect::iptables, ipt("# portcullis: ignore[PC114] reason=\"x\"\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"), {}},
        {Dialect::iptables, ipt("# of another rule\n-A INPUT -p tcp --dport 25 -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"), {}},
        {Dialect::nftables, nft_head + "tcp dport 22 accept comment \"admins\"\n}\n}\n", {"admins"}},
        {Dialect::nftables, nft_head + "tcp dport 22 accept # admins\n}\n}\n", {"admins"}},
        {Dialect::nftables, nft_head + "# admins\ntcp dport 22 accept\n}\n}\n", {"admins"}},
        {Dialect::nftables, nft_head + "tcp dport 22 accept\n}\n}\n", {}},
        {Dialect::cisco_ios, ios(" remark admins\n permit tcp any host 192.0.2.1 eq 22\n"), {"admins"}},
        {Dialect::cisco_ios, ios(" remark portcullis: ignore[PC114] reason=x\n permit tcp any host 192.0.2.1 eq 22\n"), {}},
    };
    for (Case const& test : cases) {
        INFO(test.text);
        Report const report = report_of(test.dialect, test.text);
        auto const& exposures = report.files.front().exposures;
        auto const ssh = std::ranges::find(exposures, "ssh", &Exposure::service);
        REQUIRE(ssh != exposures.end());
        CHECK(ssh->justifications == test.told);
    }
}

} // namespace portcullis
