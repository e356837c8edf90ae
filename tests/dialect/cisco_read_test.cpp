// What Cisco's entries mean: each line of a table is an entry and the match that it becomes, or a small
// configuration and the ruleset that it becomes.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>

#include "dialect/cisco_read.hpp"
#include "portcullis/dialect/write.hpp"

using namespace portcullis;

namespace {

struct Case {
    std::string text;
    std::string expected;
};

Reading read(std::string const& text, Dialect dialect) {
    Sources sources;
    return read_cisco(sources, sources.add("config", text), dialect);
}

// "match -> verdict" of every rule of the first chain, on lines.
std::string rules_of(Reading const& reading) {
    std::string text;
    if (reading.ruleset.chains.empty()) return "no chain";
    for (Rule const& rule : reading.ruleset.chains.front().rules) {
        if (!text.empty()) text += '\n';
        text += to_text(rule.match) + " -> " + to_text(rule.verdict, reading.ruleset);
        if (rule.effects.log) text += " log";
        for (std::string const& effect : rule.effects.sets) text += " [" + effect + ']';
    }
    return text;
}

// Findings as "PC001 text", but for what readers say of entries that are read as they stand.
std::string complaints(Reading const& reading) {
    std::string text;
    for (Finding const& finding : reading.findings.all()) {
        constexpr std::array advice{"PC403", "PC404", "PC408", "PC410", "PC411", "PC435"};
        if (std::find(advice.begin(), advice.end(), finding.rule) != advice.end()) continue;
        if (!text.empty()) text += '\n';
        text += finding.rule;
        for (auto const& [name, value] : finding.args) text += ' ' + value;
    }
    return text;
}

void check_entries(std::string const& before, Dialect dialect, std::vector<Case> const& cases) {
    for (auto const& [text, expected] : cases) {
        INFO(text);
        auto const reading = read(before + text + '\n', dialect);
        CHECK(rules_of(reading) == expected);
        CHECK(complaints(reading).empty());
    }
}

bool never_applied(Reading const& reading, std::string const& name) {
    for (Finding const& finding : reading.findings.all())
        if (finding.rule == "PC403" && finding.args.at("name") == name) return true;
    return false;
}

} // namespace

TEST_CASE("a standard list looks at sources only") {
    check_entries("access-list 10 ", Dialect::cisco_ios,
                  {
                      {"permit any", "any -> accept"},
                      {"permit 192.0.2.7", "ip saddr 192.0.2.7 -> accept"},
                      {"permit host 192.0.2.7", "ip saddr 192.0.2.7 -> accept"},
                      {"deny 192.0.2.0 0.0.0.255 log", "ip saddr 192.0.2.0/24 -> drop log"},
                      {"permit 192.0.2.0, wildcard bits 0.0.0.15 (12 matches)", "ip saddr 192.0.2.0/28 -> accept"},
                  });
}

TEST_CASE("a zero bit of a wildcard is compared, wherever it stands") {
    check_entries("access-list 110 ", Dialect::cisco_ios,
                  {
                      {"permit ip 10.1.2.3 0.0.255.255 any", "ip saddr 10.1.0.0/16 -> accept"},
                      {"permit ip any 10.0.0.5 255.255.255.255", "any -> accept"},
                      {"permit ip any 10.0.7.0 0.255.0.255", "ip daddr 10.0.7.0&255.0.255.0 -> accept"},
                      {"permit ip any 10.0.0.0 255.0.0.0", "ip daddr 0.0.0.0&0.255.255.255 -> accept"},
                  });
}

