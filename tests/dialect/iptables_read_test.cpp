// What iptables-save and ip6tables-save files mean: options as matches, targets as verdicts, commands as chains.
#include <algorithm>
#include <catch2/catch.hpp>

#include "dialect/iptables_read.hpp"

using namespace portcullis;

namespace {

struct Read {
    Sources sources;
    Reading reading;

    explicit Read(std::string const& text, Dialect dialect = Dialect::iptables) {
        SourceId const source = sources.add("test.rules", text);
        reading = read_iptables(sources, source, dialect);
    }
    // Findings as "PC001 2 error=…", the number being the line, but for advice about what is right.
    std::string findings() const {
        std::string text;
        for (Finding const& finding : reading.findings.all()) {
            constexpr std::string_view advice[] = {"PC410", "PC413", "PC436", "PC504"};
            if (std::ranges::find(advice, finding.rule) != std::end(advice)) continue;
            text += finding.rule + ' ' + std::to_string(sources[0].locate(finding.span.begin).line);
            for (auto const& [name, value] : finding.args) text += ' ' + name + '=' + value;
            text += '\n';
        }
        return text;
    }
    Chain const& chain(std::string const& title) const {
        for (Chain const& chain : reading.ruleset.chains)
            if (chain.title() == title) return chain;
        FAIL("no chain " << title << "\n" << findings());
        throw; // FAIL has thrown
    }
    // A rule a line: "match -> verdict".
    std::string rules(std::string const& title) const {
        std::string text;
        for (Rule const& rule : chain(title).rules)
            text += to_text(rule.match) + " -> " + to_text(rule.verdict, reading.ruleset) + '\n';
        return text;
    }
};

std::string table(std::string const& name, std::string const& lines) {
    return '*' + name + '\n' + lines + "\nCOMMIT\n";
}

// What the only rule of a user chain means, which may stand anywhere.
std::string meaning(std::string const& rule, std::string const& in = "filter",
                    Dialect dialect = Dialect::iptables) {
    Read const read(table(in, ":own - [0:0]\n:other - [0:0]\n-A own " + rule), dialect);
    if (std::string const findings = read.findings(); !findings.empty()) return findings;
    return read.rules(in + "/own");
}

std::string meaning6(std::string const& rule) { return meaning(rule, "filter", Dialect::ip6tables); }

struct Case {
    char const* text;
    char const* meaning;
};

} // namespace

