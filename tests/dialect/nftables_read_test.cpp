// nft to the intermediate form, shown in its canonical text.
#include <catch2/catch.hpp>

#include "dialect/nftables_read.hpp"

using namespace portcullis;

namespace {

struct Read {
    Sources sources;
    Reading reading;
    explicit Read(std::string const& text, ReadOptions const& options = {}) {
        SourceId const source = sources.add("test.nft", text);
        reading = read_nftables(sources, source, options);
    }
    std::string messages() const {
        std::string all;
        for (Finding const& finding : reading.findings.all()) {
            if (finding.rule >= "PC402") continue; // advice, not errors
            all += finding.rule;
            for (auto const& [name, value] : finding.args) all += ' ' + value;
            all += '\n';
        }
        return all;
    }
    Rule const& rule(std::size_t index) const { return reading.ruleset.chains.at(0).rules.at(index); }
};

// A rule in the one base chain of a table, whose other chains and sets the rule may use.
std::string in_chain(std::string const& family, std::string const& rule,
                     std::string const& hook = "type filter hook input priority 0;") {
    return "table " + family + " t {\n chain c {\n " + hook + "\n " + rule + "\n }\n chain other { }\n" +
           " set nets { type ipv4_addr; flags interval; elements = { 10.0.0.0/8, 192.0.2.1 } }\n set empty { type "
           "inet_service; }\n" +
           " set live { type ipv4_addr; flags dynamic; }\n set bits { type tcp_flag; elements = { syn } }\n" +
           " map jumps { type inet_service : verdict; elements = { 22 : accept, 23 : jump other } }\n}\n";
}

// "match -> verdict" for each rule that it becomes, without the number.
std::string lowered(std::string const& family, std::string const& rule,
                    std::string const& hook = "type filter hook input priority 0;") {
    Read const read(in_chain(family, rule, hook));
    std::string all = read.messages();
    for (Rule const& each : read.reading.ruleset.chains.at(0).rules) {
        if (!all.empty() && all.back() != '\n') all += " | ";
        all += to_text(each.match) + " -> " + to_text(each.verdict, read.reading.ruleset);
    }
    return all;
}

struct Row {
    char const* rule;
    char const* expected;
};

void check(std::string const& family, std::initializer_list<Row> rows) {
    for (Row const& row : rows) {
        INFO(family << ": " << row.rule);
        CHECK(lowered(family, row.rule) == row.expected);
    }
}

} // namespace

TEST_CASE("a selector implies the headers that it reads") {
    check(
        "inet",
        {
            {"tcp dport 22 accept", "l4proto tcp and dport 22 -> accept"},
            {"tcp sport 1 tcp dport != 22 accept", "l4proto tcp and sport 1 and dport != 22 -> accept"},
            {"ip saddr 192.0.2.1 drop", "nfproto ipv4 and ip saddr 192.0.2.1 -> drop"},
            {"ip saddr 0.0.0.0/0 accept", "nfproto ipv4 and ip saddr any -> accept"},
            {"ip protocol tcp accept", "nfproto ipv4 and l4proto tcp -> accept"},
            {"ip6 nexthdr icmpv6 accept", "nfproto ipv6 and l4proto icmpv6 and exthdr none -> accept"},
            {"meta l4proto tcp accept", "l4proto tcp -> accept"},
            {"meta l4proto { tcp, udp } th dport 53 accept", "l4proto {tcp, udp} and dport 53 -> accept"},
            {"th dport 53 accept", "l4proto {tcp, udp, dccp, sctp, udplite} and dport 53 -> accept"},
            {"icmp type echo-request accept", "nfproto ipv4 and l4proto icmp and icmp type 8 -> accept"},
            {"icmpv6 type nd-router-advert accept", "nfproto ipv6 and l4proto icmpv6 and icmp type 134 -> accept"},
            {"icmp code host-unreachable accept", "nfproto ipv4 and l4proto icmp and icmp code 1 -> accept"},
            {"esp spi 5 accept", "l4proto esp and esp spi 5 -> accept"},
            {"exthdr frag exists drop", "nfproto ipv6 and [exthdr frag exists] -> drop"},
            {"meta nfproto ipv6 tcp dport 22 accept", "nfproto ipv6 and l4proto tcp and dport 22 -> accept"},
        });
}