TEST_CASE("protocols and ports by number and name") {
    check_entries(
        "access-list 110 ", Dialect::cisco_ios,
        {
            {"deny tcp any any eq www", "l4proto tcp and dport 80 and fragment no -> drop"},
            {"deny udp any eq domain any", "l4proto udp and sport 53 and fragment no -> drop"},
            {"deny tcp any any eq 22 telnet 80", "l4proto tcp and dport {22-23, 80} and fragment no -> drop"},
            {"deny udp any eq snmp bootpc 10.1.0.0 0.0.0.255",
             "ip daddr 10.1.0.0/24 and l4proto udp and sport {68, 161} and fragment no -> drop"},
            {"deny tcp any any neq 80", "l4proto tcp and dport {0-79, 81-65535} and fragment no -> drop"},
            {"deny tcp any any lt 1024", "l4proto tcp and dport 0-1023 and fragment no -> drop"},
            {"deny tcp any any gt 65535", "l4proto tcp and dport {} and fragment no -> drop"},
            {"deny tcp any range 20 21 any range ftp-data ssh",
             "l4proto tcp and sport 20-21 and dport 20-22 and fragment no -> drop"},
            {"DENY OSPF ANY ANY", "l4proto ospf -> drop"},
            {"deny 47 any any", "l4proto gre -> drop"},
            {"deny ahp any any", "l4proto ah -> drop"},
            {"deny icmp any any echo", "l4proto icmp and icmp type 8 and fragment no -> drop"},
            {"deny icmp any any port-unreachable",
             "l4proto icmp and icmp type 3 and icmp code 3 and fragment no -> drop"},
            {"deny icmp any any 5 1", "l4proto icmp and icmp type 5 and icmp code 1 and fragment no -> drop"},
            {"deny icmp any any redirect", "l4proto icmp and icmp type 5 and fragment no -> drop"},
            {"deny igmp any any host-query", "l4proto igmp and fragment no and [igmp type host-query] -> drop"},
        });
}

TEST_CASE("a later fragment matches a layer-4 permit on layer 3, and no layer-4 deny") {
    check_entries(
        "access-list 110 ", Dialect::cisco_ios,
        {
            {"permit tcp any host 192.0.2.1 eq 80",
             "ip daddr 192.0.2.1 and l4proto tcp and (dport 80 & fragment no or fragment yes) -> accept"},
            {"deny tcp any host 192.0.2.1 eq 80",
             "ip daddr 192.0.2.1 and l4proto tcp and dport 80 and fragment no -> drop"},
            {"permit ip any host 192.0.2.1", "ip daddr 192.0.2.1 -> accept"},
            {"deny tcp any any", "l4proto tcp -> drop"},
            {"deny ip any any fragments", "fragment yes -> drop"},
            {"permit igmp any any pim",
             "l4proto igmp and fragment no and [igmp type pim] -> accept\nl4proto igmp and fragment yes -> accept"},
        });
    auto const asa = read("access-list OUT extended permit tcp any host 192.0.2.1 eq 80\n", Dialect::cisco_asa);
    CHECK(rules_of(asa) ==
          "nfproto ipv4 and ip daddr 192.0.2.1 and l4proto tcp and dport 80 -> accept"); // reassembles
}

TEST_CASE("established is ACK or RST, and flag words are alternatives on IOS") {
    check_entries(
        "access-list 110 ", Dialect::cisco_ios,
        {
            {"deny tcp any any established",
             "l4proto tcp and tcp flags {ack&ack, rst&rst} and fragment no -> drop"},
            {"deny tcp any any syn fin", "l4proto tcp and tcp flags {syn&syn, fin&fin} and fragment no -> drop"},
            {"deny tcp any any match-all +syn -ack",
             "l4proto tcp and tcp flags syn&syn,ack and fragment no -> drop"},
            {"deny tcp any any match-any +syn -ack",
             "l4proto tcp and tcp flags {syn&syn, none&ack} and fragment no -> drop"},
        });
    auto const nxos = read("ip access-list A\n  10 deny tcp any any ack psh\n", Dialect::cisco_nxos);
    CHECK(rules_of(nxos) == "l4proto tcp and tcp flags psh,ack&psh,ack and fragment no -> drop");
}