TEST_CASE("options become terms") {
    Case const cases[] = {
        {"-j ACCEPT", "any -> accept\n"},
        {"-s 192.0.2.0/24 -j ACCEPT", "ip saddr 192.0.2.0/24 -> accept\n"},
        {"! -d 192.0.2.1 -j ACCEPT", "ip daddr != 192.0.2.1 -> accept\n"},
        {"-s 10.1.2.3/8 -j ACCEPT", "ip saddr 10.0.0.0/8 -> accept\n"},
        {"-s 0.0.0.0/0 -j ACCEPT", "any -> accept\n"},
        {"-s 192.0.2.0/25,192.0.2.128/25,198.51.100.1 -j DROP", "ip saddr {192.0.2.0/24, 198.51.100.1} -> drop\n"},
        {"-s 10.0.7.0/255.0.255.0 -j DROP", "ip saddr 10.0.7.0&255.0.255.0 -> drop\n"},
        {"-s host.example -j DROP", "[-s host.example] -> drop\n"},
        {"-p tcp -j DROP", "l4proto tcp -> drop\n"},
        {"! -p 17 -j DROP", "l4proto != udp -> drop\n"},
        {"-p all -j DROP", "any -> drop\n"},
        {"-i eth0 -o eth+ -j DROP", "iifname eth0 and oifname eth* -> drop\n"},
        {"-i + -j DROP", "any -> drop\n"},
        {"! -i lo -j DROP", "iifname != lo -> drop\n"},
        {"-f -j DROP", "fragment yes -> drop\n"},
        {"-p tcp --dport 22 -j ACCEPT", "l4proto tcp and dport 22 -> accept\n"},
        {"-p tcp -m tcp ! --dport ssh -j ACCEPT", "l4proto tcp and dport != 22 -> accept\n"},
        {"-p udp --sport 1024: --dport :1023 -j ACCEPT",
         "l4proto udp and sport 1024-65535 and dport 0-1023 -> accept\n"},
        {"-p udp --sport : -j ACCEPT", "l4proto udp and fragment no -> accept\n"},
        {"-p sctp --dport 80:90 -j ACCEPT", "l4proto sctp and dport 80-90 -> accept\n"},
        {"-p tcp -m multiport --dports 22,80:90,https -j ACCEPT",
         "l4proto tcp and dport {22, 80-90, 443} -> accept\n"},
        {"-p tcp -m multiport ! --sports 1,2 -j ACCEPT", "l4proto tcp and sport != 1-2 -> accept\n"},
        {"-p tcp --tcp-flags SYN,ACK SYN -j DROP", "l4proto tcp and tcp flags syn&syn,ack -> drop\n"},
        {"-p tcp --tcp-flags ALL NONE -j DROP", "l4proto tcp and tcp flags none&fin,syn,rst,psh,ack,urg -> drop\n"},
        {"-p tcp ! --syn -j DROP", "l4proto tcp and tcp flags != syn&fin,syn,rst,ack -> drop\n"},
        {"-p icmp -j ACCEPT", "l4proto icmp -> accept\n"},
        {"-p icmp --icmp-type any -j ACCEPT", "l4proto icmp and fragment no -> accept\n"},
        {"-p icmp --icmp-type echo-request -j ACCEPT", "l4proto icmp and icmp type 8 -> accept\n"},
        {"-p icmp --icmp-type 3/4 -j ACCEPT", "l4proto icmp and icmp type 3 and icmp code 4 -> accept\n"},
        {"-m state --state NEW,ESTABLISHED -j ACCEPT", "ct state new, established -> accept\n"},
        {"-m conntrack ! --ctstate INVALID -j ACCEPT", "ct state != invalid -> accept\n"},
        {"-m conntrack --ctstate DNAT -j ACCEPT",
         "ct state new, established, related and ct status dnat&dnat -> accept\n"},
        {"-m iprange --src-range 192.0.2.10-192.0.2.20 -j ACCEPT", "ip saddr 192.0.2.10-192.0.2.20 -> accept\n"},
        {"-m addrtype --dst-type LOCAL,BROADCAST -j ACCEPT", "daddr type local, broadcast -> accept\n"},
        {"-m mark --mark 0x10/0xf0 -j ACCEPT", "mark 0x10&0xf0 -> accept\n"},
        {"-m connmark ! --mark 7 -j ACCEPT",
         "ct state new, established, related and ct mark != 0x7 -> accept\n"},
        {"-m mac --mac-source 00:00:5E:00:53:01 -j ACCEPT", "ether saddr 00:00:5e:00:53:01 -> accept\n"},
        {"-m pkttype --pkt-type broadcast -j DROP", "pkttype broadcast -> drop\n"},
        {"-m ttl --ttl-lt 5 -j DROP", "ttl 0-4 -> drop\n"},
        {"-m ttl --ttl-gt 200 -j DROP", "ttl 201-255 -> drop\n"},
        {"-m length --length 1500: -j DROP", "length 1500-65535 -> drop\n"},
        {"-m dscp --dscp-class EF -j ACCEPT", "dscp 46 -> accept\n"},
        {"-m tos --tos 0x10/0xfc -j ACCEPT", "dscp 4 -> accept\n"},
        {"-m tos --tos minimize-delay -j ACCEPT", "dscp 4&15 and ecn not-ect -> accept\n"},
        {"-m ecn --ecn-ip-ect 3 -j ACCEPT", "ecn ce -> accept\n"},
        {"-p tcp -m ecn ! --ecn-tcp-ece -j ACCEPT", "l4proto tcp and tcp flags != ecn&ecn -> accept\n"},
        {"-p esp -m esp ! --espspi 500:600 -j ACCEPT", "l4proto esp and esp spi != 500-600 -> accept\n"},
        {"-p ah -m ah --ahspi 500 -j ACCEPT", "l4proto ah and ah spi 500 -> accept\n"},
        {"-m devgroup --src-group 0x10/0xf0 -j ACCEPT", "iifgroup 16&240 -> accept\n"},
        {"-m owner --uid-owner 0 --gid-owner 5-7 -j DROP",
         "skuid 0 and skuid != none and skgid 5-7 -> drop\n"},
        {"-m owner ! --socket-exists -j DROP", "skuid none -> drop\n"},
        {"-m physdev --physdev-in port+ --physdev-is-bridged -j DROP",
         "physdev in port* and physdev out != none -> drop\n"},
        {"-m state --state est,REL -j ACCEPT", "ct state established, related -> accept\n"},
        {"-p icmp --icmp-type ECHO-REQ -j ACCEPT", "l4proto icmp and icmp type 8 -> accept\n"},
        {"-m conntrack --ctorigdst 192.0.2.0/24 -j DROP",
         "ct state new, established, related and ct original ip daddr 192.0.2.0/24 -> drop\n"},
        {"-m conntrack --ctstate NEW ! --ctorigdstport 8000:8010 -j DROP", "ct state new and ct original proto-dst != 8000-8010 -> drop\n"},
        {"-p tcp -m conntrack --ctstate NEW --ctreplsrc 10.0.7.0/255.0.255.0 --ctreplsrcport ssh --ctproto tcp -j DROP",
         "l4proto tcp and ct state new and ct original protocol tcp and ct reply ip saddr 10.0.7.0&255.0.255.0 and ct reply proto-src 22 -> drop\n"},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        CHECK(meaning(c.text) == c.meaning);
    }
}

TEST_CASE("relations over two fields become alternatives") {
    Case const cases[] = {
        {"-p tcp -m multiport --ports 53 -j ACCEPT", "l4proto tcp and (sport 53 or dport 53) -> accept\n"},
        {"-m owner ! --gid-owner 5 -j DROP", "not (skuid != none & skgid 5) -> drop\n"},
        {"-m tos ! --tos 0x11/0x13 -j DROP", "not (dscp 4&4 & ecn ect1) -> drop\n"},
        {"-m physdev ! --physdev-out port1 -j DROP",
         "not (physdev out port1 or physdev in != none & physdev out none) -> drop\n"},
        {"-m conntrack --ctstate INVALID,NEW --ctstatus ASSURED -j DROP",
         "ct state {new, invalid} and (ct state invalid, untracked or ct state new, established, related & ct status "
         "assured&assured) -> drop\n"},
        {"-m conntrack --ctstate NEW,SNAT -j ACCEPT", "(ct state new or ct state new, established, related & ct status snat&snat) -> accept\n"},
        {"-p icmp ! --icmp-type 3/4 -j ACCEPT", "l4proto icmp and fragment no and not (icmp type 3 & icmp code 4) -> accept\n"},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        CHECK(meaning(c.text) == c.meaning);
    }
}

