// Rulesets as restore files: what iptables-save would print, and what iptables cannot say told as a loss.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <unistd.h>

#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

Ruleset ruleset_of(std::string text, Dialect dialect) {
    Sources sources;
    return read(sources, sources.add("test", std::move(text)), dialect).ruleset;
}

std::string in_table(std::string const& table, std::string const& rules) {
    return '*' + table + '\n' + rules + "COMMIT\n";
}

bool loads(std::string const& text, std::string const& program) {
    fs::path const file = fs::temp_directory_path() / ("portcullis-write-test-" + std::to_string(getpid()));
    std::ofstream(file) << text;
    bool const taken =
        std::system(
            ("unshare -n " + program + " --wait 20 --test " + file.string() + " > /dev/null 2>&1").c_str()) == 0;
    fs::remove(file);
    return taken;
}

// Both variants of the loader, where they are.
void check_loaders(std::string const& text, Family family) {
    std::string const program = family == Family::v4 ? "iptables-" : "ip6tables-";
    for (std::string const variant : {"legacy", "nft"}) {
        if (!loads("*filter\nCOMMIT\n", program + variant + "-restore")) continue;
        INFO(variant << " takes\n" << text);
        CHECK(loads(text, program + variant + "-restore"));
    }
}

// A rule as it is written again, from -A on; it reads back to the same, and the loaders take it.
std::string rewritten(std::string const& rule, std::string const& table = "filter", Family family = Family::v4) {
    Dialect const dialect = family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
    Ruleset const before = ruleset_of(in_table(table, rule + '\n'), dialect);
    Writing const written = write_iptables(before, family);
    for (Finding const& loss : written.losses.all()) UNSCOPED_INFO(loss.args.at("why"));
    CHECK(written.losses.empty());
    CHECK(same_meaning(before, ruleset_of(written.text, dialect)));
    check_loaders(written.text, family);
    std::size_t const begin = std::min(written.text.find("-A "), written.text.size());
    return written.text.substr(begin, written.text.find("\nCOMMIT") - begin);
}

// The rules of an nft chain at input, as rules of INPUT and of chains made for them.
std::string of_nft(std::string const& rules, Family family = Family::v4) {
    std::string const table = "table inet t {\n chain c {\n  type filter hook input priority 0; policy drop;\n" +
                              rules + "\n }\n chain d {\n  drop\n }\n}\n";
    Writing const written = write_iptables(ruleset_of(table, Dialect::nftables), family);
    check_loaders(written.text, family);
    std::string text;
    for (Finding const& loss : written.losses.all())
        text += "lost " + loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
    std::string rules_written = written.text.substr(std::min(written.text.find("-A "), written.text.size()));
    for (std::string const line : {"-A d -j DROP\n", "COMMIT\n"})
        if (auto const at = rules_written.find(line); at != std::string::npos) rules_written.erase(at, line.size());
    return text + rules_written;
}

} // namespace

TEST_CASE("a restore file is written as iptables-save prints it") {
    std::string const saved =
        "*nat\n:PREROUTING ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
        "-A PREROUTING -i eth0 -p tcp -m tcp --dport 80 -j DNAT --to-destination 192.0.2.8:8080\n"
        "-A POSTROUTING -o eth0 -j MASQUERADE --random-fully\nCOMMIT\n"
        "*filter\n:INPUT DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n:LIMITED - [0:0]\n"
        "-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n"
        "-A INPUT -s 192.0.2.0/24 ! -i eth+ -p tcp -m tcp --dport 22 -j LIMITED\n"
        "-A INPUT -p udp -m multiport --dports 53,123,5000:5010 -g LIMITED\n"
        "-A LIMITED -m limit --limit 3/min -j LOG --log-prefix \"in: \" --log-level 6\n"
        "-A LIMITED -m comment --comment \"the rest\" -j REJECT --reject-with icmp-host-prohibited\n"
        "COMMIT\n";
    Writing const written = write_iptables(ruleset_of(saved, Dialect::iptables), Family::v4);
    CHECK(written.losses.empty());
    CHECK(written.text == saved);
    check_loaders(written.text, Family::v4);
}

