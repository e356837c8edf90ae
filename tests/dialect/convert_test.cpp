// A file in another dialect: what becomes of it, and what is refused with which words.
#include <catch2/catch.hpp>

#include "portcullis/dialect/convert.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;

namespace {

struct Outcome {
    std::string text, losses, notes;
    bool equal = false;
};

Outcome converted(std::string text, Dialect from, Dialect to, std::string const& chain = {}) {
    Sources sources;
    Reading const before = read(sources, sources.add("before", std::move(text)), from);
    Conversion const result = convert(sources, before.ruleset, to, chain);
    Outcome outcome{result.text, "", "", result.equal() && !result.comparisons.empty()};
    for (Finding const& loss : result.losses.all()) outcome.losses += loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
    for (std::string const& note : result.notes) outcome.notes += note + '\n';
    return outcome;
}

std::string const limited = "*filter\n:INPUT DROP [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                            "-A INPUT -p tcp -m tcp --dport 22 -m limit --limit 3/min --limit-burst 9 -j ACCEPT\n"
                            "-A INPUT -m limit -j ACCEPT\nCOMMIT\n";
std::string const two_families = "table inet t {\n\tchain c {\n\t\ttype filter hook forward priority filter; policy drop;\n"
                                 "\t\tip saddr 10.0.0.0/8 drop\n\t\ttcp dport 80 accept\n\t\ticmpv6 type echo-request accept\n\t}\n}\n";
std::string const edge = "ip access-list extended EDGE\n permit tcp any any eq 80\n permit tcp any any established\n";

} // namespace

TEST_CASE("rates keep what they mean in the words of the other firewall") {
    Outcome const nft = converted(limited, Dialect::iptables, Dialect::nftables);
    CHECK(nft.losses == "");
    CHECK(nft.equal);
    CHECK_THAT(nft.text, Contains("tcp dport 22 limit rate 3/minute burst 9 packets accept") && Contains("limit rate 3/hour burst 5 packets accept"));
    Outcome const back = converted(nft.text, Dialect::nftables, Dialect::iptables);
    CHECK(back.equal);
    CHECK_THAT(back.text, Contains("--dport 22 -m limit --limit 3/min --limit-burst 9 -j ACCEPT"));
    auto const of_rate = [](std::string const& rate) {
        return converted("table ip t {\n\tchain c {\n\t\ttype filter hook input priority 0;\n\t\tlimit rate " + rate + " accept\n\t}\n}\n",
                         Dialect::nftables, Dialect::iptables);
    };
    CHECK_THAT(of_rate("600000/minute burst 10000 packets").text, Contains("--limit 600000/min --limit-burst 10000"));
    CHECK_THAT(of_rate("600001/minute").losses, Contains("limit rate 600001/minute"));
    CHECK_THAT(of_rate("5/second burst 10001 packets").losses, Contains("burst 10001 packets"));
    auto const to_nft = [](std::string const& match) {
        return converted("*filter\n:INPUT DROP [0:0]\n-A INPUT " + match + " -j ACCEPT\nCOMMIT\n", Dialect::iptables, Dialect::nftables);
    };
    CHECK_THAT(to_nft("-m limit --limit 3/sec --limit-burst 0").losses, Contains("--limit-burst 0: it is in the words of another language"));
    CHECK_THAT(to_nft("-m conntrack --ctorigdstport 22").losses, Contains("nft asks for it only behind a match on the protocol"));
    CHECK(to_nft("-p tcp -m conntrack --ctorigdstport 22").equal);
}

TEST_CASE("rules that one of the text became share its limit with what they are converted to") {
    std::string const rule = "-A INPUT -m tos ! --tos 8 -m limit --limit 1/sec -j ELSEWHERE --number 5\n"; // accepts, or drops
    Outcome const same = converted("*filter\n:INPUT DROP [0:0]\n" + rule + rule + "COMMIT\n", Dialect::iptables, Dialect::iptables);
    CHECK(same.losses == "");
    CHECK(same.equal);
    CHECK_THAT(same.text, Contains("--dscp 0x02 -m ecn --ecn-ip-ect 0 -j RETURN")); // it is another ruleset
}

