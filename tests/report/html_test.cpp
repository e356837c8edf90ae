// HTML reports hold what the findings say, keep hostile text inert, let nothing but their own style and script run, and
// stay small.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "portcullis/base/sha256.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/changes.hpp"
#include "portcullis/report/html.hpp"

using namespace portcullis;

namespace {

FileResult result_of(std::string const& text, Dialect dialect, std::string const& path = "fw.rules", unsigned threads = 1) {
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add(path, text);
    Reading reading = read(*sources, source, dialect);
    LintOptions options;
    options.exposures = true;
    options.outline = true;
    options.threads = threads;
    return lint(sources, source, dialect, std::move(reading), options);
}

std::string page_of(std::vector<FileResult> files, Severity shown = Severity::info) {
    Report report;
    report.version = "1";
    report.files = std::move(files);
    report.shown = shown;
    return html_report(report);
}

std::string page_of(std::string const& text, Dialect dialect = Dialect::iptables) {
    std::vector<FileResult> files;
    files.push_back(result_of(text, dialect));
    return page_of(std::move(files));
}

std::string filter_table(std::string const& rules) {
    return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + rules + "COMMIT\n";
}

std::string between(std::string const& text, std::string const& start, std::string const& end, std::size_t from = 0) {
    std::size_t const at = text.find(start, from);
    if (at == std::string::npos) return "";
    std::size_t const first = at + start.size();
    return text.substr(first, text.find(end, first) - first);
}

std::size_t count(std::string const& text, std::string const& part) {
    std::size_t found = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++found;
    return found;
}

// The row of the rule at a line of the text.
std::string row_of(std::string const& page, std::string const& rule) {
    std::size_t const at = page.find(rule, page.find("class=rules"));
    REQUIRE(at != std::string::npos);
    std::size_t const start = page.rfind("<tr", at);
    return page.substr(start, page.find("\n<t", at) - start);
}

} // namespace

