// The writer of nftables: what it writes, nft accepts and the reader reads as the same ruleset.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <random>
#include <sstream>

#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/reach.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Text {
    std::shared_ptr<Sources> sources = std::make_shared<Sources>();
    Reading reading;
};

Text read_text(std::string text, Dialect dialect = Dialect::nftables) {
    Text result;
    SourceId const id = result.sources->add("test", std::move(text));
    result.reading = read(*result.sources, id, dialect);
    return result;
}

std::string in_chain(std::string const& rules, std::string const& family = "inet") {
    return fmt::format("table {} t {{\n\tchain c {{\n{}\n\t}}\n}}\n", family, rules);
}

// The rules of the written chain, a line each without indentation.
std::string written(std::string const& rules, std::string const& family = "inet") {
    Writing const writing = write_nftables(read_text(in_chain(rules, family)).reading.ruleset);
    for (Finding const& loss : writing.losses.all()) FAIL(loss.args.at("construct") << ": " << loss.args.at("why"));
    std::istringstream lines(writing.text);
    std::string text;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("\t\t")) text += (text.empty() ? "" : "\n") + line.substr(2);
    }
    return text;
}

void check_fixed_point(std::string const& text) {
    Ruleset const before = read_text(text).reading.ruleset;
    Writing const writing = write_nftables(before);
    Ruleset const after = read_text(writing.text).reading.ruleset;
    INFO(text);
    INFO(writing.text);
    for (Finding const& loss : writing.losses.all())
        UNSCOPED_INFO(loss.args.at("construct") << ": " << loss.args.at("why"));
    CHECK(writing.losses.empty());
    if (!same_meaning(before, after)) CHECK(to_text(before) == to_text(after));
    CHECK(write_nftables(after).text == writing.text);
}

// The real loader, in a network of its own; empty where it takes the text, and nothing where there is none.
std::optional<std::string> refused(std::string const& text) {
    static bool const there = std::system("unshare -n nft -c -f /dev/null > /dev/null 2>&1") == 0;
    if (!there) return std::nullopt;
    fs::path const folder = fs::temp_directory_path() / fmt::format("portcullis-{}", std::random_device()());
    fs::create_directory(folder);
    std::ofstream(folder / "rules.nft") << text;
    std::string const command = fmt::format("unshare -n nft -c -f {0}/rules.nft > {0}/out 2>&1", folder.string());
    bool const accepted = std::system(command.c_str()) == 0;
    std::ifstream in(folder / "out");
    std::ostringstream out;
    out << in.rdbuf();
    fs::remove_all(folder);
    return accepted ? std::string() : "refused: " + out.str();
}

void check_accepted(std::string const& text) {
    std::optional<std::string> const why = refused(text);
    INFO(text);
    if (why) CHECK(*why == "");
}

} // namespace

TEST_CASE("a rule is written as it is mostly written by hand") {
    for (char const* rule : {
             "ct state established,related accept",
             "ct state != established accept",
             "tcp dport 22 accept",
             "tcp dport { 22, 80, 8000-8010 } accept",
             "ip saddr 10.0.0.0/8 tcp dport 22 accept",
             "ip6 saddr != 2001:db8::/32 drop",
             "meta l4proto { tcp, udp } th dport 53 accept",
             "iifname \"eth0\" accept",
             "iifname { \"br*\", \"lo\" } oifname != \"wan\\*\" accept",
             "tcp flags syn drop",
             "tcp flags ! fin,syn drop",
             "tcp flags & (fin | syn | rst | ack) == syn accept",
             "tcp flags == syn | ack accept",
             "icmp type { echo-reply, echo-request } accept",
             "icmpv6 type nd-router-advert ip6 hoplimit 255 accept",
             "ip dscp ef accept",
             "fib daddr type { local, broadcast } accept",
             "ip frag-off & 0x1fff != 0 drop",
             "meta mark 0x1 accept",
             "meta mark & 0xff == 0x1 accept",
             "ip saddr & 0.0.0.255 == 0.0.0.1 drop",
             "ip saddr . tcp dport { 10.0.0.1 . 22, 10.0.0.0/24 . 80-90 } accept",
             "limit rate over 5/second drop",
             "ct status snat,dnat accept",
             "meta l4proto tcp counter log prefix \"in: \" level info reject with tcp reset",
             "meta nfproto ipv4 meta mark set 0x1 accept",
             "tcp dport vmap { 22 : accept, 80 : jump c, 443 : drop }",
             "ip saddr . tcp dport vmap { 10.0.0.1 . 22 : accept, 10.0.0.2 . 0-65535 : drop }",
             "ct state vmap { established : accept, invalid : drop }",
             "meta mark set tcp dport map { 22 : 0x1, 80 : 0x2 } accept",
             "tcp dport 80 dnat ip to 10.0.0.1:8080",
             "dnat ip to tcp dport map { 80 : 10.0.0.1, 443 : 10.0.0.2 }",
             "dnat ip6 to [2001:db8::1]:80",
             "snat ip to 10.0.0.1-10.0.0.9 random,persistent",
             "masquerade fully-random",
             "redirect to :8080",
             "queue num 1",
             "numgen inc mod 2 vmap { 0 : accept, 1 : drop }",
             "ip daddr 10.0.0.1 tcp option maxseg size 0-500 drop",
             "notrack",
             "accept comment \"who, why\"",
         }) {
        std::string const text = fmt::format("\t\t{}", rule);
        CHECK(written(text) == rule);
    }
}