TEST_CASE("what JSON calls as text cannot gets another name") {
    auto const json = [](std::string const& table, std::string const& chain) {
        std::string const of = R"("family": "inet", "table": ")" + table + '"';
        return R"({"table": {"family": "inet", "name": ")" + table + R"("}}, {"chain": {)" + of + R"(, "name": ")" + chain +
               R"("}}, {"chain": {)" + of + R"(, "name": "i", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}}, )" +
               R"({"rule": {)" + of + R"(, "chain": "i", "expr": [{"jump": {"target": ")" + chain + R"("}}]}}, )" +
               R"({"rule": {)" + of + R"(, "chain": ")" + chain + R"(", "expr": [{"accept": null}]}})";
    };
    for (auto const& [name, text] : {std::pair("a b", "a_b"), {"x\\\\", "x_"}, {"#", "_"}, {"1", "table_1"}}) {
        INFO(name);
        Outcome const result = converted("{\"nftables\": [" + json(name, "c d") + "]}", Dialect::nft_json, Dialect::nftables);
        CHECK(result.equal);
        CHECK_THAT(result.text, Contains("table inet " + std::string(text) + " {\n\tchain c_d {") && Contains("jump c_d"));
    }
    Outcome const two = converted("{\"nftables\": [" + json("a b", "c") + ", " + json("a_b", "c") + "]}", Dialect::nft_json, Dialect::nftables);
    CHECK(two.equal);
    CHECK_THAT(two.text, Contains("table inet a_b_ {") && Contains("table inet a_b {"));
}

TEST_CASE("a ruleset for both families becomes one of each") {
    Outcome const v4 = converted(two_families, Dialect::nftables, Dialect::iptables);
    CHECK(v4.equal);
    CHECK_THAT(v4.notes, Contains("rules about IPv6 are none of iptables; ip6tables has them"));
    CHECK_THAT(v4.text, Contains("-A FORWARD -s 10.0.0.0/8 -j DROP") && !Contains("icmp"));
    Outcome const v6 = converted(two_families, Dialect::nftables, Dialect::ip6tables);
    CHECK(v6.equal);
    CHECK_THAT(v6.text, Contains("--icmpv6-type 128 -j ACCEPT") && !Contains("10.0.0.0"));
    CHECK_THROWS_WITH(converted(limited, Dialect::iptables, Dialect::ip6tables), "the rules are about IPv4 alone, and ip6tables is about IPv6");
}

TEST_CASE("a base chain becomes a list of each family, and a list a chain") {
    Outcome const ios = converted(two_families, Dialect::nftables, Dialect::cisco_ios);
    CHECK(ios.losses == "");
    CHECK(ios.equal);
    CHECK_THAT(ios.text, Contains("ip access-list extended c\n") && Contains("ipv6 access-list c-v6\n"));
    Outcome const chain = converted(edge, Dialect::cisco_ios, Dialect::nftables);
    CHECK(chain.losses == "");
    CHECK(chain.equal);
    CHECK_THAT(chain.text, Contains("tcp dport 80 accept") && Contains("hook forward") && Contains("policy drop"));
    CHECK_THAT(converted(edge, Dialect::cisco_ios, Dialect::cisco_asa).losses, Contains("cannot ask for tcp flags"));
    std::string const two = edge + "ip access-list extended CORE\n deny ip any any\n";
    CHECK_THROWS_WITH(converted(two, Dialect::cisco_ios, Dialect::nftables),
                      "one access list can become one of the other kind; --chain says which of EDGE, CORE");
    CHECK_THROWS_WITH(converted(two, Dialect::cisco_ios, Dialect::nftables, "EGDE"), "there is no access list 'EGDE'; there are EDGE, CORE");
    CHECK(converted(two, Dialect::cisco_ios, Dialect::nftables, "CORE").equal);
    CHECK(converted(two, Dialect::cisco_ios, Dialect::cisco_nxos).equal);
}

TEST_CASE("the global list of an ASA is that of each interface elsewhere") {
    std::string const interfaces = "interface GigabitEthernet0/0\n nameif outside\ninterface GigabitEthernet0/1\n nameif inside\n";
    std::string const list = "access-list ALL extended permit tcp any4 any4 eq 22\naccess-group ALL global\n";
    Outcome const each = converted(interfaces + list, Dialect::cisco_asa, Dialect::cisco_ios);
    CHECK(each.equal);
    CHECK_THAT(each.text, Contains("interface outside\n ip access-group ALL in\n") && Contains("interface inside\n ip access-group ALL in\n"));
    Outcome const unknown = converted(list, Dialect::cisco_asa, Dialect::cisco_ios);
    CHECK_THAT(unknown.text, !Contains("interface"));
}

TEST_CASE("what is lost makes a difference that is found") {
    Outcome const lossy = converted("*filter\n:INPUT ACCEPT [0:0]\n-A INPUT -m recent --name x --rcheck -j DROP\n-A INPUT -p tcp -m tcp --dport 23 -j DROP\nCOMMIT\n",
                                    Dialect::iptables, Dialect::nftables);
    CHECK_THAT(lossy.losses, Contains("-m recent"));
    CHECK(!lossy.equal);
}