TEST_CASE("a page says which rules are dead and what hides them") {
    std::string const page = page_of(filter_table("-A INPUT -p tcp -j DROP\n"
                                                  "-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                                                  "-A INPUT -p udp --dport 53 -j ACCEPT\n"));
    std::string const dead = row_of(page, "-A INPUT -p tcp --dport 22 -j ACCEPT");
    CHECK(dead.find("dead by <a href=#f0r0>5</a>") != std::string::npos);
    CHECK(dead.find("<s>") != std::string::npos);
    CHECK(page.find("id=f0r0") != std::string::npos);
    CHECK(row_of(page, "-A INPUT -p udp --dport 53 -j ACCEPT").find("<td>live") != std::string::npos);
    // One line from the first row to the second.
    CHECK(count(between(page, "class=rules", "</table>"), "<path") == 1);
    CHECK(page.find("data-r=PC201") != std::string::npos);
    CHECK(page.find("id=PC201") != std::string::npos);
    CHECK(page.find("no packet reaches this rule") != std::string::npos);
    CHECK(page.find("3 rules in the order of the text: 2 live, <a href=#f0r1>1 dead</a>") != std::string::npos);
}

TEST_CASE("what ends every packet leaves the rest of its chain dead, and rules of other chains alive") {
    std::string const page = page_of(filter_table("-A INPUT -j DROP\n-A INPUT -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 25 -j ACCEPT\n"
                                                  "-A FORWARD -p tcp --dport 22 -j ACCEPT\n"));
    for (char const* const rule : {"-A INPUT -p tcp --dport 22 -j ACCEPT", "-A INPUT -p tcp --dport 25 -j ACCEPT"})
        CHECK(row_of(page, rule).find("dead by <a href=#f0r0>5</a>") != std::string::npos);
    CHECK(row_of(page, "-A FORWARD -p tcp --dport 22 -j ACCEPT").find("<td>live") != std::string::npos);
}

TEST_CASE("the heat map and the exposures say who reaches what, with ports before and after translation") {
    std::string const page = page_of("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i eth0 -p tcp --dport 2323 -j DNAT --to-destination 10.0.0.5:23\nCOMMIT\n"
                                     "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                                     "-A FORWARD -d 10.0.0.5/32 -p tcp --dport 23 -j ACCEPT\n"
                                     "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\nCOMMIT\n");
    std::string const map = between(page, "class=map", "</table>");
    std::string const telnet = between(map, "telnet", "<tr");
    CHECK(telnet.find("class=\"heat high\"") != std::string::npos);
    std::string const ssh = between(map + "<tr", "ssh", "<tr");
    CHECK(ssh.find("heat open") != std::string::npos);
    CHECK(ssh.find("class=closed") != std::string::npos);
    std::string const list = between(page, "class=exposures", "</table>");
    CHECK(list.find("2323 → 10.0.0.5:23") != std::string::npos);
    CHECK(list.find(">3</a>") != std::string::npos);
    CHECK(list.find("through this host") != std::string::npos);
}

TEST_CASE("the chains are drawn with what they lead to, a goto as such") {
    std::string const page = page_of("table inet fw {\n chain input {\n  type filter hook input priority 0; policy drop;\n  tcp dport 22 jump web\n"
                                     "  udp dport 53 goto dns\n }\n chain web {\n  accept\n }\n chain dns {\n  accept\n }\n}\n",
                                     Dialect::nftables);
    std::string const graph = between(page, "class=graph", "</svg>");
    CHECK(count(graph, "<rect") == 3);
    CHECK(count(graph, "class=jump") == 1);
    CHECK(count(graph, "class=goto") == 1);
    CHECK(graph.find("input, filter 0, policy drop") != std::string::npos);
    CHECK(page.find("inet fw/web, goto inet fw/dns") != std::string::npos);
}

TEST_CASE("text of the input is inert") {
    std::string const hostile = "</script><script>alert(1)</script><img src=x onerror=alert(1)>]]>--!> \x1b[31m \xe2\x80\xae \xff ' & &amp;";
    std::string const page = page_of(filter_table("-A INPUT -p tcp --dport 23 -m comment --comment \"" + hostile + "\" -j ACCEPT\n"));
    CHECK(count(page, "<script>") == 1);
    CHECK(count(page, "</script>") == 1);
    CHECK(page.find("<img") == std::string::npos);
    CHECK(page.find("&lt;/script&gt;&lt;script&gt;alert(1)") != std::string::npos);
    CHECK(page.find("\\x1b[31m \\u{202e} \\xff &#39; &amp; &amp;amp;") != std::string::npos);
    CHECK(std::ranges::none_of(page, [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; }));
    // Neither as the name of a file or of a chain, which stand in attributes too.
    std::vector<FileResult> files;
    files.push_back(result_of("table ip t {\n chain c {\n }\n}\n", Dialect::nftables, "a\" onclick=\"x\n<b>"));
    std::string const named = page_of(std::move(files));
    CHECK(named.find("onclick=\"") == std::string::npos);
    CHECK(named.find("<b>x") == std::string::npos);
    CHECK(named.find("a&quot; onclick=&quot;x\\x0a&lt;b&gt;") != std::string::npos);
}

TEST_CASE("nothing but the page's own style and script may run") {
    std::string const page = page_of(filter_table("-A INPUT -j ACCEPT\n"));
    auto const bytes_of = [](std::string const& base64) {
        std::string digits;
        unsigned bits = 0;
        int have = 0;
        for (char const c : base64) {
            std::size_t const value = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
            if (value == std::string_view::npos) break;
            bits = bits << 6U | static_cast<unsigned>(value);
            for (have += 6; have >= 8; have -= 8) digits += fmt::format("{:02x}", bits >> (have - 8) & 255U);
        }
        return digits;
    };
    std::string const policy = between(page, "Content-Security-Policy content=\"", "\">");
    std::string readable;
    for (std::size_t at = 0; at < policy.size(); ++at) {
        if (policy.substr(at, 5) == "&#39;") readable += '\'', at += 4;
        else readable += policy[at];
    }
    CHECK(readable.starts_with("default-src 'none'; "));
    CHECK(bytes_of(between(readable, "style-src 'sha256-", "'")) == sha256(between(page, "<style>", "</style>")));
    CHECK(bytes_of(between(readable, "script-src 'sha256-", "'")) == sha256(between(page, "<script>", "</script>")));
    CHECK(page.find(" style=") == std::string::npos);
    CHECK(page.find("url(") == std::string::npos);
    CHECK(page.find("src=") == std::string::npos);
    CHECK(page.find("<link") == std::string::npos);
}

TEST_CASE("the bytes depend neither on threads nor on when they are written") {
    std::string text;
    for (int i = 0; i < 300; ++i) text += fmt::format("-A INPUT -s 10.{}.0.0/16 -p tcp --dport {} -j {}\n", i % 7, 20 + i % 9, i % 3 == 0 ? "DROP" : "ACCEPT");
    text = filter_table(text);
    std::vector<FileResult> one, several;
    one.push_back(result_of(text, Dialect::iptables));
    several.push_back(result_of(text, Dialect::iptables, "fw.rules", 4));
    CHECK(page_of(std::move(one)) == page_of(std::move(several)));
}

TEST_CASE("five thousand rules and their findings take less than a megabyte") {
    std::string text;
    for (int i = 0; i < 5000; ++i) // a third of them dead, all of them exposing something
        text += fmt::format("-A INPUT -s 198.{}.{}.0/24 -d 10.{}.0.{}/32 -i eth0 -p tcp -m tcp --dport {} -j {}\n", 18 + i % 2, i * 2 / 3 % 250, i % 3, i * 2 / 3 % 200,
                            20 + i * 2 / 3 % 60, i % 4 == 0 ? "DROP" : "ACCEPT");
    FileResult result = result_of(filter_table(text), Dialect::iptables);
    CHECK(result.findings.size() > 1500);
    CHECK(result.outline.rules.size() == 5000);
    std::vector<FileResult> files;
    files.push_back(std::move(result));
    std::string const page = page_of(std::move(files));
    CHECK(page.size() < 1'000'000);
    std::string const list = between(page, "class=rules", "</table>");
    CHECK(count(list, "<td>drop<td>") + count(list, "<td>accept<td>") == 5000);
}

TEST_CASE("several files have an overview and a part each") {
    std::vector<FileResult> files;
    files.push_back(result_of(filter_table("-A INPUT -p tcp --dport 23 -j ACCEPT\n"), Dialect::iptables, "a.rules"));
    files.push_back(result_of("table ip t {\n chain c {\n  type filter hook input priority 0; policy accept;\n }\n}\n", Dialect::nftables, "b.nft"));
    std::string const page = page_of(std::move(files));
    for (char const* const part : {"<h1>2 files", "href=#f1>b.nft", "id=f0>", "id=f1>", "id=f0findings", "id=f1findings", "data-f=1", "value=1>b.nft"}) {
        CAPTURE(part);
        CHECK(page.find(part) != std::string::npos);
    }
}

TEST_CASE("a difference is told with packets and the rules of either side") {
    Sources sources;
    auto const reading_of = [&](std::string const& path, std::string const& rules) {
        SourceId const source = sources.add(path, filter_table(rules));
        return read(sources, source, Dialect::iptables);
    };
    Reading const before = reading_of("old", "-A INPUT -p tcp --dport 22 -j ACCEPT\n");
    Reading const after = reading_of("new", "-A INPUT -p tcp --dport 23 -j ACCEPT\n");
    Comparison comparison(before.ruleset, after.ruleset, {});
    DifferenceReport report;
    report.before = "old";
    report.after = "<new>";
    report.changes = describe(comparison, Catalogue::built_in());
    std::string const page = html_difference(report, sources);
    std::string const allowed = between(page, "id=allowed", "</section>");
    CHECK(allowed.find("(telnet)") != std::string::npos);
    CHECK(allowed.find("new:5") != std::string::npos);
    CHECK(allowed.find("<code>-A INPUT -p tcp --dport 23 -j ACCEPT</code>") != std::string::npos);
    CHECK(between(page, "id=denied", "</section>").find("(ssh)") != std::string::npos);
    CHECK(page.find("old → &lt;new&gt;</h1>") != std::string::npos);
}
