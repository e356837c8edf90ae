// Entries that cover every feature of the four systems, with packets that they let pass and packets that they do
// not, worked out by hand from the vendor's guide named beside each; the interpreter has to agree, as `trace`
// would.
#include <catch2/catch.hpp>

#include "dialect/cisco_read.hpp"
#include "portcullis/engine/interpret.hpp"

using namespace portcullis;

namespace {

struct Spot {
    std::string guide; // where the vendor says so
    Dialect dialect = Dialect::cisco_ios;
    std::string config;
    std::string list;
    std::vector<std::string> passes;
    std::vector<std::string> stopped;
    std::vector<std::string> depends; // on what only the device knows
};

ChainId chain_named(Ruleset const& ruleset, std::string const& name) {
    for (ChainId id = 0; id < ruleset.chains.size(); ++id)
        if (ruleset.chains[id].name == name) return id;
    return no_chain;
}

std::string fate_of(Ruleset const& ruleset, ChainId chain, std::string const& text) {
    auto const parsed = parse_packet(text);
    if (!parsed.packet) return parsed.error;
    Decision const decision = interpret(ruleset, chain, *parsed.packet);
    return decision.certain() ? std::string(to_string(decision.main().fate)) : "depends";
}

void check(std::vector<Spot> const& spots) {
    for (Spot const& spot : spots) {
        INFO(spot.guide << '\n' << spot.config);
        Sources sources;
        auto const reading = read_cisco(sources, sources.add("config", spot.config), spot.dialect);
        ChainId const chain = chain_named(reading.ruleset, spot.list);
        REQUIRE(chain != no_chain);
        auto const expect = [&](std::vector<std::string> const& packets, std::string const& fate) {
            for (std::string const& packet : packets) {
                INFO(packet);
                CHECK(fate_of(reading.ruleset, chain, packet) == fate);
            }
        };
        expect(spot.passes, "accept");
        expect(spot.stopped, "drop");
        expect(spot.depends, "depends");
    }
}

std::string const ios_guide = "IOS Security Configuration Guide: Access Control Lists, ";
std::string const asa_guide = "ASA Series General Operations CLI Configuration Guide, ";
std::string const nexus_guide = "Nexus 7000 Series NX-OS Security Configuration Guide, ";
std::string const xr_guide = "IOS XR IP Addresses and Services Configuration Guide, ";

} // namespace