TEST_CASE("fields of the IP header") {
    check_entries("access-list 110 ", Dialect::cisco_ios,
                  {
                      {"deny ip any any dscp ef", "dscp 46 -> drop"},
                      {"deny ip any any precedence critical", "dscp 40-47 -> drop"},
                      {"deny ip any any ttl lt 5", "ttl 0-4 -> drop"},
                      {"deny ip any any tos  4", "dscp 2&7 and ecn not-ect, ect1 -> drop"},
                      {"deny ip any any option  any-options", "[option any-options] -> drop"},
                  });
}

TEST_CASE("what depends on more than the packet is a free variable") {
    check_entries("ip access-list extended IN\n", Dialect::cisco_ios,
                  {
                      {" permit ip any any time-range  NIGHT", "[stateful: time-range NIGHT] -> accept"},
                      {" dynamic LOCK timeout 5 permit ip any any", "[stateful: dynamic LOCK] -> accept"},
                      {" evaluate RETURN", "[stateful: evaluate RETURN] -> accept"},
                      {" permit icmp any any reflect RETURN timeout 60",
                       "l4proto icmp -> accept [reflect RETURN timeout 60]"},
                  });
}

TEST_CASE("an IPv6 list lets neighbour discovery in before its implicit deny") {
    check_entries("ipv6 access-list V6\n", Dialect::cisco_ios,
                  {
                      {" deny icmp any any echo-request\n permit tcp 2001:db8::/32 host 2001:db8::1",
                       "l4proto icmpv6 and icmp type 128 and fragment no -> drop\n"
                       "ip6 saddr 2001:db8::/32 and ip6 daddr 2001:db8::1 and l4proto tcp -> accept\n"
                       "l4proto icmpv6 and icmp type 136 -> accept\n"
                       "l4proto icmpv6 and icmp type 135 -> accept"},
                      {" deny ipv6 any any log", "any -> drop log"},
                      {" sequence 20 deny ipv6 any any\n sequence 10 permit tcp any any\n sequence 5 permit udp "
                       "any any\n no sequence 5",
                       "l4proto tcp -> accept\nany -> drop"},
                      {" permit tcp any any eq bgp (8 matches) sequence 10\n deny ipv6 any any sequence 20",
                       "l4proto tcp and (dport 179 & fragment no or fragment yes) -> accept\nany -> drop"},
                  });
}

TEST_CASE("sequence numbers order entries, replace them and remove them") {
    check_entries(
        "ip access-list extended A\n", Dialect::cisco_ios,
        {
            {" 20 deny ip any any\n 10 permit tcp any any", "l4proto tcp -> accept\nany -> drop"},
            {" 10 permit tcp any any\n 10 deny udp any any", "l4proto udp -> drop"},
            {" permit tcp any any\n 5 deny udp any any\n deny ip any any",
             "l4proto udp -> drop\nl4proto tcp -> accept\nany -> drop"},
            {" 10 permit tcp any any\n 20 permit udp any any\n no 10", "l4proto udp -> accept"},
            {" 10 permit tcp any any\n 20 permit udp any any\n no permit tcp any any", "l4proto udp -> accept"},
            {" permit tcp any any\n permit udp any any\n no permit  TCP any any", "l4proto udp -> accept"},
        });
    auto const removed =
        read("access-list 101 permit ip any any\nno access-list 101\naccess-list 101 deny ip any any\n",
             Dialect::cisco_ios);
    CHECK(rules_of(removed) == "any -> drop");
}

TEST_CASE("a list without entries permits everything, except on an ASA") {
    auto const empty = read("ip access-list extended EMPTY\n remark nothing yet\n", Dialect::cisco_ios);
    CHECK(std::holds_alternative<Accept>(empty.ruleset.chains.at(0).policy));
    auto const asa = read("access-list EMPTY remark nothing yet\n", Dialect::cisco_asa);
    CHECK(std::holds_alternative<Drop>(asa.ruleset.chains.at(0).policy));
}

