// The nftables grammar by itself: what it takes apart, where things stand, and how it goes on after an error.
#include <catch2/catch.hpp>

#include "grammars/nftables/lexer.hpp"
#include "grammars/nftables/parse.hpp"
#include "grammars/nftables/selectors.hpp"

using namespace portcullis;
using namespace portcullis::nftables;

namespace {

File parse_text(std::string_view text) { return nftables::parse(text, 0); }

// The text as the body of a chain, which must have no errors.
std::vector<nftables::Rule> rules_of(std::string const& body) {
    std::string const text = body + '\n';
    File const file = nftables::parse(text, 0, Place::chain);
    for (SyntaxError const& error : file.errors) FAIL_CHECK(body << ": " << to_string(error));
    std::vector<nftables::Rule> rules;
    for (auto const& item : file.chain.items)
        if (auto const* const rule = std::get_if<nftables::Rule>(&item)) rules.push_back(*rule);
    return rules;
}

bool is_rule(std::string const& body) {
    File const file = nftables::parse(body + '\n', 0, Place::chain);
    return file.errors.empty() && file.chain.items.size() == 1;
}

} // namespace

TEST_CASE("every sort of statement is a rule") {
    for (char const* const rule :
         {"accept",
          "jump x",
          "goto $y",
          "jump { tcp dport 22 accept; drop }",
          "counter packets 1 bytes 2 name_it",
          "notrack",
          "ip saddr 192.0.2.1-192.0.2.9 ip6 daddr 2001:db8::/32",
          "tcp flags & (syn|ack) == syn",
          "tcp flags syn / fin,syn,rst,ack",
          "ct state new,established",
          "ct original ip saddr 192.0.2.1",
          "ct count over 10 reject with tcp reset",
          "meta mark set ct mark & 0xff",
          "meta mark set (meta mark | 0x10) << 8",
          "meta priority 1:1234",
          "meta hour \"17:00\" drop",
          "fib saddr . iif oif missing drop",
          "socket cgroupv2 level 1 \"user.slice\"",
          "osf ttl skip version \"Linux:3.0\"",
          "numgen inc mod 10 < 3",
          "jhash ip saddr . tcp sport mod 2 seed 0x1 offset 3 vmap { 0 : drop }",
          "@nh,96,32 0x0a000001",
          "tcp option maxseg size set rt mtu",
          "tcp option @255,8,8 255",
          "sctp chunk init flags 23",
          "ip option lsrr exists",
          "exthdr frag exists",
          "rt0 addr[1] ::1",
          "srh sid[2] dead::beef",
          "ipsec in spnum 1 reqid 1",
          "arp saddr ip 192.0.2.1",
          "vlan id { 1, 2-5 } vlan pcp 3",
          "ether saddr 0:1:2:3:4:5",
          "ip6 saddr vmap { 2001:db8:::accept, ::1 : drop }",
          "ip saddr . tcp dport vmap { 192.0.2.0/24 . 1-1023 counter : jump x, * : drop }",
          "log prefix \"x \" level info group 2 snaplen 64 queue-threshold 5 flags tcp sequence,options flags all",
          "limit rate over 10 mbytes/second burst 2 kbytes",
          "limit name \"x\"",
          "quota until 25 mbytes used 2 kbytes",
          "counter name tcp dport map { 80 : \"a\" }",
          "dnat ip6 to [2001:db8::1]-[2001:db8::9]:80-90 persistent",
          "snat ip prefix to ip saddr map { 10.0.0.0/8 : 192.0.2.0/24 }",
          "dnat ip addr . port to ip saddr . tcp dport map @m",
          "dnat to numgen inc mod 2 map { 0 : 192.0.2.1, 1 : 192.0.2.2 }",
          "masquerade to :1024-65535 random,persistent",
          "redirect to :8080",
          "queue flags bypass,fanout to 1-3",
          "queue num 4-5 fanout bypass",
          "dup to 192.0.2.1 device \"eth0\"",
          "fwd ip to 192.0.2.1 device $d",
          "tproxy ip6 to [::1]:50080",
          "tproxy to :50080",
          "synproxy mss 1460 wscale 7 timestamp sack-perm",
          "flow add @f",
          "flow table m { ip saddr limit rate 1/second }",
          "add @s { ip saddr . tcp dport timeout 5m limit rate over 3/minute comment \"x\" }",
          "update @m { ip saddr : meta mark }",
          "delete @s { ip saddr }",
          "set update ip saddr timeout 5s @s",
          "meter m size 64 { ip saddr ct count over 3 } drop",
          "ct helper set \"ftp\"",
          "ct event set new,destroy",
          "reset tcp option sack-perm",
          "reject with icmp type 3",
          "xt match \"recent\"",
          "meta secmark set ct secmark",
          "ip dscp set cs1 comment \"marks\""}) {
        INFO(rule);
        CHECK(is_rule(rule) == (std::string_view(rule).find("name_it") == std::string_view::npos));
    }
}