TEST_CASE("each option of iptables is written as iptables-save spells it") {
    struct Case {
        std::string rule;
        std::string written; // empty: as it is
        std::string table = "filter";
        Family family = Family::v4;
    };
    Case const cases[] = {
        {"-A INPUT -i lo -s 10.0.0.5/8 -j ACCEPT", "-A INPUT -s 10.0.0.0/8 -i lo -j ACCEPT"},
        {"-A INPUT -s 10.0.0.0/255.0.255.0 -j DROP", ""},
        {"-A INPUT -s 192.0.2.1,198.51.100.0/24 -j DROP", "-A INPUT -s 192.0.2.1/32,198.51.100.0/24 -j DROP"},
        {"-A INPUT -m iprange ! --src-range 192.0.2.1-192.0.2.9 -j DROP", ""},
        {"-A INPUT -p tcp --syn -j ACCEPT", "-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN -j ACCEPT"},
        {"-A INPUT -p tcp -m tcp --tcp-flags SYN FIN -j DROP", ""},
        {"-A INPUT -m state --state NEW -j DROP", "-A INPUT -m conntrack --ctstate NEW -j DROP"},
        {"-A INPUT -m conntrack --ctstate INVALID -m conntrack --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate NEW --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate NEW --ctexpire 60 -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate NEW,DNAT --ctorigdst 192.0.2.1 -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate NEW,DNAT --ctexpire 60 -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate NEW,DNAT --ctorigdst localhost -j DROP", ""},
        {"-A INPUT -m conntrack ! --ctstate INVALID,UNTRACKED --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack ! --ctstate INVALID,UNTRACKED,DNAT --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack ! --ctstate DNAT -m conntrack --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack --ctorigdst 192.0.2.1 -j DROP", ""},
        {"-A INPUT -m conntrack ! --ctreplsrc 192.0.2.0/24 -j DROP", ""},
        {"-A INPUT -m conntrack --ctorigdstport 8000:8010 -j DROP", ""},
        {"-A INPUT -m conntrack --ctproto 6 -j DROP", ""},
        {"-A INPUT -m conntrack ! --ctstate RELATED,DNAT -j DROP", ""},
        {"-A INPUT -m conntrack --ctdir REPLY -j DROP", ""},
        {"-A INPUT -m conntrack --ctstate INVALID,NEW ! --ctstatus ASSURED -j DROP", ""},
        {"-A INPUT -m conntrack --ctdir REPLY --ctstate INVALID,DNAT -j DROP", "-A INPUT -m conntrack --ctstate INVALID,DNAT --ctdir REPLY -j DROP"},
        {"-A INPUT -m conntrack --ctstate NEW,RELATED,ESTABLISHED --ctproto 6 --ctorigdstport 22 -j DROP", ""},
        {"-A INPUT -m limit --limit 1/sec -m conntrack --ctexpire 5 -j DROP", ""},
        {"-A INPUT -m cgroup --cgroup 5 -m cgroup --path a -j DROP", "-A INPUT -m cgroup --cgroup 5 --path a -j DROP"},
        {"-A INPUT -p sctp -m sctp --sport 9 ! --chunk-types any INIT -m sctp --chunk-types any INIT --dport 22 -j DROP",
         "-A INPUT -p sctp -m sctp --sport 9 --dport 22 ! --chunk-types any INIT -m sctp --chunk-types any INIT -j DROP"},
        {"-A FORWARD -m addrtype --src-type LOCAL --limit-iface-in -m addrtype --dst-type LOCAL --limit-iface-in -j DROP", ""},
        {"-A INPUT -p icmp -m icmp --icmp-type echo-request -j ACCEPT",
         "-A INPUT -p icmp -m icmp --icmp-type 8 -j ACCEPT"},
        {"-A INPUT -p icmp -m icmp ! --icmp-type 3/1 -j ACCEPT", ""},
        {"-A INPUT -p icmp -m icmp ! --icmp-type any -j ACCEPT", ""},
        {"-A INPUT -p tcp -m multiport ! --ports 80,443 -j DROP", ""},
        {"-A INPUT -p tcp -m tcp ! --sport 1 ! --dport 2 -j DROP",
         "-A INPUT -p tcp -m tcp ! --sport 1 -m multiport ! --dports 2 -j DROP"}, // iptables-nft confuses them
        {"-A INPUT -p udp -m udp -j DROP", ""},
        {"-A INPUT -f -j DROP", ""},
        {"-A INPUT -m mark --mark 0x1/0xff -m connmark ! --mark 0x7 -j DROP", ""},
        {"-A INPUT -m ttl --ttl-lt 0 -j DROP", ""},
        {"-A INPUT -m ttl --ttl-gt 3 -m ttl ! --ttl-eq 9 -j DROP", ""},
        {"-A INPUT -m length ! --length 100:200 -m dscp --dscp 0x0a -j DROP", ""},
        {"-A INPUT -m mac --mac-source 00:00:5e:00:53:01 -m pkttype --pkt-type broadcast -j DROP", ""},
        {"-A INPUT -m addrtype --src-type UNICAST,LOCAL -m addrtype ! --dst-type MULTICAST -j DROP",
         "-A INPUT -m addrtype --src-type UNICAST,LOCAL ! --dst-type MULTICAST -j DROP"},
        {"-A INPUT -m addrtype --src-type LOCAL --limit-iface-in -j DROP", ""},
        {"-A FORWARD -m physdev ! --physdev-in eth+ -j DROP", ""},
        {"-A OUTPUT -m owner --uid-owner 1000-1999 -j DROP", ""},
        {"-A OUTPUT -m owner ! --gid-owner 100 -j DROP", ""},
        {"-A INPUT -m string ! --string \"a b\" --algo bm -j DROP",
         "-A INPUT -m string --algo bm ! --string \"a b\" -j DROP"},
        {"-A INPUT -m comment --comment \"it's \\\"x\\\" \\\\\" -j DROP",
         "-A INPUT -m comment --comment \"it\\'s \\\"x\\\" \\\\\" -j DROP"},
        {"-A INPUT -p tcp -j REJECT --reject-with tcp-reset", ""},
        {"-A INPUT -j NFQUEUE --queue-num 3", ""},
        {"-A INPUT -j NFLOG --nflog-prefix x --nflog-group 3", ""},
        {"-A INPUT -s 192.0.2.1", "-A INPUT -s 192.0.2.1/32"},
        {"-A POSTROUTING -p tcp -j SNAT --to-source 192.0.2.1-192.0.2.9:1024-2048 --persistent", "", "nat"},
        {"-A PREROUTING -p tcp -j REDIRECT --to-ports 8080", "", "nat"},
        {"-A PREROUTING -j CONNMARK --restore-mark", "", "mangle"},
        {"-A PREROUTING -j MARK --set-mark 1", "-A PREROUTING -j MARK --set-xmark 0x1/0xffffffff", "mangle"},
        {"-A POSTROUTING -p tcp -m tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu", "", "mangle"},
        {"-A PREROUTING -p udp -j NOTRACK", "-A PREROUTING -p udp -j CT --notrack", "raw"},
        {"-A INPUT -s 2001:db8::/32 -p ipv6-icmp -m icmp6 --icmpv6-type 128 -m hl --hl-eq 255 -j ACCEPT", "",
         "filter", Family::v6},
        {"-A INPUT -m frag --fragid 1:9 -j DROP", "", "filter", Family::v6},
        {"-A INPUT -m frag --fragmore -m frag --fraglast -j DROP", "", "filter", Family::v6},
        {"-A INPUT -m hbh --hbh-len 8 -m hbh --hbh-len 16 --hbh-opts 5 -j DROP",
         "-A INPUT -m hbh --hbh-len 8 --hbh-opts 5 -m hbh --hbh-len 16 -j DROP", "filter", Family::v6},
        {"-A INPUT -m socket -m socket --transparent -j DROP", "", "filter", Family::v6},
        {"-A INPUT -m srh -j DROP", "", "filter", Family::v6},
        {"-A INPUT -p tcp -m srh -m tcp --dport 443 -j DROP", "", "filter", Family::v6},
        {"-A INPUT -m rt -m srh --srh-tag 5 -j DROP", "-A INPUT -m srh --srh-tag 5 -j DROP", "filter", Family::v6},
        {"-A PREROUTING -p tcp -j DNAT --to-destination [2001:db8::1]:80", "", "nat", Family::v6},
    };
    for (Case const& test : cases) {
        INFO(test.rule);
        CHECK(rewritten(test.rule, test.table, test.family) == (test.written.empty() ? test.rule : test.written));
    }
}