TEST_CASE("remarks are the comment of the next entry") {
    auto const reading =
        read("ip access-list extended A\n remark web\n remark servers\n permit tcp any any\n deny ip any any\n",
             Dialect::cisco_ios);
    auto const& rules = reading.ruleset.chains.at(0).rules;
    CHECK(rules.at(0).comment == "web\nservers");
    CHECK(rules.at(1).comment.empty());
}

TEST_CASE("object groups of IOS have netmasks, and services with ports of either side") {
    std::string const groups = "object-group network SERVERS\n"
                               " host 192.0.2.1\n"
                               " 198.51.100.0 255.255.255.0\n"
                               " range 203.0.113.4 203.0.113.9\n"
                               "object-group service WEB\n"
                               " tcp eq 80\n"
                               " tcp eq 443\n"
                               " udp source gt 1023 eq 443\n"
                               " icmp echo\n"
                               "ip access-list extended IN\n";
    check_entries(groups, Dialect::cisco_ios,
                  {
                      {" permit ip any object-group SERVERS",
                       "ip daddr {192.0.2.1, 198.51.100.0/24, 203.0.113.4/30, 203.0.113.8/31} -> accept"},
                      {" deny object-group WEB any any", "fragment no and (l4proto tcp & dport {80, 443} or "
                                                         "l4proto udp & sport 1024-65535 & dport 443 or l4proto "
                                                         "icmp & icmp type 8) -> drop"},
                  });
}

TEST_CASE("an ASA's addresses tell the family") {
    check_entries(
        "access-list A extended ", Dialect::cisco_asa,
        {
            {"permit ip any any", "any -> accept"},
            {"permit ip any4 any4", "nfproto ipv4 -> accept"},
            {"permit tcp any6 host 2001:db8::1",
             "nfproto ipv6 and ip6 daddr 2001:db8::1 and l4proto tcp -> accept"},
            {"permit ip 192.0.2.0 255.255.255.0 any", "nfproto ipv4 and ip saddr 192.0.2.0/24 -> accept"},
            {"permit icmp6 any6 any6 echo", "nfproto ipv6 and l4proto icmpv6 and icmp type 128 -> accept"},
            {"permit tcp any any eq www log disable", "l4proto tcp and dport 80 -> accept"},
            {"permit tcp any any eq www log 4 interval 60", "l4proto tcp and dport 80 -> accept log"},
            {"permit tcp user LAB\\ann any any", "l4proto tcp and [source user LAB\\ann] -> accept"},
            {"permit ip any interface outside", "[destination interface outside] -> accept"},
        });
}

