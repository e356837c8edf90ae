// What rules can ask about a device: who uses a list, which interfaces and management services there are, when a
// time range ends, and where static translations lead.
#include <catch2/catch.hpp>

#include "dialect/cisco_read.hpp"

using namespace portcullis;

namespace {

Reading read(std::string const& text, Dialect dialect) {
    Sources sources;
    return read_cisco(sources, sources.add("config", text), dialect);
}

std::string joined(std::vector<std::string> const& words) {
    std::string text;
    for (std::string const& word : words) text += (text.empty() ? "" : ",") + word;
    return text;
}

// "what: transports; lists" of each service, with "writes" and the interface where they are said.
std::string management_of(Reading const& reading) {
    std::string text;
    for (Management const& one : reading.ruleset.management) {
        text += one.what + ": " + joined(one.transports) + "; " + joined(one.lists);
        if (one.writes) text += " writes";
        if (!one.interface.empty()) text += " at " + one.interface;
        text += '\n';
    }
    return text;
}

std::string uses_of(Reading const& reading, std::string const& name) {
    std::string text;
    for (Chain const& chain : reading.ruleset.chains) {
        if (chain.name != name) continue;
        for (Use const& use : chain.uses)
            text += std::string(use.kind == Use::Kind::management ? "guards " : "selects ") + use.what + '\n';
    }
    return text;
}

// The rules of the chain of translations.
std::string translations_of(Reading const& reading) {
    std::string text;
    for (Chain const& chain : reading.ruleset.chains) {
        if (chain.table != "nat") continue;
        for (Rule const& rule : chain.rules)
            text += to_text(rule.match) + " -> " + to_text(rule.verdict, reading.ruleset) + '\n';
    }
    return text;
}

} // namespace

TEST_CASE("interfaces with their zones, addresses and state") {
    auto const ios =
        read("interface GigabitEthernet0/0\n description to the provider\n ip address 203.0.113.2 255.255.255.252\n"
             " ip address 203.0.113.9 255.255.255.248 secondary\n ipv6 address 2001:db8::2/64\n"
             " zone-member security OUTSIDE\n!\ninterface Serial0/0 point-to-point\n ip address negotiated\n"
             " ip inspect FW out\n shutdown\n!\ninterface Vlan 10\n no ip address\n no shutdown\n",
             Dialect::cisco_ios)
            .ruleset.interfaces;
    REQUIRE(ios.size() == 3);
    CHECK(ios[0].name == "GigabitEthernet0/0");
    CHECK(ios[0].description == "to the provider");
    CHECK(ios[0].zone == "OUTSIDE");
    CHECK(ios[0].inspects);
    CHECK(ios[0].addresses.size() == 3);
    CHECK(ios[0].addresses.at(1) == Prefix{*parse_ipv4("203.0.113.9"), 29});
    CHECK_FALSE(ios[0].shutdown);
    CHECK(ios[1].name == "Serial0/0");
    CHECK(ios[1].has_dynamic_address);
    CHECK(ios[1].inspects);
    CHECK(ios[1].shutdown);
    CHECK(ios[2].name == "Vlan 10");
    CHECK(ios[2].addresses.empty());

    auto const asa = read("interface GigabitEthernet0/1\n nameif inside\n security-level 100\n"
                          " ip address 10.0.0.1 255.255.255.0 standby 10.0.0.2\n",
                          Dialect::cisco_asa)
                         .ruleset.interfaces;
    REQUIRE(asa.size() == 1);
    CHECK(asa[0].zone == "inside");
    CHECK(asa[0].security_level == 100U);
    CHECK(asa[0].addresses == std::vector{Prefix{*parse_ipv4("10.0.0.1"), 24}});

    auto const pix =
        read("nameif ethernet0 outside security0\nip address outside 192.0.2.1 255.255.255.0\n", Dialect::cisco_asa)
            .ruleset.interfaces;
    REQUIRE(pix.size() == 1);
    CHECK(pix[0].security_level == 0U);
    CHECK(pix[0].addresses.size() == 1);
}

