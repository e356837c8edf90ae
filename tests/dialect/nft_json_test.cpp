// The JSON of nft: it means what the text of nft beside it means, and places lead to the JSON.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "portcullis/dialect/read.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct Read {
    Sources sources;
    Reading reading;
    explicit Read(std::string text, Dialect dialect = Dialect::nft_json) {
        reading = read(sources, sources.add("test", std::move(text)), dialect);
    }
    // All but the name of the dialect.
    std::string form() const {
        std::string const text = to_text(reading.ruleset);
        return text.substr(text.find('\n') + 1);
    }
    // "2:10 PC001 …" for each error
    std::string messages() const {
        std::string all;
        for (Finding const& finding : reading.findings.all()) {
            if (finding.rule >= "PC402") continue; // advice
            Location const at = sources[finding.span.source].locate(finding.span.begin);
            all += std::to_string(at.line) + ':' + std::to_string(at.column) + ' ' + finding.rule;
            for (auto const& [name, value] : finding.args) all += ' ' + value;
            all += '\n';
        }
        return all;
    }
};

std::string commands(std::string const& list) { return "{\"nftables\": [" + list + "]}"; }

// A rule with these statements, in a chain of a table of family inet.
std::string json_rule(std::string const& statements) {
    return commands(
        R"({"table": {"family": "inet", "name": "t"}}, {"chain": {"family": "inet", "table": "t", "name": "c",)"
        R"("type": "filter", "hook": "input", "prio": 0, "policy": "accept"}},)"
        R"({"chain": {"family": "inet", "table": "t", "name": "other"}},)"
        R"({"set": {"family": "inet", "table": "t", "name": "s", "type": "ipv4_addr", "flags": ["dynamic"]}},)"
        R"({"rule": {"family": "inet", "table": "t", "chain": "c", "expr": [)" +
        statements + "]}}");
}
std::string text_rule(std::string const& statements) {
    return "table inet t {\nchain c {\ntype filter hook input priority 0; policy accept;\n" + statements +
           "\n}\nchain other { }\nset s { type ipv4_addr; flags dynamic; }\n}\n";
}

std::string messages_of(std::string const& text) { return Read(text).messages(); }