TEST_CASE("packets through entries of IOS") {
    check({
        {ios_guide + "Creating a Standard Access List",
         Dialect::cisco_ios,
         "access-list 10 deny 192.0.2.7\naccess-list 10 permit 192.0.2.0 0.0.0.255\n",
         "10",
         {"tcp 192.0.2.8:1024 > 198.51.100.1:23", "udp 192.0.2.255:53 > 203.0.113.1:53"},
         {"tcp 192.0.2.7:1024 > 198.51.100.1:23", "tcp 192.0.3.8:1024 > 198.51.100.1:23"},
         {}},
        {ios_guide + "Wildcard Mask for Addresses (ignored bits may be anywhere)",
         Dialect::cisco_ios,
         "access-list 101 permit ip 10.0.7.0 0.255.0.255 any\n",
         "101",
         {"tcp 10.200.7.9:1024 > 198.51.100.1:23"},
         {"tcp 10.200.8.9:1024 > 198.51.100.1:23", "tcp 11.200.7.9:1024 > 198.51.100.1:23"},
         {}},
        {ios_guide + "Access List Logic: first match, and an implicit deny at the end",
         Dialect::cisco_ios,
         "ip access-list extended A\n 20 permit tcp any any eq 80\n 10 deny tcp host 192.0.2.1 any\n",
         "A",
         {"tcp 192.0.2.2:1024 > 198.51.100.1:80"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80", "udp 192.0.2.2:1024 > 198.51.100.1:80"},
         {}},
        {"IOS Security Command Reference, permit (IP): eq with several ports (ACL Support for Filtering "
         "Noncontiguous Ports)",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit tcp any any eq 22 443 8080\n",
         "A",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:443", "tcp 192.0.2.1:1024 > 198.51.100.1:8080"},
         {"tcp 192.0.2.1:443 > 198.51.100.1:80"},
         {}},
        {"IOS Security Command Reference, permit (IP): lt, gt, neq, range include what they say",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit udp any lt 1024 any gt 1023\n permit udp any neq 53 any range 161 "
         "162\n",
         "A",
         {"udp 192.0.2.1:1023 > 198.51.100.1:1024", "udp 192.0.2.1:4000 > 198.51.100.1:162"},
         {"udp 192.0.2.1:1024 > 198.51.100.1:1024", "udp 192.0.2.1:53 > 198.51.100.1:161"},
         {}},
        {"IOS Security Command Reference, permit (IP): established is ACK or RST",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit tcp any any established\n",
         "A",
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=ack", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,ack",
          "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=rst"},
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=fin"},
         {}},
        {ios_guide + "ACL TCP Flags Filtering: match-all, match-any",
         Dialect::cisco_ios,
         "ip access-list extended A\n deny tcp any any match-all +syn +fin\n permit tcp any any match-any +syn "
         "-ack\n",
         "A",
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=fin",
          "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,ack"},
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,fin", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=ack"},
         {}},
        {"Access Control Lists and IP Fragments (Cisco white paper): an L3+L4 permit lets later fragments through",
         Dialect::cisco_ios,
         "access-list 101 permit tcp any host 192.0.2.1 eq 80\n",
         "101",
         {"tcp 203.0.113.1 > 192.0.2.1 later-fragment", "tcp 203.0.113.1:1024 > 192.0.2.1:80"},
         {"tcp 203.0.113.1:1024 > 192.0.2.1:81", "udp 203.0.113.1 > 192.0.2.1 later-fragment"},
         {}},
        {"Access Control Lists and IP Fragments: an L3+L4 deny does not stop them",
         Dialect::cisco_ios,
         "access-list 101 deny tcp any host 192.0.2.1 eq 23\naccess-list 101 permit ip any any\n",
         "101",
         {"tcp 203.0.113.1 > 192.0.2.1 later-fragment"},
         {"tcp 203.0.113.1:1024 > 192.0.2.1:23"},
         {}},
        {"Access Control Lists and IP Fragments: fragments matches later ones alone",
         Dialect::cisco_ios,
         "access-list 101 deny ip any host 192.0.2.1 fragments\naccess-list 101 permit tcp any host 192.0.2.1 eq "
         "80\n",
         "101",
         {"tcp 203.0.113.1:1024 > 192.0.2.1:80"},
         {"tcp 203.0.113.1 > 192.0.2.1 later-fragment"},
         {}},
        {"IOS Security Command Reference, permit (IP): icmp by type, code and name",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit icmp any any echo-reply\n permit icmp any any 3 4\n"
         " permit icmp any any time-exceeded\n",
         "A",
         {"icmp 192.0.2.1 > 198.51.100.1 type=0", "icmp 192.0.2.1 > 198.51.100.1 type=3 code=4",
          "icmp 192.0.2.1 > 198.51.100.1 type=11 code=1"},
         {"icmp 192.0.2.1 > 198.51.100.1 type=8", "icmp 192.0.2.1 > 198.51.100.1 type=3 code=3"},
         {}},
        {"IOS Security Command Reference, permit (IP): dscp, precedence",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit ip any any dscp ef\n permit ip any any precedence internet\n",
         "A",
         {"udp 192.0.2.1:9 > 198.51.100.1:9 dscp=46", "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=48",
          "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=55"},
         {"udp 192.0.2.1:9 > 198.51.100.1:9 dscp=47", "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=56"},
         {}},
        {ios_guide + "ACL Support for Filtering on TTL Value",
         Dialect::cisco_ios,
         "ip access-list extended A\n deny ip any any ttl lt 3\n permit ip any any\n",
         "A",
         {"udp 192.0.2.1:9 > 198.51.100.1:9 ttl=3"},
         {"udp 192.0.2.1:9 > 198.51.100.1:9 ttl=2"},
         {}},
        {ios_guide + "Object Groups for ACLs: a service group of both protocols, nested network groups",
         Dialect::cisco_ios,
         "object-group network INNER\n range 192.0.2.10 192.0.2.12\nobject-group network OUTER\n group-object "
         "INNER\n"
         " host 198.51.100.9\nobject-group service S\n tcp eq 443\n udp range 5000 5010\n"
         "ip access-list extended A\n permit object-group S any object-group OUTER\n",
         "A",
         {"tcp 203.0.113.1:1024 > 192.0.2.12:443", "udp 203.0.113.1:1024 > 198.51.100.9:5010"},
         {"tcp 203.0.113.1:1024 > 192.0.2.13:443", "udp 203.0.113.1:1024 > 192.0.2.10:443",
          "tcp 203.0.113.1:1024 > 192.0.2.10:5000"},
         {}},
        {"IOS IPv6 Command Reference, deny (IPv6): neighbour discovery is permitted before the implicit deny",
         Dialect::cisco_ios,
         "ipv6 access-list V6\n permit tcp any host 2001:db8::1 eq 443\n",
         "V6",
         {"tcp [2001:db8:f::1]:1024 > [2001:db8::1]:443", "icmpv6 fe80::1 > ff02::1 type=135",
          "icmpv6 fe80::1 > fe80::2 type=136"},
         {"icmpv6 fe80::1 > ff02::1 type=134", "tcp [2001:db8:f::1]:1024 > [2001:db8::1]:80"},
         {}},
        {"IOS IPv6 Command Reference, deny (IPv6): … but not before an explicit one",
         Dialect::cisco_ios,
         "ipv6 access-list V6\n permit tcp any any\n deny ipv6 any any log\n",
         "V6",
         {},
         {"icmpv6 fe80::1 > ff02::1 type=135"},
         {}},
        {"Catalyst 2960 Switch Software Configuration Guide: an undefined list on an interface permits all",
         Dialect::cisco_ios,
         "interface GigabitEthernet0/1\n ip access-group NOPE in\n",
         "NOPE",
         {"tcp 203.0.113.1:1024 > 192.0.2.12:443"},
         {},
         {}},
        {ios_guide + "Sequence numbering: resequence, then an entry between two others",
         Dialect::cisco_ios,
         "ip access-list extended A\n 1 permit tcp any any eq 22\n 2 deny ip any any\n"
         "ip access-list resequence A 10 10\nip access-list extended A\n 15 permit udp any any eq 53\n no 10\n",
         "A",
         {"udp 192.0.2.1:1024 > 198.51.100.1:53"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22"},
         {}},
        {ios_guide + "Reflexive lists, lock-and-key and time ranges hold at times",
         Dialect::cisco_ios,
         "time-range OLD\n absolute end 23:59 31 December 2019\nip access-list extended A\n"
         " permit tcp any any eq 25 time-range OLD\n dynamic D permit tcp any any eq 22\n evaluate BACK\n",
         "A",
         {},
         {},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:25", "tcp 192.0.2.1:1024 > 198.51.100.1:22",
          "tcp 192.0.2.1:1024 > 198.51.100.1:23"}},
        {"IOS Security Command Reference, access-list (IP standard): also 1300 to 1999, and named",
         Dialect::cisco_ios,
         "access-list 1300 permit 192.0.2.0 0.0.0.255\nip access-list standard S\n permit host 192.0.2.1\n",
         "1300",
         {"tcp 192.0.2.9:1024 > 198.51.100.1:23", "udp 192.0.2.9:1024 > 198.51.100.1:53"},
         {"tcp 192.0.3.9:1024 > 192.0.2.9:23"},
         {}},
        {"IOS Security Command Reference, ip access-list standard: a source alone",
         Dialect::cisco_ios,
         "ip access-list standard S\n deny 192.0.2.1\n permit 192.0.2.0 0.0.0.3 log\n",
         "S",
         {"icmp 192.0.2.2 > 198.51.100.1 type=8"},
         {"icmp 192.0.2.1 > 198.51.100.1 type=8", "icmp 198.51.100.1 > 192.0.2.2 type=8"},
         {}},
        {"IOS Security Command Reference, access-list (IP extended): also 2000 to 2699; protocols by name and number",
         Dialect::cisco_ios,
         "access-list 2000 permit esp any host 192.0.2.1\naccess-list 2000 permit 88 any any\n"
         "access-list 2000 permit gre host 198.51.100.1 any\n",
         "2000",
         {"esp 198.51.100.9 > 192.0.2.1", "88 198.51.100.9 > 192.0.2.7", "gre 198.51.100.1 > 192.0.2.7"},
         {"esp 198.51.100.9 > 192.0.2.2", "gre 198.51.100.2 > 192.0.2.7", "ah 198.51.100.9 > 192.0.2.1"},
         {}},
        {"IOS Security Command Reference, permit (IP): the names of ports, and of both protocols at port 514",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit tcp any any eq www\n permit udp any any eq snmptrap\n"
         " permit tcp any any eq cmd\n permit udp any eq bootps any eq bootpc log-input\n",
         "A",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80", "udp 192.0.2.1:1024 > 198.51.100.1:162",
          "tcp 192.0.2.1:1024 > 198.51.100.1:514", "udp 192.0.2.1:67 > 198.51.100.1:68"},
         {"udp 192.0.2.1:1024 > 198.51.100.1:514", "udp 192.0.2.1:68 > 198.51.100.1:67"},
         {}},
        {"IOS Security Command Reference, permit (IP): a flag alone asks for itself",
         Dialect::cisco_ios,
         "ip access-list extended A\n deny tcp any any fin\n permit tcp any any syn\n",
         "A",
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,ack"},
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=ack", "tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,fin"},
         {}},
        {"IOS Security Command Reference, permit (IP): tos is the four bits of RFC 1349 behind the precedence",
         Dialect::cisco_ios,
         "ip access-list extended A\n permit ip any any precedence critical tos min-delay\n"
         " permit ip any any tos 3\n",
         "A",
         {"udp 192.0.2.1:9 > 198.51.100.1:9 dscp=44", "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=44 ecn=1",
          "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=9 ecn=2"},
         {"udp 192.0.2.1:9 > 198.51.100.1:9 dscp=44 ecn=2", "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=36",
          "udp 192.0.2.1:9 > 198.51.100.1:9 dscp=9 ecn=1"},
         {}},
        {ios_guide + "ACL Support for Filtering IP Options: nobody knows of a packet which options it has",
         Dialect::cisco_ios,
         "ip access-list extended A\n deny ip any any option any-options\n permit ip any host 192.0.2.1\n"
         " permit igmp any any host-query\n",
         "A",
         {},
         {"udp 198.51.100.1:9 > 192.0.2.2:9"},
         {"udp 198.51.100.1:9 > 192.0.2.1:9", "igmp 198.51.100.1 > 224.0.0.1"}},
        {ios_guide + "Reflexive Access Lists: reflect permits by itself, and opens the way back",
         Dialect::cisco_ios,
         "ip access-list extended OUT\n permit tcp 10.0.0.0 0.255.255.255 any reflect BACK timeout 300\n",
         "OUT",
         {"tcp 10.0.0.1:1024 > 198.51.100.1:443"},
         {"udp 10.0.0.1:1024 > 198.51.100.1:53"},
         {}},
        {"IOS Command Reference, no access-list: the whole numbered list goes, whatever follows the number",
         Dialect::cisco_ios,
         "access-list 101 permit tcp any any\nno access-list 101 permit tcp any any\n"
         "access-list 101 permit udp any any\n",
         "101",
         {"udp 192.0.2.1:9 > 198.51.100.1:9"},
         {"tcp 192.0.2.1:9 > 198.51.100.1:9"},
         {}},
        {"IOS IPv6 Command Reference, permit (IPv6): extension headers, hop limits, ICMPv6 names",
         Dialect::cisco_ios,
         "ipv6 access-list V6\n deny ipv6 any any routing-type 0\n permit ipv6 2001:db8::/32 any routing\n"
         " permit icmp any any echo-request\n deny icmp any any nd-na\n",
         "V6",
         {"udp [2001:db8::1]:9 > [2001:db8:f::1]:9 exthdr=rt rt-type=2", "icmpv6 2001:db8::1 > 2001:db8:f::1 type=128",
          "icmpv6 fe80::1 > ff02::1 type=135"},
         {"udp [2001:db8::1]:9 > [2001:db8:f::1]:9 exthdr=rt rt-type=0", "udp [2001:db8::1]:9 > [2001:db8:f::1]:9",
          "icmpv6 fe80::1 > fe80::2 type=136"},
         {}},
    });
}