TEST_CASE("objects and groups of an ASA") {
    std::string const objects = "name 192.0.2.9 mail\n"
                                "interface Gi0/0\n"
                                " nameif outside\n"
                                " ip address 192.0.2.2 255.255.255.0\n"
                                "object network WEB\n"
                                " host 192.0.2.80\n"
                                " nat (dmz,outside) static 198.51.100.80\n"
                                "object network UPDATES\n"
                                " fqdn v4 updates.example.com\n"
                                "object service DNS\n"
                                " service udp destination eq domain\n"
                                "object-group network MIXED\n"
                                " network-object object WEB\n"
                                " network-object 2001:db8:1::/48\n"
                                "object-group network OUTER\n"
                                " group-object MIXED\n"
                                " network-object host mail\n"
                                "object-group network PARTNERS\n"
                                " network-object host 192.0.2.3\n"
                                " network-object object UPDATES\n"
                                "object-group service PORTS tcp\n"
                                " port-object eq www\n"
                                " port-object range 8000 8010\n"
                                "object-group protocol BOTH\n"
                                " protocol-object tcp\n"
                                " protocol-object udp\n"
                                "object-group icmp-type PING\n"
                                " icmp-object echo\n"
                                "object-group service MANY\n"
                                " service-object tcp-udp destination eq 53\n"
                                " service-object icmp echo\n"
                                "access-list A extended ";
    check_entries(
        objects, Dialect::cisco_asa,
        {
            {"permit tcp any object WEB eq 443",
             "nfproto ipv4 and ip daddr 192.0.2.80 and l4proto tcp and dport 443 -> accept"},
            {"permit ip any host mail", "nfproto ipv4 and ip daddr 192.0.2.9 -> accept"},
            {"permit ip any interface outside", "nfproto ipv4 and ip daddr 192.0.2.2 -> accept"},
            {"permit object DNS any any", "l4proto udp and dport 53 -> accept"},
            {"permit ip any object-group OUTER", "(nfproto ipv4 & ip daddr {192.0.2.9, 192.0.2.80} or nfproto ipv6 "
                                                 "& ip6 daddr 2001:db8:1::/48) -> accept"},
            {"permit ip any object-group PARTNERS",
             "nfproto ipv4 and ip daddr 192.0.2.3 -> accept\n[destination fqdn updates.example.com] -> accept"},
            {"permit tcp any object WEB object-group PORTS",
             "nfproto ipv4 and ip daddr 192.0.2.80 and l4proto tcp and dport {80, 8000-8010} -> accept"},
            {"permit tcp any eq 80 mail 255.255.255.255 eq 25",
             "nfproto ipv4 and ip daddr 192.0.2.9 and l4proto tcp and sport 80 and dport 25 -> accept"},
            {"permit tcp any object-group PORTS object-group MIXED",
             "l4proto tcp and sport {80, 8000-8010} and (nfproto ipv4 & ip daddr 192.0.2.80 or "
             "nfproto ipv6 & ip6 daddr 2001:db8:1::/48) -> accept"},
            {"permit object-group BOTH any any eq 53", "l4proto {tcp, udp} and dport 53 -> accept"},
            {"permit icmp any any object-group PING", "l4proto icmp and icmp type 8 -> accept"},
            {"permit object-group MANY any any",
             "(l4proto {tcp, udp} & dport 53 or l4proto icmp & icmp type 8) -> accept"},
        });
}

TEST_CASE("an inactive entry is kept beside the rules, at its place among them") {
    auto const reading =
        read("access-list A extended permit ip any any inactive\naccess-list A extended deny ip any any\n",
             Dialect::cisco_asa);
    CHECK(rules_of(reading) == "any -> drop");
    auto const& inactive = reading.ruleset.chains.at(0).inactive;
    REQUIRE(inactive.size() == 1);
    CHECK(to_text(inactive[0].match) == "any");
    CHECK(inactive[0].origin == 0);
    CHECK(reading.ruleset.chains[0].rules.at(0).origin == 1);
}

TEST_CASE("NX-OS and IOS-XR entries") {
    auto const nxos = read("object-group ip address HOSTS\n  10 host 192.0.2.1\n  20 198.51.100.0 0.0.0.255\n"
                           "object-group ip port WEB\n  10 eq 80\n  20 range 8000 8010\n"
                           "ip access-list A\n  statistics per-entry\n"
                           "  10 permit tcp addrgroup HOSTS 203.0.113.0/24 portgroup WEB\n",
                           Dialect::cisco_nxos);
    CHECK(rules_of(nxos) ==
          "ip saddr {192.0.2.1, 198.51.100.0/24} and ip daddr 203.0.113.0/24 and l4proto tcp and (dport {80, "
          "8000-8010} & fragment no or fragment yes) -> accept");
    CHECK(complaints(nxos).empty());
    auto const xr = read(
        "object-group network ipv4 HOSTS\n host 192.0.2.1\n!\nobject-group port WEB\n eq 443\n!\n"
        "ipv4 access-list A\n 10 deny tcp net-group HOSTS any port-group WEB\n 20 permit 198.51.100.0 0.0.0.255\n"
        " 30 permit ipv4 any any nexthop1 ipv4 192.0.2.254\n",
        Dialect::cisco_xr);
    CHECK(rules_of(xr) == "ip saddr 192.0.2.1 and l4proto tcp and dport 443 and fragment no -> drop\n"
                          "ip saddr 198.51.100.0/24 -> accept\nany -> accept [nexthop1 ipv4 192.0.2.254]");
    CHECK(complaints(xr).empty());
}