TEST_CASE("what no field can say is opaque, and says whether it changes with time") {
    Case const cases[] = {
        {"-m limit --limit  3/min --limit-burst 5 -j ACCEPT",
         "[stateful: -m limit --limit 3/min --limit-burst 5] -> accept\n"},
        {"-m recent ! --rcheck --seconds 60 --name bad -j ACCEPT",
         "not [stateful: -m recent --rcheck --seconds 60 --name bad] -> accept\n"},
        {"-m set ! --match-set bad src,dst -j DROP", "not [-m set --match-set bad src,dst] -> drop\n"},
        {"-m owner --uid-owner nobody -j DROP", "skuid != none and [-m owner --uid-owner nobody] -> drop\n"},
        {"-p tcp -m tcp --tcp-option 8 -j DROP", "l4proto tcp and fragment no and [tcp option 8 exists] -> drop\n"},
        {"-m conntrack --ctexpire 60 --ctstate NEW -j DROP", "ct state new and [stateful: -m conntrack --ctexpire 60] -> drop\n"},
        {"-m string --string \"two words\" --algo bm -j DROP",
         "[-m string --algo bm --string \"two words\"] -> drop\n"},
        {"-m addrtype --src-type LOCAL --limit-iface-in -j DROP",
         "[-m addrtype --src-type LOCAL --limit-iface-in] -> drop\n"},
        {"-m geoip ! --source-country XX -j DROP", "[stateful: -m geoip ! --source-country XX] -> drop\n"},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        CHECK(meaning(c.text) == c.meaning);
    }
}

TEST_CASE("targets become verdicts") {
    struct {
        char const* table;
        char const* text;
        char const* meaning;
    } const cases[] = {
        {"filter", "", "any -> continue\n"},
        {"filter", "-j DROP", "any -> drop\n"},
        {"filter", "-j RETURN", "any -> return\n"},
        {"filter", "-j REJECT --reject-with icmp-port-unreachable", "any -> reject\n"},
        {"filter", "-j LOG --log-prefix \"in: \"", "any -> continue\n"},
        {"filter", "-j other", "any -> jump other\n"},
        {"filter", "-g other", "any -> goto other\n"},
        {"mangle", "-j MARK --set-xmark 0x1/0xffffffff", "any -> continue\n"},
        {"filter", "-j NFQUEUE --queue-num 1",
         "[stateful: -j NFQUEUE --queue-num 1 accepts] -> accept\n[stateful: -j NFQUEUE --queue-num 1 drops] -> "
         "drop\n"},
        {"filter", "-j TARPIT --tarpit",
         "[stateful: -j TARPIT --tarpit accepts] -> accept\n[stateful: -j TARPIT --tarpit drops] -> drop\n"},
    };
    for (auto const& c : cases) {
        INFO(c.text);
        CHECK(meaning(c.text, c.table) == c.meaning);
    }
}

TEST_CASE("what the kernel refuses in a chain, a table or a family is an error") {
    struct {
        char const* table;
        char const* line;
        char const* error;
    } const cases[] = {
        {"filter", "-A INPUT -m owner --uid-owner 0", "'owner' does not work in INPUT"},
        {"filter", "-A OUTPUT -m mac --mac-source 0:0:5e:0:53:1", "'mac' does not work in OUTPUT"},
        {"filter", "-A INPUT -m devgroup --dst-group 1", "'--dst-group' does not work in INPUT"},
        {"filter", "-A INPUT -m hl --hl-eq 1", "'hl' is not for iptables"},
        {"filter", "-A INPUT -m addrtype --limit-iface-in", "'addrtype' needs '--src-type' or '--dst-type'"},
        {"filter", "-A OUTPUT -m owner --suppl-groups --gid-owner 5", "'--suppl-groups' stands behind '--gid-owner'"},
        {"filter", "-A INPUT -m ecn --ecn-tcp-cwr", "'--ecn-tcp-cwr' needs '-p tcp'"},
        {"filter", "-A INPUT -p icmp --icmp-type ec", "ambiguous ICMP type 'ec': echo-reply or echo-request"},
        {"filter", "-A INPUT -j REJECT --reject-with icmp-x", "'REJECT' has no answer 'icmp-x'"},
        {"filter", "-A INPUT -j LOG --log-level ERROR", "unknown log level 'ERROR'"},
        {"filter", "-A INPUT -m statistic --mode often --probability 0.5",
         "'--mode' has no value 'often': it is one of random nth"},
        {"raw", "-A PREROUTING -j CT --zone 65536",
         "'--zone' needs a number up to 65535, or 'mark', found '65536'"},
        {"filter", "-I INPUT 0 -j DROP", "expected number of a rule, from 1, found '0'"},
        {"filter", "-D INPUT 0x0", "expected number of a rule, from 1, found '0x0'"},
        {"filter", "-A INPUT -m limit --limit 99999999999999999999/sec", "needs a rate up to 10000/second, found '9999"},
        {"filter", "-A INPUT -m limit --limit 600001/minute", "needs a rate up to 10000/second, found '600001"},
        {"filter", "-A INPUT -m limit --limit 0/sec", "needs a rate up to 10000/second, found '0/sec'"},
        {"filter", "-A INPUT -m limit --limit 5/secs", "needs a rate up to 10000/second, found '5/secs'"},
        {"filter", "-A INPUT -m hashlimit --hashlimit-upto 1000001/s --hashlimit-name x", "needs a rate up to 1000000/second"},
        {"filter", "-A INPUT -m time --timestart 25:61", "'--timestart' needs a time up to 23:59:59, found '25:61'"},
        {"filter", "-A INPUT -m time --timestop 12", "'--timestop' needs a time up to 23:59:59, found '12'"},
        {"filter", "-A INPUT -m recent --name x", "'recent' needs '--set' or '--rcheck' or '--update' or '--remove'"},
        {"filter", "-A INPUT -m recent --set --hitcount 3", "'--set' cannot be used together with '--hitcount'"},
        {"filter", "-A INPUT -m recent --remove --seconds 3", "'--remove' cannot be used together with '--seconds'"},
        {"filter", "-A INPUT -m recent --rcheck --reap", "'--reap' needs '--seconds'"},
    };
    for (auto const& c : cases) {
        INFO(c.line);
        Read const read(table(c.table, c.line));
        CHECK_THAT(read.findings(), Catch::Contains(c.error));
    }
}