TEST_CASE("a union that iptables has no list for becomes several rules") {
    CHECK(of_nft("iifname { \"eth0\", \"wg*\" } accept") ==
          "-A INPUT -i eth0 -j ACCEPT\n-A INPUT -i wg+ -j ACCEPT\n");
    CHECK(of_nft("meta l4proto { tcp, udp } th dport 53 accept") ==
          "-A INPUT -p tcp -m tcp --dport 53 -j ACCEPT\n-A INPUT -p udp -m udp --dport 53 -j ACCEPT\n");
    CHECK(of_nft("ip saddr . tcp dport { 192.0.2.1 . 22, 192.0.2.2 . 80 } accept") ==
          "-A INPUT -s 192.0.2.1/32 -p tcp -m tcp --dport 22 -j ACCEPT\n"
          "-A INPUT -s 192.0.2.2/32 -p tcp -m tcp --dport 80 -j ACCEPT\n");
}

TEST_CASE("more ports than a multiport holds are several, whether asked for or excluded") {
    std::string ports;
    for (int port = 1; port <= 31; port += 2) ports += (port > 1 ? ", " : "") + std::to_string(port);
    std::string const first = "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29";
    CHECK(of_nft("tcp dport { " + ports + " } accept") ==
          "-A INPUT -p tcp -m multiport --dports " + first +
              " -j ACCEPT\n-A INPUT -p tcp -m tcp --dport 31 -j ACCEPT\n");
    CHECK(of_nft("tcp dport != { " + ports + " } accept") ==
          "-A INPUT -p tcp -m multiport ! --dports " + first + " -m tcp ! --dport 31 -j ACCEPT\n");
}

