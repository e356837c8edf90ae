// Names resolve as the tools themselves resolve them: checked against the files and the printed lists of this
// machine where they exist, and against the vendors' tables by example.
#include "portcullis/catalogue/names.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "portcullis/catalogue/cisco_icmp.hpp"

namespace portcullis {
namespace {

constexpr U128 tcp = number(Protocol::tcp), udp = number(Protocol::udp), sctp = number(Protocol::sctp);
constexpr auto linux_names = Vocabulary::linux_names;
constexpr auto cisco = Vocabulary::cisco;

// The words of each line of a file of /etc, without comments.
std::vector<std::vector<std::string>> lines_of(std::string const& path) {
    std::vector<std::vector<std::string>> lines;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        std::istringstream words(line.substr(0, line.find('#')));
        std::vector<std::string> fields;
        for (std::string word; words >> word;) fields.push_back(word);
        if (fields.size() >= 2) lines.push_back(fields);
    }
    return lines;
}

struct PortCase {
    std::string_view name;
    U128 protocol;
    Vocabulary vocabulary;
    std::optional<std::uint16_t> port;
};

} // namespace

TEST_CASE("every name and alias of /etc/services resolves to its port") {
    std::map<std::pair<std::string, U128>, std::uint16_t> first; // as getservbyname(3): the first line counts
    std::map<std::pair<std::uint16_t, U128>, std::string> preferred;
    for (auto fields : lines_of("/etc/services")) {
        auto const slash = fields[1].find('/');
        auto const port = static_cast<std::uint16_t>(std::stoi(fields[1]));
        auto const protocol = protocol_number(fields[1].substr(slash + 1), linux_names);
        REQUIRE(protocol);
        preferred.try_emplace({port, *protocol}, fields[0]);
        fields.erase(fields.begin() + 1);
        for (auto const& name : fields) first.try_emplace({name, *protocol}, port);
    }
    for (auto const& [key, port] : first) {
        INFO(key.first << "/" << static_cast<unsigned>(key.second));
        CHECK(port_number(key.first, key.second, linux_names) == port);
    }
    for (auto const& [key, name] : preferred) CHECK(port_name(key.first, key.second, linux_names) == name);
}

TEST_CASE("every name and alias of /etc/protocols resolves to its number") {
    for (auto fields : lines_of("/etc/protocols")) {
        int const number = std::stoi(fields[1]);
        if (number > 255) continue; // mptcp: the kernel's own, never in a header
        fields.erase(fields.begin() + 1);
        for (auto const& name : fields) {
            INFO(name);
            CHECK(protocol_number(name, linux_names) == number);
        }
    }
}

TEST_CASE("the same word can be another port in another vocabulary or over another protocol") {
    PortCase const cases[] = {
        {"ssh", tcp, linux_names, 22},     {"ssh", udp, linux_names, {}},
        {"SSH", tcp, linux_names, {}},     {"ssh", tcp, cisco, 22},
        {"WWW", tcp, cisco, 80},           {"www", tcp, linux_names, 80},
        {"syslog", udp, linux_names, 514}, {"syslog", tcp, linux_names, 514},
        {"cmd", tcp, cisco, 514},          {"who", udp, cisco, 513},
        {"login", tcp, cisco, 513},        {"kerberos", tcp, linux_names, 88},
        {"kerberos", tcp, cisco, 750},     {"radius", udp, linux_names, 1812},
        {"radius", udp, cisco, 1645},      {"cifs", tcp, cisco, 3020},
        {"netbios-ss", udp, cisco, 139},   {"netbios-ssn", tcp, cisco, 139},
        {"dnsix", udp, cisco, 195},        {"non500-isakmp", udp, cisco, 4500},
        {"pim-auto-rp", tcp, cisco, 496},  {"drip", tcp, cisco, 3949},
        {"sqlnet", tcp, cisco, 1521},      {"h323", tcp, cisco, 1720},
        {"ssh", sctp, linux_names, 22},    {"ntp", sctp, linux_names, 123},
        {"ssh", sctp, cisco, {}},          {"amqp", sctp, linux_names, 5672},
        {"no-such", tcp, linux_names, {}}, {"", tcp, linux_names, {}},
        {"22", tcp, linux_names, {}},      {"ssh", max_value(128), linux_names, {}},
        {"dicom", tcp, linux_names, 104},  {"l2tp", udp, linux_names, 1701},
    };
    for (auto const& test : cases) {
        INFO(test.name << " over " << static_cast<unsigned>(test.protocol));
        CHECK(port_number(test.name, test.protocol, test.vocabulary) == test.port);
    }
}