TEST_CASE("no later fragment matches what is asked of its ports") {
    for (char const* options : {"-p tcp --dport 22", "-p tcp ! --dport 22", "-p udp -m udp --sport :",
                                "-p icmp --icmp-type any", "-p tcp -m multiport ! --ports 1,2", "-p tcp ! --tcp-option 8"}) {
        INFO(options);
        Read const read(table("filter", std::string("-A INPUT ") + options + " -j DROP"));
        Match const& match = read.chain("filter/INPUT").rules.at(0).match;
        bool const says = std::ranges::any_of(match.terms, [](Term const& term) {
            return info(term.field).transport || (term.field == Field::fragment && !term.values.contains(1));
        });
        CHECK(says);
    }
}

TEST_CASE("effects are kept beside the verdict") {
    Read const read(
        table("mangle",
              ":own - [0:0]\n-A own -j LOG\n-A own -j MARK --set-mark 5\n-A own -j CONNMARK --save-mark\n"
              "-A own -p tcp -j TCPMSS --clamp-mss-to-pmtu\n-A own -s 192.0.2.1 -m comment --comment \"why not\""));
    auto const& rules = read.chain("mangle/own").rules;
    REQUIRE(rules.size() == 5);
    CHECK(rules[0].effects.log);
    CHECK(rules[1].effects.sets == std::vector<std::string>{"mark set 0x5"});
    CHECK(rules[2].effects.sets == std::vector<std::string>{"CONNMARK --save-mark"});
    CHECK(rules[3].effects.sets == std::vector<std::string>{"TCPMSS --clamp-mss-to-pmtu"});
    CHECK(rules[4].effects.counter);
    CHECK(rules[4].comment == "why not");
    CHECK(rules[4].origin == 4);

    Read const logs(table("filter", "-A INPUT -j LOG --log-prefix \"in: \" --log-level 6 --log-tcp-options\n"
                                    "-A INPUT -j NFLOG --nflog-group 5 --nflog-prefix odd\n"
                                    "-A INPUT -j LOG --log-level warning"));
    CHECK(logs.chain("filter/INPUT").rules[0].effects.log_options ==
          "prefix \"in: \" level info flags tcp options");
    CHECK(logs.chain("filter/INPUT").rules[1].effects.log_options == "prefix \"odd\" group 5");
    CHECK(logs.chain("filter/INPUT").rules[2].effects.log_options.empty());

    Read const answers(table("filter", "-A INPUT -j REJECT\n-A INPUT -j REJECT --reject-with icmp-h\n"
                                       "-A INPUT -p tcp -j REJECT --reject-with tcp-rst"));
    CHECK(answers.chain("filter/INPUT").rules[0].effects.answer.empty());
    CHECK(answers.chain("filter/INPUT").rules[1].effects.answer == "icmp host-unreachable");
    CHECK(answers.chain("filter/INPUT").rules[2].effects.answer == "tcp reset");

    Read const raw(table("raw", "-A PREROUTING -j NOTRACK\n-A PREROUTING -j CT --notrack"));
    for (Rule const& rule : raw.chain("raw/PREROUTING").rules) CHECK(rule.effects.notrack);
}

TEST_CASE("address translation names what it rewrites to") {
    struct {
        char const* text;
        Rewrite rewrite;
    } const cases[] = {
        {"-A PREROUTING -p tcp --dport 80 -j DNAT --to-destination 192.0.2.7:8080",
         {Rewrite::Kind::dnat, Interval{0xc0000207, 0xc0000207}, Interval{8080, 8080}}},
        {"-A PREROUTING -j DNAT --to 192.0.2.7-192.0.2.9",
         {Rewrite::Kind::dnat, Interval{0xc0000207, 0xc0000209}, {}}},
        {"-A PREROUTING -p udp -j REDIRECT --to-ports 53-54", {Rewrite::Kind::redirect, {}, Interval{53, 54}}},
        {"-A POSTROUTING -j SNAT --to-source 192.0.2.1",
         {Rewrite::Kind::snat, Interval{0xc0000201, 0xc0000201}, {}}},
        {"-A POSTROUTING -j MASQUERADE --random-fully --random",
         {Rewrite::Kind::masquerade, {}, {}, "random,fully-random"}},
        {"-A PREROUTING -d 10.0.0.0/24 -j NETMAP --to 192.0.2.0/24",
         {Rewrite::Kind::dnat, Interval{0xc0000200, 0xc00002ff}, {}, "netmap"}},
        {"-A POSTROUTING -j NETMAP --to 192.0.2.0/24", {Rewrite::Kind::snat, Interval{0xc0000200, 0xc00002ff}, {}, "netmap"}},
    };
    for (auto const& c : cases) {
        INFO(c.text);
        Read const read(table("nat", c.text));
        INFO(read.findings());
        REQUIRE(read.reading.ruleset.chains.size() == 1);
        CHECK(std::get<Rewrite>(read.reading.ruleset.chains[0].rules.at(0).verdict) == c.rewrite);
    }
}