TEST_CASE("a packet is logged once: what logs and decides are two rules, and pieces must not overlap") {
    CHECK(of_nft("tcp dport 22 log prefix \"ssh \" drop") ==
          "-A INPUT -p tcp -m tcp --dport 22 -j LOG --log-prefix \"ssh \"\n-A INPUT -p tcp -m tcp --dport 22 -j "
          "DROP\n");
    CHECK(of_nft("iifname { \"eth0\", \"eth1\" } log") == "-A INPUT -i eth0 -j LOG\n-A INPUT -i eth1 -j LOG\n");
    CHECK(of_nft("ip saddr . ip daddr { 192.0.2.1 . 192.0.2.2, 192.0.2.3 . 192.0.2.2 } jump d") ==
          "-A INPUT -s 192.0.2.1/32 -d 192.0.2.2/32 -j d\n-A INPUT -s 192.0.2.3/32 -d 192.0.2.2/32 -j d\n");
}

TEST_CASE("what must not hold of a list returns first from a chain of its own") {
    CHECK(of_nft("iifname != { \"eth0\", \"eth1\" } drop") == "-A INPUT -j INPUT_not\n"
                                                              "-A INPUT_not -i eth0 -j RETURN\n"
                                                              "-A INPUT_not -i eth1 -j RETURN\n"
                                                              "-A INPUT_not -j DROP\n");
    CHECK_THAT(of_nft("iifname != { \"eth0\", \"eth1\" } return"),
               Contains("lost ") && Contains("no return or goto"));
}

