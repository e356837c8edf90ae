// What the rules about a Cisco device say beyond the examples of their pages: who gets to its terminals and communities
// (held against the interpreter), lists that are missing, interfaces to the outside, groups. And what they do not say:
// secrets.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <random>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/lint/lint.hpp"

using namespace portcullis;

namespace {

FileResult judge(std::string const& text, Dialect dialect, std::vector<std::string> rules, Config config = {}) {
    auto sources = std::make_shared<Sources>();
    SourceId const id = sources->add("config", text);
    LintOptions options;
    options.select = std::move(rules);
    options.config = std::move(config);
    return lint(sources, id, dialect, read(*sources, id, dialect), options);
}

// "2 high certain: line vty 0 4 takes telnet from any IPv4 source" of each, with its notes.
std::string said(FileResult const& result) {
    std::string text;
    for (Diagnostic const& d : result.findings) {
        text += fmt::format("{} {} {}: {}\n", (*result.sources)[0].locate(d.finding.span.begin).line, to_string(d.severity),
                            d.finding.certainty == Certainty::certain ? "certain" : "possible", d.message);
        for (std::string const& note : d.finding.notes) text += "  " + note + '\n';
    }
    return text;
}
std::string said(std::string const& text, Dialect dialect, std::string const& rule, Config config = {}) {
    return said(judge(text, dialect, {rule}, std::move(config)));
}

std::string const device = "interface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\n";

} // namespace

TEST_CASE("a terminal is as open as its list") {
    auto const ios = [](std::string const& text) { return said(text, Dialect::cisco_ios, "PC120"); };
    CHECK(ios(device + "line vty 0 4\n transport input telnet ssh\n") ==
          "3 high certain: line vty 0 4 takes telnet and ssh from any IPv4 source\n  no access list stands before it\n");
    CHECK(ios(device + "line vty 0 4\n access-class M in\n transport input ssh\n") ==
          "3 high certain: line vty 0 4 takes ssh from any IPv4 source\n"
          "  access list 'M' does not exist, and so keeps nobody out\n");
    CHECK(ios(device + "ip access-list standard M\n remark none yet\nline vty 0 4\n access-class M in\n transport input ssh\n") ==
          "5 high certain: line vty 0 4 takes ssh from any IPv4 source\n"
          "  access list 'M' has no entries, and so keeps nobody out\n");
    CHECK(ios(device + "access-list 10 permit 203.0.113.0 0.0.0.15\nline vty 0 4\n access-class 10 in\n transport input ssh\n") ==
          "4 low certain: line vty 0 4 takes ssh from 203.0.113.0/28\n"
          "  if these sources are trusted, a zone in portcullis.toml can say so\n");
    // An extended list may permit one of the transports and not the other.
    std::string const list = device + "ip access-list extended M\n permit tcp any any eq 22\nline vty 0 4\n access-class M in\n";
    CHECK(ios(list + " transport input telnet\n").empty());
    CHECK(ios(list + " transport input telnet ssh\n").starts_with("5 high certain: line vty 0 4 takes ssh from any IPv4 source\n"));
    // In cleartext from trusted sources; and to nobody at all.
    CHECK(ios(device + "access-list 10 permit 10.0.0.0 0.0.0.255\nline vty 0 4\n access-class 10 in\n transport input telnet\n") ==
          "4 medium certain: line vty 0 4 takes telnet from trusted sources\n"
          "  only trusted sources get in, but whoever is on the way reads the password\n");
    CHECK(ios(device + "access-list 10 deny any\nline vty 0 4\n access-class 10 in\n transport input telnet\n").empty());
    // What the release does by default is not known.
    CHECK(ios(device + "line vty 0 4\n login local\n") ==
          "3 high possible: line vty 0 4 takes connections of all protocols from any IPv4 source\n"
          "  no access list stands before it\n"
          "  no 'transport input' says which; most releases take all of them then\n");
    CHECK(ios(device + "line con 0\n exec-timeout 5\nline aux 0\n no exec\n transport input none\n").empty());
    // A list says what may be gone on to, not who may come.
    CHECK_FALSE(ios(device + "access-list 10 permit 10.0.0.0 0.0.0.255\nline vty 0 4\n access-class 10 out\n transport input ssh\n").empty());
}

TEST_CASE("IPv6 needs a list of its own where the box has addresses of it") {
    std::string const lists = "access-list 10 permit 10.0.0.0 0.0.0.255\nipv6 access-list M6\n permit ipv6 fd00::/8 any\n"
                              "line vty 0 4\n access-class 10 in\n transport input ssh\n";
    std::string const dual = device + " ipv6 address 2001:db8::1/64\n";
    CHECK(said(device + lists, Dialect::cisco_ios, "PC120").empty());
    CHECK(said(dual + lists, Dialect::cisco_ios, "PC120") == "7 high certain: line vty 0 4 takes ssh from any IPv6 source\n"
                                                            "  no access list for IPv6 stands before it\n");
    CHECK(said(dual + lists + " ipv6 access-class M6 in\n", Dialect::cisco_ios, "PC120").empty());
}