TEST_CASE("NETMAP in a chain of one's own changes what it does in those that call it") {
    auto const kind = [](std::string const& callers) {
        Read const read(table("nat", ":own - [0:0]\n" + callers + "-A own -j NETMAP --to 192.0.2.0/24"));
        return std::pair(std::get<Rewrite>(read.chain("nat/own").rules[0].verdict).kind, read.findings());
    };
    CHECK(kind("-A POSTROUTING -j own\n") == std::pair(Rewrite::Kind::snat, std::string()));
    CHECK(kind("-A PREROUTING -j own\n") == std::pair(Rewrite::Kind::dnat, std::string()));
    CHECK(kind(":middle - [0:0]\n-A middle -g own\n-A INPUT -j middle\n") == std::pair(Rewrite::Kind::snat, std::string()));
    CHECK(kind("-A POSTROUTING -j own\n-A OUTPUT -j own\n").second ==
          "PC002 5 construct=NETMAP why=its chain is called before routing and behind it, where it changes different addresses\n");
}

TEST_CASE("conditions that are kept as text stand in the order in which the kernel asks them") {
    auto const order = [](std::string const& rule) {
        Read const read(table("filter", "-A INPUT " + rule));
        std::string text;
        for (Opaque const& opaque : read.chain("filter/INPUT").rules.at(0).match.opaque) text += opaque.text + '\n';
        return text;
    };
    CHECK(order("-m limit --limit 1/sec -m conntrack --ctexpire 5") == "-m limit --limit 1/sec\n-m conntrack --ctexpire 5\n");
    CHECK(order("-m conntrack --ctexpire 5 -m limit --limit 1/sec") == "-m conntrack --ctexpire 5\n-m limit --limit 1/sec\n");
    CHECK(order("-m cpu --cpu 1 -m cgroup --path a --cgroup 5") == "-m cpu --cpu 1\n-m cgroup --cgroup 5\n-m cgroup --path a\n");
}

TEST_CASE("IPv6 rules are of IPv6") {
    CHECK(meaning6("-s 2001:db8::/32 -p tcp --dport 22 -j ACCEPT") ==
          "l4proto tcp and ip6 saddr 2001:db8::/32 and dport 22 -> accept\n");
    CHECK(meaning6("-p ipv6-icmp --icmpv6-type packet-too-big -j ACCEPT") ==
          "l4proto icmpv6 and icmp type 2 -> accept\n");
    CHECK(meaning6("-p icmpv6 -m icmp6 --icmpv6-type 128/0 -j ACCEPT") ==
          "l4proto icmpv6 and icmp type 128 and icmp code 0 -> accept\n");
    CHECK(meaning6("-m hl --hl-eq 255 -j ACCEPT") == "ttl 255 -> accept\n");
    CHECK(meaning6("-m frag --fragid 5 --fraglast -j DROP") ==
          "frag id 5 and exthdr frag&frag and not [frag more-fragments 1] -> drop\n");
    CHECK(meaning6("-m ah --ahspi 5:9 -j DROP") == "ah spi 5-9 and exthdr ah&ah -> drop\n");
    CHECK(meaning6("-m ipv6header --header hop,frag --soft -j DROP") == "exthdr hbh,frag&hbh,frag -> drop\n");
    CHECK(meaning6("-m ipv6header --header esp -j DROP") == "exthdr none and l4proto esp -> drop\n");
    CHECK(meaning6("-m ipv6header ! --header dst,proto -j DROP") ==
          "not (exthdr dst & l4proto {0-49, ah, 52, 53, 54, 55, 56, 57, icmpv6, 60-255}) -> drop\n");
    CHECK(meaning6("-m rt --rt-type 0 -j DROP") == "rt type 0 and exthdr rt&rt -> drop\n");
    CHECK_THAT(meaning("-m \"a b\" -j DROP"), Catch::StartsWith("PC001"));
    CHECK_THAT(meaning("-m aaaaaaaaaabbbbbbbbbbccccccccc -j DROP"), Catch::StartsWith("PC001"));
    CHECK(meaning6("-s 192.0.2.1 -j DROP") == "PC001 4 error='192.0.2.1' is not an IPv6 address\n");
    CHECK(meaning("-s 2001:db8::1 -j DROP") == "PC001 4 error='2001:db8::1' is not an IPv4 address\n");
    CHECK(meaning6("-f -j DROP") == "PC001 4 error='-f' is not for IPv6: use '-m frag'\n");

    Read const read(table("filter", ":INPUT DROP [0:0]"), Dialect::ip6tables);
    CHECK_FALSE(read.reading.ruleset.governs_v4);
    CHECK(read.reading.ruleset.governs_v6);
    CHECK_FALSE(read.chain("filter/INPUT").hook->v4);
}

