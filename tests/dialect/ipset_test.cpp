// ipset save text: what of it is refused as ipset refuses it, and which packets the sets have. Facts marked
// "kernel" were seen with `ipset test` in a network namespace.
#include <catch2/catch.hpp>

#include "dialect/ipset_members.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"

using namespace portcullis;

namespace {

struct Sets {
    Sources sources;
    IpsetReading reading;
    explicit Sets(std::string const& text) : reading(read_ipset(sources, sources.add("ipsets", text))) {}

    // The only error, as "line:column: sentence"; empty without one.
    std::string error() const {
        std::string all;
        for (Finding const& finding : reading.findings.all()) {
            Location const at = sources[finding.span.source].locate(finding.span.begin);
            std::string const what = finding.args.contains("error") ? finding.args.at("error") : finding.rule;
            all +=
                (all.empty() ? "" : "\n") + std::to_string(at.line) + ':' + std::to_string(at.column) + ": " + what;
        }
        return all;
    }
    std::size_t size(std::string const& name) const { return reading.sets.at(name).entries.size(); }
};

// The rule "-m set MATCH -j ACCEPT" in INPUT, and the sets.
struct Rule1 {
    Reading reading;
    Rule1(std::string const& sets, std::string const& match, Dialect dialect = Dialect::iptables,
          std::string const& more = "") {
        Sources sources;
        ReadOptions options;
        options.ipsets = std::make_shared<Ipsets const>(Sets(sets).reading.sets);
        std::string const text =
            "*filter\n:INPUT DROP [0:0]\n-A INPUT -m set " + match + " -j ACCEPT\n" + more + "COMMIT\n";
        reading = read(sources, sources.add("rules", text), dialect, options);
    }
    Match const& match() const { return reading.ruleset.chains.at(0).rules.at(0).match; }
    bool accepts(std::string const& packet) const {
        ParsedPacket const parsed = parse_packet(packet);
        REQUIRE(parsed.packet);
        auto const answer = matches(match(), *parsed.packet);
        REQUIRE(answer.has_value()); // nothing is opaque
        return *answer;
    }
    bool is_opaque() const { return !match().opaque.empty(); }
    bool is_stateful() const { return is_opaque() && match().opaque.front().stateful; }
};

} // namespace

TEST_CASE("what ipset save writes of every type is read") {
    Sets const sets(
        "create a bitmap:ip range 10.0.0.0-10.0.0.255 timeout 0 counters comment skbinfo\n"
        "add a 10.0.0.1 timeout 0 packets 3 bytes 180 comment \"two words\" skbmark 0x1/0xff skbprio 1:2 skbqueue "
        "3\n"
        "create b bitmap:ip,mac range 10.0.0.0-10.0.0.255\nadd b 10.0.0.2,00:01:02:03:04:05\n"
        "create c bitmap:port range 0-1023\nadd c 80\nadd c 100-102\n"
        "create d hash:ip family inet6 hashsize 1024 maxelem 65536 bucketsize 12 initval 0xfc1e5387\n"
        "add d 2001:db8::1\n"
        "create e hash:net family inet hashsize 1024 maxelem 65536\nadd e 10.0.0.0/8\nadd e 10.1.0.0/16 nomatch\n"
        "create f hash:ip,port family inet\nadd f 10.0.0.1,tcp:80\nadd f 10.0.0.1,icmp:echo-request\nadd f "
        "10.0.0.1,gre:0\n"
        "create g hash:net,port family inet\nadd g 10.0.0.0/8,udp:53\n"
        "create h hash:ip,port,ip family inet\nadd h 10.0.0.1,tcp:80,10.0.0.2\n"
        "create i hash:ip,port,net family inet\nadd i 10.0.0.1,tcp:80,10.2.0.0/16\n"
        "create j hash:net,net family inet\nadd j 10.0.0.0/8,192.168.0.0/16\n"
        "create k hash:net,port,net family inet\nadd k 10.0.0.0/8,tcp:80,192.168.0.0/16\n"
        "create l hash:ip,mark family inet markmask 0x000000ff\nadd l 10.0.0.1,0x00000001\n"
        "create m hash:mac hashsize 1024\nadd m 00:01:02:03:04:05\n"
        "create n hash:ip,mac family inet\nadd n 10.0.0.1,00:01:02:03:04:05\n"
        "create o hash:net,iface family inet\nadd o 10.0.0.0/8,eth0\nadd o 10.0.0.0/8,physdev:eth1\nadd o "
        "0.0.0.0/0,tun wildcard\n"
        "create p list:set size 8\nadd p e\nadd p a before e\n");
    CHECK(sets.error() == "");
    CHECK(sets.reading.sets.size() == 16);
    CHECK(sets.size("c") == 4);
    CHECK(sets.reading.sets.at("p").members == std::vector<std::string>{"a", "e"});
}