TEST_CASE("a table of one family asks for no family") {
    check("ip",
          {{"ip saddr 192.0.2.1 tcp dport 22 accept", "ip saddr 192.0.2.1 and l4proto tcp and dport 22 -> accept"},
           {"icmp type 8 accept", "l4proto icmp and icmp type 8 -> accept"}});
    check("ip6", {{"ip6 saddr 2001:db8::/32 accept", "ip6 saddr 2001:db8::/32 -> accept"},
                  {"icmp type 8 accept", "l4proto icmp and icmp type 8 -> accept"}});
    CHECK(Read(in_chain("ip", "ip6 saddr ::1 drop")).messages() ==
          "PC001 a table of family ip has no ip6 header\n");
}

TEST_CASE("an ether type is a family, and other frames are no packets") {
    check("bridge", {{"ether type ip accept", "nfproto ipv4 -> accept"},
                     {"ether type arp accept", "nfproto {} -> accept"},
                     {"meta protocol != { ip, arp } drop", "nfproto ipv6 -> drop"},
                     {"ether type vlan accept", "[ether type vlan] -> accept"},
                     {"ether saddr 02:00:00:00:00:01 accept", "ether saddr 02:00:00:00:00:01 -> accept"}});
}

TEST_CASE("tcp flags are bits, bytes or masked bytes") {
    check("ip",
          {
              {"tcp flags syn drop", "l4proto tcp and tcp flags != none&syn -> drop"},
              {"tcp flags syn,ack drop", "l4proto tcp and tcp flags != none&syn,ack -> drop"},
              {"tcp flags { syn } drop", "l4proto tcp and tcp flags != none&syn -> drop"},
              {"tcp flags { syn, ack } drop", "l4proto tcp and tcp flags {syn, ack} -> drop"},
              {"tcp flags @bits drop", "l4proto tcp and tcp flags syn -> drop"},
              {"tcp flags == syn drop", "l4proto tcp and tcp flags syn -> drop"},
              {"tcp flags != syn drop", "l4proto tcp and tcp flags != syn -> drop"},
              {"tcp flags ! syn drop", "l4proto tcp and tcp flags none&syn -> drop"},
              {"tcp flags & (syn|ack) == syn drop", "l4proto tcp and tcp flags syn&syn,ack -> drop"},
              {"tcp flags & (syn|ack) != 0 drop", "l4proto tcp and tcp flags != none&syn,ack -> drop"},
              {"tcp flags syn / fin,syn,rst,ack drop", "l4proto tcp and tcp flags syn&fin,syn,rst,ack -> drop"},
              {"tcp flags != syn / syn,ack drop", "l4proto tcp and tcp flags != syn&syn,ack -> drop"},
          });
}

TEST_CASE("conntrack state is one bit of five") {
    check("ip", {
                    {"ct state new,established accept", "ct state new, established -> accept"},
                    {"ct state { new, established } accept", "ct state new, established -> accept"},
                    {"ct state != new accept", "ct state established, related, invalid, untracked -> accept"},
                    // Compared as a whole, and no packet has two states: this is always true.
                    {"ct state != new,established accept",
                     "ct state new, established, related, invalid, untracked -> accept"},
                    {"ct state ! new,established accept", "ct state related, invalid, untracked -> accept"},
                    {"ct state & (established|related) == 0 drop", "ct state {new, invalid, untracked} -> drop"},
                    {"ct status dnat accept", "ct state new, established, related and ct status != none&dnat -> accept"},
                    {"ct direction reply accept", "ct state new, established, related and ct direction reply -> accept"},
                    {"ct original ip daddr 192.0.2.1 accept", "ct state new, established, related and ct original ip daddr 192.0.2.1 -> accept"},
                    {"tcp dport 80 ct original proto-dst != { 80, 443 } accept",
                     "l4proto tcp and dport 80 and ct state new, established, related and ct original proto-dst != {80, 443} -> accept"},
                });
}