TEST_CASE("packets through VLAN maps") {
    std::string const lists = "ip access-list extended WEB\n permit tcp any any eq 80\n"
                              "ip access-list extended HOST\n deny tcp any host 192.0.2.9\n permit ip any host 192.0.2.9\n";
    std::string const catalyst = "Catalyst 4500 Series Switch Software Configuration Guide, Configuring VLAN Maps: ";
    check({
        {catalyst + "a permit of the list is a match; IP packets that match nothing are dropped, others forwarded",
         Dialect::cisco_ios,
         lists + "vlan access-map M 10\n match ip address WEB\n action forward\nvlan filter M vlan-list 10\n",
         "vlan access-map M",
         {"tcp 198.51.100.1:1024 > 192.0.2.9:80 in=Vlan10", "tcp [2001:db8::1]:1024 > [2001:db8::2]:22"},
         {"tcp 198.51.100.1:1024 > 192.0.2.9:81"},
         {}},
        {catalyst + "a deny of the list is no match, and the next entry is asked; an entry without match takes all",
         Dialect::cisco_ios,
         lists + "vlan access-map M 20\n action forward\nvlan access-map M 10\n match ip address HOST\n action drop\n",
         "vlan access-map M",
         {"tcp 198.51.100.1:1024 > 192.0.2.9:80", "udp 198.51.100.1:1024 > 192.0.2.8:53"},
         {"udp 198.51.100.1:1024 > 192.0.2.9:53"},
         {}},
        {catalyst + "several lists in a clause are alternatives; entries without a number are ten apart",
         Dialect::cisco_ios,
         lists + "vlan access-map M\n match ip address HOST WEB\n action drop\nvlan access-map M\n action forward\n",
         "vlan access-map M",
         {"tcp 198.51.100.1:1024 > 192.0.2.9:81"},
         {"tcp 198.51.100.1:1024 > 192.0.2.9:80", "udp 198.51.100.1:1024 > 192.0.2.9:53"},
         {}},
        {"Catalyst 6500 Software Configuration Guide, VLAN ACLs: an empty or undefined list matches every packet",
         Dialect::cisco_ios,
         "ip access-list extended EMPTY\nvlan access-map M 10\n match ip address EMPTY\n action drop\n"
         "vlan access-map N 10\n match ip address NOPE\n action forward\n",
         "vlan access-map M",
         {"tcp [2001:db8::1]:1024 > [2001:db8::2]:22"},
         {"tcp 198.51.100.1:1024 > 192.0.2.9:81"},
         {}},
        {catalyst + "lists of MAC addresses are not of IPv4 packets",
         Dialect::cisco_ios,
         "vlan access-map M 10\n match mac address FRAMES\n action drop\n",
         "vlan access-map M",
         {"tcp 198.51.100.1:1024 > 192.0.2.9:81"},
         {},
         {"tcp [2001:db8::1]:1024 > [2001:db8::2]:22"}},
        {nexus_guide + "VLAN ACLs: the action of the first entry whose list permits the packet",
         Dialect::cisco_nxos,
         "ip access-list T\n 10 permit tcp any any eq 23\nip access-list ALL\n 10 permit ip any any\n"
         "ipv6 access-list SIX\n 10 permit tcp any any eq 22\n"
         "vlan access-map M 10\n match ip address T\n action drop log\n statistics per-entry\n"
         "vlan access-map M 20\n match ip address ALL\n match ipv6 address SIX\n action redirect ethernet 1/1\n"
         "vlan filter M vlan-list 1-20,26-30\n",
         "vlan access-map M",
         {"tcp 198.51.100.1:1024 > 192.0.2.9:22", "tcp [2001:db8::1]:1024 > [2001:db8::2]:22"},
         {"tcp 198.51.100.1:1024 > 192.0.2.9:23", "tcp [2001:db8::1]:1024 > [2001:db8::2]:23"},
         {}},
    });
}

