// What nft refuses is refused, where it is written; beside each refused text stands a neighbour that is accepted.
// Both columns of verdicts are those of `nft -c` 1.0.6, but for what only the kernel refuses when it loads a text.
#include <algorithm>
#include <catch2/catch.hpp>

#include "dialect/nftables_read.hpp"

using namespace portcullis;

namespace {

// The first error of a text: its message, and the text from its place on.
struct Complaint {
    std::string message;
    std::string at;
};
std::optional<Complaint> complaint(std::string const& text) {
    Sources sources;
    SourceId const source = sources.add("test.nft", text);
    Reading const reading = read_nftables(sources, source, {});
    for (Finding const& finding : reading.findings.all()) {
        if (finding.rule != "PC001" && finding.rule != "PC401") continue;
        Complaint found;
        found.message = finding.rule == "PC001" ? finding.args.at("error")
                                                : finding.args.at("kind") + ' ' + finding.args.at("name");
        found.at = text.substr(finding.span.begin);
        return found;
    }
    return std::nullopt;
}

struct Row {
    char const* family;
    char const* refused;
    char const* message; // a part of it
    char const* at;      // the place starts with this
    char const* accepted;
};

std::string with_rule(std::string const& family, std::string const& rule) {
    std::string const hook = family == "netdev" ? "type filter hook ingress device lo priority 0;"
                             : family == "arp"  ? "type filter hook input priority 0;"
                                                : "type filter hook prerouting priority 0;";
    return "table " + family + " t {\n set addresses { type ipv4_addr; }\n set ports { type inet_service; }\n" +
           " set pairs { type ipv4_addr . inet_service; }\n set fixed { type ipv4_addr; flags constant; }\n" +
           " map marks { type ipv4_addr : mark; }\n map verdicts { type inet_service : verdict; }\n" +
           " map services { type ipv4_addr : inet_service; }\n counter hits { }\n chain other {\n }\n" +
           " chain c {\n  " + hook + "\n  " + rule + "\n }\n}\n";
}
std::string in_table(std::string const& family, std::string const& body) {
    return "table " + family + " t {\n " + body + "\n}\n";
}

template <class Wrap> void check(std::initializer_list<Row> rows, Wrap wrap) {
    for (Row const& row : rows) {
        INFO(row.family << ": " << row.refused);
        std::optional<Complaint> const found = complaint(wrap(row.family, row.refused));
        REQUIRE(found);
        CHECK_THAT(found->message, Catch::Contains(row.message));
        CHECK_THAT(found->at, Catch::StartsWith(row.at));
        INFO(row.accepted);
        std::optional<Complaint> const neighbour = complaint(wrap(row.family, row.accepted));
        CHECK((neighbour ? neighbour->message : "") == "");
    }
}

} // namespace

TEST_CASE("headers that exclude each other are refused") {
    check(
        {
            {"inet", "ip saddr 192.0.2.1 ip6 daddr ::1", "asks for ip before", "ip6 daddr",
             "ip saddr 192.0.2.1 ip daddr 192.0.2.2"},
            {"inet", "meta nfproto ipv6 ip saddr 192.0.2.1", "asks for ip6", "ip saddr",
             "meta nfproto ipv4 ip saddr 192.0.2.1"},
            {"inet", "tcp dport 1 udp dport 2", "asks for tcp", "udp dport", "tcp dport 1 tcp sport 2"},
            {"inet", "meta l4proto udp tcp dport 2", "asks for udp", "tcp dport", "meta l4proto tcp tcp dport 2"},
            {"inet", "meta l4proto { tcp, udp } tcp dport 2", "asks for udp", "tcp dport",
             "meta l4proto { tcp, udp } th dport 2"},
            {"inet", "icmp type 8 ip6 saddr ::1", "asks for ip", "ip6 saddr", "icmp type 8 ip saddr 192.0.2.1"},
            {"inet", "ip saddr 192.0.2.1 frag id 1", "asks for ip", "frag id", "ip6 saddr ::1 frag id 1"},
            {"inet", "ip saddr 192.0.2.1 vlan id 1", "asks for ip", "vlan id", "vlan id 1 ip saddr 192.0.2.1"},
            {"inet", "arp operation request", "sees no arp", "arp operation", "ether type ip"},
            {"ip", "ip6 saddr ::1", "no ip6 header", "ip6 saddr", "ip saddr 192.0.2.1"},
            {"bridge", "ether type ip6 ip saddr 192.0.2.1", "asks for ip6", "ip saddr",
             "ether type ip ip saddr 192.0.2.1"},
            {"ip", "icmp type 3 icmp id 5", "of type 3 has no id", "icmp id", "icmp type 8 icmp id 5"},
            {"ip", "meta nfproto ipv4", "family inet only", "meta nfproto", "meta protocol ip"},
            {"inet", "ct original saddr 192.0.2.1", "nothing says", "ct original",
             "ip version 4 ct original saddr 192.0.2.1"},
            {"inet", "meta ibrname \"br0\"", "family bridge only", "meta ibrname", "meta iifname \"br0\""},
        },
        with_rule);
}