TEST_CASE("what a rule has asked before says whose addresses a connection has, and what is missing may be so of any protocol") {
    check("inet",
          {
              {"ip protocol tcp ct original saddr 192.0.2.1 accept", // as nft takes it: the family was said before
               "nfproto ipv4 and l4proto tcp and ct state new, established, related and ct original ip saddr 192.0.2.1 -> accept"},
              {"ct l3proto ipv6 ct reply daddr 2001:db8::1 accept",
               "ct state new, established, related and nfproto ipv6 and ct reply ip6 daddr 2001:db8::1 -> accept"},
              {"tcp option maxseg missing accept", "[tcp option maxseg missing] -> accept"}, // of udp too
              {"tcp option maxseg exists accept", "l4proto tcp and [tcp option maxseg exists] -> accept"},
          });
}

TEST_CASE("values of every modelled field") {
    check("ip", {
                    {"iifname \"eth*\" oif lo accept", "iifname eth* and oifname lo -> accept"},
                    {"iifname != { \"a\", \"b\" } accept", "iifname != {a, b} -> accept"},
                    {"iif 5 accept", "[meta iif 5] -> accept"},
                    {"meta pkttype { broadcast, multicast } drop", "pkttype broadcast, multicast -> drop"},
                    {"fib daddr type local accept", "daddr type local -> accept"},
                    {"fib saddr . iif oif missing drop", "[fib saddr . iif oif missing] -> drop"},
                    {"meta mark and 0xff == 0x10 accept", "mark 0x10&0xff -> accept"},
                    {"ct mark != 0x1 accept", "ct state new, established, related and ct mark != 0x1 -> accept"},
                    {"mark xor 3 == 1 accept", "mark 0x2&0xffffffff -> accept"},
                    {"ip dscp { cs1, ef } accept", "dscp {8, 46} -> accept"},
                    {"ip ttl < 5 accept", "ttl 0-4 -> accept"},
                    {"ip length >= 1400 drop", "length 1400-65535 -> drop"},
                    {"ip saddr & 255.0.0.255 == 10.0.0.1 drop", "ip saddr 10.0.0.1&255.0.0.255 -> drop"},
                    {"ip frag-off & 0x1fff != 0 drop", "fragment yes -> drop"},
                    {"ip saddr 192.0.2.9-192.0.2.12 drop", "ip saddr 192.0.2.9-192.0.2.12 -> drop"},
                });
}

TEST_CASE("sets are their elements, and a declared set without any is empty") {
    check("ip",
          {
              {"ip saddr @nets drop", "ip saddr {10.0.0.0/8, 192.0.2.1} -> drop"},
              {"ip saddr != @nets drop", "ip saddr != {10.0.0.0/8, 192.0.2.1} -> drop"},
              {"tcp dport @empty accept", "l4proto tcp and dport {} -> accept"},
              {"ip saddr @live drop", "[stateful: @live contains ip saddr] -> drop"},
              {"ip saddr @none drop", "PC401 set none\n[@none contains ip saddr] -> drop"},
              {"ip saddr . tcp dport { 192.0.2.1 . 22, 192.0.2.0/28 . 80-90 } accept",
               "l4proto tcp and (ip saddr 192.0.2.1 & dport 22 or ip saddr 192.0.2.0/28 & dport 80-90) -> accept"},
              {"ip saddr . tcp dport != { 192.0.2.1 . 22, 192.0.2.2 . 23 } drop",
               "l4proto tcp and not (ip saddr 192.0.2.1 & dport 22 or ip saddr 192.0.2.2 & dport 23) -> drop"},
              {"ip saddr . meta skuid { 192.0.2.1 . 0, 192.0.2.2 . 1 } drop",
               "(ip saddr 192.0.2.1 & skuid 0 or ip saddr 192.0.2.2 & skuid 1) -> drop"},
          });
    Read const read("table ip t {\n set s { type inet_service; }\n chain c { tcp dport @s accept\n }\n}\nadd "
                    "element ip t s { 80, 81 }\ndelete element ip t s { 81 }\n");
    CHECK(to_text(read.rule(0).match) == "l4proto tcp and dport 80");
}