TEST_CASE("packets through entries of an ASA") {
    std::string const interfaces = "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n"
                                   " ip address 203.0.113.2 255.255.255.0\n"
                                   "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n"
                                   "interface GigabitEthernet0/2\n nameif dmz\n security-level 50\n"
                                   "interface GigabitEthernet0/3\n nameif lab\n security-level 50\n";
    check({
        {asa_guide + "Access Rules: netmasks, not wildcards",
         Dialect::cisco_asa,
         "access-list A extended permit tcp 192.0.2.0 255.255.255.128 any eq www\n",
         "A",
         {"tcp 192.0.2.127:1024 > 198.51.100.1:80"},
         {"tcp 192.0.2.128:1024 > 198.51.100.1:80"},
         {}},
        {asa_guide + "Objects for Access Control: service groups with source and destination",
         Dialect::cisco_asa,
         "object-group service S\n service-object tcp source eq 1024 destination eq 80\n service-object icmp echo\n"
         "access-list A extended permit object-group S any4 any4\n",
         "A",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80", "icmp 192.0.2.1 > 198.51.100.1 type=8"},
         {"tcp 192.0.2.1:1025 > 198.51.100.1:80", "icmp 192.0.2.1 > 198.51.100.1 type=0"},
         {}},
        {asa_guide + "Objects for Access Control: subnet, range and fqdn objects",
         Dialect::cisco_asa,
         "object network R\n range 192.0.2.5 192.0.2.9\nobject network F\n fqdn www.example.com\n"
         "access-list A extended permit ip any4 object R\naccess-list A extended permit ip any4 object F\n",
         "A",
         {"tcp 203.0.113.1:1024 > 192.0.2.9:80"},
         {},
         {"tcp 203.0.113.1:1024 > 192.0.2.10:80"}},
        {asa_guide + "Access Rules: an inactive entry does nothing, line inserts",
         Dialect::cisco_asa,
         "access-list A extended permit ip any any inactive\naccess-list A extended permit tcp any any eq 22\n"
         "access-list A line 1 extended deny tcp host 192.0.2.1 any\n",
         "A",
         {"tcp 192.0.2.2:1024 > 198.51.100.1:22"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22", "tcp 192.0.2.2:1024 > 198.51.100.1:23"},
         {}},
        {asa_guide + "Access Rules, Implicit Permits: from higher to lower security",
         Dialect::cisco_asa,
         interfaces,
         "security-level of dmz",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22 in=dmz out=outside"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22 in=dmz out=inside",
          "tcp 192.0.2.1:1024 > 198.51.100.1:22 in=dmz out=lab"},
         {}},
        {asa_guide + "Interface Parameters: same-security-traffic permit inter-interface",
         Dialect::cisco_asa,
         interfaces + "same-security-traffic permit inter-interface\n",
         "security-level of dmz",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22 in=dmz out=lab"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22 in=dmz out=inside"},
         {}},
        {asa_guide + "Access Rules, Order: the interface's list, then the global one, then the implicit deny",
         Dialect::cisco_asa,
         interfaces + "access-list OUT extended permit tcp any any eq 443\naccess-list ALL extended permit tcp any "
                      "any eq 22\n"
                      "access-group OUT in interface outside\naccess-group ALL global\n",
         "OUT",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:443", "tcp 192.0.2.1:1024 > 198.51.100.1:22"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:23"},
         {}},
        {asa_guide + "Access Rules: fragments are put together first",
         Dialect::cisco_asa,
         "access-list A extended permit tcp any host 192.0.2.1 eq 80\n",
         "A",
         {"tcp 203.0.113.1:1024 > 192.0.2.1:80"},
         {"tcp 203.0.113.1 > 192.0.2.1 later-fragment"},
         {}},
        {asa_guide + "Objects for Access Control: protocol and ICMP type groups, nested",
         Dialect::cisco_asa,
         "object-group protocol P\n protocol-object tcp\n protocol-object udp\n"
         "object-group icmp-type ASK\n icmp-object echo\nobject-group icmp-type PING\n group-object ASK\n"
         " icmp-object echo-reply\naccess-list A extended permit object-group P any any eq 53\n"
         "access-list A extended permit icmp any any object-group PING\n",
         "A",
         {"udp 192.0.2.1:1024 > 198.51.100.1:53", "tcp 192.0.2.1:1024 > 198.51.100.1:53",
          "icmp 192.0.2.1 > 198.51.100.1 type=8", "icmp 192.0.2.1 > 198.51.100.1 type=0"},
         {"udp 192.0.2.1:1024 > 198.51.100.1:54", "icmp 192.0.2.1 > 198.51.100.1 type=3"},
         {}},
        {asa_guide + "Access Rules: any is both families, any6 and a prefix are of one",
         Dialect::cisco_asa,
         "access-list A extended permit tcp any any eq 443\naccess-list A extended permit udp any6 2001:db8::/32\n"
         "access-list A extended deny tcp any any range 20 21\n",
         "A",
         {"tcp [2001:db8:f::1]:1024 > [2001:db8::1]:443", "tcp 192.0.2.1:1024 > 198.51.100.1:443",
          "udp [2001:db8:f::1]:1024 > [2001:db8::1]:53"},
         {"udp 192.0.2.1:1024 > 198.51.100.1:53", "udp [2001:db8:f::1]:1024 > [2001:db9::1]:53"},
         {}},
        {asa_guide + "Access Rules, NAT and Access Rules: a list is about real addresses, also where NAT publishes others",
         Dialect::cisco_asa,
         interfaces + "object network WEB\n host 10.0.0.80\n nat (dmz,outside) static 203.0.113.80 service tcp 443 8443\n"
                      "access-list OUT extended permit tcp any object WEB eq 443\naccess-group OUT in interface outside\n",
         "OUT",
         {"tcp 198.51.100.1:1024 > 10.0.0.80:443"},
         {"tcp 198.51.100.1:1024 > 203.0.113.80:8443", "tcp 198.51.100.1:1024 > 10.0.0.80:8443"},
         {}},
        {asa_guide + "Access Rules: time ranges, users and security groups hold for whom the box knows them",
         Dialect::cisco_asa,
         "time-range T\n periodic weekdays 8:00 to 18:00\naccess-list A extended permit tcp any any eq 22 time-range T\n"
         "access-list A extended permit tcp user LAB\\ann any any eq 23\n"
         "access-list A extended permit tcp security-group name DEV any any eq 25\n",
         "A",
         {},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22", "tcp 192.0.2.1:1024 > 198.51.100.1:23",
          "tcp 192.0.2.1:1024 > 198.51.100.1:25"}},
    });
}