TEST_CASE("lines for the other family are skipped") {
    std::string const text =
        table("filter", ":own - [0:0]\n-4 -A own -s 192.0.2.1 -j DROP\n-6 -A own -s 2001:db8::1 -j DROP");
    CHECK(Read(text).rules("filter/own") == "ip saddr 192.0.2.1 -> drop\n");
    CHECK(Read(text, Dialect::ip6tables).rules("filter/own") == "ip6 saddr 2001:db8::1 -> drop\n");
}

TEST_CASE("every table's chains stand at the kernel's hooks and priorities") {
    struct {
        char const* title;
        HookPoint point;
        ChainType type;
        int priority;
    } const cases[] = {
        {"raw/PREROUTING", HookPoint::prerouting, ChainType::filter, -300},
        {"raw/OUTPUT", HookPoint::output, ChainType::filter, -300},
        {"mangle/FORWARD", HookPoint::forward, ChainType::filter, -150},
        {"mangle/OUTPUT", HookPoint::output, ChainType::route, -150},
        {"nat/PREROUTING", HookPoint::prerouting, ChainType::nat, -100},
        {"nat/OUTPUT", HookPoint::output, ChainType::nat, -100},
        {"nat/INPUT", HookPoint::input, ChainType::nat, 100},
        {"nat/POSTROUTING", HookPoint::postrouting, ChainType::nat, 100},
        {"filter/INPUT", HookPoint::input, ChainType::filter, 0},
        {"security/FORWARD", HookPoint::forward, ChainType::filter, 50},
    };
    for (auto const& c : cases) {
        std::string const title = c.title;
        std::size_t const slash = title.find('/');
        Read const read(table(title.substr(0, slash), ':' + title.substr(slash + 1) + " ACCEPT [0:0]"));
        INFO(title);
        auto const& hook = read.chain(title).hook;
        REQUIRE(hook);
        CHECK(hook->point == c.point);
        CHECK(hook->type == c.type);
        CHECK(hook->priority == c.priority);
        CHECK(hook->v4);
        CHECK_FALSE(hook->v6);
    }
}

TEST_CASE("policies stand on built-in chains, and the last one counts") {
    Read const read(
        table("filter", ":INPUT ACCEPT [0:0]\n:INPUT DROP [0:0]\n:FORWARD - [0:0]\n:own - [0:0]\n-P OUTPUT DROP"));
    CHECK(read.findings().empty());
    CHECK(std::holds_alternative<Drop>(read.chain("filter/INPUT").policy));
    CHECK(read.chain("filter/INPUT").explicit_policy);
    CHECK(read.sources.text(read.chain("filter/INPUT").policy_span) == "DROP");
    CHECK_FALSE(read.chain("filter/FORWARD").explicit_policy);
    CHECK(std::holds_alternative<Drop>(read.chain("filter/OUTPUT").policy));
    CHECK_FALSE(read.chain("filter/own").hook);
    CHECK(Read(table("filter", ":INPUT REJECT [0:0]")).findings() ==
          "PC001 2 error=the policy is ACCEPT or DROP, not 'REJECT'\n");
    CHECK_THAT(Read(table("filter", ":own ACCEPT [0:0]")).findings(),
               Catch::StartsWith("PC002 2 construct=a policy for the chain 'own'"));
}

TEST_CASE("commands build the chain as iptables-restore would") {
    Case const cases[] = {
        {"-A own -s 10.0.0.1\n-I own -s 10.0.0.2\n-I own -s 10.0.0.3", "3 2 1"},
        {"-A own -s 10.0.0.1\n-A own -s 10.0.0.2\n-I own 2 -s 10.0.0.3", "1 3 2"},
        {"-A own -s 10.0.0.1\n-I own 2 -s 10.0.0.2", "1 2"},
        {"-A own -s 10.0.0.1\n-A own -s 10.0.0.2\n-D own 1", "2"},
        {"-A own -s 10.0.0.1\n-A own -s 10.0.0.2\n-D own -s 10.0.0.2/32", "1"},
        {"-A own -s 10.0.0.1\n-A own -s 10.0.0.2\n-R own 1 -s 10.0.0.3", "3 2"},
        {"-A own -s 10.0.0.1\n-F own\n-A own -s 10.0.0.2", "2"},
        {"-A own -s 10.0.0.1\n-F\n-A own -s 10.0.0.2", "2"},
        {"-A own -s 10.0.0.1\n-N new\n-X new\n-Z own", "1"},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        Read const read(table("filter", std::string(":own - [0:0]\n") + c.text));
        CHECK(read.findings().empty());
        std::string order;
        for (Rule const& rule : read.chain("filter/own").rules)
            order += (order.empty() ? "" : " ") +
                     std::to_string(
                         static_cast<unsigned>(rule.match.terms.at(0).values.intervals.only().value() & 0xff));
        CHECK(order == c.meaning);
    }
}