TEST_CASE("a range or a network of a hash of addresses is each of them, and of networks the fewest that cover it") {
    Sets const sets("create a hash:ip\nadd a 10.0.0.0/24\nadd a 10.0.1.1-10.0.1.4\n"
                    "create b hash:ip netmask 24\nadd b 10.0.0.0/16\n"
                    "create c hash:net\nadd c 10.0.0.1-10.0.0.6\n"
                    "create d hash:ip,port\nadd d 10.0.0.0/30,udp:1-3\n");
    CHECK(sets.error() == "");
    CHECK(sets.size("a") == 260);
    CHECK(sets.size("b") == 256);
    CHECK(sets.size("c") == 4);
    CHECK(sets.size("d") == 12);
}

TEST_CASE("what ipset refuses is an error at its place") {
    auto const [text, error] = GENERATE(table<std::string, std::string>({
        {"create a hash:nets", "1:10: unknown type of set 'hash:nets'; there are bitmap:ip"},
        {"create a hash:ip\ncreate a hash:ip", "2:8: the set 'a' exists already"},
        {"create a hash:ip range 10.0.0.0/24", "1:18: hash:ip has no option 'range'"},
        {"create a hash:ip timeout 1 timeout 2", "1:28: 'timeout' is given twice"},
        {"create a hash:ip family inet5", "1:25: the family is inet or inet6, not 'inet5'"},
        {"create a hash:ip netmask 33", "1:1: 'netmask' is a length from 1 to 32"},
        {"create a bitmap:port", "1:1: bitmap:port needs a range"},
        {"create a bitmap:ip range 10.0.0.0/8", "1:1: the range is larger than 65536"},
        {"create abcdefghijklmnopqrstuvwxyzabcdef hash:ip", "1:8: the name of a set has at most 31 characters"},
        {"add a 10.0.0.1", "1:5: PC401"},
        {"create a hash:ip\nadd a 10.0.0.1\nadd a 10.0.0.1", "3:7: the entry is in the set 'a' already"},
        {"create a hash:ip\nadd a 0.0.0.0", "2:7: an address of all zeros"},
        {"create a hash:ip\nadd a 2001:db8::1", "2:7: '2001:db8::1' is not an IPv4 address"},
        {"create a hash:ip family inet6\nadd a 2001:db8::/64", "2:7: a single address is expected"},
        {"create a hash:net\nadd a 10.0.0.0/33", "2:7: '33' is not a length from 0 to 32"},
        {"create a hash:net\nadd a 0.0.0.0/0", "2:7: hash:net cannot have a network of length 0"},
        {"create a hash:ip\nadd a 10.0.0.1 nomatch", "2:16: hash:ip has no option 'nomatch'"},
        {"create a hash:ip\nadd a 10.0.0.1 timeout 5", "2:1: 'timeout' needs a set that is created with 'timeout'"},
        {"create a hash:ip maxelem 2\nadd a 10.0.0.0/30", "2:7: the set 'a' is full: 'maxelem' is 2"},
        {"create a hash:ip\nadd a 10.0.0.0/8", "2:7: the entry stands for more entries"},
        {"create a hash:ip,port\nadd a 10.0.0.1", "2:7: an entry of hash:ip,port has 2 parts"},
        {"create a hash:ip,port\nadd a 10.0.0.1,gre:5", "2:16: entries of protocol gre have the port 0"},
        {"create a hash:ip,port\nadd a 10.0.0.1,icmp:8", "2:16: unknown ICMP type '8'"},
        {"create a hash:ip,port\nadd a 10.0.0.1,icmpv6:128/0", "2:16: icmpv6 is for sets of family inet6"},
        {"create a hash:mac\nadd a 1:2:3:4:5", "2:7: '1:2:3:4:5' is not a MAC address"},
        {"create a hash:net,iface\nadd a 10.0.0.0/8,abcdefghijklmnop", "2:18: the name of an interface"},
        {"create a list:set\nadd a a", "2:7: a list cannot have a list"},
        {"create a hash:ip\ncreate l list:set\nadd l a\ndestroy a",
         "4:9: the set 'a' cannot be destroyed: a list has it"},
        {"create a hash:ip\ncreate l list:set\nadd l a\nrename a b",
         "4:8: the set 'a' cannot be renamed: a list has it"},
        {"create a hash:ip\ncreate b hash:net\nswap a b",
         "3:1: sets of the types hash:ip and hash:net cannot be swapped"},
        {"create a hash:ip\ndel a 10.0.0.1", "2:7: the entry is not in the set 'a'"},
        {"create a hash:ip\nadd a 10.0.0.1 # x", "2:16: expected option of the entry, found '#'"},
        {"create a hash:ip\nadd a", "2:6: expected entry, found end of file"},
        {"create a hash:ip comment\nadd a 10.0.0.1 comment \"x", "2:24: the quote is not closed"},
        {"make a hash:ip", "1:1: expected command such as create or add, found 'make'"},
    }));
    INFO(text);
    CHECK_THAT(Sets(text).error(), Catch::StartsWith(error));
}