TEST_CASE("a term on family or protocol is left out where the selector after it implies it") {
    CHECK(written("meta nfproto ipv4 ip saddr 10.0.0.1 drop") == "ip saddr 10.0.0.1 drop");
    CHECK(written("meta l4proto tcp tcp dport 22 drop") == "tcp dport 22 drop");
    CHECK(written("meta l4proto tcp iifname \"a\" tcp dport 22 drop") ==
          "meta l4proto tcp iifname \"a\" tcp dport 22 drop");
    CHECK(written("ip protocol tcp tcp dport 22 drop") == "meta nfproto ipv4 tcp dport 22 drop");
    CHECK(written("ip protocol icmp drop") == "ip protocol icmp drop");
    for (char const* const rule : {"ip6 nexthdr icmpv6 drop", "ip6 nexthdr tcp tcp dport 22 drop", "ip6 nexthdr != tcp drop", "ip6 nexthdr { tcp, udp } drop"})
        CHECK(written(rule) == rule);
    CHECK(written("limit rate 5/second tcp dport 22 drop") == "limit rate 5/second tcp dport 22 drop");
    CHECK(written("tcp dport 22 limit rate 5/second drop") == "tcp dport 22 limit rate 5/second drop");
    CHECK(written("meta l4proto tcp reject with tcp reset") == "reject with tcp reset");
    CHECK(written("ip protocol 89 drop", "ip") == "meta l4proto ospf drop");
    CHECK(written("meta protocol ip drop", "bridge") == "meta protocol ip drop");
}

TEST_CASE("a comment that does not fit into quotes stands above its rule") {
    std::string const text = in_chain("\t\t# say \"hello\"\n\t\taccept");
    CHECK(write_nftables(read_text(text).reading.ruleset).text.find("\t\t# say \"hello\"\n\t\taccept\n") !=
          std::string::npos);
    check_fixed_point(text);
    check_fixed_point(in_chain("\t\t# " + std::string(200, 'x') + "\n\t\taccept"));
}

TEST_CASE("names that only the machine knows stay apart from what follows them") {
    CHECK(written("ip saddr host / 16 drop") == "ip saddr host /16 drop");
    CHECK(written("ip saddr \"host\"/16 drop") == "ip saddr \"host\"/16 drop");
    CHECK(written("ip saddr one - two drop") == "ip saddr one -two drop");
    CHECK(written("ip saddr 192.0.2.1 - host drop") == "ip saddr 192.0.2.1-host drop");
    std::string const map = "table inet t {\n\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\tflags interval\n\t\telements = { host / 16 : drop, 192.0.2.0/24 : accept }\n\t}\n";
    check_fixed_point(map + "\tchain c {\n\t\tip saddr vmap @m\n\t}\n}\n");
}

TEST_CASE("what a map asks is asked where its rule does") {
    std::string const text = "table inet t {\n\tmap m {\n\t\ttype ipv4_addr : verdict\n\t\telements = { 192.0.2.1 : drop }\n\t}\n\tchain c {\n\t\tlimit rate 5/second ip saddr vmap @m\n\t}\n}\n";
    std::string const result = write_nftables(read_text(text).reading.ruleset).text;
    INFO(result);
    CHECK(result.find("limit rate 5/second ip saddr 192.0.2.1 drop") != std::string::npos);
}