std::string fixture(std::string const& name) {
    std::ifstream in(fs::path(PORTCULLIS_ROOT) / "tests/fixtures" / name, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

} // namespace

TEST_CASE("what nft lists of one ruleset as text and as JSON is one ruleset") {
    Read const text(fixture("nftables/every-statement/input.nft"), Dialect::nftables);
    Read const json(fixture("nft-json/every-statement/input.json"));
    CHECK(json.messages().find("PC001") == std::string::npos);
    CHECK(std::ranges::count(json.messages(), '\n') == std::ranges::count(text.messages(), '\n')); // what both write into packets
    CHECK(rule_count(json.reading.ruleset) > 200);
    // nft spells the bodies of declarations differently: bytes for mbytes, seconds for hours, no flag "dynamic".
    auto const without_bodies = [](std::string const& form) {
        return std::regex_replace(form, std::regex("(\nunmodelled [^\n{]*) \\{[^\n]*"), "$1");
    };
    CHECK(without_bodies(json.form()) == without_bodies(text.form()));
}

TEST_CASE("statements that other versions of nft print mean the same as text") {
    struct Row {
        char const* json;
        char const* text;
    };
    constexpr Row rows[] = {
        {R"({"match": {"op": "==", "left": {"&": [{"payload": {"protocol": "tcp", "field": "flags"}}, {"|": ["fin", "syn", "rst"]}]}, "right": "syn"}})",
         "tcp flags & (fin | syn | rst) == syn"},
        {R"({"match": {"op": "==", "left": {"&": [{"|": [{"meta": {"key": "mark"}}, 1]}, 255, 15]}, "right": 3}})",
         "(meta mark | 0x00000001) & 0x000000ff & 0x0000000f == 0x00000003"},
        {R"({"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["new", "untracked"]}})",
         "ct state new,untracked"},
        {R"({"match": {"op": "!", "left": {"payload": {"protocol": "tcp", "field": "flags"}}, "right": ["fin", "rst"]}})",
         "tcp flags ! fin,rst"},
        {R"({"match": {"op": "==", "left": {"dccp option": {"type": 5}}, "right": true}})", "dccp option 5 exists"},
        {R"({"match": {"op": "==", "left": {"fib": {"result": "oif", "flags": "saddr"}}, "right": false}})",
         "fib saddr oif missing"},
        {R"({"match": {"op": "==", "left": {"socket": {"key": "cgroupv2", "level": 1}}, "right": "a/b"}})",
         "socket cgroupv2 level 1 \"a/b\""},
        {R"({"match": {"op": "==", "left": {"payload": {"protocol": "arp", "field": "saddr ip"}}, "right": "192.0.2.1"}})",
         "arp saddr ip 192.0.2.1"},
        {R"({"match": {"op": "==", "left": {"exthdr": {"name": "rt0", "field": "addr", "offset": 1}}, "right": "::1"}})",
         "rt0 addr[1] ::1"},
        {R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": {"set": ["10", "a+b", "wg*"]}}})",
         "iifname { \"10\", \"a+b\", \"wg*\" }"},
        {R"({"match": {"op": "==", "left": {"meta": {"key": "iif"}}, "right": "7"}})", "iif 7"},
        {R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": {"range": ["ftp-data", "ssh"]}}})",
         "tcp dport ftp-data - ssh"},
        {R"({"match": {"op": "==", "left": {"payload": {"protocol": "ether", "field": "saddr"}}, "right": "00:11:22:33:44:55"}})",
         "ether saddr 00:11:22:33:44:55"},
        {R"({"counter": {"packets": 3, "bytes": 200}})", "counter packets 3 bytes 200"},
        {R"({"last": {"used": 3000}})", "last"},
        {R"({"limit": {"rate": 10, "per": "minute", "burst": 0, "inv": true}})", "limit rate over 10/minute"},
        {R"({"limit": "name"}, {"quota": "name"}, {"counter": "name"}, {"synproxy": "name"})",
         "limit name \"name\" quota name \"name\" counter name \"name\" synproxy name \"name\""},
        {R"({"secmark": "name"})", "meta secmark set \"name\""},
        {R"({"map": {"op": "update", "elem": {"elem": {"val": {"payload": {"protocol": "ip", "field": "saddr"}}, "timeout": 90}}, "data": 7, "map": "@s"}})",
         "update @s { ip saddr timeout 1m30s : 0x00000007 }"},
        {R"({"set": {"op": "add", "elem": {"payload": {"protocol": "ip", "field": "saddr"}}, "set": "@s", "stmt": [{"ct count": {"val": 9, "inv": true}}]}})",
         "add @s { ip saddr ct count over 9 }"},
        {R"({"flow": {"op": "add", "flowtable": "@f"}})", "flow add @f"},
        {R"({"fwd": {"dev": "lo", "family": "ip6", "addr": "2001:db8::1"}})",
         "fwd ip6 to 2001:db8::1 device \"lo\""},
        {R"({"dup": {"addr": "192.0.2.1", "dev": "lo"}})", "dup to 192.0.2.1 device \"lo\""},
        {R"({"queue": {"num": {"range": [1, 3]}, "flags": ["bypass", "fanout"]}})",
         "queue flags bypass,fanout to 1-3"},
        {R"({"tproxy": {"family": "ip6", "addr": "::1", "port": 50}})", "tproxy ip6 to [::1]:50"},
        {R"({"dnat": {"family": "ip6", "addr": {"range": ["2001:db8::1", "2001:db8::9"]}, "port": 80, "flags": ["random", "persistent"]}})",
         "dnat ip6 to [2001:db8::1]-[2001:db8::9]:80 random,persistent"},
        {R"({"snat": {"family": "ip", "addr": {"prefix": {"addr": "192.0.2.0", "len": 24}}, "flags": "netmap", "type_flags": "prefix"}})",
         "snat ip prefix to 192.0.2.0/24"},
        {R"({"redirect": {"port": 80}})", "redirect to :80"},
        {R"({"reset": {"tcp option": {"name": "sack-perm"}}})", "reset tcp option sack-perm"},
        {R"({"xt": {"type": "match", "name": "comment"}}, {"xt": {"type": "target", "name": "MARK"}})",
         "xt match \"comment\" xt target \"MARK\""},
        {R"({"vmap": {"key": {"numgen": {"mode": "inc", "mod": 2, "offset": 4}}, "data": {"set": [[4, {"goto": {"target": "other"}}], ["*", {"return": null}]]}}})",
         "numgen inc mod 2 offset 4 vmap { 4 : goto other, * : return }"},
        {R"("jump {\n\t\ttcp dport 22 limit rate 1/second accept\n\t\ttcp dport 23 limit rate 1/second accept\n\t}")",
         "jump { tcp dport 22 limit rate 1/second accept; tcp dport 23 limit rate 1/second accept; }"},
    };
    for (Row const& row : rows) {
        INFO(row.text);
        Read const json(json_rule(row.json));
        Read const text(text_rule(row.text), Dialect::nftables);
        CHECK(json.messages().find("PC002") == std::string::npos); // some need another family of table
        CHECK(json.form() == text.form());
    }
}