TEST_CASE("rules of rule numbers that do not exist, and chains that do not exist, are undefined references") {
    Case const cases[] = {
        {"-A nowhere -j ACCEPT", "PC401 2 kind=chain name=nowhere\n"},
        {"-A INPUT -j nowhere", "PC401 2 kind=chain name=nowhere\n"},
        {"-A INPUT -g nowhere", "PC401 2 kind=chain name=nowhere\n"},
        {"-I INPUT 2 -j ACCEPT", "PC401 2 kind=rule name=number 2 of INPUT\n"},
        {"-D INPUT 1", "PC401 2 kind=rule name=number 1 of INPUT\n"},
        {"-D INPUT -j DROP", "PC401 2 kind=rule name=that -D takes from INPUT\n"},
        {"-E nowhere other", "PC401 2 kind=chain name=nowhere\n"},
    };
    for (Case const& c : cases) {
        INFO(c.text);
        CHECK(Read(table("filter", c.text)).findings() == c.meaning);
    }
    Read const read(table("filter", "-A INPUT -j nowhere"));
    CHECK(std::get<Jump>(read.chain("filter/INPUT").rules.at(0).verdict).chain == no_chain);
}

TEST_CASE("a jump finds a chain that is declared below it, or was renamed") {
    CHECK(Read(table("filter", "-A INPUT -j late\n:late - [0:0]")).rules("filter/INPUT") == "any -> jump late\n");
    CHECK(Read(table("filter", "-N old\n-A INPUT -j old\n-E old new")).rules("filter/INPUT") ==
          "any -> jump new\n");
}

TEST_CASE("the former name of a chain is no chain's any more") {
    CHECK(Read(table("filter", "-N old\n-E old new\n-A old -j DROP"))
              .findings()
              .find("PC401 4 kind=chain name=old") == 0);
    CHECK(Read(table("filter", "-N old\n-A INPUT -j old\n-E old new\n-X new")).findings() ==
          "PC401 3 kind=chain name=old\n");
}

TEST_CASE("a second block of a table replaces the first, rules and policies") {
    Read const read("*filter\n:INPUT DROP [0:0]\n-A INPUT -j ACCEPT\nCOMMIT\n*nat\nCOMMIT\n*filter\n:INPUT ACCEPT "
                    "[0:0]\nCOMMIT\n");
    REQUIRE(read.reading.ruleset.chains.size() == 1);
    CHECK(read.chain("filter/INPUT").rules.empty());
    CHECK(std::holds_alternative<Accept>(read.chain("filter/INPUT").policy));
}

TEST_CASE(
    "bare commands, as iptables -S prints them, are of the filter table, or of nat where only nat has the chains") {
    CHECK(Read("-P INPUT DROP\n-N own\n-A INPUT -j own\n-A own -j ACCEPT\n").rules("filter/own") ==
          "any -> accept\n");
    CHECK(Read("-P POSTROUTING ACCEPT\n-A POSTROUTING -j MASQUERADE\n").rules("nat/POSTROUTING") ==
          "any -> masquerade\n");
}

TEST_CASE("what iptables refuses is an error at its place") {
    struct {
        char const* table;
        char const* text;
        char const* error;
    } const cases[] = {
        {"filter", "-A INPUT ! -s 192.0.2.1,192.0.2.2 -j DROP", "'!' is not allowed with more than one address"},
        {"filter", "-A OUTPUT -i eth0 -j DROP", "'-i' cannot be used in OUTPUT"},
        {"filter", "-A INPUT -o eth0 -j DROP", "'-o' cannot be used in INPUT"},
        {"nat", "-A POSTROUTING -i eth0 -j MASQUERADE", "'-i' cannot be used in POSTROUTING"},
        {"filter", "-A INPUT -i sixteen-letters-x -j DROP", "the name of an interface has at most 15 characters"},
        {"filter", "-A INPUT -p nonsense -j DROP", "unknown protocol 'nonsense'"},
        {"filter", "-A INPUT -p 256 -j DROP", "unknown protocol '256'"},
        {"filter", "-A INPUT ! -p all -j DROP", "no packet can match '! -p all'"},
        {"filter", "-A INPUT -p tcp --dport nonsense -j DROP", "unknown port or service 'nonsense'"},
        {"filter", "-A INPUT -p tcp --dport 90:80 -j DROP", "the first port of the range is larger than the last"},
        {"filter", "-A INPUT -m tcp --dport 80 -j DROP", "'tcp' needs '-p tcp'"},
        {"filter", "-A INPUT ! -p tcp -m tcp --dport 80 -j DROP", "'tcp' needs '-p tcp'"},
        {"filter", "-A INPUT -m multiport --dports 80 -j DROP",
         "'multiport' needs '-p tcp', '-p udp', '-p udplite', '-p sctp' or '-p dccp'"},
        {"filter", "-A INPUT -p tcp -m multiport --dports 1,2,3,4,5,6,7,8,9,10,11,12,13,14:15,16 -j DROP",
         "more than 15 ports, where a range counts as two"},
        {"filter", "-A INPUT -p icmp --icmp-type nonsense -j DROP", "unknown ICMP type 'nonsense'"},
        {"filter", "-A INPUT -j ACCEPT --reject-with tcp-reset", "unknown option '--reject-with'"},
        {"filter", "-A INPUT -j REJECT --reject-with tcp-reset", "'--reject-with tcp-reset' needs '-p tcp'"},
        {"filter", "-A INPUT -j OUTPUT", "cannot jump to the built-in chain 'OUTPUT'"},
        {"filter", "-A INPUT -g DROP", "'-g' needs a chain, and 'DROP' is a target"},
        {"filter", "-A INPUT -j DNAT --to-destination 192.0.2.1", "'DNAT' works only in the nat table"},
        {"nat", "-A POSTROUTING -j DNAT --to-destination 192.0.2.1", "'DNAT' does not work in POSTROUTING"},
        {"nat", "-A PREROUTING -j DNAT --to-destination 192.0.2.1:80",
         "ports can only be translated with '-p tcp', 'udp', 'sctp' or 'dccp'"},
        {"nat", "-A PREROUTING -j DROP",
         "the nat table is not intended for filtering: 'DROP' is not allowed in it"},
        {"filter", "-N INPUT", "the chain 'INPUT' exists already"},
        {"filter", "-X INPUT", "the built-in chain 'INPUT' cannot be deleted"},
    };
    for (auto const& c : cases) {
        INFO(c.text);
        bool const of_other_protocol = std::string_view(c.text).find("-m ") != std::string_view::npos &&
                                       (std::string_view(c.error).starts_with("'tcp' needs") ||
                                        std::string_view(c.error).starts_with("'multiport' needs"));
        std::string const rule = of_other_protocol ? "PC414" : "PC001";
        CHECK(Read(table(c.table, c.text)).findings() == rule + " 2 error=" + c.error + '\n');
    }
}