TEST_CASE("rules within a rule are written within it") {
    check_fixed_point(in_chain(
        "tcp dport 22 jump {\n ip saddr 10.0.0.1 accept\n jump { drop\n }\n }\n udp dport 1 goto { accept\n }"));
}

TEST_CASE("base chains keep hook, priority, devices and policy") {
    std::string const text =
        "table inet t {\n"
        "\tchain a {\n\t\ttype filter hook input priority filter; policy drop;\n\t}\n\n"
        "\tchain b {\n\t\ttype nat hook prerouting priority dstnat + 5;\n\t}\n\n"
        "\tchain c {\n\t\ttype route hook output priority -500; policy accept;\n\t}\n"
        "}\n\n"
        "table netdev d {\n"
        "\tchain e {\n\t\ttype filter hook ingress device \"eth0\" priority filter;\n\t}\n\n"
        "\tchain f {\n\t\ttype filter hook ingress devices = { \"a\", \"b\" } priority filter - 10;\n\t}\n"
        "}\n";
    CHECK(write_nftables(read_text(text).reading.ruleset).text == text);
}

TEST_CASE("a long set that two rules use is declared once") {
    std::string const list =
        "{ 10.0.0.1, 10.0.0.3, 10.0.0.5, 10.0.0.7, 10.0.0.9, 10.0.0.11, 10.0.0.13, 10.1.0.0/16 }";
    std::string const text =
        in_chain(fmt::format("ip saddr {0} drop\nip saddr {0} accept\nip daddr != {0} accept", list));
    std::string const result = write_nftables(read_text(text).reading.ruleset).text;
    CHECK(result.find("\tset set_1 {\n\t\ttype ipv4_addr\n\t\tflags interval\n") != std::string::npos);
    CHECK(result.find("ip saddr @set_1 drop") != std::string::npos);
    CHECK(result.find("ip daddr != @set_1 accept") != std::string::npos);
    check_fixed_point(text);
    check_accepted(result);
}

TEST_CASE("a chain of another dialect gets a name that nft takes") {
    Ruleset const before =
        read_text(
            "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\n:a~b - [0:0]\n:drop - [0:0]\n"
            "-A INPUT -j a~b\n-A a~b -j drop\nCOMMIT\n",
            Dialect::iptables)
            .reading.ruleset;
    std::string const text = write_nftables(before).text;
    CHECK(text.find("jump a_b\n") != std::string::npos);
    CHECK(text.find("chain chain_drop {") != std::string::npos);
    check_accepted(text);
}

TEST_CASE("a limit that several rules would have is a loss, unless they are a map again") {
    Ruleset ruleset =
        read_text(in_chain("limit rate 5/second tcp dport vmap { 22 : accept, 80 : drop }")).reading.ruleset;
    CHECK(write_nftables(ruleset).losses.empty());
    ruleset.chains[0].rules[1].match.terms.push_back({Field::mark, ValueSet::single(1).complement(), {}});
    CHECK(write_nftables(ruleset).losses.all().size() == 1);
}

TEST_CASE("an empty set is declared, since nft cannot write one in a rule") {
    std::string const text = "table inet t {\n set e { type ipv4_addr; }\n chain c {\n ip saddr @e drop\n ip saddr "
                             "!= @e accept\n }\n}\n";
    check_fixed_point(text);
    check_accepted(write_nftables(read_text(text).reading.ruleset).text);
}

TEST_CASE("what rules name is declared with its content") {
    std::string const text =
        "table ip t {\n"
        "\tcounter hits {\n\t}\n\n"
        "\tset seen {\n\t\ttype ipv4_addr\n\t\tflags dynamic\n\t\telements = { 10.0.0.1 }\n\t}\n\n"
        "\tmap levels {\n\t\ttype ipv4_addr : mark\n\t\telements = { 10.0.0.1 : 0x1 }\n\t}\n\n"
        "\tchain c {\n"
        "\t\tip saddr @seen counter name \"hits\" drop\n"
        "\t\tupdate @seen { ip saddr timeout 1m }\n"
        "\t\tip saddr 10.0.0.1 meta priority set ip saddr map @levels\n"
        "\t}\n}\n";
    Text const read = read_text(text);
    CHECK(write_nftables(read.reading.ruleset).text == text);
    check_fixed_point(text);
}