TEST_CASE("every object of a ruleset is read, and none is dropped") {
    Read const read(commands(R"(
        {"metainfo": {"version": "1.1.0", "json_schema_version": 1}},
        {"add": {"table": {"family": "ip", "name": "table", "flags": ["dormant"], "comment": "c"}}},
        {"counter": {"family": "ip", "table": "table", "name": "a", "packets": 1, "bytes": 2, "comment": "c"}},
        {"quota": {"family": "ip", "table": "table", "name": "b", "bytes": 10, "used": 0, "inv": true}},
        {"limit": {"family": "ip", "table": "table", "name": "c", "rate": 3, "per": "hour", "burst": 9, "unit": "packets"}},
        {"ct helper": {"family": "ip", "table": "table", "name": "d", "type": "ftp", "protocol": "tcp", "l3proto": "ip"}},
        {"ct timeout": {"family": "ip", "table": "table", "name": "e", "protocol": "tcp", "l3proto": "ip", "policy": {"close": 9}}},
        {"ct expectation": {"family": "ip", "table": "table", "name": "f", "protocol": "tcp", "dport": 9, "timeout": 9, "size": 9, "l3proto": "ip"}},
        {"secmark": {"family": "ip", "table": "table", "name": "g", "context": "system_u:object_r:x_t:s0"}},
        {"synproxy": {"family": "ip", "table": "table", "name": "h", "mss": 1460, "wscale": 7, "flags": ["timestamp", "sack-perm"]}},
        {"flowtable": {"family": "ip", "table": "table", "name": "i", "hook": "ingress", "prio": -5, "dev": ["lo", "eth0"]}},
        {"chain": {"family": "ip", "table": "table", "name": "a chain", "comment": "c"}},
        {"chain": {"family": "ip", "table": "table", "name": "in", "type": "filter", "hook": "input", "prio": -10, "policy": "drop"}})"));
    CHECK(read.messages().empty());
    CHECK(read.form() ==
          "chain ip table/a chain\nchain ip table/in\n" // dormant: at no hook
          "unmodelled ip table: counter a { comment \"c\" }\nunmodelled ip table: quota b { over 10 bytes }\n"
          "unmodelled ip table: limit c { rate 3/hour burst 9 packets }\n"
          "unmodelled ip table: ct helper d { type \"ftp\" protocol tcp; l3proto ip }\n"
          "unmodelled ip table: ct timeout e { protocol tcp; l3proto ip; policy = { close : 9, } }\n"
          "unmodelled ip table: ct expectation f { protocol tcp; dport 9; timeout 9; size 9; l3proto ip }\n"
          "unmodelled ip table: secmark g { \"system_u:object_r:x_t:s0\" }\n"
          "unmodelled ip table: synproxy h { mss 1460; wscale 7; timestamp sack-perm }\n"
          "unmodelled ip table: flowtable i { hook ingress priority -5; devices = { \"lo\", \"eth0\" } }\n");
}

TEST_CASE("sets have the elements that are added and not deleted") {
    Read const read(commands(R"(
        {"table": {"family": "ip", "name": "t"}},
        {"chain": {"family": "ip", "table": "t", "name": "c"}},
        {"set": {"family": "ip", "table": "t", "name": "s", "type": ["ifname", "inet_service"], "flags": ["interval"], "size": 9, "auto-merge": true,
                 "policy": "memory", "gc-interval": 90, "comment": "c", "stmt": [{"counter": null}], "elem": [
                 {"elem": {"val": {"concat": ["10", 22]}, "comment": "c", "counter": null}}, {"concat": ["eth*", {"range": [1, 5]}]}]}},
        {"map": {"family": "ip", "table": "t", "name": "m", "type": {"typeof": {"payload": {"protocol": "ip", "field": "saddr"}}},
                 "flags": ["interval"], "map": "verdict", "elem": [[{"prefix": {"addr": "192.0.2.0", "len": 24}}, {"accept": null}], ["*", {"drop": null}]]}},
        {"add": {"element": {"family": "ip", "table": "t", "name": "s", "elem": {"concat": ["7", 80]}}}},
        {"delete": {"element": {"family": "ip", "table": "t", "name": "s", "elem": [{"concat": ["10", 22]}]}}},
        {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"match": {"op": "==",
            "left": {"concat": [{"meta": {"key": "oifname"}}, {"payload": {"protocol": "udp", "field": "dport"}}]}, "right": "@s"}}]}},
        {"rule": {"family": "ip", "table": "t", "chain": "c", "expr": [{"vmap": {"key": {"payload": {"protocol": "ip", "field": "daddr"}}, "data": "@m"}}]}})"));
    CHECK(read.messages().empty());
    CHECK(read.form() == "chain ip t/c\n"
                         "  0: l4proto udp and (oifname eth* & dport 1-5 or oifname 7 & dport 80) -> continue\n"
                         "  1: ip daddr 192.0.2.0/24 -> accept\n"
                         "  1: ip daddr != 192.0.2.0/24 -> drop\n");
}