TEST_CASE("commands are run in order: sets are filled aside, swapped, renamed, emptied and destroyed") {
    Sets const sets(
        "create live hash:ip\nadd live 10.0.0.1\n"
        "create tmp hash:ip\nadd tmp 10.0.0.2-10.0.0.3\nswap tmp live\ndestroy tmp\n"
        "create a hash:ip\nadd a 10.0.0.0/30\ndel a 10.0.0.1\nrename a b\n"
        "create c hash:ip\nadd c 10.0.0.1\nflush c\n"
        "create -exist c hash:ip\nadd -exist b 10.0.0.2\ndel -exist b 10.0.0.9\ndestroy -exist nosuch\n");
    CHECK(sets.error() == "");
    CHECK(sets.size("live") == 2);
    CHECK(!sets.reading.sets.contains("tmp"));
    CHECK(sets.size("b") == 3);
    CHECK(sets.size("c") == 0);
}

TEST_CASE("commands of a script are the same program, at the script's places") {
    IpsetCommands commands;
    Span const span{0, 7, 20};
    commands.run({"-N", "bad", "iphash"}, span);
    commands.run({"-A", "bad", "192.0.2.1"}, span);
    commands.run({"add", "worse", "192.0.2.1"}, span);
    IpsetReading const reading = commands.finish();
    CHECK(reading.sets.at("bad").entries.size() == 1);
    CHECK(reading.sets.at("bad").span == span);
    REQUIRE(reading.findings.all().size() == 1);
    CHECK(reading.findings.all().front().rule == "PC401");
    CHECK(reading.findings.all().front().span == span);
}

TEST_CASE("the most specific network decides, though it is an exception") {
    Rule1 const rule("create s hash:net\nadd s 10.0.0.0/8\nadd s 10.1.0.0/16 nomatch\nadd s 10.1.2.0/24\n",
                     "--match-set s src");
    CHECK(rule.accepts("tcp 10.9.0.1:1 > 192.0.2.1:2"));
    CHECK(!rule.accepts("tcp 10.1.0.1:1 > 192.0.2.1:2"));
    CHECK(rule.accepts("tcp 10.1.2.1:1 > 192.0.2.1:2"));
    CHECK(!rule.accepts("tcp 192.0.2.1:1 > 10.9.0.1:2"));
    CHECK(rule.match().terms.size() == 1);
}

TEST_CASE("a negated match of addresses and ports is no pair of negations") {
    Rule1 const rule("create s hash:ip,port\nadd s 10.0.0.1,tcp:80\nadd s 10.0.0.2,tcp:81\n",
                     "! --match-set s dst,dst");
    CHECK(!rule.accepts("tcp 192.0.2.1:1 > 10.0.0.1:80"));
    CHECK(rule.accepts("tcp 192.0.2.1:1 > 10.0.0.1:81"));
    CHECK(rule.accepts("udp 192.0.2.1:1 > 10.0.0.1:80"));
    CHECK(rule.accepts("tcp 192.0.2.1:1 > 10.0.0.1:0 later-fragment"));
}