TEST_CASE("a set that rules within a rule add to is declared") {
    std::string const text = "table ip t {\n set s { type ipv4_addr; size 9; elements = { 10.0.0.1, 10.0.0.2 }; }\n"
                             " chain c {\n tcp dport 1 jump { add @s { ip saddr }\n }\n ip saddr @s drop\n }\n}\n"
                             "delete element ip t s { 10.0.0.1 }\n";
    std::string const result = write_nftables(read_text(text).reading.ruleset).text;
    CHECK(result.find("\tset s {\n\t\ttype ipv4_addr\n\t\tsize 9\n\t\tflags dynamic\n\t\telements = { 10.0.0.2 }\n\t}\n") !=
          std::string::npos);
    CHECK(result.find("ip saddr @s drop") != std::string::npos);
    check_fixed_point(text);
    check_accepted(result);
}

TEST_CASE("what nft cannot say is a loss with its place, and the rule is left out") {
    Ruleset ruleset = read_text(in_chain("tcp dport 1 accept\nip saddr 10.0.0.1 drop", "ip")).reading.ruleset;
    ValueSet& values = ruleset.chains[0].rules[1].match.terms[0].values;
    values.masks = {{1, 0x01010101}, {2, 0x02020203}};
    values.intervals = {};
    Writing const writing = write_nftables(ruleset);
    REQUIRE(writing.losses.all().size() == 1);
    CHECK(writing.losses.all()[0].rule == "PC002");
    CHECK(writing.losses.all()[0].span == ruleset.chains[0].rules[1].span);
    CHECK(writing.text.find("tcp dport 1 accept") != std::string::npos);
    CHECK(writing.text.find("drop") == std::string::npos);
}

// ---- random rulesets

namespace {

class Random {
  public:
    explicit Random(unsigned seed) : random_(seed) {}

    std::string ruleset() {
        family_ = pick({"ip", "ip6", "inet", "inet", "bridge"});
        std::string text =
            fmt::format("table {} t {{\n set dyn {{ type {}; flags dynamic; size 100; }}\n chain user {{\n",
                        family_, family_ == "ip6" ? "ipv6_addr" : "ipv4_addr");
        for (int i = number(4); i > 0; --i) text += rule(false) + '\n';
        text += " }\n chain base {\n type filter hook input priority 0; policy drop;\n";
        for (int i = number(8); i > 0; --i) text += rule(true) + '\n';
        return text + " }\n}\n";
    }

  private:
    int number(int below) { return static_cast<int>(random_() % static_cast<unsigned>(below)); }
    std::string pick(std::vector<std::string> const& list) {
        return list[static_cast<std::size_t>(number(static_cast<int>(list.size())))];
    }
    bool v4() const { return side_ == 4; }
    bool v6() const { return side_ == 6; }

    std::string list(std::vector<std::string> const& values) {
        std::string text;
        for (std::string const& value : values) // some of them, each once
            if (number(2) == 0) text += (text.empty() ? "" : ", ") + value;
        return text.empty() ? values.front() : "{ " + text + " }";
    }
    std::string relation() { return number(4) == 0 ? "!= " : ""; }