TEST_CASE("an excerpt says nothing about lists that are elsewhere") {
    CHECK(said("line vty 0 4\n access-class MGMT in\n transport input ssh\n", Dialect::cisco_ios, "PC120").empty());
    CHECK(said("snmp-server community s3 RO 10\n", Dialect::cisco_ios, "PC121").empty());
    CHECK(said("ip http access-class 10\nip http server\n", Dialect::cisco_ios, "PC120").empty());
    CHECK(said("hostname r1\nip route 0.0.0.0 0.0.0.0 192.0.2.1\n", Dialect::cisco_ios, "PC120").empty());
}

TEST_CASE("of random lists, those are open that let some untrusted source in") {
    std::mt19937 random(20250705);
    std::size_t open = 0;
    for (int round = 0; round < 200; ++round) {
        std::string list = "ip access-list standard M\n";
        for (unsigned i = 0; i < 1 + random() % 4; ++i) {
            auto const kind = random() % 5;
            std::string const from = kind == 0   ? "any"
                                     : kind == 1 ? fmt::format("10.0.0.{} 0.0.0.{}", random() % 8 * 2, random() % 2 * 3)
                                     : kind == 2 ? fmt::format("203.0.113.{} 0.0.0.{}", random() % 16, 1 << (random() % 4))
                                                 : fmt::format("host {}.0.113.{}", random() % 2 == 0 ? 203 : 10, random() % 16);
            list += fmt::format(" {} {}\n", random() % 2 == 0 ? "permit" : "deny", from);
        }
        std::string const text = device + list + "snmp-server community s3 RO M\n";
        INFO(text);
        Sources sources;
        Ruleset const ruleset = read(sources, sources.add("config", text), Dialect::cisco_ios).ruleset;
        bool expected = false;
        for (unsigned last = 0; last < 17; ++last) {
            // The last one stands for all sources that no entry names.
            auto const packet = parse_packet(fmt::format("udp {}:4000 > 10.0.0.1:161", last < 16 ? fmt::format("203.0.113.{}", last) : "198.51.100.1"));
            expected = expected || interpret(ruleset, 0, *packet.packet).main().fate == Fate::accept;
        }
        open += expected ? 1 : 0;
        CHECK(judge(text, Dialect::cisco_ios, {"PC121"}).findings.size() == (expected ? 1 : 0));
    }
    CHECK(open > 50);
    CHECK(open < 150);
}

TEST_CASE("an ASA's services are told where untrusted sources arrive") {
    std::string const asa = "interface Gi0/0\n nameif outside\n security-level 0\ninterface Gi0/1\n nameif core\n security-level 100\n"
                            "interface Gi0/2\n nameif partners\n security-level 50\n";
    auto const about = [&](std::string const& text) { return said(asa + text, Dialect::cisco_asa, "PC120"); };
    CHECK(about("ssh 0.0.0.0 0.0.0.0 outside\n") == "10 high certain: interface outside takes ssh from any IPv4 source\n");
    CHECK(about("ssh 0.0.0.0 0.0.0.0 core\nssh 10.0.0.0 255.0.0.0 outside\n").empty());
    CHECK_FALSE(about("ssh 0.0.0.0 0.0.0.0 partners\n").empty());
    CHECK(about("ssh ::/0 outside\n") == "10 high certain: interface outside takes ssh from any IPv6 source\n");
    CHECK(about("http 198.51.100.0 255.255.255.0 outside\nhttp server enable 8443\n") ==
          "10 low certain: interface outside takes https from 198.51.100.0/24\n"
          "  if these sources are trusted, a zone in portcullis.toml can say so\n");
    CHECK(about("http 0.0.0.0 0.0.0.0 outside\nno http server enable\n").empty());
    CHECK(about("http 10.0.0.0 255.0.0.0 core\nhttp 0.0.0.0 0.0.0.0 outside\n").starts_with("11 high possible: "));
    Config config;
    config.zones.push_back({"ours", true, false, {}, {}, {"partners"}});
    CHECK(said(asa + "ssh 0.0.0.0 0.0.0.0 partners\n", Dialect::cisco_asa, "PC120", config).empty());
}

TEST_CASE("no message tells a community") {
    std::string const text = device + "snmp-server community tOpSeCrEt RW\nsnmp-server community tOpSeCrEt2 RO 77\n"
                                      "access-list 77 permit any\nsnmp-server community public RO\n";
    FileResult const result = judge(text, Dialect::cisco_ios, {});
    std::string all;
    for (Diagnostic const& d : result.findings) {
        all += d.message + d.finding.where;
        for (auto const& [name, value] : d.finding.args) all += value;
        for (Related const& related : d.finding.related) all += related.message;
        for (std::string const& note : d.finding.notes) all += note;
        if (d.finding.witness) all += d.finding.witness->chain;
    }
    for (Unmodelled const& one : result.unmodelled) all += one.text;
    CHECK(all.find("tOpSeCrEt") == std::string::npos);
    CHECK(said(judge(text, Dialect::cisco_ios, {"PC121"})) ==
          "3 critical certain: snmp-server community lets any IPv4 source read and change the configuration\n"
          "  no access list stands before it\n"
          "4 high certain: snmp-server community lets any IPv4 source read from the device\n"
          "6 high certain: snmp-server community public lets any IPv4 source read from the device\n"
          "  no access list stands before it\n  its name is one of those that scanners try first\n");
    // The last line about a community counts.
    CHECK(said(text + "no snmp-server community tOpSeCrEt\nno snmp-server community tOpSeCrEt2\nno snmp-server community public\n",
               Dialect::cisco_ios, "PC121")
              .empty());
}