TEST_CASE("a file's structure is checked") {
    CHECK(Read("*filter\n*nat\nCOMMIT\n").findings() == "PC001 2 error=expected COMMIT before the next table\n");
    CHECK(Read("*filter\n-A INPUT -j DROP\n").findings() == "PC001 2 error=expected COMMIT, found end of file\n");
    CHECK(Read("*nonsense\nCOMMIT\n").findings() == "PC001 1 error=unknown table 'nonsense'\n");
    CHECK(Read("*filter\nCOMMIT\n-A INPUT -j DROP\n").findings() ==
          "PC001 3 error=expected a table such as *filter before this line\n");
    CHECK(Read("*filter\nCOMMIT\nCOMMIT\n").findings() == "PC001 3 error=COMMIT without a table\n");
    CHECK(Read("").findings().empty());
}

TEST_CASE("rules that a later command takes away are still checked") {
    CHECK(Read(table("filter", "-A INPUT -p nonsense\n-F INPUT")).findings() ==
          "PC001 2 error=unknown protocol 'nonsense'\n");
}

TEST_CASE("spans lead to the text") {
    std::string const line = "-A INPUT -p tcp ! --dport 22 -m limit --limit 1/s -j ACCEPT";
    Read const read(table("filter", "  " + line + "  "));
    Rule const& rule = read.chain("filter/INPUT").rules.at(0);
    CHECK(read.sources.text(rule.span) == line);
    CHECK(read.sources.text(rule.match.terms.at(0).span) == "-p tcp");
    CHECK(read.sources.text(rule.match.terms.at(1).span) == "--dport 22");
    CHECK(read.sources.text(rule.match.opaque.at(0).span) == "-m limit --limit 1/s");
}

TEST_CASE("numbers are those of C: a zero before them makes them octal") {
    CHECK(meaning("-s 192.168.001.010 -p 021 --dport 022 -j DROP") == "l4proto udp and ip saddr 192.168.1.8 and dport 18 -> drop\n");
    CHECK(meaning("-s 0x0a.1.2.3 -j DROP") == "ip saddr 10.1.2.3 -> drop\n");
    CHECK(meaning("-s 10.0.0.0/010 -j DROP") == "ip saddr 10.0.0.0/8 -> drop\n");
    CHECK(meaning("-m iprange --src-range 010.0.0.1-012.0.0.1 -j DROP") == "ip saddr 8.0.0.1-10.0.0.1 -> drop\n");
    CHECK(meaning("-p tcp -m multiport --dports 022,0x17 -j DROP") == "l4proto tcp and dport {18, 23} -> drop\n");
    CHECK_THAT(meaning("-s 1.2.3.08 -j DROP"), Catch::Contains("PC001"));
    CHECK_THAT(meaning("-s 10.0.0.0/08 -j DROP"), Catch::Contains("PC001"));
    CHECK_THAT(meaning("-p tcp --dport 08 -j DROP"), Catch::Contains("PC001"));
}

TEST_CASE("names that no chain may have are errors") {
    auto const findings = [](std::string const& name) { return Read(table("filter", ':' + name + " - [0:0]")).findings(); };
    CHECK(findings(std::string(28, 'a')).empty());
    CHECK_THAT(findings(std::string(29, 'a')), Catch::Contains("at most 28"));
    CHECK_THAT(findings("-x"), Catch::Contains("does not begin"));
    CHECK_THAT(findings("RETURN"), Catch::Contains("is a target"));
    CHECK(findings("LOG").empty());
    CHECK_THAT(Read(table("filter", "-N LOG")).findings(), Catch::Contains("is a target"));
}

TEST_CASE("what a target writes into packets is told where a rule that decides asks for it") {
    auto const findings = [](std::string const& rule) {
        return Read(table("mangle", "-A PREROUTING -j TTL --ttl-set 64") + table("filter", "-A INPUT " + rule)).findings();
    };
    CHECK_THAT(findings("-m ttl --ttl-eq 1 -j DROP"), Catch::Contains("PC002"));
    CHECK(findings("-m ttl --ttl-eq 1").empty());
    CHECK(findings("-p tcp --dport 22 -j DROP").empty());
}