TEST_CASE("a verdict map is a rule for each element, and a miss goes on") {
    check("ip",
          {
              {"ct state vmap { established : accept, invalid : drop }",
               "ct state established -> accept | ct state invalid -> drop"},
              {"tcp dport vmap @jumps",
               "l4proto tcp and dport 22 -> accept | l4proto tcp and dport 23 -> jump other"},
              {"ip saddr vmap { 10.0.0.0/8 : jump other, * : drop }",
               "ip saddr 10.0.0.0/8 -> jump other | ip saddr != 10.0.0.0/8 -> drop"},
              {"tcp dport vmap { 22 : continue, 23 : drop } ip saddr 192.0.2.1 accept",
               "l4proto tcp and dport 22 and ip saddr 192.0.2.1 -> accept | l4proto tcp and dport 23 -> drop"},
              {"tcp dport vmap @nowhere",
               "PC401 map nowhere\nl4proto tcp and [stateful: tcp dport vmap @nowhere accepts] -> accept | l4proto "
               "tcp and [stateful: tcp dport vmap @nowhere drops] -> drop"},
          });
    Read const read(in_chain("ip", "ct state vmap { established : accept, invalid : drop }"));
    CHECK(read.rule(0).origin == read.rule(1).origin);
    CHECK(read.sources.text(read.rule(1).span) == "invalid : drop");
}

TEST_CASE("statements that are no matches") {
    check("inet",
          {
              {"counter log prefix \"x\"", "any -> continue"},
              {"limit rate over 5/second burst 9 packets drop",
               "not [stateful: limit rate 5/second burst 9 packets] -> drop"},
              {"reject with tcp reset", "l4proto tcp -> reject"},
              {"reject with icmp host-unreachable", "nfproto ipv4 -> reject"},
              {"reject", "any -> reject"},
              {"queue num 1", "[stateful: queue num 1 accepts] -> accept | [stateful: queue num 1 drops] -> drop"},
              {"meta mark set ip saddr map { 192.0.2.1 : 1 } accept",
               "nfproto ipv4 and ip saddr 192.0.2.1 -> accept"},
              {"update @live { ip saddr } accept", "nfproto ipv4 -> accept"},
              {"add @live { ip saddr limit rate 1/second } drop",
               "nfproto ipv4 and [stateful: add @live { ip saddr limit rate 1/second }] -> drop"},
              {"jump { tcp dport 1 accept; drop }", "any -> jump {} 1"},
              {"drop counter", "PC001 a statement after a verdict\nany -> drop"},
              {"jump nowhere", "PC401 chain nowhere\nany -> jump (undefined)"},
              {"jump c", "PC001 'c' is a base chain, which no rule can jump to\nany -> jump c"},
          });
    Read const read(in_chain("ip", "meta mark set 0x5 ct mark set meta mark notrack log counter accept"));
    Effects const& effects = read.rule(0).effects;
    CHECK((effects.log && effects.counter && effects.notrack));
    CHECK(effects.sets == std::vector<std::string>{"meta mark set 0x5", "ct mark set meta mark"});
}