TEST_CASE("interfaces are bindings, with or without indentation") {
    for (std::string const indent : {" ", ""}) {
        auto const reading = read("interface GigabitEthernet0/1\n" + indent + "description uplink\n" + indent +
                                      "ip access-group EDGE in\n" + indent + "ip access-group BACK out\n!\n" +
                                      "ip access-list extended EDGE\n" + indent + "permit tcp any any\n" +
                                      "ip access-list extended BACK\n" + indent + "permit ip any any\n",
                                  Dialect::cisco_ios);
        REQUIRE(reading.ruleset.chains.size() == 2);
        CHECK(to_text(reading.ruleset) ==
              "ruleset cisco-ios\n"
              "chain EDGE filter list 0 ipv4 policy drop (implied) in GigabitEthernet0/1\n"
              "  0: l4proto tcp -> accept\n"
              "chain BACK filter list 0 ipv4 policy drop (implied) out GigabitEthernet0/1\n"
              "  0: any -> accept\n");
        CHECK(reading.findings.empty());
        CHECK(reading.ruleset.has_interfaces);
    }
}

TEST_CASE("the last access group of an interface and a direction counts") {
    auto const reading =
        read("access-list A extended permit ip any any\naccess-list B extended deny ip any any\n"
             "access-group A in interface outside\naccess-group B in interface outside\naccess-group A global\n",
             Dialect::cisco_asa);
    REQUIRE(reading.ruleset.chains.size() == 2);
    REQUIRE(reading.ruleset.chains[0].bindings.size() == 1);
    CHECK(reading.ruleset.chains[0].bindings[0].interface == "global");
    REQUIRE(reading.ruleset.chains[1].bindings.size() == 1);
    CHECK(reading.ruleset.chains[1].bindings[0].interface == "outside");
}

TEST_CASE("the global list of an ASA decides where an interface has no list, and where its own says nothing") {
    std::string const interfaces = "interface GigabitEthernet0/0\n nameif outside\n security-level 0\ninterface GigabitEthernet0/1\n nameif inside\n security-level 100\n"
                                   "interface GigabitEthernet0/2\n nameif dmz\n security-level 50\ninterface Management0/0\n management-only\n nameif mgmt\n security-level 100\n";
    std::string const lists = "access-list DMZ extended permit tcp any any eq 443\naccess-list ALL extended permit tcp any any eq 22\naccess-group DMZ in interface dmz\naccess-group ALL global\n";
    auto const reading = read(interfaces + lists, Dialect::cisco_asa);
    REQUIRE(reading.ruleset.chains.size() == 2); // and none for a security level
    CHECK(reading.ruleset.chains[0].rules.size() == 2);
    std::vector<std::string> names;
    for (Binding const& binding : reading.ruleset.chains[1].bindings) {
        CHECK((binding.inbound && binding.by_global));
        names.push_back(binding.interface);
    }
    CHECK(names == std::vector<std::string>{"outside", "inside"});
    CHECK(write_cisco(reading.ruleset, Dialect::cisco_asa).text == lists);
}

