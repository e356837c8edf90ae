// A fingerprint names a finding across runs. Lists are made of units (a rule, or two of which the order matters) about
// addresses of their own, so that no unit has to do with another; then the units are shuffled, others come and go, and counters,
// numbers and blanks change: what was found of a unit keeps its fingerprint.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>
#include <set>

#include "lint/fingerprint.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

struct Entry {
    bool permit;
    int host; // of 192.0.2.0/24
    int port; // 0 for all
};
using Unit = std::vector<Entry>;

std::vector<Unit> const units = {{{true, 1, 23}},                  // telnet
                                 {{true, 2, 3389}},                // rdp
                                 {{false, 3, 0}, {true, 3, 80}},   // shadowed
                                 {{true, 4, 443}, {true, 4, 443}}, // twice
                                 {{true, 5, 0}}};                  // every service
std::set<std::string> const about_units = {"PC101", "PC113", "PC201", "PC209", "PC305"};

using Random = std::minstd_rand;
int number(Random& random, int most) { return std::uniform_int_distribution(0, most)(random); }
std::string blanks(Random& random) { return std::string(static_cast<std::size_t>(1 + number(random, 2)), number(random, 1) ? ' ' : '\t'); }

std::string iptables_line(Entry const& entry, int, Random& random) {
    std::string const port = entry.port == 0 ? "" : fmt::format(" -m tcp --dport {}", entry.port);
    std::string const counters = number(random, 1) ? fmt::format("[{}:{}] ", number(random, 99), number(random, 9999)) : "";
    return fmt::format("{}-A FORWARD -d 192.0.2.{}/32 -p tcp{} -j {}\n", counters, entry.host, port, entry.permit ? "ACCEPT" : "DROP");
}

std::string nftables_line(Entry const& entry, int, Random& random) {
    std::string const port = entry.port == 0 ? "meta l4proto tcp" : fmt::format("tcp dport {}", entry.port);
    return fmt::format("{}ip daddr{}192.0.2.{} {} counter packets {} bytes {} {}\n", blanks(random), blanks(random), entry.host, port,
                       number(random, 99), number(random, 9999), entry.permit ? "accept" : "drop");
}

std::string cisco_line(Entry const& entry, int index, Random& random) {
    std::string const port = entry.port == 0 ? "" : fmt::format(" eq {}", entry.port);
    return fmt::format(" {} {} tcp any{}host 192.0.2.{}{}\n", 10 * (index + 1), entry.permit ? "permit" : "deny", blanks(random), entry.host, port);
}

struct Form {
    Dialect dialect;
    std::string before;
    std::string (*line)(Entry const&, int index, Random&);
    std::string after;
};

Form const forms[] = {
    {Dialect::iptables, "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n", iptables_line, "COMMIT\n"},
    {Dialect::nftables, "table ip t {\nchain f {\ntype filter hook forward priority 0; policy drop;\n", nftables_line, "}\n}\n"},
    {Dialect::cisco_ios, "ip access-list extended OUTSIDE\n", cisco_line, "interface Gi0/0\n ip address 198.51.100.1 255.255.255.0\n ip access-group OUTSIDE in\n"}};

std::string text_of(Form const& form, std::vector<Unit> const& list, Random& random) {
    std::string text = form.before;
    int index = 0;
    for (Unit const& unit : list)
        for (Entry const& entry : unit) text += form.line(entry, index++, random);
    return text + form.after;
}

// Rule and fingerprint of what is found of the units; `all` gets every fingerprint.
std::set<std::string> found(Form const& form, std::string const& text, std::vector<std::string>& all) {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", text);
    FileResult const result = lint(sources, source, form.dialect, read(*sources, source, form.dialect), {});
    std::set<std::string> named;
    for (Diagnostic const& d : result.findings) {
        all.push_back(d.fingerprint);
        if (about_units.contains(d.rule->id)) named.insert(d.rule->id + ' ' + d.fingerprint);
    }
    return named;
}

} // namespace

TEST_CASE("moves and edits of other lines change no fingerprint") {
    for (Form const& form : forms) {
        Random still(1);
        std::vector<std::string> all;
        std::set<std::string> const expected = found(form, text_of(form, units, still), all);
        INFO(text_of(form, units, still));
        REQUIRE(expected.size() >= about_units.size());
        for (std::uint32_t seed = 0; seed < seeds(40); ++seed) {
            Random random(seed + 1);
            std::vector<Unit> list = units;
            for (int extra = number(random, 5); extra > 0; --extra) list.push_back({{true, 100 + extra, 8000 + number(random, 99)}});
            std::shuffle(list.begin(), list.end(), random);
            std::string const text = text_of(form, list, random);
            all.clear();
            std::set<std::string> const now = found(form, text, all);
            INFO("seed " << seed << "\n" << text);
            CHECK(now == expected);
            CHECK(std::set(all.begin(), all.end()).size() == all.size());
        }
    }
}

TEST_CASE("another rule, chain, file or culprit is another fingerprint") {
    auto const of = [](std::string const& path, std::string const& lines) {
        auto const sources = std::make_shared<Sources>();
        SourceId const source = sources->add(path, "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n" + lines + "COMMIT\n");
        LintOptions options;
        options.select = {"PC101", "PC201"};
        FileResult const result = lint(sources, source, Dialect::iptables, read(*sources, source, Dialect::iptables), options);
        return result.findings.empty() ? std::string() : result.findings.back().fingerprint;
    };
    std::string const telnet = "-A INPUT -p tcp --dport 23 -j ACCEPT\n";
    std::set<std::string> const different = {
        of("fw", telnet), of("other", telnet), of("fw", "-A FORWARD -p tcp --dport 23 -j ACCEPT\n"), of("fw", "-A INPUT -s 198.51.100.0/24 -p tcp --dport 23 -j ACCEPT\n"),
        of("fw", "-A INPUT -p tcp -j DROP\n" + telnet), of("fw", "-A INPUT -p tcp --dport 20:30 -j DROP\n" + telnet)};
    CHECK(different.size() == 6);
    CHECK_FALSE(different.contains(""));
    CHECK(of("fw", telnet + "-A OUTPUT -j ACCEPT\n") == of("fw", "# moved\n-A OUTPUT -j ACCEPT\n\n" + telnet));
}

TEST_CASE("what a dump changes by itself is no part of a text") {
    CHECK(lasting_text("  10   permit\ttcp any any\r\n") == "permit tcp any any");
    CHECK(lasting_text("[12:3456] -A INPUT  -j ACCEPT") == "-A INPUT -j ACCEPT");
    CHECK(lasting_text("tcp dport 22 counter packets 1 bytes 60 accept") == "tcp dport 22 counter accept");
    CHECK(lasting_text("tcp dport 22 counter name packets accept") == "tcp dport 22 counter name packets accept");
    CHECK(lasting_text("23") == "23");
    CHECK(lasting_text("ip saddr [::1] drop") == "ip saddr [::1] drop");
}