TEST_CASE("address translation says where to, by element where it is looked up") {
    Row const rows[] = {
        {"tcp dport 80 dnat to 192.0.2.1:8080", "l4proto tcp and dport 80 -> dnat to 192.0.2.1 port 8080"},
        {"oifname \"wan\" masquerade", "oifname wan -> masquerade"},
        {"tcp dport 53 redirect to :5353", "l4proto tcp and dport 53 -> redirect port 5353"},
        {"dnat to tcp dport map { 1 : 192.0.2.1, 2 : 192.0.2.2 }",
         "l4proto tcp and dport 1 -> dnat to 192.0.2.1 | l4proto tcp and dport 2 -> dnat to 192.0.2.2"},
        {"snat to jhash ip saddr mod 2 map { 0 : 192.0.2.1 }", "[jhash ip saddr mod 2 0] -> snat to 192.0.2.1"},
    };
    for (Row const& row : rows) {
        INFO(row.rule);
        CHECK(lowered("ip", row.rule, "type nat hook postrouting priority srcnat;") == row.expected);
    }
    CHECK(lowered("inet", "tcp dport 80 dnat ip6 to [2001:db8::1]:80", "type nat hook prerouting priority -100;") ==
          "l4proto tcp and dport 80 and nfproto ipv6 -> dnat to 2001:db8::1 port 80");
}

TEST_CASE("hooks have priorities by name, by family, with offsets") {
    struct Hooked {
        char const* family;
        char const* hook;
        int priority;
    };
    for (Hooked const& row : {Hooked{"ip", "type filter hook prerouting priority raw;", -300},
                              {"inet", "type filter hook input priority filter - 10;", -10},
                              {"bridge", "type filter hook forward priority filter;", -200},
                              {"bridge", "type filter hook postrouting priority srcnat;", 300},
                              {"ip", "type nat hook prerouting priority dstnat + 5;", -95},
                              {"ip", "type filter hook input priority -150;", -150}}) {
        INFO(row.family << ' ' << row.hook);
        Read const read(in_chain(row.family, "accept", row.hook));
        CHECK(read.messages().empty());
        CHECK(read.reading.ruleset.chains[0].hook->priority == row.priority);
    }
    Read const omitted(in_chain("ip", "accept"));
    CHECK(std::holds_alternative<Accept>(omitted.reading.ruleset.chains[0].policy));
    CHECK_FALSE(omitted.reading.ruleset.chains[0].explicit_policy);
    Read const six(in_chain("ip6", "accept"));
    CHECK((!six.reading.ruleset.chains[0].hook->v4 && six.reading.ruleset.chains[0].hook->v6));
    Read const arp(in_chain("arp", "arp operation request accept"));
    CHECK((!arp.reading.ruleset.chains[0].hook->v4 && !arp.reading.ruleset.chains[0].hook->v6));
    Read const dormant("table ip t {\n flags dormant;\n chain c { type filter hook input priority 0; }\n}\n");
    CHECK_FALSE(dormant.reading.ruleset.chains[0].hook);
}

TEST_CASE("commands change what stands before them") {
    Read const read("table ip old {\n chain c { accept\n }\n}\nflush ruleset\nadd table ip t\nadd chain ip t "
                    "c\nadd rule ip t c tcp dport 1 accept\n"
                    "insert rule ip t c tcp dport 2 accept\nadd rule ip t c index 0 tcp dport 3 accept\ntable ip t "
                    "{\n chain c {\n tcp dport 4 accept\n }\n}\nrename chain ip t c d\n");
    CHECK(read.messages().empty());
    CHECK(to_text(read.reading.ruleset) ==
          "ruleset nftables\nchain ip t/d\n"
          "  0: l4proto tcp and dport 2 -> accept\n  1: l4proto tcp and dport 3 -> accept\n"
          "  2: l4proto tcp and dport 1 -> accept\n  3: l4proto tcp and dport 4 -> accept\n");
    CHECK(Read("table ip t { chain c { accept\n }\n}\nflush chain ip t c\n")
              .reading.ruleset.chains.at(0)
              .rules.empty());
    CHECK(Read("table ip t { }\ndelete table ip t\n").reading.ruleset.chains.empty());
    CHECK(Read("delete rule ip t c handle 4\n").messages() ==
          "PC002 handle 4 handles exist in the kernel only, not in the file\n");
}