    // Of the family and protocol that the rule is about: nft refuses rules that contradict themselves.
    std::string match() {
        std::vector<std::string> const ports{"1", "22", "80-90", "443", "1000-2000", "5353", "65535"};
        std::vector<std::string> choices{
            "ct state " + pick({"new", "established,related", "!= invalid", "{ new, untracked }", "! new"}),
            "ct status " + pick({"snat", "! dnat", "& 0x3 == 0x1", "assured,confirmed"}),
            "ct direction " + pick({"original", "reply"}),
            pick({"iifname", "oifname"}) + ' ' + relation() + list({"\"eth0\"", "\"br*\"", "\"lo\"", "\"wlan0\""}),
            "meta mark " + pick({"1", "!= 0x10", "& 0xff == 0x1", "and 0x3 != 0x2", "0x10-0x20"}),
            "ct mark " + pick({"1", "& 0x1 == 0x1"}),
            "meta pkttype " + pick({"host", "{ broadcast, multicast }"}),
            "ether saddr 00:11:22:33:44:" + pick({"55", "66"}),
            "limit rate " + pick({"", "over "}) + "10/second",
            "meta skuid " + pick({"0", "!= 1000", "< 10", ">= 5"}),
        };
        auto const add = [&](std::string text) { choices.push_back(std::move(text)); };
        if (protocol_ == "tcp" || protocol_ == "udp") {
            add(protocol_ + " dport " + relation() + list(ports));
            add(protocol_ + " sport " + relation() + list(ports));
            add("meta l4proto { tcp, udp }");
            add("meta l4proto " + relation() + list({"tcp", "udp", "icmp", "50", "132"}));
            add("th sport " + pick(ports));
        }
        if (protocol_ == "tcp") {
            add("tcp flags " + pick({"syn", "! syn,ack", "== syn", "& (fin | syn) == syn", "{ syn, ack }",
                                     "fin / fin,ack", "!= 0"}));
            add("tcp option maxseg size " + pick({"500", "!= 100-200"}));
        }
        if (family_ != "bridge") {
            add("meta length " + pick({"100", "> 1000", "<= 64"}));
            add("fib daddr type " + relation() + list({"local", "broadcast", "unicast"}));
        }
        if (v4()) {
            std::vector<std::string> const hosts{"10.0.0.1", "192.0.2.0/24", "198.51.100.3-198.51.100.77",
                                                 "203.0.113.9"};
            add("ip saddr " + relation() + list(hosts));
            add("ip daddr " + relation() + pick(hosts));
            add("ip daddr & 0.0.255.255 == 0.0.1.2");
            add("ip dscp " + pick({"ef", "!= 3", "{ cs1, af11 }"}));
            add("ip ttl " + pick({"1", "< 5"}));
            add("ip frag-off & 0x1fff " + pick({"!= 0", "0"}));
            add("ip saddr " + relation() + "@dyn");
            if (protocol_ == "icmp") {
                add("icmp type " + relation() + list({"echo-request", "echo-reply", "3", "time-exceeded"}));
                add("icmp code 3");
            }
            if (protocol_ == "tcp")
                add("ip saddr . tcp dport " + relation() +
                    "{ 10.0.0.1 . 22, 10.0.1.0/24 . 80-90, 10.0.2.1 . 0-65535 }");
            if (protocol_ == "udp") add("ip protocol " + pick({"udp", "!= tcp"}));
            if (family_ == "inet") add("meta nfproto ipv4");
        }
        if (v6()) {
            add("ip6 saddr " + relation() + list({"2001:db8::1", "fe80::/10", "2001:db8:1::-2001:db8:1::77"}));
            add("ip6 hoplimit 255");
            if (protocol_ == "icmp")
                add("icmpv6 type " + list({"echo-request", "nd-neighbor-solicit", "nd-router-advert"}));
            if (protocol_ == "tcp") add("ip6 nexthdr tcp");
            if (family_ == "inet") add("meta nfproto ipv6");
        }
        return pick(choices);
    }

    std::string verdict(bool may_jump) {
        std::vector<std::string> choices{"accept",
                                         "drop",
                                         "return",
                                         "",
                                         "reject",
                                         "counter drop",
                                         "log prefix \"x: \" accept",
                                         "meta mark set 0x1",
                                         "meta mark set meta mark | 0x2 accept",
                                         "ct mark set meta mark",
                                         "queue num 0-3",
                                         "jump {\n" + match() + " drop\n accept\n}"};
        if (family_ == "bridge") choices = {"accept", "drop", "", "meta mark set 0x1 return"};
        if (may_jump) choices.insert(choices.end(), {"jump user", "goto user"});
        bool const tcp = protocol_ == "tcp";
        if (tcp)
            choices.push_back("tcp dport vmap { 22 : accept, 80-90 : drop, 443 : " +
                              std::string(may_jump ? "jump user" : "return") + " }");
        if (tcp) choices.push_back("meta mark set tcp dport map { 22 : 0x1, 23 : 0x2 }");
        choices.push_back("ct state vmap { new : continue, established : accept }");
        if (v4()) {
            if (tcp)
                choices.push_back(
                    "ip saddr . tcp dport vmap { 10.0.0.1 . 22 : accept, 10.0.0.2 . 0-65535 : drop }");
            choices.push_back("ip saddr vmap { 10.0.0.1 : drop, 10.0.0.0-10.0.0.0 : accept, * : return }");
            choices.push_back("ip dscp set cs1");
        }
        if (family_ == "inet") choices.push_back("reject with icmpx admin-prohibited");
        if (family_ == "inet" && v4()) choices.push_back("reject with icmp port-unreachable");
        if (family_ == "inet" && tcp) choices.push_back("reject with tcp reset");
        return pick(choices);
    }