TEST_CASE("packets through entries of NX-OS and IOS-XR") {
    check({
        {nexus_guide + "IP ACLs: prefix lengths, address and port groups",
         Dialect::cisco_nxos,
         "object-group ip address H\n 10 192.0.2.0/28\nobject-group ip port P\n 10 eq 80\n 20 range 8000 8010\n"
         "ip access-list A\n statistics per-entry\n 10 permit tcp addrgroup H 198.51.100.0/24 portgroup P\n",
         "A",
         {"tcp 192.0.2.15:1024 > 198.51.100.1:8010"},
         {"tcp 192.0.2.16:1024 > 198.51.100.1:80", "tcp 192.0.2.15:1024 > 198.51.100.1:81"},
         {}},
        {nexus_guide + "IP ACLs: several flags in an entry have to be set together",
         Dialect::cisco_nxos,
         "ip access-list A\n 10 permit tcp any any syn ack\n",
         "A",
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn,ack"},
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn"},
         {}},
        {nexus_guide + "Implicit rules of IPv6 ACLs: router discovery as well",
         Dialect::cisco_nxos,
         "ipv6 access-list A\n 10 permit tcp 2001:db8::/32 any eq 22\n",
         "A",
         {"icmpv6 fe80::1 > ff02::1 type=134", "icmpv6 fe80::1 > ff02::1 type=135"},
         {"icmpv6 fe80::1 > ff02::1 type=128"},
         {}},
        {xr_guide + "Access lists: net-group and port-group, an entry without a protocol",
         Dialect::cisco_xr,
         "object-group network ipv4 H\n 192.0.2.0/28\nobject-group port P\n eq 443\n"
         "ipv4 access-list A\n 10 permit tcp net-group H any port-group P\n 20 deny 192.0.2.0/24\n 30 permit ipv4 "
         "any any\n",
         "A",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:443", "udp 198.51.100.9:1 > 198.51.100.1:2"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80", "tcp 192.0.2.99:1024 > 198.51.100.1:443"},
         {}},
        {xr_guide + "Common ACL: it is asked first, then the interface's own",
         Dialect::cisco_xr,
         "ipv4 access-list C\n 10 deny tcp any any eq 23\n 20 permit tcp any any eq 22\nipv4 access-list I\n"
         " 10 permit tcp any any range 20 30\ninterface GigabitEthernet0/0/0/0\n ipv4 access-group common C I "
         "ingress\n",
         "C and I",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22", "tcp 192.0.2.1:1024 > 198.51.100.1:25"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:23", "tcp 192.0.2.1:1024 > 198.51.100.1:80"},
         {}},
        {xr_guide + "Common ACL: one that is missing decides nothing",
         Dialect::cisco_xr,
         "ipv4 access-list C\n 10 permit tcp any any eq 22\ninterface GigabitEthernet0/0/0/0\n ipv4 access-group common C I ingress\n",
         "C and I",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:22"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80"},
         {}},
        {xr_guide + "ABF: a permit with a next hop permits",
         Dialect::cisco_xr,
         "ipv4 access-list A\n 10 permit tcp any any eq 80 nexthop1 ipv4 192.0.2.254\n",
         "A",
         {"tcp 192.0.2.1:1024 > 198.51.100.1:80"},
         {"tcp 192.0.2.1:1024 > 198.51.100.1:81"},
         {}},
        {nexus_guide + "IP ACLs: wildcards as well as lengths; resequence, then an entry between two others",
         Dialect::cisco_nxos,
         "ip access-list A\n 1 permit ip 10.0.7.0 0.255.0.255 any\n 2 permit udp any any eq domain\n"
         "resequence ip access-list A 100 10\nip access-list A\n 105 deny udp any host 192.0.2.1\n no 100\n",
         "A",
         {"udp 198.51.100.9:9 > 192.0.2.2:53"},
         {"tcp 10.200.7.9:9 > 192.0.2.2:53", "udp 198.51.100.9:9 > 192.0.2.1:53"},
         {}},
        {nexus_guide + "IP ACLs: fragments of NX-OS are those of IOS; packet-length and precedence compare",
         Dialect::cisco_nxos,
         "ip access-list A\n 10 deny ip any any fragments\n 20 permit udp any any packet-length gt 1000\n"
         " 30 permit tcp any any precedence 6\n",
         "A",
         {"udp 198.51.100.9:9 > 192.0.2.2:53 length=1001", "tcp 198.51.100.9:9 > 192.0.2.2:53 dscp=50"},
         {"udp 198.51.100.9 > 192.0.2.2 later-fragment length=1400", "udp 198.51.100.9:9 > 192.0.2.2:53 length=1000"},
         {}},
        {xr_guide + "IPv6 access lists: prefixes, hosts, the same implicit rules as on IOS",
         Dialect::cisco_xr,
         "ipv6 access-list A\n 10 permit tcp 2001:db8::/32 host 2001:db8:f::1 eq ssh\n"
         " 20 permit icmpv6 any any destopts\n",
         "A",
         {"tcp [2001:db8::1]:1024 > [2001:db8:f::1]:22", "icmpv6 fe80::1 > ff02::1 type=135",
          "icmpv6 2001:db8::1 > 2001:db8:f::1 type=128 exthdr=dst"},
         {"tcp [2001:db8::1]:1024 > [2001:db8:f::2]:22", "icmpv6 2001:db8::1 > 2001:db8:f::1 type=128",
          "icmpv6 fe80::1 > ff02::1 type=134"},
         {}},
        {xr_guide + "Access lists: copies of a number replace, ttl ranges, established",
         Dialect::cisco_xr,
         "ipv4 access-list A\n 10 permit tcp any any\n 10 permit tcp any any established\n"
         " 20 permit udp any any ttl range 250 255\n",
         "A",
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=ack", "udp 192.0.2.1:9 > 198.51.100.1:9 ttl=250"},
         {"tcp 192.0.2.1:80 > 198.51.100.1:1024 flags=syn", "udp 192.0.2.1:9 > 198.51.100.1:9 ttl=249"},
         {}},
    });
}