TEST_CASE("selectors of two words are known by the table") {
    auto const rules = rules_of("tcp dport 22 iifname \"eth0\"");
    REQUIRE(rules.size() == 1);
    REQUIRE(rules[0].statements.size() == 2);
    CHECK(std::get<nftables::Match>(rules[0].statements[0].form).left.selector == selector_index("tcp", "dport"));
    CHECK(std::get<nftables::Match>(rules[0].statements[1].form).left.selector ==
          selector_index("meta", "iifname"));
}

TEST_CASE("operators bind as in nft: shifts, then &, ^ and |") {
    auto const rules = rules_of("meta mark & 1 | 2 ^ 4 << 3 == 5");
    Expr const& tree = std::get<nftables::Match>(rules.at(0).statements.at(0).form).left;
    REQUIRE(tree.kind == Expr::Kind::operation);
    CHECK(tree.op == Operator::bit_or);
    CHECK(tree.parts[0].op == Operator::bit_and);
    CHECK(tree.parts[1].op == Operator::bit_xor);
    CHECK(tree.parts[1].parts[1].op == Operator::shift_left);
}

TEST_CASE("spans cover a rule from its first to its last character") {
    std::string_view const text =
        "table t {\n\tchain c {\n\t\ttcp dport { 22,\n\t\t\t80 } \\\n\t\taccept # why\n\t}\n}\n";
    File const file = parse_text(text);
    REQUIRE(file.errors.empty());
    auto const& table = std::get<Table>(std::get<Command>(file.items.at(0)).payload);
    auto const& rule = std::get<nftables::Rule>(std::get<nftables::Chain>(table.items.at(0)).items.at(0));
    CHECK(text.substr(rule.span.begin, rule.span.end - rule.span.begin) ==
          "tcp dport { 22,\n\t\t\t80 } \\\n\t\taccept");
    REQUIRE(file.comments.size() == 1);
    CHECK(text.substr(file.comments[0].begin, file.comments[0].end - file.comments[0].begin) == "# why");
}

TEST_CASE("commands and blocks of every sort are read") {
    for (char const* const command :
         {"table t { flags dormant; comment \"x\"; }",
          "table bridge b {}",
          "add table netdev n { }",
          "flush ruleset",
          "flush ruleset ip6",
          "delete table inet t",
          "destroy table t",
          "add chain t c { type nat hook prerouting priority dstnat + 5; policy accept; comment \"x\"; }",
          "chain t c { type filter hook ingress devices = { a, \"b\" } priority $p; flags offload; }",
          "add rule t c handle 5 accept",
          "rule ip6 t c index 3 drop",
          "t c tcp dport 22 accept",
          "add t c drop",
          "insert rule t c position 4 accept",
          "replace rule t c handle 4 accept",
          "delete rule t c handle 5",
          "rename chain t c d",
          "add set t s { type ipv4_addr . inet_service; flags interval,timeout; timeout 1d2h; gc-interval 5s; size "
          "10; auto-merge; policy memory; }",
          "add map t m { typeof ip saddr : meta mark; elements = { 192.0.2.1 : 1 } }",
          "add map t m { type ipv4_addr : counter; }",
          "add element t s { 192.0.2.1 timeout 5s expires 2s comment \"x\", * }",
          "delete element t s { 1 }",
          "add counter t c1",
          "add quota t q { over 5 mbytes }",
          "add ct helper t h { type \"ftp\" protocol tcp; }",
          "add flowtable t f { hook ingress priority 0; devices = { eth0 }; }",
          "add secmark t s \"x\"",
          "list ruleset",
          "reset counters",
          "define x = { 1, 2 }",
          "define n = -5",
          "redefine x = a . b",
          "undefine x",
          "include \"/etc/nftables.d/*.nft\"",
          "add synproxy t p mss 1460 wscale 7"}) {
        INFO(command);
        std::string const text = std::string(command) + '\n';
        File const file = parse_text(text);
        for (SyntaxError const& error : file.errors) FAIL_CHECK(to_string(error));
        CHECK(file.items.size() == 1);
    }
}

TEST_CASE("errors say what was found and expected, and where") {
    struct Row {
        char const* text;
        char const* message;
        std::uint32_t offset;
    };
    Row const rows[] = {
        {"tcp dprot 22\n", "expected field of the header, found 'dprot'", 4},
        {"tcp dport { 22, 80 accept\n", "expected ',' or '}', found 'accept'", 19},
        {"tcp dport\n", "expected value, found end of line", 9},
        {"accept accept_\n", "expected statement or end of line, found 'accept_'", 7},
        {"jump\n", "expected chain, found end of line", 4},
        {"log prefix\n", "expected string, found end of line", 10},
        {"dnat to\n", "expected address or port, found end of line", 7},
        {"type filter hook input\n", "expected priority, found end of line", 22},
        {"ip saddr (((\n", "expected value, found end of line", 12},
        {"frobnicate\n", "expected statement, found 'frobnicate'", 0},
        {"tcp dport \"22\n", "expected value, found '\"'", 10},
    };
    for (Row const& row : rows) {
        INFO(row.text);
        File const file = nftables::parse(row.text, 0, Place::chain);
        REQUIRE(file.errors.size() == 1);
        CHECK(to_string(file.errors[0]) == row.message);
        CHECK(file.errors[0].span.begin == row.offset);
    }
}