TEST_CASE("ports are those of tcp, udp, sctp and udplite, the type of an icmp message, or none") {
    Rule1 const rule(
        "create s hash:ip,port\nadd s 10.0.0.1,udp:53\nadd s 10.0.0.1,icmp:echo-request\nadd s 10.0.0.1,gre:0\n",
        "--match-set s dst,dst");
    CHECK(rule.accepts("udp 192.0.2.1:1 > 10.0.0.1:53"));
    CHECK(!rule.accepts("tcp 192.0.2.1:1 > 10.0.0.1:53"));
    CHECK(rule.accepts("icmp 192.0.2.1 > 10.0.0.1 type=8"));
    CHECK(!rule.accepts("icmp 192.0.2.1 > 10.0.0.1 type=0"));
    CHECK(rule.accepts("gre 192.0.2.1 > 10.0.0.1"));
    Rule1 const bare("create s bitmap:port range 0-100\nadd s 53\n", "--match-set s dst");
    CHECK(bare.accepts("tcp 192.0.2.1:1 > 10.0.0.1:53"));
    CHECK(bare.accepts("udp [2001:db8::1]:1 > [2001:db8::2]:53"));
    CHECK(!bare.accepts("sctp 192.0.2.1:1 > 10.0.0.1:53"));
}

TEST_CASE("the first of two networks goes before the second") {
    // As ipset(8) warns: the exception of the wider first network does not count within the narrower one.
    Rule1 const rule(
        "create s hash:net,net\nadd s 10.0.0.0/8,192.168.1.0/24 nomatch\nadd s 10.1.0.0/16,192.168.0.0/16\n"
        "add s 10.0.0.0/8,192.0.0.0/8\n",
        "--match-set s src,dst");
    CHECK(rule.accepts("tcp 10.1.0.1:1 > 192.168.1.1:2"));
    CHECK(!rule.accepts("tcp 10.2.0.1:1 > 192.168.1.1:2"));
    CHECK(rule.accepts("tcp 10.2.0.1:1 > 192.168.2.1:2"));
    CHECK(rule.accepts("tcp 10.1.0.1:1 > 192.9.0.1:2"));
}

TEST_CASE("a network with another interface hides wider ones with this one") { // kernel
    Rule1 const rule(
        "create s hash:net,iface\nadd s 10.0.0.0/8,eth0\nadd s 10.1.2.0/24,eth1\nadd s 10.3.0.0/16,tun wildcard\n",
        "--match-set s src,src");
    CHECK(rule.accepts("in=eth0 tcp 10.9.0.1:1 > 192.0.2.1:2"));
    CHECK(!rule.accepts("in=eth0 tcp 10.1.2.3:1 > 192.0.2.1:2"));
    CHECK(rule.accepts("in=eth1 tcp 10.1.2.3:1 > 192.0.2.1:2"));
    CHECK(rule.accepts("in=tun7 tcp 10.3.2.3:1 > 192.0.2.1:2"));
}

TEST_CASE("a list has what its sets have, of those that the flags and the family are enough for") {
    std::string const sets = "create a hash:ip\nadd a 10.0.0.1\ncreate p hash:ip,port\nadd p 10.0.0.2,tcp:80\n"
                             "create six hash:ip family inet6\nadd six 2001:db8::1\n"
                             "create l list:set\nadd l a\nadd l p\nadd l six\n";
    Rule1 const one(sets, "--match-set l dst");
    CHECK(one.accepts("tcp 192.0.2.1:1 > 10.0.0.1:9"));
    CHECK(!one.accepts("tcp 192.0.2.1:1 > 10.0.0.2:80"));
    Rule1 const two(sets, "--match-set l dst,dst");
    CHECK(two.accepts("tcp 192.0.2.1:1 > 10.0.0.2:80"));
    CHECK(!two.accepts("tcp 192.0.2.1:1 > 10.0.0.2:81"));
    Rule1 const v6(sets, "--match-set l dst", Dialect::ip6tables);
    CHECK(v6.accepts("tcp [2001:db8::2]:1 > [2001:db8::1]:9"));
}