TEST_CASE("values are of the type of their selector") {
    check(
        {
            {"inet", "tcp dport 70000", "70000 is more than 65535", "70000", "tcp dport 65535"},
            {"inet", "tcp dport frobnicate", "is not a port", "frobnicate", "tcp dport ssh"},
            {"inet", "tcp dport 90-80", "ends before it begins", "90-80", "tcp dport 80-90"},
            {"inet", "tcp dport 22,23", "a list needs braces", "22,23", "tcp dport { 22, 23 }"},
            {"inet", "ip saddr fe80::1", "is not an IPv4 address", "fe80::1", "ip6 saddr fe80::1"},
            {"inet", "ip6 saddr 192.0.2.1", "is not an IPv6 address", "192.0.2.1", "ip saddr 192.0.2.1"},
            {"inet", "ip saddr 192.0.2.0/33", "at most 32 bits", "33", "ip saddr 192.0.2.0/32"},
            {"inet", "ip ttl 256", "256 is more than 255", "256", "ip ttl 255"},
            {"inet", "ip dscp foo", "is not a dscp class", "foo", "ip dscp ef"},
            {"inet", "icmp type { 8, 300 }", "300 is more than 255", "300", "icmp type { 8, 30 }"},
            {"inet", "ct state foo", "is not a conntrack state", "foo", "ct state new"},
            {"inet", "meta pkttype foo", "is not a packet type", "foo", "meta pkttype host"},
            {"inet", "meta day 7", "more than 6", "7", "meta day 6"},
            {"inet", "meta hour \"24:00\"", "is not an hour", "\"24:00", "meta hour \"23:59\""},
            {"inet", "meta time \"2020-13-01\"", "is not a time", "\"2020", "meta time \"2020-12-01\""},
            {"inet", "iifname \"abcdefghijklmnop\"", "longer than 15", "\"abc", "iifname \"abcdefghijklmno\""},
            {"inet", "iifname \"\"", "empty string", "\"\"", "iifname \"a\""},
            {"inet", "tcp dport ! 1", "asks for bits", "1", "tcp flags ! syn"},
            {"inet", "tcp dport < { 1, 2 }", "== or != only", "tcp dport", "tcp dport != { 1, 2 }"},
            {"inet", "ip saddr >= 192.0.2.0/24", "== or != only", "192.0.2.0/24", "ip saddr >= 192.0.2.0"},
            {"inet", "ip ttl << 9 == 4", "shifted by 9", "9", "ip ttl << 2 == 4"},
            {"inet", "tcp option 256 exists", "up to 255", "tcp option", "tcp option 255 exists"},
            {"inet", "tcp option sack size 5", "has no field size", "tcp option", "tcp option sack left 5"},
            {"inet", "reset tcp option meh", "is not a tcp option", "meh", "reset tcp option mptcp"},
            {"inet", "fib saddr . daddr type local", "not both", "fib saddr", "fib saddr . mark type local"},
            {"inet", "fib mark type local", "needs saddr or daddr", "fib mark", "fib daddr type local"},
            {"inet", "osf ttl nottl name \"Linux\"", "loose or skip", "osf", "osf ttl skip name \"Linux\""},
            {"ip", "@nh,0,8 300", "300 is more than 255", "300", "@nh,0,8 255"},
            {"ip", "@foo,0,8 3", "none of ll, nh, th", "@foo", "@th,0,8 3"},
            {"ip", "@th,99999999999,16 1", "at most 65535 bytes", "@th", "@th,4294967296,16 1"},
            {"ip", "@th,524288,8 1", "at most 65535 bytes", "@th", "@th,524280,8 1"},
            {"ip", "define x = { }\n  ip saddr $x", "set is empty", "$x", "define x = { }\n  ip saddr { $x, 192.0.2.1 }"},
            {"ip", "define x = { }\n  define y = { $x }\n  ip saddr != { $y, $x }", "set is empty", "{ $y",
             "define x = { }\n  define y = { $x, 192.0.2.1 }\n  ip saddr != { $y, $x }"},
            {"ip", "define x = { }\n  tcp flags $x", "set is empty", "$x", "define x = { syn }\n  tcp flags $x"},
            {"ip", "ip saddr { 192.0.2.1 : accept }", "a set has no mapped values", "accept",
             "ip saddr vmap { 192.0.2.1 : accept }"},
            {"ip", "ip saddr $nowhere", "variable nowhere", "$nowhere", "ip saddr 192.0.2.1"},
        },
        with_rule);
}

