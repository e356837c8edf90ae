// Waivers in comments and in portcullis.toml: what they are about in each dialect, and what is said of those that are wrong.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>

#include "lint/waiver_comment.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/fix.hpp"
#include "portcullis/lint/lint.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

LintOptions options_of(std::string const& config = "") {
    LintOptions options;
    options.today = parse_date("2026-06-15");
    LoadedConfig loaded = load_config(config, "portcullis.toml");
    REQUIRE(loaded.errors.empty());
    options.config = std::move(loaded.config);
    return options;
}

FileResult lint_text(Dialect dialect, std::string const& text, LintOptions const& options = options_of()) {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", text);
    return lint(sources, source, dialect, read(*sources, source, dialect), options);
}

// The lines of PC101, with "-" before those that are suppressed, and those of the rules about waivers: "-5 7 PC010:3"
std::string told(FileResult const& result) {
    std::string text;
    for (Diagnostic const& d : result.findings) {
        auto const line = (*result.sources)[d.finding.span.source].locate(d.finding.span.begin).line;
        std::string word;
        if (d.rule->id == "PC101") word = fmt::format("{}{}", d.suppressed ? "-" : "", line);
        if (d.rule->of_waivers) word = fmt::format("{}:{}", d.rule->id, line);
        if (!word.empty()) text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::string told(Dialect dialect, std::string const& text) { return told(lint_text(dialect, text)); }

std::string ipt(std::string const& lines) { return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n" + lines + "COMMIT\n"; }
std::string nft(std::string const& lines) { return "table inet t {\nchain i {\ntype filter hook input priority 0; policy drop;\n" + lines + "}\n}\n"; }
std::string ios(std::string const& lines) {
    return "hostname example\nip access-list extended EDGE\n" + lines + "interface GigabitEthernet0/0\n ip access-group EDGE in\n";
}

} // namespace

TEST_CASE("a waiver holds for the statement that it stands at, in every dialect") {
    struct Case {
        Dialect dialect;
        std::string text;
        std::string told;
    };
    std::string const telnet = "-A INPUT -s 203.0.113.0/24 -p tcp --dport 23 -j ACCEPT\n";
    std::string const other = "-A INPUT -s 198.51.100.0/24 -p tcp --dport 23 -j ACCEPT\n";
    Case const cases[] = {
        // above, over further comments and empty lines
        {Dialect::iptables, ipt("# portcullis: ignore[PC101] lab\n" + telnet + other), "-6 7"},
        {Dialect::iptables, ipt("# portcullis: ignore[PC101] lab\r\n\r\n#\r\n[3:180] " + telnet + other), "-8 9"},
        {Dialect::iptables, ipt("#portcullis: allow PC101 until=2027-01-31 ticket=CHG-1 reason=\"lab\"\n" + telnet + other), "-6 7"},
        {Dialect::iptables, ipt("# portcullis: ignore[PC114] lab\n# portcullis: ignore[telnet-exposed] lab\n" + telnet + other), "PC010:5 -7 8"},
        {Dialect::iptables, ipt("# portcullis: ignore[PC1, PC4] lab\n" + telnet + other), "PC010:5 -6 7"},
        // in the rule
        {Dialect::iptables, ipt("-A INPUT -s 203.0.113.0/24 -p tcp --dport 23 -m comment --comment \"portcullis: ignore[PC101] NET-42\" -j ACCEPT\n" + other), "-5 6"},
        {Dialect::iptables, ipt("-A INPUT -s 203.0.113.0/24 -p tcp --dport 23 -m comment --comment \"lab; portcullis: ignore[PC101] reason=\\\"the lab\\\"\" -j ACCEPT\n" + other), "-5 6"},
        {Dialect::ip6tables, ipt("# portcullis: ignore[PC101] lab\n-A INPUT -s 2001:db8::/32 -p tcp --dport 23 -j ACCEPT\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"), "-6 7"},
        // no comments of rules, and prose
        {Dialect::iptables, ipt("-A INPUT -p tcp --dport 23 -j LOG --log-prefix \"portcullis: ignore[PC101]\"\n" + telnet), "6"},
        {Dialect::iptables, ipt("# what portcullis: says of this is known\n" + telnet), "6"},
        // a file
        {Dialect::iptables, ipt(telnet + other + "# portcullis: ignore-file[PC101] lab\n"), "-5 -6"},
        {Dialect::iptables_script, "#!/bin/sh\niptables -P INPUT DROP\n# portcullis: ignore[PC101] lab\niptables -A INPUT -s 203.0.113.0/24 -p tcp \\\n --dport 23 -j ACCEPT\niptables " + other, "-4 6"},
        {Dialect::iptables_script, "#!/bin/sh\niptables -P INPUT DROP\niptables -A INPUT -s 203.0.113.0/24 -p tcp --dport 23 -j ACCEPT # portcullis: ignore[PC101] lab\niptables " + other, "-3 4"},
        {Dialect::iptables_script, "#!/bin/sh\niptables -P INPUT DROP\niptables -A INPUT -s 203.0.113.0/24 -p tcp --dport 23 -m comment --comment 'portcullis: ignore[PC101] lab' -j ACCEPT\niptables " + other, "-3 4"},
        {Dialect::nftables, nft("# portcullis: ignore[PC101] lab\nip saddr 203.0.113.0/24 tcp dport 23 accept\nip saddr 198.51.100.0/24 tcp dport 23 accept\n"), "-5 6"},
        {Dialect::nftables, nft("ip saddr 203.0.113.0/24 tcp dport 23 accept # portcullis: ignore[PC101] it's the lab's\nip saddr 198.51.100.0/24 tcp dport 23 accept\n"), "-4 5"},
        {Dialect::nftables, nft("ip saddr 203.0.113.0/24 tcp dport 23 accept comment \"portcullis: ignore[PC101] lab\"; ip saddr 198.51.100.0/24 tcp dport 23 accept\n"), "-4 4"},
        {Dialect::nftables, nft("ip saddr 203.0.113.0/24 tcp dport {\n 23,\n 443 } accept # portcullis: ignore[PC101] lab\nip saddr 198.51.100.0/24 tcp dport 23 accept\n"), "-4 7"},
        {Dialect::nftables, nft("tcp dport 23 log prefix \"# portcullis: ignore[PC101]\" accept\n"), "4"},
        {Dialect::cisco_ios, ios(" ! portcullis: ignore[PC101] lab\n permit tcp 203.0.113.0 0.0.0.255 host 192.0.2.9 eq 23\n permit tcp 198.51.100.0 0.0.0.255 host 192.0.2.9 eq 23\n"), "-4 5"},
        {Dialect::cisco_ios, ios(" 10 remark portcullis: ignore[PC101] NET-42\n 20 remark the console\n 30 permit tcp 203.0.113.0 0.0.0.255 host 192.0.2.9 eq 23\n 40 permit tcp 198.51.100.0 0.0.0.255 host 192.0.2.9 eq 23\n"), "-5 6"},
        {Dialect::cisco_ios, "access-list 101 remark lab portcullis: ignore[PC101] NET-42\naccess-list 101 permit tcp 203.0.113.0 0.0.0.255 host 192.0.2.9 eq 23\naccess-list 101 permit tcp 198.51.100.0 0.0.0.255 host 192.0.2.9 eq 23\n"
                             "interface GigabitEthernet0/0\n description portcullis: ignore[PC101]\n ip access-group 101 in\n", "-2 3"},
        {Dialect::cisco_asa, "interface GigabitEthernet0/0\n nameif outside\n security-level 0\naccess-list A line 1 remark portcullis: ignore[PC101] lab\naccess-list A extended permit tcp 203.0.113.0 255.255.255.0 host 192.0.2.9 eq telnet\n"
                             "access-list A extended permit tcp 198.51.100.0 255.255.255.0 host 192.0.2.9 eq telnet\naccess-group A in interface outside\n", "-5 6"},
        {Dialect::cisco_nxos, "version 9.3(5)\nip access-list A\n  10 remark portcullis: ignore[PC101] lab\n  20 permit tcp 203.0.113.0/24 192.0.2.9/32 eq telnet\n  30 permit tcp 198.51.100.0/24 192.0.2.9/32 eq telnet\ninterface Ethernet1/1\n  ip access-group A in\n", "-4 5"},
        {Dialect::cisco_xr, "ipv4 access-list A\n 10 remark portcullis: ignore[PC101] lab\n 20 permit tcp 203.0.113.0 0.0.0.255 host 192.0.2.9 eq telnet\n 30 permit tcp 198.51.100.0 0.0.0.255 host 192.0.2.9 eq telnet\n!\ninterface GigabitEthernet0/0/0/0\n ipv4 access-group A ingress\n!\n", "-3 4"},
    };
    for (Case const& each : cases) {
        INFO(to_string(each.dialect) << '\n' << each.text);
        CHECK(told(each.dialect, each.text) == each.told);
    }
}

TEST_CASE("of several waivers of one finding, all are used, and the first says why") {
    std::string const telnet = "-A INPUT -p tcp --dport 23 -j ACCEPT\n";
    std::string const waivers = "# portcullis: ignore-file[PC101] first\n# portcullis: ignore-file[telnet-exposed, PC101] second\n# portcullis: ignore[PC101] third\n";
    FileResult const result = lint_text(Dialect::iptables, ipt(waivers + telnet + "# portcullis: ignore-file[PC102] none\n" + telnet));
    CHECK(told(result) == "-8 PC010:9");
    for (Diagnostic const& d : result.findings)
        if (d.rule->id == "PC101") CHECK(d.suppressed->reason == "first");
}

TEST_CASE("in the JSON of nft a comment is about its own rule, whatever the line") {
    auto const rule = [](std::string const& source, std::string const& comment) {
        return fmt::format(R"({{"rule": {{"family": "ip", "table": "t", "chain": "i", "handle": 2, {}"expr": [{{"match": {{"op": "==", "left": {{"payload": {{"protocol": "ip", "field": "saddr"}}}}, "right": "{}"}}}}, )"
                           R"({{"match": {{"op": "==", "left": {{"payload": {{"protocol": "tcp", "field": "dport"}}}}, "right": 23}}}}, {{"accept": null}}]}}}})",
                           comment, source);
    };
    std::string const text = R"({"nftables": [{"table": {"family": "ip", "name": "t", "handle": 1}}, {"chain": {"family": "ip", "table": "t", "name": "i", "handle": 1, "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}, )" +
                             rule("203.0.113.7", R"("comment": "portcullis: ignore[PC101] reason='the lab'", )") + ", " + rule("198.51.100.7", "") + "]}";
    CHECK(told(Dialect::nft_json, text) == "-1 1");
}