TEST_CASE("a rule of the other family is none, and one of both is in both files") {
    CHECK(of_nft("ip6 saddr 2001:db8::1 accept") == "");
    CHECK(of_nft("ip6 saddr 2001:db8::1 accept", Family::v6) == "-A INPUT -s 2001:db8::1/128 -j ACCEPT\n");
    CHECK(of_nft("tcp dport 22 accept", Family::v6) == "-A INPUT -p tcp -m tcp --dport 22 -j ACCEPT\n");
}

TEST_CASE("base chains go to the built-in chain at their place, and others are a loss") {
    auto const written = [](std::string const& chains) {
        Writing const w =
            write_iptables(ruleset_of("table ip t {\n" + chains + "}\n", Dialect::nftables), Family::v4);
        std::string losses;
        for (Finding const& loss : w.losses.all())
            losses += loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
        return losses + w.text;
    };
    CHECK(written("chain a { type nat hook prerouting priority -90; tcp dport 80 redirect to :8080; }\n") ==
          "*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n"
          "-A PREROUTING -p tcp -m tcp --dport 80 -j REDIRECT --to-ports 8080\nCOMMIT\n");
    CHECK(written("chain a { type filter hook input priority 7; accept; }\n") ==
          "the base chain ip t/a: iptables has no built-in chain at its place\n");
    CHECK_THAT(written("chain a { type filter hook input priority 0; accept; }\n"
                       "chain b { type filter hook input priority 0; drop; }\n"),
               Contains("the base chain ip t/b: filter/INPUT has the rules of another one"));
    CHECK_THAT(written("chain a { type filter hook forward priority 0; oifname \"x\" accept; }\n"
                       "chain b { type filter hook output priority 0; iifname \"x\" accept; }\n"),
               Contains("iptables does not ask for it in OUTPUT") && Contains("-A FORWARD -o x -j ACCEPT"));
    std::string const misplaced = written("chain a { type nat hook postrouting priority 100; tcp dport 80 redirect to :8080; dnat to 192.0.2.1; }\n"
                                          "chain b { type nat hook prerouting priority -100; snat to 192.0.2.1; }\n");
    CHECK_THAT(misplaced, Contains("it does not work in POSTROUTING") && Contains("it does not work in PREROUTING") && !Contains("-A "));
}

TEST_CASE("names that iptables does not take are replaced, and that is said") {
    std::string const name(40, 'n');
    std::string const text = "table ip t {\n chain " + name +
                             " { accept; }\n chain LOG { accept; }\n chain c {\n"
                             "  type filter hook input priority 0;\n  jump " +
                             name + "\n  jump LOG\n }\n}\n";
    Writing const written = write_iptables(ruleset_of(text, Dialect::nftables), Family::v4);
    CHECK(written.losses.all().size() == 2);
    CHECK_THAT(written.text, Contains(":" + name.substr(0, 28) + " - [0:0]") && Contains("-j chain_LOG"));
    check_loaders(written.text, Family::v4);
}

TEST_CASE("what only nft can say is a loss at its rule, and nothing of the rule is written") {
    CHECK(of_nft("limit rate 3/second accept") ==
          "lost limit rate 3/second: it is in the words of another language than iptables\n");
    CHECK_THAT(of_nft("tcp flags == syn accept"), Contains("iptables does not look at ECE and CWR"));
    CHECK_THAT(of_nft("meta mark set numgen inc mod 2 accept"), Contains("lost "));
}

TEST_CASE("a comment that no line can hold is a loss, and the rule stays") {
    Ruleset ruleset = ruleset_of("*filter\n-A INPUT -j DROP\nCOMMIT\n", Dialect::iptables);
    ruleset.chains[0].rules[0].comment = "two\nlines";
    Writing const written = write_iptables(ruleset, Family::v4);
    CHECK(written.losses.all().size() == 1);
    CHECK_THAT(written.text, Contains("-A INPUT -j DROP\n"));
}