TEST_CASE("named sets and maps are used as they were declared") {
    check(
        {
            {"ip", "ip saddr @nowhere", "set nowhere", "@nowhere", "ip saddr @addresses"},
            {"ip", "ip saddr @ports", "expected a port, found an IPv4 address", "@ports", "tcp dport @ports"},
            {"ip", "ip saddr . ip daddr @pairs", "expected an IPv4 address . a port", "@pairs",
             "ip saddr . tcp dport @pairs"},
            {"ip", "ip saddr @pairs", "expected an IPv4 address . a port", "@pairs", "ip saddr . udp dport @pairs"},
            {"ip", "tcp dport vmap @ports", "is a set", "@ports", "tcp dport vmap @verdicts"},
            {"ip", "ip saddr vmap @services", "expected a verdict", "@services", "tcp dport vmap @verdicts"},
            {"ip", "meta mark set tcp dport map @verdicts", "expected a mark, found a verdict", "@verdicts",
             "meta mark set ip saddr map @marks"},
            {"ip", "tcp dport vmap { 80 : accept, 80 : drop }", "in the map already", "80 : drop",
             "tcp dport vmap { 80 : accept, 80 : accept }"},
            {"ip", "tcp dport vmap { 80-90 : accept, 85-95 : drop }", "overlaps", "85-95",
             "tcp dport { 80-90, 85-95 }"},
            {"ip", "add @addresses { tcp dport }", "expected an IPv4 address, found a port", "tcp dport",
             "add @addresses { ip saddr }"},
            {"ip", "add @addresses { ip saddr timeout 5m }", "lacks 'flags timeout'", "5m",
             "add @addresses { ip saddr }"},
            {"ip", "add @fixed { ip saddr }", "is constant", "@fixed", "ip saddr @fixed"},
            {"ip", "add @marks { ip saddr }", "needs a value", "ip saddr", "add @marks { ip saddr : 5 }"},
            {"ip", "counter name \"misses\"", "counter misses", "\"misses\"", "counter name \"hits\""},
            {"ip", "meter m { ip saddr }", "needs a limit", "meter m", "meter m { ip saddr limit rate 5/second }"},
        },
        with_rule);
}