TEST_CASE("variables hold values from their definition to the end of their block") {
    Read const read("define p = 22\ndefine host = 192.0.2.1\ndefine nets = { 10.0.0.0/8, $host }\nredefine nets = "
                    "{ 10.0.0.0/8, $host }\n"
                    "table ip t {\n chain c {\n  define q = 80\n  tcp dport $p ip saddr $nets accept\n  tcp dport "
                    "$q accept\n }\n chain d {\n  tcp dport $q accept\n }\n}\n"
                    "redefine p = 23\nadd rule ip t c tcp dport { $p, 24 } accept\n");
    CHECK(read.messages() == "PC401 variable q\n");
    CHECK(to_text(read.rule(0).match) == "l4proto tcp and dport 22 and ip saddr {10.0.0.0/8, 192.0.2.1}");
    CHECK(to_text(read.rule(1).match) == "l4proto tcp and dport 80");
    CHECK(to_text(read.rule(2).match) == "l4proto tcp and dport 23-24");
    CHECK(to_text(read.reading.ruleset.chains.at(1).rules.at(0).match) == "l4proto tcp and [tcp dport $q]");
}

TEST_CASE("a mark is set for every packet that comes so far in its rule") {
    for (auto const& [rule, expected] : {
             Row{"ip saddr 192.0.2.1 meta mark set 5 tcp dport 22 accept",
                 "ip saddr 192.0.2.1 and l4proto tcp and dport 22 -> accept | ip saddr 192.0.2.1 -> continue"},
             // What comes back, and what is asked of the new mark, sees it set.
             Row{"ip saddr 192.0.2.1 meta mark set 5 tcp dport 22 jump other",
                 "ip saddr 192.0.2.1 -> continue | ip saddr 192.0.2.1 and l4proto tcp and dport 22 -> jump other"},
             Row{"meta mark set 5 meta mark 5 accept", "any -> continue | mark 0x5 -> accept"},
             // What an answer presupposes stands before everything else.
             Row{"ip saddr 192.0.2.1 meta mark set 5 reject with tcp reset",
                 "ip saddr 192.0.2.1 and l4proto tcp -> reject"},
             Row{"tcp dport 22 meta mark set 5 accept", "l4proto tcp and dport 22 -> accept"},
             Row{"meta mark set tcp dport map { 22 : 1, 80 : 2 } accept",
                 "l4proto tcp and dport 22 -> accept | l4proto tcp and dport 80 -> accept"},
         }) {
        INFO(rule);
        CHECK(lowered("ip", rule) == expected);
    }
}

TEST_CASE("of overlapping concatenated elements the first alone is taken") {
    CHECK(lowered("ip", "ip daddr . tcp dport vmap { 192.0.2.0-192.0.2.9 . 22 : jump other, 192.0.2.5-192.0.2.20 . 22 : accept }") ==
          "l4proto tcp and ip daddr 192.0.2.0/29, 192.0.2.8/31 and dport 22 -> jump other | l4proto tcp and ip daddr "
          "192.0.2.5-192.0.2.20 and dport 22 and not (ip daddr 192.0.2.0/29, 192.0.2.8/31 & dport 22) -> accept");
}

TEST_CASE("what a tunnel carries is opaque, and asks for the protocol around it") {
    for (auto const& [rule, expected] : {
             Row{"vxlan vni 10 accept", "l4proto udp and [vxlan vni 10] -> accept"},
             Row{"geneve tcp dport 22 accept", "l4proto udp and [geneve tcp dport 22] -> accept"},
             Row{"gre ip saddr 192.0.2.1 accept", "l4proto gre and [gre ip saddr 192.0.2.1] -> accept"},
             Row{"tunnel id 5 accept", "[tunnel id 5] -> accept"},
         }) {
        INFO(rule);
        CHECK(lowered("ip", rule) == expected);
    }
}