TEST_CASE("a port has a preferred name in each vocabulary") {
    CHECK(port_name(80, tcp, linux_names) == "http");
    CHECK(port_name(80, tcp, cisco) == "www");
    CHECK(port_name(514, tcp, cisco) == "cmd");
    CHECK(port_name(514, tcp, linux_names) == "shell");
    CHECK(port_name(22, sctp, linux_names) == "ssh");
    CHECK(port_name(4, tcp, linux_names).empty());
}

TEST_CASE("protocols have numbers and numbers have names") {
    std::pair<std::string_view, int> const either[] = {
        {"tcp", 6}, {"TCP", 6}, {"udp", 17}, {"icmp", 1}, {"icmp6", 58}, {"icmpv6", 58}, {"ospf", 89}, {"gre", 47},
    };
    for (auto const& [name, number] : either) {
        INFO(name);
        CHECK(protocol_number(name, linux_names) == number);
        CHECK(protocol_number(name, cisco) == number);
    }
    std::pair<std::string_view, int> const ciscos[] = {{"ahp", 51},   {"nos", 94},  {"ipinip", 4}, {"snp", 109},
                                                       {"pcp", 108},  {"esp", 50},  {"eigrp", 88}, {"igrp", 9},
                                                       {"ipsec", 50}, {"pptp", 47}, {"pim", 103}};
    for (auto const& [name, number] : ciscos) CHECK(protocol_number(name, cisco) == number);
    for (auto const* name : {"ip", "ipv6", "ipv4", "any", "object-group", ""})
        CHECK_FALSE(protocol_number(name, cisco));
    CHECK_FALSE(protocol_number("all", linux_names));
    CHECK(protocol_name(6) == "tcp");
    CHECK(protocol_name(58) == "icmpv6");
    CHECK(protocol_name(51) == "ah");
    CHECK(protocol_name(253) == "253");
}

TEST_CASE("icmp names mean a type, some of them one code") {
    struct {
        std::string_view name;
        Family family;
        std::optional<IcmpName> meaning;
    } const cases[] = {
        {"echo-request", Family::v4, {{8, {}}}},
        {"echo-request", Family::v6, {{128, {}}}},
        {"echo", Family::v4, {{8, {}}}},
        {"echo", Family::v6, {{128, {}}}},
        {"ping", Family::v4, {{8, {}}}},
        {"pong", Family::v6, {{129, {}}}},
        {"host-unreachable", Family::v4, {{3, 1}}},
        {"host-unreachable", Family::v6, {}},
        {"unreachable", Family::v4, {{3, {}}}},
        {"unreachable", Family::v6, {{1, {}}}},
        {"packet-too-big", Family::v4, {{3, 4}}},
        {"packet-too-big", Family::v6, {{2, {}}}},
        {"fragmentation-needed", Family::v4, {{3, 4}}},
        {"TOS-host-redirect", Family::v4, {{5, 3}}},
        {"tos-host-redirect", Family::v4, {{5, 3}}},
        {"nd-neighbor-solicit", Family::v6, {{135, {}}}},
        {"nd-ns", Family::v6, {{135, {}}}},
        {"nd-na", Family::v6, {{136, {}}}},
        {"nd-ns", Family::v4, {}},
        {"redirect", Family::v6, {{137, {}}}},
        {"administratively-prohibited", Family::v4, {{3, 13}}},
        {"info-request", Family::v4, {{15, {}}}},
        {"8", Family::v4, {}},
        {"any", Family::v4, {}},
    };
    for (auto const& test : cases) {
        INFO(test.name);
        CHECK(icmp_by_name(test.name, test.family) == test.meaning);
    }
}

TEST_CASE("ttl-exceeded is narrower in Cisco's words than in iptables'") {
    CHECK(icmp_by_name("ttl-exceeded", Family::v4) == IcmpName{11, std::nullopt});
    CHECK(cisco_icmp_by_name("ttl-exceeded", Family::v4) == IcmpName{11, 0});
    CHECK(cisco_icmp_by_name("time-exceeded", Family::v4) == IcmpName{11, std::nullopt});
    CHECK(cisco_icmp_by_name("TTL-exceeded", Family::v6) == IcmpName{3, std::nullopt});
}

} // namespace portcullis