TEST_CASE("statements take what they can do something with") {
    check(
        {
            {"inet", "accept drop", "after a verdict", "drop", "counter drop"},
            {"inet", "reject counter", "after a verdict", "counter", "counter reject"},
            {"inet", "meta mark set ip saddr", "expected a mark, found an IPv4 address", "ip saddr",
             "meta mark set ct mark"},
            {"inet", "meta mark set { 1, 2 }", "set to one value", "{", "meta mark set 1"},
            {"inet", "meta mark set 1-5", "set to one value", "1-5", "meta mark set 5"},
            {"inet", "ct state set new", "cannot be set", "ct state", "ct mark set 1"},
            {"inet", "meta mark set tcp dport map { 1 : foo }", "is not a mark", "foo",
             "meta mark set tcp dport map { 1 : 2 }"},
            {"inet", "log level foo", "is not a log level", "foo", "log level warn"},
            {"inet", "log group 3 level debug", "not both", "debug", "log group 3"},
            {"inet", "log level audit prefix \"x\"", "no other options", "audit", "log level audit"},
            {"inet", "limit rate 5/fortnight", "is no unit", "fortnight", "limit rate 5/week"},
            {"inet", "limit rate 0/second", "limits nothing", "0", "limit rate 1/second"},
            {"inet", "limit rate 5/second burst 0 packets", "at least 1", "0",
             "limit rate 5/second burst 1 packets"},
            {"inet", "limit rate 5 kbytes/second burst 5 packets", "told in bytes", "packets",
             "limit rate 5 kbytes/second burst 5 kbytes"},
            {"inet", "quota 5 gbytes", "bytes, kbytes or mbytes", "gbytes", "quota 5 mbytes"},
            {"inet", "limit rate 99999999999999999999/second", "more than 64 bits", "9999", "limit rate 4294967296/second"},
            {"inet", "limit rate 18446744073709551611/second", "rate and burst", "1844",
             "limit rate 18446744073709551610/second"},
            {"inet", "limit rate 5/second burst 99999999999999999999 packets", "more than 64 bits", "9999",
             "limit rate 5/second burst 4294967296 packets"},
            {"inet", "quota 99999999999999999999999 bytes", "more than 64 bits", "9999", "quota 9223372036854775807 bytes"},
            {"inet", "quota 9223372036854775808 bytes", "at most 9223372036854775807", "9223", "quota 18014398509481984 kbytes"},
            {"inet", "quota 5 kbytes used 5121 bytes", "more than the quota", "5121", "quota 5 kbytes used 5120 bytes"},
            {"inet", "ct count 99999999999999999999", "more than 64 bits", "9999", "ct count 4294967295"},
            {"inet", "log group 99999999999999999999", "more than 64 bits", "9999", "log group 1"},
            {"inet", "udp dport 1 reject with tcp reset", "answers tcp only", "reject",
             "tcp dport 1 reject with tcp reset"},
            {"inet", "reject with icmpx frag-needed", "is not an icmpx code", "frag-needed",
             "reject with icmpx no-route"},
            {"ip", "reject with icmpv6 no-route", "answers ip6 only", "reject",
             "reject with icmp host-unreachable"},
            {"ip", "reject with icmpx no-route", "both families", "reject", "reject"},
            {"arp", "reject", "no answer to arp", "reject", "drop"},
            {"ip", "queue num 65536", "65536 is more than 65535", "65536", "log group 65535"},
            {"ip", "dup to ::1", "is not an IPv4 address", "::1", "dup to 192.0.2.1"},
            {"inet", "dup to 192.0.2.1", "has no 'dup'", "dup", "meta mark set 1"},
            {"ip", "tproxy to :80", "needs a match on the transport", "tproxy", "tcp dport 1 tproxy to :80"},
            {"inet", "tcp dport 1 tproxy to 192.0.2.1:80", "nothing says", "tproxy",
             "tcp dport 1 tproxy ip to 192.0.2.1:80"},
            {"inet", "dnat to 192.0.2.1", "nothing says", "dnat", "dnat ip to 192.0.2.1"},
            {"ip", "dnat to 192.0.2.1:80", "needs a match on the transport", "80",
             "tcp dport 1 dnat to 192.0.2.1:80"},
            {"ip", "dnat to ::1", "is not an IPv4 address", "::1", "dnat to 192.0.2.1-192.0.2.9"},
            {"bridge", "dnat to 192.0.2.1", "ip, ip6 and inet only", "dnat", "accept"},
            {"ip", "jump nowhere", "chain nowhere", "nowhere", "jump other"},
            {"ip", "jump c", "is a base chain", "c", "jump other"},
        },
        with_rule);
}