TEST_CASE("marks are compared under the set's mask, MAC addresses with the sender's alone") {
    Rule1 const mark("create s hash:ip,mark markmask 0xff\nadd s 10.0.0.1,0x101\n", "--match-set s src,src");
    CHECK(mark.accepts("tcp 10.0.0.1:1 > 192.0.2.1:2 mark=0x201"));
    CHECK(!mark.accepts("tcp 10.0.0.1:1 > 192.0.2.1:2 mark=0x2"));
    CHECK(!Rule1("create s hash:mac\nadd s 00:01:02:03:04:05\n", "--match-set s src").is_opaque());
    CHECK(Rule1("create s hash:mac\nadd s 00:01:02:03:04:05\n", "--match-set s dst").is_opaque());
}

TEST_CASE("a set whose entries come and go is a match that nobody knows") {
    CHECK(Rule1("create s hash:ip timeout 600\nadd s 10.0.0.1\n", "--match-set s src").is_stateful());
    CHECK(Rule1("create s hash:ip timeout 0\nadd s 10.0.0.1 timeout 9\n", "--match-set s src").is_stateful());
    CHECK(!Rule1("create s hash:ip timeout 0\nadd s 10.0.0.1\n", "--match-set s src").is_opaque());
    CHECK(Rule1("create s hash:ip\n", "--match-set s src", Dialect::iptables, "-A INPUT -j SET --add-set s src\n")
              .is_stateful());
    CHECK(Rule1("create s hash:ip\ncreate l list:set\nadd l s\n", "--match-set s src", Dialect::iptables,
                "-A INPUT -j SET --add-set l src\n")
              .is_stateful());
    // What a name stands for is known to whoever loads the set.
    Rule1 const named("create s hash:ip\nadd s host.example\n", "--match-set s src");
    CHECK(named.is_opaque());
    CHECK(!named.is_stateful());
    CHECK(Rule1("create s hash:net\nadd s 10.0.0.0/8\n", "--match-set s src --return-nomatch").is_opaque());
}

TEST_CASE("rules name sets that there are, of their family, with flags") {
    auto const finding = [](Rule1 const& rule) {
        REQUIRE(!rule.reading.findings.empty());
        Finding const& first = rule.reading.findings.all().front();
        return first.rule + ' ' + (first.args.contains("error") ? first.args.at("error") : first.args.at("name"));
    };
    CHECK(finding(Rule1("create t hash:ip\n", "--match-set s src")) == "PC401 s");
    CHECK_THAT(finding(Rule1("create s hash:ip family inet6\n", "--match-set s src")),
               Catch::StartsWith("PC001 the set 's' is of IPv6"));
    CHECK_THAT(finding(Rule1("create s hash:ip\n", "--match-set s up")),
               Catch::StartsWith("PC001 expected src or dst"));
    CHECK(finding(Rule1("create s hash:ip\ncreate idle hash:ip\ncreate six hash:ip family inet6\n",
                        "--match-set s src")) == "PC404 idle");
    // ip_set_test: fewer flags than the set has parts are no match, and its negation any packet.
    CHECK(!Rule1("create s hash:ip,port\nadd s 10.0.0.1,tcp:80\n", "--match-set s dst")
               .accepts("tcp 192.0.2.1:1 > 10.0.0.1:80"));
    CHECK(Rule1("create s hash:ip,port\nadd s 10.0.0.1,tcp:80\n", "! --match-set s dst")
              .accepts("tcp 192.0.2.1:1 > 10.0.0.1:80"));
}

TEST_CASE("files that would be billions of entries are refused at once") {
    Sets const sets("create a hash:ip maxelem 4294967295\nadd a 1.0.0.0-255.255.255.255\n"
                    "create b hash:ip,port maxelem 4294967295\nadd b 1.0.0.0/12,tcp:0-65535\n");
    CHECK(sets.error() == "2:1: PC002");
    CHECK(!sets.reading.sets.at("a").unknown.empty());
    CHECK(!sets.reading.sets.at("b").unknown.empty());
}