TEST_CASE("before 9.0 a list of an ASA is of one family, and a list of the other leaves an interface to the global one") {
    std::string const interfaces = "interface GigabitEthernet0/0\n nameif outside\ninterface GigabitEthernet0/1\n nameif inside\n";
    std::string const lists = "access-list ALL extended permit tcp any any eq 22\naccess-group ALL global\n";
    auto const now = read(interfaces + lists, Dialect::cisco_asa);
    CHECK((now.ruleset.chains[0].hook->v4 && now.ruleset.chains[0].hook->v6));
    auto const before = read(interfaces + lists + "ipv6 access-list V6 permit tcp any any eq 443\naccess-group V6 in interface outside\n", Dialect::cisco_asa);
    REQUIRE(before.ruleset.chains.size() == 2);
    Chain const& all = before.ruleset.chains[0];
    CHECK((all.hook->v4 && !all.hook->v6));
    CHECK(all.bindings.size() == 2);
    for (Rule const& rule : before.ruleset.chains[1].rules) CHECK_FALSE(std::holds_alternative<Jump>(rule.verdict)); // it does not go on in the other
}

TEST_CASE("consumers of access lists that do not filter packets") {
    for (std::string const consumer : {
             "line vty 0 4\n access-class L in",
             "snmp-server community public RO L",
             "snmp-server community public view V ro ipv6 SIX L",
             "snmp-server group G v3 priv access L",
             "ntp access-group peer L",
             "ip http access-class L",
             "ip http access-class ipv4 L",
             "ip nat inside source list L interface Gi0/0 overload",
             "route-map R permit 10\n match ip address L",
             "class-map match-all C\n match access-group name L",
             "crypto map M 10 ipsec-isakmp\n set peer 192.0.2.1\n match address L",
             "router ospf 1\n distribute-list L in Gi0/1",
             "router bgp 65000\n neighbor 192.0.2.1 distribute-list L out",
             "interface Gi0/1\n ip multicast boundary L",
             "interface Gi0/1\n ip igmp access-group L",
             "interface Gi0/1\n ip verify unicast source reachable-via rx L",
             "interface Gi0/1\n rate-limit input access-group L 8000 1500 2000 conform-action transmit "
             "exceed-action drop",
             "ip pim rp-address 192.0.2.1 L",
             "dialer-list 1 protocol ip list L",
             "crypto isakmp client configuration group G\n acl L",
         }) {
        INFO(consumer);
        auto const reading =
            read("ip access-list extended L\n permit ip any any\n!\n" + consumer + '\n', Dialect::cisco_ios);
        REQUIRE(reading.ruleset.chains.size() == 1);
        CHECK_FALSE(reading.ruleset.chains[0].filters);
        CHECK(reading.findings.empty());
    }
    for (std::string const other :
         {"description L", "snmp-server location rack", "ip prefix-list L seq 5 permit 10.0.0.0/8",
          "no snmp-server community public RO L", "ip as-path access-list L permit ^$"}) {
        INFO(other);
        auto const reading =
            read("ip access-list extended L\n permit ip any any\n!\n" + other + '\n', Dialect::cisco_ios);
        CHECK(never_applied(reading, "L"));
        CHECK(reading.ruleset.chains.at(0).filters);
    }
}

TEST_CASE("references to what is not there") {
    std::vector<Case> const cases{
        {"ip access-list extended A\n permit ip object-group NOPE any\n", "PC401 object-group NOPE"},
        {"ip access-list extended A\n permit object-group NOPE any any\n", "PC401 object-group NOPE"},
        {"access-list 101 permit ip any host 206.X.X.1\n", "PC001 expected host address, found '206.X.X.1'"},
    };
    for (auto const& [text, expected] : cases) {
        INFO(text);
        CHECK(complaints(read(text, Dialect::cisco_ios)) == expected);
    }
    // The entry stays, with a match that nobody knows.
    auto const kept = read(cases[0].text, Dialect::cisco_ios);
    CHECK(rules_of(kept) == "[source object-group NOPE] -> accept");
    // A list that an interface has and that is not there permits everything, and is no declared one; an ASA refuses it.
    auto const missing = read("interface Gi0/0\n ip access-group NOPE in\n", Dialect::cisco_ios).ruleset.chains;
    REQUIRE(missing.size() == 1);
    CHECK(missing[0].implicit);
    CHECK(std::holds_alternative<Accept>(missing[0].policy));
    CHECK(complaints(read("interface Gi0/0\n nameif outside\naccess-group NOPE in interface outside\n", Dialect::cisco_asa)) ==
          "PC401 access list NOPE");
    CHECK(complaints(read("access-list A extended permit tcp any host MAIL eq smtp\n", Dialect::cisco_asa)) ==
          "PC401 name MAIL");
}