TEST_CASE("declarations say what nft needs, and nothing else") {
    check(
        {
            {"ip", "set s { type foo; }", "is not a type", "foo", "set s { type mark; }"},
            {"ip", "set s { type integer; }", "'typeof' with an expression", "integer", "set s { typeof ip ttl; }"},
            {"ip", "set s { flags interval; }", "has no type", "s {", "set s { type ipv4_addr; flags interval; }"},
            {"ip", "map m { type ipv4_addr; }", "does not say what it maps to", "ipv4_addr",
             "map m { type ipv4_addr : mark; }"},
            {"ip", "set s { type ipv4_addr; elements = { 10.0.0.0/8 } }", "flags interval", "10.0.0.0/8",
             "set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8 } }"},
            {"ip", "set s { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 10.1.0.0/16 } }", "overlaps",
             "10.1",
             "set s { type ipv4_addr; flags interval; auto-merge; elements = { 10.0.0.0/8, 10.1.0.0/16 } }"},
            {"ip", "quota q { 99999999999999999999 bytes; }", "expected over", "9999", "quota q { 5 bytes; }"},
            {"ip", "counter n { packets 99999999999999999999 bytes 1; }", "more than 64 bits", "9999",
             "define x = { }\n set s { type ipv4_addr; elements = $x; }"},
            {"ip", "map m { type inet_service : ipv4_addr; elements = { 80 : 192.0.2.1, 80 : 192.0.2.2 } }",
             "in the map already", "80 : 192.0.2.2",
             "map m { type inet_service : ipv4_addr; elements = { 80 : 192.0.2.1, 81 : 192.0.2.2 } }"},
            {"ip", "map m { type inet_service : ipv4_addr; elements = { 80 } }", "needs a value", "80",
             "map m { type inet_service : ipv4_addr; elements = { 80 : 192.0.2.1 } }"},
            {"ip", "set s { type ipv4_addr . inet_service; elements = { 192.0.2.1 } }", "expected 2 values",
             "192.0.2.1", "set s { type ipv4_addr . inet_service; elements = { 192.0.2.1 . 80 } }"},
            {"ip", "set s { type ipv4_addr; flags foo; }", "is no flag here", "flags foo",
             "set s { type ipv4_addr; flags constant; }"},
            {"ip", "set s { type ipv4_addr; policy foo; }", "performance or memory", "foo",
             "set s { type ipv4_addr; policy memory; }"},
            {"ip", "set s { type ipv4_addr; timeout foo; }", "is not a duration", "foo",
             "set s { type ipv4_addr; timeout 1d2h; }"},
            {"ip", "chain c { type nat hook forward priority 0; }", "cannot be at forward", "forward",
             "chain c { type nat hook input priority 0; }"},
            {"ip", "chain c { type route hook input priority 0; }", "cannot be at input", "input",
             "chain c { type route hook output priority 0; }"},
            {"ip", "chain c { type nat hook output priority dstnat; }", "for the hook prerouting only", "dstnat",
             "chain c { type nat hook output priority -100; }"},
            {"ip", "chain c { type filter hook input device lo priority 0; }", "belongs to no device", "lo",
             "chain c { type filter hook input priority 0; }"},
            {"inet", "chain c { type filter hook ingress priority 0; }", "needs a device", "ingress",
             "chain c { type filter hook ingress device lo priority 0; }"},
            {"netdev", "chain c { type filter hook ingress device lo priority raw; }", "is not a priority", "raw",
             "chain c { type filter hook ingress device lo priority filter; }"},
            {"arp", "chain c { type filter hook forward priority 0; }", "cannot be at forward", "forward",
             "chain c { type filter hook input priority 0; }"},
            {"ip", "chain c { type filter hook input priority 0; policy drop; policy drop; }", "said twice",
             "policy drop; }", "chain c { type filter hook input priority 0; policy drop; }"},
            {"ip", "chain c { comment \"a\"; comment \"b\"; }", "said twice", "comment \"b\"",
             "chain c { comment \"a\"; }"},
            {"ip", "flags foo;", "is no flag here", "flags foo", "flags dormant;"},
            {"ip", "counter c { foo; }", "expected packets, bytes or comment", "foo",
             "counter c { packets 1 bytes 2; }"},
            {"ip", "limit l { }", "does not say its rate", "l {", "limit l { rate 5/second; }"},
            {"ip", "ct helper h { type \"ftp\" protocol tcp; l3proto ip6; }", "no ip6 connections", "ip6",
             "ct helper h { type \"ftp\" protocol tcp; l3proto ip; }"},
            {"ip", "ct timeout o { protocol udp; policy = { established : 5 }; }", "is not a state of udp",
             "established", "ct timeout o { protocol tcp; policy = { established : 5 }; }"},
            {"ip", "ct expectation e { protocol tcp; dport 5; timeout 2m; }", "does not say its size", "e {",
             "ct expectation e { protocol tcp; dport 5; timeout 2m; size 5; }"},
        },
        in_table);
}