TEST_CASE("a waiver keeps what it says") {
    FileResult const result = lint_text(Dialect::iptables, ipt("# portcullis: ignore[PC101] until=2026-06-15 owner=net-team ticket=NET-42 reason='the \"lab\"' or so\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"));
    REQUIRE(told(result) == "-6");
    for (Diagnostic const& d : result.findings) {
        if (d.rule->id != "PC101") continue;
        CHECK(d.suppressed->kind == Suppression::Kind::comment);
        CHECK(d.suppressed->reason == "the \"lab\" or so");
        CHECK(d.suppressed->until == parse_date("2026-06-15"));
        CHECK(d.suppressed->owner == "net-team");
        CHECK(d.suppressed->ticket == "NET-42");
    }
}

TEST_CASE("a waiver reads the same in what iptables-save makes of it") {
    // Output of iptables-save 1.8.9, both variants.
    FileResult const result = lint_text(Dialect::iptables, ipt(R"(-A INPUT -p tcp -m tcp --dport 23 -m comment --comment "portcullis: ignore[PC101] until=2026-12-31 reason=\"the lab\'s console\"" -j ACCEPT)" "\n"));
    REQUIRE(told(result) == "-5");
    for (Diagnostic const& d : result.findings)
        if (d.rule->id == "PC101") CHECK(d.suppressed->reason == "the lab's console");
}

TEST_CASE("what is wrong with a waiver is a finding, and nothing is waived by mistake") {
    struct Case {
        std::string waiver;
        std::string told;
        std::string message; // of the finding about it
    };
    Case const cases[] = {
        {"ignore[PC101] until=2026-06-14 lab", "PC011:5 6", "this waiver of PC101 ended on 2026-06-14"},
        {"ignore[PC101]", "PC012:5 -6", "this waiver of PC101 gives no reason"},
        {"ignore[PC101] ticket=NET-42", "-6", ""},
        {"ignore[PC102] lab", "PC010:5 6", "this waiver waives nothing: PC102 is not found here"},
        {"ignore[PC101, PC102] lab", "PC010:5 -6", "this waiver waives nothing: PC102 is not found here"},
        {"ignore[PC199] lab", "PC013:5 6", "this waiver waives nothing: unknown rule 'PC199'; did you mean 'PC119'?"},
        {"ignor[PC101] lab", "PC013:5 6", "this waiver waives nothing: found 'ignor', expected ignore, ignore-file or allow; did you mean 'ignore'?"},
        {"ignore lab", "PC013:5 6", "this waiver waives nothing: unknown rule 'lab'"},
        {"ignore", "PC013:5 6", "this waiver waives nothing: it names no rule; write ignore[PC101]"},
        {"ignore[PC101 lab", "PC013:5 6", "this waiver waives nothing: its list of rules has no ']'"},
        {"ignore[PC101] unitl=2027-01-01 lab", "PC013:5 6", "this waiver waives nothing: unknown key 'unitl'; did you mean 'until'?; known are until, reason, owner and ticket"},
        {"ignore[PC101] until=tomorrow lab", "PC013:5 6", "this waiver waives nothing: until: 'tomorrow' is no day; write it as 2026-12-31"},
        {"ignore[PC101] reason=\"lab", "PC013:5 6", "this waiver waives nothing: its quotes are not closed"},
        {"ignore[PC001] lab", "PC014:5 6", "PC001 may not be waived"},
        {"ignore[PC010] lab", "PC014:5 6", "PC010 may not be waived"},
        {"ignore[PC101] see https://x/?a=b", "-6", ""},
    };
    for (Case const& each : cases) {
        INFO(each.waiver);
        FileResult const result = lint_text(Dialect::iptables, ipt("# portcullis: " + each.waiver + "\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"));
        CHECK(told(result) == each.told);
        for (Diagnostic const& d : result.findings)
            if (d.rule->of_waivers) CHECK(d.message == each.message);
    }
    // Nothing stands below it.
    CHECK(told(Dialect::iptables, ipt("-A INPUT -p tcp --dport 23 -j ACCEPT\n") + "# portcullis: ignore[PC101] lab") == "5 PC010:7");
}

TEST_CASE("a waiver is unused only where its rule was asked") {
    std::string const text = ipt("# portcullis: ignore[PC102] lab\n-A INPUT -p tcp --dport 23 -j ACCEPT\n");
    LintOptions options = options_of();
    options.select = {"PC101", "PC010"};
    CHECK(told(lint_text(Dialect::iptables, text, options)) == "6");
    options.select = {"PC102", "PC010"};
    CHECK(told(lint_text(Dialect::iptables, text, options)) == "PC010:5");
    options = options_of();
    options.suppress = false;
    CHECK(told(lint_text(Dialect::iptables, ipt("# portcullis: ignore[PC101]\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"), options)) == "6");
}

TEST_CASE("what the configuration calls unignorable stays") {
    std::string const text = ipt("# portcullis: ignore[PC1] lab\n-A INPUT -p tcp --dport 23 -j ACCEPT\n");
    CHECK(told(lint_text(Dialect::iptables, text, options_of("[lint]\nunignorable = [\"PC101\"]\n"))) == "PC014:5 6");
}

TEST_CASE("a [[waive]] of the configuration holds where it says") {
    std::string const text = ipt("-A INPUT -p tcp --dport 23 -j ACCEPT\n-A FORWARD -p tcp --dport 23 -j ACCEPT\n");
    struct Case {
        std::string table, told;
        std::string about{}; // what is said of the table itself
    };
    Case const cases[] = {
        {"rule = \"PC101\"\nreason = \"lab\"\n", "-5 -6"},
        {"rule = \"telnet-exposed\"\nwhere = \"filter/INPUT\"\nreason = \"lab\"\n", "-5 6"},
        {"rule = \"PC101\"\nfile = \"f?\"\nservice = \"telnet\"\nreason = \"lab\"\n", "-5 -6"},
        {"rule = \"PC101\"\nfile = \"other\"\nreason = \"lab\"\n", "5 6"}, // and its file was not looked at
        {"rule = \"PC101\"\nservice = \"ftp\"\nreason = \"lab\"\n", "5 6", "PC010"},
        {"rule = \"PC102\"\nreason = \"lab\"\n", "5 6", "PC010"},
        {"rule = \"PC101\"\n", "-5 -6", "PC012"},
        {"rule = \"PC101\"\nuntil = 2026-06-14\nticket = \"NET-42\"\n", "5 6", "PC011"},
        {"rule = \"PC101\"\nuntil = 2026-06-15\nticket = \"NET-42\"\n", "-5 -6"},
        {"rule = \"PC001\"\nby = \"net-team\"\nreason = \"lab\"\n", "5 6", "PC014"},
    };
    for (Case const& each : cases) {
        INFO(each.table);
        LintOptions const options = options_of("[[waive]]\n" + each.table);
        FileResult const result = lint_text(Dialect::iptables, text, options);
        CHECK(told(result) == each.told);
        auto const about = lint_waives(options, result.waives, result.used_waives);
        REQUIRE(about.has_value() == !each.about.empty());
        if (!about) continue;
        REQUIRE(about->findings.size() == 1);
        CHECK(about->findings.front().rule->id == each.about);
        CHECK(about->sources->text(about->findings.front().finding.span).starts_with("\"PC"));
    }
}

TEST_CASE("a [[waive]] that names traffic holds for findings all of whose packets are among it") {
    std::string const text = ipt("-A INPUT -p tcp --dport 23 -j ACCEPT\n-A FORWARD -d 192.0.2.10 -p tcp --dport 23 -j ACCEPT\n");
    std::pair<char const*, char const*> const cases[] = {
        {"from internet to any tcp/23", "-5 -6"},
        {"telnet", "-5 -6"},
        {"tcp/20-25", "-5 -6"},
        {"from any to any", "-5 -6"},
        {"to 192.0.2.10 tcp/23", "5 -6"}, // the other one is about all other addresses as well
        {"to 192.0.2.0/24 path through", "5 -6"},
        {"to self tcp/23", "-5 6"},
        {"from 198.51.100.0/24 tcp/23", "5 6"}, // where the witness may be from
        {"from internet in eth0 tcp/23", "5 6"},
        {"from internet to any tcp/22", "5 6"},
        {"state established tcp/23", "5 6"},
        {"path no-such-list", "5 6"},
    };
    for (auto const& [traffic, wanted] : cases) {
        INFO(traffic);
        LintOptions const options = options_of(fmt::format("[[waive]]\ntraffic = \"{}\"\nreason = \"lab\"\n", traffic));
        FileResult const result = lint_text(Dialect::iptables, text, options);
        CHECK(told(result) == wanted);
        auto const about = lint_waives(options, result.waives, result.used_waives);
        CHECK(about.has_value() == (std::string_view(wanted) == "5 6"));
        if (about) CHECK(about->findings.front().rule->id == "PC010");
    }
    // With a rule, both have to hold.
    auto const both = options_of("[[waive]]\nrule = \"PC101\"\ntraffic = \"to self\"\nreason = \"lab\"\n");
    CHECK(told(lint_text(Dialect::iptables, text, both)) == "-5 6");
    // What an earlier rule took is not what the finding is about.
    CHECK(told(lint_text(Dialect::iptables, ipt("-A INPUT ! -s 203.0.113.0/24 -p tcp --dport 23 -j DROP\n-A INPUT -p tcp --dport 23 -j ACCEPT\n"),
                         options_of("[[waive]]\ntraffic = \"from 203.0.113.0/24 tcp/23\"\nreason = \"lab\"\n"))) == "-6");
    // A dead rule is about what its text matches.
    auto const dead = [](char const* traffic) {
        LintOptions const options = options_of(fmt::format("[[waive]]\ntraffic = \"{}\"\nreason = \"lab\"\n", traffic));
        FileResult const result = lint_text(Dialect::iptables, ipt("-A INPUT -p tcp --dport 20:30 -j DROP\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 23 -j ACCEPT\n"), options);
        auto const at = std::ranges::find(result.findings, "PC201", [](Diagnostic const& d) { return d.rule->id; });
        REQUIRE(at != result.findings.end());
        return at->suppressed.has_value();
    };
    CHECK(dead("from 10.0.0.0/8 tcp/23"));
    CHECK_FALSE(dead("from 10.1.0.0/16 tcp/23"));
    // Access lists, with the zones of the configuration.
    std::string const zones = "[zones]\nlab = { networks = [\"198.51.100.0/24\"], trust = \"untrusted\" }\n";
    std::string const list = ios(" permit tcp 198.51.100.0 0.0.0.255 any eq 23\n permit tcp any host 192.0.2.1 eq 23\n");
    auto const lab = options_of(zones + "[[waive]]\ntraffic = \"from lab telnet\"\nreason = \"lab\"\n");
    CHECK(told(lint_text(Dialect::cisco_ios, list, lab)) == "-3 4");
}

TEST_CASE("the day of a waiver is not that of its rule") {
    LintOptions options = options_of();
    options.select = {"PC502"};
    CHECK(lint_text(Dialect::iptables, ipt("-A INPUT -p tcp --dport 23 -m comment --comment \"portcullis: ignore[PC101] until=2020-01-01 lab\" -j ACCEPT\n"), options).findings.empty());
}

TEST_CASE("a rule with a waiver above it is not deleted, and neither is what is waived") {
    std::string const dead = "-A INPUT -p tcp --dport 443 -j ACCEPT\n-A INPUT -p tcp --dport 443 -j ACCEPT\n";
    auto const fixes = [](std::string const& text) {
        auto const sources = std::make_shared<Sources>();
        SourceId const source = sources->add("fw", text);
        return mend(sources, source, Dialect::iptables, {}, options_of()).fixes;
    };
    CHECK(fixes(ipt(dead)) == 1);
    // It would be about the next rule otherwise.
    CHECK(fixes(ipt("-A INPUT -p tcp --dport 443 -j ACCEPT\n# portcullis: ignore[PC101] lab\n-A INPUT -p tcp --dport 443 -j ACCEPT\n-A INPUT -p tcp --dport 23 -j ACCEPT\n")) == 0);
    std::string const pair = "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n-A INPUT -s 10.0.0.0/8 -p tcp --dport 443 -j ACCEPT\n";
    CHECK(fixes(ipt(pair)) == 1); // they are merged
    CHECK(fixes(ipt("# portcullis: ignore[PC101] lab\n" + pair)) == 0);
    CHECK(fixes(ipt(dead + "# portcullis: ignore-file[PC2] lab\n")) == 0);
}

TEST_CASE("whatever stands behind the mark, its parts lie within the text") {
    constexpr std::string_view pieces[] = {"portcullis:", "ignore", "ignore-file[", "allow ", "[PC101", "]", ",", " ", "\n", "\"", "'", "\\", "#", "!", "remark ", "comment \"", "--comment \"", "\"comment\": \"", "until=", "2026-01-01", "x=", "\r", "\xFF", "\\\n"};
    for (std::uint32_t seed = 0; seed < seeds(2000); ++seed) {
        std::minstd_rand random(seed + 1);
        std::string text;
        for (int i = 0; i < 24; ++i) text += pieces[std::uniform_int_distribution<std::size_t>(0, std::size(pieces) - 1)(random)];
        for (Dialect const dialect : {Dialect::iptables, Dialect::iptables_script, Dialect::nftables, Dialect::nft_json, Dialect::cisco_ios}) {
            Sources sources;
            SourceId const source = sources.add("x", text);
            for (Waiver const& waiver : waivers_in(sources, source, dialect, {})) {
                INFO(text);
                CHECK(waiver.span.begin <= waiver.span.end);
                CHECK(waiver.span.end <= text.size());
                CHECK(waiver.target.begin <= waiver.target.end);
                CHECK(waiver.target.end <= text.size());
                for (auto const& selector : waiver.rules) CHECK(sources.text(selector.span) == selector.text);
            }
        }
    }
}