TEST_CASE("an include continues the block that it stands in") {
    std::map<std::string, std::string> const files{{"names", "define port = 22\n"},
                                                   {"sets", "set s { type inet_service; elements = { 80 } }\n"},
                                                   {"rules", "tcp dport $port accept\ntcp dport @s accept\n"},
                                                   {"loop", "include \"loop\"\n"}};
    Sources sources;
    ReadOptions options;
    options.include = [&](std::string const& pattern, SourceId) {
        Included found;
        if (auto const file = files.find(pattern); file != files.end())
            found.sources.push_back(sources.add(file->first, file->second));
        else
            found.error = "no such file";
        return found;
    };
    SourceId const source = sources.add("main", "flush ruleset\ninclude \"names\"\ntable ip t {\n include \"sets\"\n chain c {\n "
                                                "include \"rules\"\n }\n}\ninclude \"gone\"\ninclude \"loop\"\n");
    Reading const reading = read_nftables(sources, source, options);
    REQUIRE(reading.findings.all().size() == 2);
    CHECK(reading.findings.all()[0].args.at("construct") == "include \"gone\"");
    CHECK(reading.findings.all()[0].args.at("why") == "no such file");
    CHECK(reading.findings.all()[1].args.at("why") == "loop includes itself");
    REQUIRE(reading.ruleset.chains.at(0).rules.size() == 2);
    CHECK(to_text(reading.ruleset.chains[0].rules[1].match) == "l4proto tcp and dport 80");
}

TEST_CASE("a rule's comment is its own, or the one beside or above it") {
    Read const read("table ip t {\n chain c {\n  # first\n  # second\n  accept\n  drop # beside\n\n  # not "
                    "mine\n\n  drop comment \"own\" # other\n  drop\n }\n}\n");
    auto const& rules = read.reading.ruleset.chains.at(0).rules;
    CHECK(rules.at(0).comment == "first second");
    CHECK(rules.at(1).comment == "beside");
    CHECK(rules.at(2).comment == "own");
    CHECK(rules.at(3).comment.empty());
}

TEST_CASE("values that do not fit are errors, and the rule stays") {
    check("ip", {
                    {"tcp dport 70000 accept",
                     "PC001 70000 is more than 65535\nl4proto tcp and [tcp dport 70000] -> accept"},
                    {"tcp dport frobnicate accept",
                     "PC001 'frobnicate' is not a port\nl4proto tcp and [tcp dport frobnicate] -> accept"},
                    {"ip saddr 192.0.2.300 accept",
                     "PC001 '192.0.2.300' is not an IPv4 address\n[ip saddr 192.0.2.300] -> accept"},
                    {"ip saddr host.example.net accept",
                     "[ip saddr host.example.net] -> accept"}, // looked up when nft loads it
                    {"tcp dport 90-80 accept",
                     "PC001 the range ends before it begins\nl4proto tcp and [tcp dport 90-80] -> accept"},
                    {"ip saddr . tcp dport { 192.0.2.1, 192.0.2.2 . 22 } accept",
                     "PC001 expected 2 values with '.' between, found 1\nl4proto tcp and [ip saddr . tcp dport { "
                     "192.0.2.1, 192.0.2.2 . 22 }] -> accept"},
                });
}

TEST_CASE("variables that double each other come to an end") {
    std::string text = "define a0 = { 192.0.2.1, 192.0.2.2 }\n";
    for (int i = 1; i < 60; ++i)
        text += "define a" + std::to_string(i) + " = { $a" + std::to_string(i - 1) + ", $a" +
                std::to_string(i - 1) + " }\n";
    Read const read(text + "table ip t {\n chain c {\n ip saddr $a59 drop\n }\n}\n");
    CHECK(read.messages().starts_with("PC002"));
}