    std::string rule(bool may_jump) {
        side_ = family_ == "ip" ? 4 : family_ == "ip6" ? 6 : number(2) == 0 ? 4 : 6;
        protocol_ = pick({"tcp", "udp", "icmp", ""});
        std::string text;
        for (int i = number(4); i > 0; --i) text += match() + ' ';
        text += verdict(may_jump);
        if (text.empty()) text = "counter";
        bool const block = text.find('\n') != std::string::npos;
        if (!block && number(6) == 0) text += " comment \"c\"";
        return text;
    }

    std::mt19937 random_;
    std::string family_;
    std::string protocol_; // what the rule is about
    int side_ = 4;
};

} // namespace

TEST_CASE("random rulesets are written as what they are") {
    unsigned accepted = 0;
    for (unsigned seed = 0; seed < 2000; ++seed) {
        std::string const text = Random(seed).ruleset();
        INFO("seed " << seed);
        check_fixed_point(text);
        if (seed % 20 != 0 || refused(text) != std::string()) continue;
        check_accepted(write_nftables(read_text(text).reading.ruleset).text);
        ++accepted;
    }
    if (refused("")) CHECK(accepted > 20);
}

// ---- from iptables

namespace {

void check_same_verdicts(std::string const& text, Dialect dialect) {
    Ruleset const before = read_text(text, dialect).reading.ruleset;
    Writing const writing = write_nftables(before);
    if (!writing.losses.empty()) return; // stated
    Ruleset const after = read_text(writing.text).reading.ruleset;
    INFO(text);
    INFO(writing.text);
    Space space;
    PacketSet const family = space.of(Field::family, ValueSet::single(before.governs_v4 ? family_v4 : family_v6));
    Reach old_reach(space, before, family);
    Reach new_reach(space, after, family);
    REQUIRE(before.chains.size() == after.chains.size());
    for (ChainId id = 0; id < before.chains.size(); ++id) {
        if (!before.chains[id].hook) continue;
        REQUIRE(after.chains[id].hook);
        Fates const a = old_reach.verdicts(id);
        Fates const b = new_reach.verdicts(id);
        CHECK(a.accepted == b.accepted);
        CHECK(a.dropped == b.dropped);
        CHECK(a.rejected == b.rejected);
    }
    check_accepted(writing.text);
}

} // namespace

TEST_CASE("rules of iptables decide the same in nft") {
    check_same_verdicts(
        "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:user - [0:0]\n"
        "-A INPUT -i lo -j ACCEPT\n-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A INPUT -p tcp --tcp-flags SYN,ACK SYN -m multiport --dports 22,80:90 -j user\n"
        "-A INPUT -p udp -m multiport --ports 53,123 -j ACCEPT\n"
        "-A INPUT -p icmp --icmp-type 3/4 -j ACCEPT\n-A INPUT -p icmp ! --icmp-type 8/0 -j DROP\n"
        "-A INPUT -f -j DROP\n-A INPUT -m mark --mark 0x1/0xff -j ACCEPT\n"
        "-A user -s 10.0.0.0/8 ! -d 10.1.0.0/16 -j RETURN\n-A user -m ttl --ttl-lt 5 -j DROP\n-A user -j "
        "REJECT\nCOMMIT\n"
        "*mangle\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT "
        "[0:0]\n:POSTROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -i eth+ -j MARK --set-xmark 0x1/0xff\n-A PREROUTING -m mark --mark 0x1 -j DROP\nCOMMIT\n",
        Dialect::iptables);
    check_same_verdicts("*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                        "-A INPUT -p ipv6-icmp --icmpv6-type router-advertisement -m hl --hl-eq 255 -j ACCEPT\n"
                        "-A INPUT -s fe80::/10 -p udp --dport 546 -j ACCEPT\nCOMMIT\n",
                        Dialect::ip6tables);
}

TEST_CASE("fixtures of iptables decide the same in nft, or the loss is told") {
    fs::path const root = fs::path(PORTCULLIS_ROOT) / "tests/fixtures";
    for (auto const& [folder, dialect] :
         {std::pair{"iptables", Dialect::iptables}, {"ip6tables", Dialect::ip6tables}}) {
        for (auto const& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!entry.is_regular_file() || entry.path().extension() == ".json") continue;
            std::ifstream in(entry.path());
            std::ostringstream text;
            text << in.rdbuf();
            if (text.str().find("COMMIT") == std::string::npos) continue;
            INFO(entry.path());
            check_same_verdicts(text.str(), dialect);
        }
    }
}