TEST_CASE("a list that is missing or empty is told where it is applied, with what gets in") {
    FileResult const result = judge("interface GigabitEthernet0/0\n ip access-group EDGE in\n", Dialect::cisco_ios, {"PC4"});
    CHECK(said(result) == "2 critical certain: access list 'EDGE' is not defined: all that arrives at GigabitEthernet0/0 is permitted\n");
    REQUIRE(result.findings.at(0).finding.witness);
    CHECK(result.findings.at(0).finding.witness->verdict == "accept");
    // With an entry the list ends in a deny; one that is not understood is one too.
    CHECK(said("interface Gi0/0\n ip access-group E in\nip access-list extended E\n permit tcp any any eq nonsense\n",
               Dialect::cisco_ios, "PC402")
              .find("PC402") == std::string::npos);
    // An ASA refuses the line.
    CHECK(said("interface Gi0/0\n nameif outside\naccess-group OUT in interface outside\n", Dialect::cisco_asa, "PC402").empty());
    CHECK_FALSE(said("interface Gi0/0\n nameif outside\naccess-group OUT in interface outside\n", Dialect::cisco_asa, "PC401").empty());
}

TEST_CASE("an interface is to the outside where something says so") {
    auto const ios = [](std::string const& text, Config config = {}) { return said(text, Dialect::cisco_ios, "PC322", std::move(config)); };
    CHECK(ios("interface Gi0/0\n description ** ISP-A, circuit 17 **\n") ==
          "1 high certain: nothing filters the IPv4 packets that arrive at Gi0/0\n  taken for one to the outside by 'isp' in its description\n");
    CHECK(ios("interface Gi0/0\n description crisps and displays\ninterface Gi0/1\n description WAN to site B\n").empty());
    CHECK(ios("interface Gi0/0\n description Internet\n shutdown\n").empty());
    CHECK(ios("interface Gi0/0\n description Internet\n zone-member security OUT\n").empty());
    CHECK(ios("interface Gi0/0\n description Internet\n no ip address\ninterface Gi0/0.1\n ip address 203.0.113.1 255.255.255.0\n").empty());
    CHECK_FALSE(ios("interface Gi0/0\n description Internet\n ip address dhcp\n ip access-group A out\nip access-list standard A\n permit any\n").empty());
    Config config;
    config.zones.push_back({"world", false, false, {}, {}, {"Gi0/1"}});
    config.zones.push_back({"ours", true, false, {}, {}, {"Gi0/0"}});
    CHECK(ios("interface Gi0/0\n description Internet\ninterface Gi0/1\n", config) ==
          "3 high certain: nothing filters the IPv4 packets that arrive at Gi0/1\n"
          "  taken for one to the outside by zone 'world' of portcullis.toml\n");
}

TEST_CASE("groups are unused where no line names them, and circles are cut where the device cuts them") {
    std::string const list = "access-list X extended permit ip any any\naccess-group X in interface outside\n";
    auto const asa = [&](std::string const& text) { return said(text + list, Dialect::cisco_asa, "PC404"); };
    CHECK(asa("object network A\n host 10.0.0.1\nobject-group network G\n network-object object A\n") ==
          "3 low certain: object group 'G' is used nowhere\n");
    CHECK(asa("object network A\n host 10.0.0.1\nnat (inside,outside) source dynamic A interface\n").empty());
    CHECK(asa("object network A\n host 10.0.0.1\nobject network A\n nat (inside,outside) dynamic interface\n").empty());
    CHECK(asa("object network A\n host 10.0.0.1\ncrypto something names A here\n").empty());
    CHECK(said("object network A\n host 10.0.0.1\n", Dialect::cisco_asa, "PC404").empty()); // an excerpt
    Sources sources;
    Reading const reading = read(sources,
                                 sources.add("config", "object-group network A\n network-object host 10.0.0.1\n"
                                                       "object-group network B\n group-object A\n network-object host 10.0.0.2\n"
                                                       "object-group network A\n group-object B\n"),
                                 Dialect::cisco_asa);
    REQUIRE(reading.ruleset.groups.size() == 2);
    CHECK(reading.ruleset.groups[0].v4 == ValueSet::single(0x0A000001));
    CHECK(reading.ruleset.groups[1].v4 == ValueSet::range(0x0A000001, 0x0A000002));
}