TEST_CASE("services by which the box is managed, and the lists in front of them") {
    CHECK(management_of(read(
              "snmp-server community s3cret RO 10\nsnmp-server community other view V RW\n"
              "ip http server\nno ip http secure-server\nip http access-class 23\n"
              "line con 0\n transport input all\nline vty 0 4\n access-class MGMT in vrf-also\n access-class OUT "
              "out\n"
              " ipv6 access-class MGMT6 in\n transport input telnet ssh\nline vty 5 15\n transport input none\n",
              Dialect::cisco_ios)) == "snmp-server community: snmp; 10\n"
                                      "snmp-server community: snmp;  writes\n"
                                      "ip http server: http; 23\n"
                                      "line con 0: all; \n"
                                      "line vty 0 4: telnet,ssh; MGMT,MGMT6\n"
                                      "line vty 5 15: none; \n");
    CHECK(management_of(read("feature telnet\nsnmp-server community c group network-operator\n"
                             "snmp-server community c use-acl SNMP\nline vty\n  access-class VTY in\n",
                             Dialect::cisco_nxos)) == "feature telnet: telnet; VTY\nsnmp-server community: snmp; SNMP\n"
                                                      "line vty: ssh; VTY\n");
    CHECK(management_of(read(
              "telnet vrf default ipv4 server max-servers 5 access-list T\nline default\n access-class ingress V\n",
              Dialect::cisco_xr)) == "telnet server: telnet; T,V at default\n");
    auto const asa =
        read("ssh 10.0.0.0 255.0.0.0 inside\nssh timeout 5\nhttp server enable\nhttp 0.0.0.0 0.0.0.0 outside\n",
             Dialect::cisco_asa);
    CHECK(management_of(asa) == "ssh: ssh;  at inside\nhttp: https;  at outside\n");
    CHECK(asa.ruleset.management.at(0).sources4 == ValueSet(IntervalSet::of(Prefix{*parse_ipv4("10.0.0.0"), 8})));
    CHECK(asa.ruleset.management.at(0).sources6 == ValueSet());
}

TEST_CASE("whoever uses a list is known, and whether sources that it permits may talk to the box") {
    std::string const list = "ip access-list standard L\n permit 192.0.2.0 0.0.0.255\n!\n";
    auto const uses = [&](std::string const& text) { return uses_of(read(list + text, Dialect::cisco_ios), "L"); };
    CHECK(uses("line vty 0 4\n access-class L in\n") == "guards line vty 0 4\n");
    CHECK(uses("snmp-server community s3cret RO L\n") == "guards snmp-server community\n");
    CHECK(uses("ntp access-group peer L\n") == "guards ntp access-group peer\n");
    CHECK(uses("ip http access-class L\n") == "guards ip http access-class\n");
    CHECK(uses("route-map R permit 10\n match ip address L\n") == "selects match ip address\n");
    CHECK(uses("route-map R permit 10\n match ip next-hop L\n") == "selects match ip next-hop\n");
    CHECK(uses("ip nat inside source list L interface Gi0/0 overload\n") == "selects ip nat inside source list\n");
    CHECK(uses("tftp-server flash:image L\n") == "guards tftp-server flash:image\n");
    // One that an interface applies filters, whatever else asks it.
    auto const both =
        read(list + "interface Gi0/0\n ip access-group L in\nsnmp-server community c RO L\n", Dialect::cisco_ios);
    CHECK(both.ruleset.chains.at(0).filters);
    CHECK(both.ruleset.chains.at(0).bindings.size() == 1);
    CHECK(both.ruleset.chains.at(0).uses.size() == 1);
    // An ASA's control-plane list is for the box, and the interface has no other.
    auto const asa = read("interface GigabitEthernet0/0\n nameif outside\n security-level 0\naccess-list C "
                          "extended permit tcp any any eq 22\n"
                          "access-group C in interface outside control-plane\n",
                          Dialect::cisco_asa);
    CHECK(uses_of(asa, "C") == "guards control-plane of outside\n");
    CHECK_FALSE(asa.ruleset.chains.at(0).filters);
}

TEST_CASE("the absolute end of a time range is known, a periodic one has none") {
    auto const reading =
        read("ip access-list extended A\n permit tcp any any eq 22 time-range PROJECT\n"
             " permit tcp any any eq 25 time-range NIGHT\n!\ntime-range PROJECT\n"
             " absolute start 08:00 1 January 2019 end 23:59 31 December 2019\n!\ntime-range NIGHT\n"
             " periodic daily 20:00 to 23:59\n",
             Dialect::cisco_ios);
    using namespace std::chrono;
    auto const& rules = reading.ruleset.chains.at(0).rules;
    CHECK(rules.at(0).match.opaque.at(0).until == year(2019) / December / 31);
    CHECK(rules.at(1).match.opaque.at(0).until == std::nullopt);
}