TEST_CASE("what begins with a digit ends where no number, address or duration goes on") { // as nft 1.0.6 has each of them
    for (std::string const rule : {"tcp dport 22accept", "tcp dport 22-23accept", "ip saddr 192.0.2.1accept", "limit rate 10kbytes/second accept", "limit rate 10/second burst 5packets accept",
                                   "ether type 8021q accept", "ct expiration 1d2h3m4s5ms accept", "ct expiration 1h500ms accept", "ct expiration 5m30s accept", "tcp dport 0x16 accept", "meta hour 12:30 accept",
                                   "ether saddr 00:11:22:aa:bb:cc accept", "quota 25 mbytes drop", "meta mark set 0xor 0x2", "iifname .* accept", "ip saddr . tcp dport { 192.0.2.1. 22 } accept"}) {
        INFO(rule);
        CHECK(is_rule(rule));
    }
    for (std::string const rule : {"iifname 0eth0 accept", "ip saddr 1p.1.1.1 accept", "vlan type 8021qx accept", "ct expiration 1s5m accept", "tcp dport 0x16accept", "ip saddr . tcp dport { 192.0.2.1 .22 } accept",
                                   "ip saddr. tcp dport { 192.0.2.1 . 22 } accept", "ip saddr 203.a0.113.0/24 drop"}) {
        INFO(rule);
        CHECK_FALSE(is_rule(rule));
    }
}

TEST_CASE("the statements after an error are read") {
    File const file = parse_text("table t {\n chain a {\n  tcp dport { 22, 80 accept\n  drop\n }\n chain b bad {\n "
                                 " accept\n }\n chain c {\n  accept\n }\n}\nfoo {\n}\nadd table u\n");
    CHECK(file.errors.size() == 3);
    REQUIRE(file.items.size() == 2);
    auto const& table = std::get<Table>(std::get<Command>(file.items[0]).payload);
    REQUIRE(table.items.size() == 2);
    CHECK(std::get<nftables::Chain>(table.items[0]).items.size() == 1);
    CHECK(std::get<nftables::Chain>(table.items[1]).name == "c");
}

TEST_CASE("a string may have several lines, and one that does not end has none") {
    CHECK(rules_of("accept comment \"one\ntwo { three\" # \"four\ndrop").size() == 2);

    File const file = nftables::parse("accept comment \"one\ndrop comment \"two\"\naccept\n", 0, Place::chain);
    REQUIRE(file.errors.size() == 1);
    CHECK(to_string(file.errors[0]) == "expected string, found '\"'");
    CHECK(file.chain.items.size() == 2);
}

TEST_CASE("a word or string that is longer than a token is an error") {
    std::size_t const aliased = nftables::Token::longest + 1 + std::string_view("accept").size();
    for (std::string const& text : {"accept" + std::string(aliased - 6, 'x'), "drop comment \"" + std::string(aliased, 'x') + '"'}) {
        File const file = nftables::parse(text + '\n', 0, Place::chain);
        CHECK(file.errors.size() == 1);
        CHECK(file.chain.items.empty());
    }
}

TEST_CASE("what a block without its end says is kept") {
    File const file = parse_text("table t {\n chain a {\n  accept\n");
    CHECK(file.errors.size() == 2);
    REQUIRE(file.items.size() == 1);
}

TEST_CASE("nesting is bounded") {
    std::string const parens = "tcp flags & " + std::string(5000, '(') + "syn\n";
    std::string const braces = "ip saddr " + std::string(5000, '{') + "\n";
    std::string jumps;
    for (int i = 0; i < 5000; ++i) jumps += "jump { ";
    std::string operators = "tcp flags syn";
    for (int i = 0; i < 5000; ++i) operators += "|syn";
    for (std::string const& text : {parens, braces, jumps, operators})
        CHECK_FALSE(nftables::parse(text, 0, Place::chain).errors.empty());
}

TEST_CASE("errors are capped") {
    std::string text;
    for (int i = 0; i < 3000; ++i) text += "bogus\n";
    File const file = nftables::parse(text, 0, Place::chain);
    CHECK(file.errors.size() == error_limit);
    CHECK(to_string(file.errors.back()) == "too many errors; the rest of the text is not read");
}