TEST_CASE("lines end with line feeds, and some need one") {
    CHECK(complaint("table ip t {\r\n}\r\n")->message == "a carriage return: nft ends lines with line feeds only");
    CHECK(complaint("define a = 5")->message == "a line feed is needed at the end of the file");
    CHECK(complaint("table ip t {\n}\n# end")->message == "a line feed is needed at the end of the file");
    CHECK_FALSE(complaint("table ip t {\n}\n# windows\r\n"));
    CHECK_FALSE(complaint("define a = 5\n"));
    CHECK_FALSE(complaint("table ip t {\n}"));
}

TEST_CASE("comments have at most 128 characters") {
    std::string const long_one(129, 'x');
    CHECK(complaint(in_table("ip", "chain c {\n accept comment \"" + long_one + "\"\n }")));
    CHECK_FALSE(complaint(in_table("ip", "chain c {\n accept comment \"" + long_one.substr(1) + "\"\n }")));
}

TEST_CASE("the kernel refuses sixteen jumps in a row") {
    auto const chains = [](int count) {
        std::string text = "table ip t {\n";
        for (int i = count; i > 0; --i)
            text += " chain c" + std::to_string(i) + " {\n  " +
                    (i < count ? "jump c" + std::to_string(i + 1) : std::string("accept")) + "\n }\n";
        return text + " chain base {\n  type filter hook input priority 0;\n  jump c1\n }\n}\n";
    };
    CHECK_FALSE(complaint(chains(15)));
    CHECK_THAT(complaint(chains(16))->message, Catch::Contains("from here it is 16"));
}

TEST_CASE("checks of variables that double each other come to an end") {
    auto const doubled = [](std::string const& first, std::string const& open, std::string const& between,
                            std::string const& close, std::string const& rule) {
        std::string text = "define a0 = " + first + "\n";
        for (int i = 1; i < 60; ++i) {
            std::string const before = "$a" + std::to_string(i - 1);
            text += "define a" + std::to_string(i) + " = " + open + before + between + before + close + "\n";
        }
        return text + "table ip t {\n chain c {\n  " + rule + "\n }\n}\n";
    };
    CHECK_FALSE(complaint(doubled("{ 192.0.2.1 : drop }", "{ ", ", ", " }", "ip saddr vmap $a59")));
    CHECK_FALSE(complaint(doubled("{ }", "{ ", ", ", " }", "ip saddr vmap $a59")));
    CHECK_FALSE(complaint(doubled("{ }", "{ ", ", ", " }", "meta l4proto $a59")));
    CHECK_FALSE(complaint(doubled("5", "", " | ", "", "meta mark $a59")));
    CHECK_FALSE(complaint(doubled("5", "", " | ", "", "meta mark set $a59")));
}

TEST_CASE("what a set's file includes goes on in the set") {
    Sources sources;
    ReadOptions options;
    options.include = [&](std::string const& pattern, SourceId) {
        Included found;
        found.sources.push_back(sources.add(pattern, "elements = { 192.0.2.1, 192.0.2.2 }\n"));
        return found;
    };
    SourceId const source = sources.add("main", "table ip t {\n set s {\n  type ipv4_addr\n  include \"list\"\n "
                                                "}\n chain c {\n  ip saddr @s drop\n }\n}\n");
    Reading const reading = read_nftables(sources, source, options);
    CHECK(reading.findings.empty());
    CHECK(to_text(reading.ruleset.chains.at(0).rules.at(0).match) == "ip saddr 192.0.2.1, 192.0.2.2");
}