TEST_CASE("entries that cannot be meant are errors at their words") {
    check_entries("", Dialect::cisco_ios, {});
    std::vector<Case> const cases{
        {"permit tpc any any", "PC001 expected a protocol, found 'tpc'"},
        {"permit tcp any any eq nonsense", "PC001 expected a tcp port, found 'nonsense'"},
        {"permit udp any any eq 70000", "PC001 expected a udp port, found '70000'"},
        {"permit ip any any eq 80", "PC414 ports of a protocol that has none"},
        {"permit udp any any established", "PC414 TCP flags of a protocol that has none"},
        {"permit icmp any any nonsense", "PC001 expected an icmp type, found 'nonsense'"},
        {"permit tcp any any range 20 10", "PC001 the range ends before it starts"},
        {"permit tcp any any eq 80 fragments",
         "PC001 a later fragment has no ports, flags or message types to match"},
        {"permit ip any host 2001:db8::1", "PC001 an IPv6 address in a list of IPv4"},
    };
    for (auto const& [text, expected] : cases) {
        INFO(text);
        auto const reading = read("ip access-list extended A\n " + text + '\n', Dialect::cisco_ios);
        CHECK(complaints(reading) == expected);
        CHECK(rules_of(reading).empty());
    }
}

TEST_CASE("an entry of the other kind of list is refused, and the list keeps its deny") {
    std::vector<Case> const cases{
        {"access-list 10 permit tcp any any eq 80\n", "PC430 list '10' is a standard one, which knows sources alone"},
        {"access-list 1999 permit ip any any\n", "PC430 list '1999' is a standard one, which knows sources alone"},
        {"access-list 2000 permit 10.0.0.0 0.0.0.255\n",
         "PC430 list '2000' is an extended one, whose entries have a protocol and two addresses"},
        {"ip access-list extended W\n permit any\n",
         "PC430 list 'W' is an extended one, whose entries have a protocol and two addresses"},
        {"ip access-list standard 150\n permit any\n", "PC430 150 is no number of a standard list"},
        {"access-list 110 permit tcp any any eq 80\naccess-list 10 permit 10.0.0.0 0.0.0.255\n", ""},
        {"ip access-list extended 2699\n permit ip any any\nip access-list standard N\n permit any\n", ""},
    };
    for (auto const& [text, expected] : cases) {
        INFO(text);
        auto const reading = read(text, Dialect::cisco_ios);
        CHECK(complaints(reading) == expected);
        CHECK(std::holds_alternative<Drop>(reading.ruleset.chains.at(0).policy));
    }
}

TEST_CASE("groups that would contain themselves lack the line that does it, and groups that explode are errors and end") {
    auto const loop = read("object-group network A\n group-object B\nobject-group network B\n group-object A\n"
                           "access-list L extended permit ip any object-group A\n",
                           Dialect::cisco_asa);
    CHECK(complaints(loop) == "PC431 the device refuses this line 'B' would contain itself");

    std::string bomb =
        "object-group service G0\n service-object tcp destination eq 80\n service-object udp destination eq 90\n";
    for (int i = 1; i < 60; ++i) {
        std::string const inner = " group-object G" + std::to_string(i - 1) + '\n';
        bomb += "object-group service G" + std::to_string(i) + '\n' + inner + inner;
    }
    auto const exploded =
        read(bomb + "access-list L extended permit object-group G59 any any\n", Dialect::cisco_asa);
    CHECK(complaints(exploded).starts_with("PC002"));
}