TEST_CASE("an ASA's static translations lead to the real address and port") {
    std::string const objects =
        "interface GigabitEthernet0/0\n nameif outside\n ip address 203.0.113.2 255.255.255.0\n"
        "object network WEB\n host 10.0.0.80\nobject network NET\n subnet 10.1.0.0 255.255.255.0\n"
        "object network PUBLIC\n subnet 198.51.100.0 255.255.255.0\n"
        "object network PEER\n subnet 10.9.0.0 255.255.0.0\n"
        "object service P80\n service tcp source eq 80\nobject service P8080\n service tcp source eq 8080\n";
    auto const nat = [&](std::string const& text) {
        return translations_of(read(objects + text, Dialect::cisco_asa));
    };
    CHECK(nat("object network WEB\n nat (dmz,outside) static interface service tcp 80 8080\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 203.0.113.2 and l4proto tcp and dport 8080 -> dnat to "
          "10.0.0.80 port 80\n");
    CHECK(nat("object network WEB\n nat (dmz,outside) static 198.51.100.80\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.80 -> dnat to 10.0.0.80\n");
    CHECK(nat("nat (dmz,outside) source static NET PUBLIC\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.0/24 -> dnat to 10.1.0.0/24\n");
    CHECK(nat("nat (dmz,outside) source static WEB interface service P80 P8080\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 203.0.113.2 and l4proto tcp and dport 8080 -> dnat to "
          "10.0.0.80 port 80\n");
    // An exemption: what goes to the peer and comes from it stays as it is.
    CHECK(nat("nat (inside,outside) source static NET NET destination static PEER PEER no-proxy-arp "
              "route-lookup\n") ==
          "iifname outside and nfproto ipv4 and ip saddr 10.9.0.0/16 and ip daddr 10.1.0.0/24 -> accept\n"
          "iifname inside and nfproto ipv4 and ip saddr 10.1.0.0/24 and ip daddr 10.9.0.0/16 -> accept\n");
    CHECK(nat("static (dmz,outside) tcp 198.51.100.1 smtp 10.0.0.25 25 netmask 255.255.255.255\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.1 and l4proto tcp and dport 25 -> dnat to "
          "10.0.0.25\n");
    // Twice NAT comes first, then objects from the smallest, then what is after-auto.
    CHECK(nat("nat (dmz,outside) after-auto source static WEB 198.51.100.3\n"
              "object network NET\n nat (dmz,outside) static 198.51.100.0\nobject network WEB\n nat (dmz,outside) "
              "static 198.51.100.2\n"
              "nat (dmz,outside) source static WEB 198.51.100.1\n") ==
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.1 -> dnat to 10.0.0.80\n"
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.2 -> dnat to 10.0.0.80\n"
          "iifname outside and nfproto ipv4 and ip daddr 198.51.100.3 -> dnat to 10.0.0.80\n");
    // What is no redirection is named.
    auto const dynamic = read(objects + "nat (inside,outside) source dynamic NET interface\n", Dialect::cisco_asa);
    CHECK(translations_of(dynamic).empty());
    REQUIRE(dynamic.ruleset.unmodelled.size() == 1);
    CHECK(dynamic.ruleset.unmodelled[0].text == "nat (inside,outside) source dynamic NET interface");
}

TEST_CASE("static translations of IOS lead inside") {
    std::string const before = "interface Dialer0\n ip address 203.0.113.2 255.255.255.0\n ip nat outside\n";
    auto const nat = [&](std::string const& text) {
        return translations_of(read(before + text, Dialect::cisco_ios));
    };
    CHECK(nat("ip nat inside source static 10.0.0.5 198.51.100.5\n") ==
          "nfproto ipv4 and ip daddr 198.51.100.5 -> dnat to 10.0.0.5\n");
    CHECK(nat("ip nat inside source static tcp 10.0.0.5 23 interface Dialer0 2323\n") ==
          "nfproto ipv4 and ip daddr 203.0.113.2 and l4proto tcp and dport 2323 -> dnat to "
          "10.0.0.5 port 23\n");
    CHECK(nat("ip nat inside source static network 10.0.0.0 198.51.100.0 /24\n") ==
          "nfproto ipv4 and ip daddr 198.51.100.0/24 -> dnat to 10.0.0.0/24\n");
    CHECK(nat("ip nat inside source static 10.0.0.5 198.51.100.5\nno ip nat inside source static 10.0.0.5 "
              "198.51.100.5\n")
              .empty());
}

TEST_CASE("groups of addresses are known by name, with whether anything uses them") {
    auto const groups =
        read("object-group network A\n network-object 10.0.0.0 255.0.0.0\nobject-group network B\n group-object A\n"
             "object-group network C\n network-object host 192.0.2.1\n"
             "access-list L extended permit ip object-group B any\n",
             Dialect::cisco_asa)
            .ruleset.groups;
    REQUIRE(groups.size() == 3);
    CHECK(groups[0].name == "A");
    CHECK(groups[0].used);
    CHECK(groups[1].v4 == ValueSet(IntervalSet::of(Prefix{*parse_ipv4("10.0.0.0"), 8})));
    CHECK_FALSE(groups[2].used);
}