TEST_CASE("files that the kernel or the grammar of nft refuses as a whole") {
    struct Text {
        char const* refused;
        char const* message;
        char const* accepted;
    };
    for (Text const& row : {
             Text{"table ip t {\n chain log {\n }\n}\n", "a word of nft", "table ip t {\n chain logs {\n }\n}\n"},
             Text{"table ip t {\n set dynamic {\n  type ipv4_addr\n }\n}\n", "a word of nft", "table ip t {\n set dyn {\n  type ipv4_addr\n }\n}\n"},
             Text{"add table tcp\n", "a word of nft", "add table tcp4\n"},
             Text{"add table c\nadd rule c 03att9 accept\n", "expected name of a chain", "add table c\nadd chain c att9\nadd rule c att9 accept\n"},
             Text{"add table 4ip\n", "expected name of a table", "add table ip4\n"},
             Text{"table ip t {\n chain \"c\" {\n }\n}\n", "quotes", "table ip t {\n chain c {\n }\n}\n"},
             Text{"table ip t {\n set s {\n  type ipv4_addr\n  elements = { }\n }\n}\n", "expected element",
                  "define x = { }\ntable ip t {\n set s {\n  type ipv4_addr\n  elements = $x\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  ip saddr { } drop\n }\n}\n", "expected element",
                  "table ip t {\n chain c {\n  ip saddr { 192.0.2.1,, 192.0.2.2, } drop\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  tcp dport 22 \\ \n  drop\n }\n}\n", "expected", "table ip t {\n chain c {\n  tcp dport 22 \\\n  drop\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  type filter hook input priority filter-5\n }\n}\n", "not a priority",
                  "table ip t {\n chain c {\n  type filter hook input priority filter+5\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  type filter hook input priority -5 + 3\n }\n}\n", "offset",
                  "table ip t {\n chain c {\n  type filter hook input priority filter + 3\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  policy drop\n }\n}\n", "only a base chain",
                  "table ip t {\n chain c {\n  type filter hook input priority 0\n  policy drop\n }\n}\n"},
             Text{"table ip t {\n chain c {\n  type filter hook input priority 0\n }\n chain c {\n  type filter hook output priority 0\n }\n}\n", "another hook",
                  "table ip t {\n chain c {\n  type filter hook input priority 0\n }\n chain c {\n  type filter hook input priority filter; policy drop\n }\n}\n"},
             Text{"add table t\nadd chain t c\nadd chain t c { type filter hook input priority 0; }\n", "no base chain",
                  "add table t\nadd chain t c { type filter hook input priority 0; }\nadd chain t c\n"},
             Text{"add table t\nadd chain t c\nadd rule t c jump d\nadd chain t d\n", "later command", "add table t\nadd chain t d\nadd chain t c\nadd rule t c jump d\n"},
             Text{"add table t\nadd chain t c\nadd rule t c tcp dport vmap { 22 : jump d }\nadd chain t d\n", "later command",
                  "table ip t {\n map m {\n  type ipv4_addr : verdict\n }\n chain c {\n  ip saddr vmap @m\n }\n}\nadd chain t d\nadd element t m { 192.0.2.1 : jump d }\n"},
             Text{"table ip t {\n set s {\n  type ipv4_addr\n  elements = { 192.0.2.1 timeout 5s }\n }\n}\n", "lacks 'flags timeout'",
                  "table ip t {\n set s {\n  type ipv4_addr\n  timeout 1h\n  elements = { 192.0.2.1 timeout 5s }\n }\n}\n"},
             Text{"create table t\ncreate table t\n", "there already", "create table t\nadd table t\n"},
             Text{"table ip t {\n chain c {\n  ip saddr 192.0.2.08 drop\n }\n}\n", "192.0.2.08", "table ip t {\n chain c {\n  ip saddr 192.0.2.07 drop\n }\n}\n"},
         }) {
        INFO(row.refused);
        auto const refused = complaint(row.refused);
        REQUIRE(refused);
        CHECK_THAT(refused->message, Catch::Contains(row.message));
        INFO(row.accepted);
        auto const accepted = complaint(row.accepted);
        CHECK((accepted ? accepted->message : "") == "");
    }
}

TEST_CASE("a table that is declared again without flags is not dormant any more") {
    Sources sources;
    Reading const reading = read_nftables(sources, sources.add("test.nft", "table ip t {\n flags dormant\n chain c {\n  type filter hook input priority 0\n }\n}\ntable ip t {\n}\n"));
    CHECK(reading.ruleset.chains.at(0).hook);
}

TEST_CASE("what a rule writes into packets is told where a rule that decides asks for it") {
    auto const told = [](std::string const& rules) {
        Sources sources;
        Reading const reading = read_nftables(sources, sources.add("test.nft", with_rule("inet", rules)));
        return std::ranges::any_of(reading.findings.all(), [](Finding const& finding) { return finding.rule == "PC002"; });
    };
    CHECK(told("tcp dport 8022 tcp dport set 22\n  tcp dport 22 drop"));
    CHECK(told("@th,16,16 set 22\n  udp dport 53 drop"));
    CHECK_FALSE(told("ip dscp set cs1\n  tcp dport 22 drop"));
    CHECK_FALSE(told("ip dscp cs1 ip dscp set cs2\n  ip dscp cs2 counter"));
    CHECK_FALSE(told("tcp option maxseg size set 1400\n  tcp dport 22 drop"));
}