TEST_CASE("a place in a rule is the value of the JSON that it came from") {
    std::string const text = json_rule(
        R"({"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 22}}, {"accept": null})");
    Read const read(text);
    Rule const& rule = read.reading.ruleset.chains.at(0).rules.at(0);
    CHECK_THAT(std::string(read.sources.text(rule.span)),
               Catch::Matchers::StartsWith(R"({"family": "inet", "table": "t", "chain": "c", "expr")"));
    CHECK(text.ends_with(std::string(read.sources.text(rule.span)) + "}]}"));
    CHECK_THAT(std::string(read.sources.text(rule.match.terms.back().span)),
               Catch::Matchers::StartsWith(R"({"match")"));
    // A rule of one statement is the rule, not the statement.
    Read const short_rule(json_rule(R"({"accept": null})"));
    CHECK_THAT(std::string(short_rule.sources.text(short_rule.reading.ruleset.chains.at(0).rules.at(0).span)),
               Catch::Matchers::StartsWith(R"({"family")"));
    // Text within JSON: the same limit twice is two limits, each at its own place.
    Read const quoted(json_rule(R"("jump {\n\tlimit rate 1/second accept\n\tlimit rate 1/second accept\n}")"));
    auto const& rules = quoted.reading.ruleset.chains.at(2).rules;
    REQUIRE(rules.size() == 2);
    CHECK(opaque_key(rules[0].match.opaque.at(0)) != opaque_key(rules[1].match.opaque.at(0)));
}

TEST_CASE("what is not known is an error with its place, and never dropped") {
    CHECK_THAT(messages_of(commands("\n{\"frob\": {}}")), Contains("2:2 PC002 object \"frob\" "));
    CHECK_THAT(messages_of(json_rule("\n{\"frob\": null}")), Contains("2:2 PC002 statement \"frob\" "));
    CHECK_THAT(messages_of(json_rule(R"({"match": {"op": "==", "left": {"frob": 1}, "right": 1}})")),
               Contains("PC002 expression \"frob\" "));
    CHECK_THAT(messages_of(json_rule(R"({"limit": {"rate": 1, "per": "second", "every": 3}})")),
               Contains("PC002 key \"every\" "));
    CHECK_THAT(messages_of(json_rule(R"({"xt": null})")), Contains("PC002 an xt statement "));
    CHECK_THAT(messages_of(json_rule(R"({"accept": null}, {"jump": {"target": "nowhere"}})")), Contains("PC001"));
    CHECK_THAT(messages_of(commands(R"({"metainfo": {"json_schema_version": 2}})")), Contains("PC002 version 2"));
    CHECK_THAT(
        messages_of(commands(
            R"({"insert": {"rule": {"family": "ip", "table": "t", "chain": "c", "handle": 4, "expr": [{"drop": null}]}}})")),
        Contains("PC002 handle 4 "));
}

