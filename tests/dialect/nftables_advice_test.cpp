// What nft loads without a word: each piece of advice has a neighbour that is right.
#include <catch2/catch.hpp>

#include "dialect/nftables_read.hpp"

using namespace portcullis;

namespace {

// "PC410 10.0.0.5/8" for each finding of the rules: its id and the text that it stands on.
std::string advice(std::string const& text) {
    Sources sources;
    SourceId const source = sources.add("test.nft", text);
    Reading const reading = read_nftables(sources, source, {});
    std::string all;
    for (Finding const& finding : reading.findings.all()) {
        if (!all.empty()) all += " | ";
        all += finding.rule + ' ' + std::string(sources.text(finding.span));
    }
    return all;
}

std::string about_rule(std::string const& rule, std::string const& family = "inet") {
    return advice("table " + family + " t {\n chain c {\n type filter hook input priority 0\n " + rule + "\n }\n}\n");
}

struct Row {
    char const* rule;
    char const* expected;
};

} // namespace

TEST_CASE("bits below a prefix are named wherever an address stands") {
    for (auto const& [rule, expected] : {
             Row{"ip saddr 10.0.0.5/8 drop", "PC410 10.0.0.5/8"},
             Row{"ip saddr 10.0.0.0/8 drop", ""},
             Row{"ip6 daddr { 2001:db8::1/32, 2001:db8:1::/48 } drop", "PC511 { 2001:db8::1/32, 2001:db8:1::/48 } | PC410 2001:db8::1/32"},
             Row{"ip saddr . tcp dport { 192.0.2.1/24 . 22 } drop", "PC410 192.0.2.1/24"},
             Row{"ip saddr 192.0.2.1/32 drop", ""},
         }) {
        INFO(rule);
        CHECK(about_rule(rule) == expected);
    }
    CHECK(advice("define inside = 10.0.0.5/8\ntable ip t { chain c { ip saddr $inside drop\nip daddr $inside drop\n} }\n") ==
          "PC410 10.0.0.5/8 | PC435 ip saddr $inside drop");
}

TEST_CASE("a match on the IPv4 header in a table of both families is advice, unless IPv4 is what the rule is about") {
    for (auto const& [rule, expected] : {
             Row{"ip protocol tcp accept", "PC421 ip protocol tcp"},
             Row{"ip protocol { tcp, udp } th dport 53 accept", "PC421 ip protocol { tcp, udp }"},
             Row{"ip saddr 0.0.0.0/0 tcp dport 443 accept", "PC421 ip saddr 0.0.0.0/0"},
             Row{"ip protocol icmp accept", ""},
             Row{"ip protocol tcp ip saddr 192.0.2.1 accept", ""},
             Row{"meta nfproto ipv4 ip protocol tcp accept", ""},
             Row{"ip saddr 192.0.2.0/24 tcp dport 443 accept", ""},
             Row{"meta l4proto tcp accept", ""},
         }) {
        INFO(rule);
        CHECK(about_rule(rule) == expected);
    }
    CHECK(about_rule("ip protocol tcp accept", "ip").empty());
}

TEST_CASE("flags in braces are compared whole; states are not flags of one packet") {
    for (auto const& [rule, expected] : {
             Row{"tcp flags { syn, ack } accept", "PC422 tcp flags { syn, ack }"},
             Row{"ct status { snat, dnat } accept", "PC422 ct status { snat, dnat }"},
             Row{"tcp flags syn,ack accept", ""},
             Row{"tcp flags { syn } accept", ""},
             Row{"tcp flags { syn, syn | ack } accept", ""},
             Row{"tcp flags & (fin | syn) { fin, syn } accept", ""},
             Row{"ct state { new, established } accept", ""},
             Row{"tcp flags != { fin, rst } accept", ""},
         }) {
        INFO(rule);
        CHECK(about_rule(rule) == expected);
    }
}

TEST_CASE("what nothing mentions is unused") {
    std::string const head = "table ip t {\n";
    std::string const tail = " chain c {\n type filter hook input priority 0\n accept\n }\n}\n";
    CHECK(advice(head + " set s { type ipv4_addr; }\n" + tail) == "PC404 s");
    CHECK(advice(head + " counter hits { }\n" + tail) == "PC404 hits");
    CHECK(advice(head + " set s { type ipv4_addr; }\n counter hits { }\n" +
                 " chain c {\n type filter hook input priority 0\n ip saddr @s counter name hits\n }\n}\n").empty());
    CHECK(advice(head + " define port = 22\n" + tail) == "PC404 define port = 22");
    CHECK(advice("define port = 22\n").empty()); // for others to include
}

TEST_CASE("a script that empties its table first can be loaded again; a listing is no script") {
    std::string const table = "table ip t {\n chain c {\n type filter hook input priority 0\n accept\n }\n}\n";
    CHECK(advice(table).empty());
    CHECK(advice("# mine\n" + table) == "PC435 accept");
    for (char const* const emptying : {"flush ruleset", "flush ruleset ip", "table ip t\ndelete table ip t", "destroy table ip t",
                                       "table ip t\nflush table ip t"}) {
        INFO(emptying);
        CHECK(advice(std::string(emptying) + "\n# mine\n" + table).empty());
    }
    CHECK(advice("flush ruleset ip6\n" + table) == "PC435 accept");
    CHECK(advice("add rule ip t c accept\n").find("PC435") != std::string::npos);
}