TEST_CASE("a wrong value is an error that names its path and what is expected") {
    CHECK_THAT(messages_of(json_rule(R"({"match": {"op": 5, "left": 1, "right": 1}})")),
               Contains("nftables[4].rule.expr[0].match.op: found 5, expected a string"));
    CHECK_THAT(messages_of(json_rule(R"({"match": []})")),
               Contains("nftables[4].rule.expr[0].match: found an array, expected an object"));
    CHECK_THAT(messages_of(json_rule(R"({"ct count": {"val": -1}})")),
               Contains("expr[0][\"ct count\"].val: found -1, expected a number from 0"));
    CHECK_THAT(messages_of(json_rule("")), Contains("expected at least one statement"));
    CHECK_THAT(messages_of("[]"), Contains("the text: found an array, expected {\"nftables\": […]}"));
    CHECK_THAT(messages_of(commands(R"({"table": {"family": "ipv4", "name": "t"}})")),
               Contains("found \"ipv4\", expected ip, ip6, inet"));
    CHECK_THAT(messages_of(commands(R"({"table": {"name": "t"}})")), Contains("expected the key \"family\" in it"));
}

TEST_CASE("no string of the JSON becomes more than one word of nft") {
    std::string const name = R"({"table": {"family": "ip", "name": )";
    CHECK_THAT(messages_of(commands(name + R"("a\"b"}})")), Contains("without quotes and control characters"));
    CHECK_THAT(messages_of(commands(name + R"("a\nb"}})")), Contains("without quotes and control characters"));
    CHECK_THAT(messages_of(commands(name + R"(""}})")), Contains("expected a name"));
    CHECK(messages_of(commands(name + R"("a; flush ruleset"}})")).empty()); // in quotes
    CHECK_THAT(messages_of(json_rule(R"("accept; drop")")), Contains("expected one statement of nft"));
    CHECK_THAT(messages_of(json_rule(R"("accept }")")), Contains("expected one statement of nft"));
    CHECK_THAT(messages_of(json_rule(R"("accept # comment")")), Contains("expected one statement of nft"));
    CHECK_THAT(messages_of(json_rule(R"({"mangle": {"key": {"meta": {"key": "mark set 5 accept"}}, "value": 1}})")),
               Contains("expected a word"));
    Read const keyword(json_rule(
        R"({"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eq"}}, {"jump": {"target": "other"}})"));
    CHECK_THAT(keyword.form(), Contains("iifname eq -> jump other"));
}

TEST_CASE("text that is no JSON is one error at its place") {
    CHECK_THAT(messages_of("{\"nftables\": [\n{\"table\" 5}]}"), Contains("2:10 PC001 not JSON: syntax error"));
    CHECK_THAT(messages_of("{\"nftables\": [], \"nftables\": []}"),
               Contains("1:18 PC001 the key \"nftables\" is there twice"));
    CHECK_THAT(messages_of("{\"nftables\": [\"\xff\"]}"), Contains("PC001 not JSON"));
    CHECK_THAT(messages_of(std::string("{\"nftables\": [\0]}", 17)), Contains("PC001 not JSON"));
    CHECK_THAT(messages_of("{\"nftables\": []} x"), Contains("PC001 not JSON"));
    CHECK_THAT(messages_of("{\"nftables\": " + std::string(100'000, '[')),
               Contains("PC001 nested more than 64 deep"));
    CHECK_THAT(messages_of("{\"nftables\": [1e999]}"), Contains("PC001 not JSON"));
}

TEST_CASE("a text that is cut off anywhere is an error, not a crash") {
    std::string const text = fixture("nft-json/commands/input.json");
    REQUIRE(text.size() > 1000);
    for (std::size_t size = 0; size + 2 < text.size(); ++size)
        CHECK_FALSE(Read(text.substr(0, size)).reading.findings.empty());
    // Nor is one with a byte too few in the middle.
    for (std::size_t at = 0; at < text.size(); at += 3) {
        std::string damaged = text;
        damaged.erase(at, 1);
        Read const read(std::move(damaged));
        for (Finding const& finding : read.reading.findings.all()) CHECK(finding.span.end <= text.size());
    }
}

TEST_CASE("ten million values, and a hundred wrong ones, are enough") {
    std::string zeros = "{\"nftables\": [0";
    for (int i = 0; i < 11'000'000; ++i) zeros += ",0";
    CHECK_THAT(messages_of(zeros + "]}"), Contains("more than 10000000 values"));
    std::string wrong = "{\"nftables\": [0";
    for (int i = 0; i < 5000; ++i) wrong += ",0";
    Read const read(wrong + "]}");
    CHECK(read.reading.findings.all().size() == 101);
    CHECK_THAT(read.messages(), Contains("the rest is not read"));
}
