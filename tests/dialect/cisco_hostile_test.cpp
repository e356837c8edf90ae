// Input that no device has written: it ends in time, and what is left out is said.
#include <algorithm>
#include <catch2/catch.hpp>

#include "dialect/cisco_read.hpp"

using namespace portcullis;

namespace {

Reading read(std::string const& text, Dialect dialect = Dialect::cisco_ios) {
    Sources sources;
    return read_cisco(sources, sources.add("config", text), dialect);
}

std::string complaint(Reading const& reading) {
    for (Finding const& finding : reading.findings.all()) {
        if (!is_unread(finding)) continue;
        std::string text = finding.rule;
        for (auto const& [name, value] : finding.args) text += ' ' + value;
        return text;
    }
    return {};
}

bool mentions(std::string const& text, std::string const& part) { return text.find(part) != std::string::npos; }

bool has(Reading const& reading, std::string const& rule) {
    auto const& all = reading.findings.all();
    return std::any_of(all.begin(), all.end(), [&](Finding const& finding) { return finding.rule == rule; });
}

// Each group has the one before it twice: 2ⁿ ways to the first.
std::string doubling(std::string text, int groups) {
    for (int i = 1; i < groups; ++i) {
        std::string const inner = " group-object G" + std::to_string(i - 1) + '\n';
        text += "object-group network G" + std::to_string(i) + '\n' + inner + inner;
    }
    return text + "access-list L extended permit ip any object-group G" + std::to_string(groups - 1) + '\n';
}

} // namespace

TEST_CASE("groups that cannot be told are asked once") {
    auto const asa = Dialect::cisco_asa;
    CHECK(read(doubling("object-group network G0\n network-object host 192.0.2.1\n", 60), asa).findings.all().size() == 1); // PC403
    CHECK(has(read(doubling("object-group network G0\n network-object host NOPE\n", 60), asa), "PC401"));
    auto const domain = read(doubling("object-group network G0\n network-object object F\nobject network F\n fqdn a.example\n", 60), asa);
    CHECK(domain.ruleset.chains.at(0).rules.size() == 1);
    CHECK(has(read(doubling("object-group network G0\n group-object G0\n", 60), asa), "PC431"));
    CHECK(mentions(complaint(read(doubling("object-group network G0\n network-object host 192.0.2.1\n", 100), asa)),
                   "groups are nested too deeply"));
    std::string loop;
    std::string chain = "object-group network G0\n network-object host 192.0.2.1\n";
    constexpr int groups = 5000;
    for (int i = 0; i < groups; ++i)
        loop += "object-group network G" + std::to_string(i) + "\n group-object G" + std::to_string((i + 1) % groups) + '\n';
    for (int i = 1; i < groups; ++i)
        chain += "object-group network G" + std::to_string(i) + "\n group-object G" + std::to_string(i - 1) + '\n';
    CHECK(has(read(loop, asa), "PC431"));
    CHECK(mentions(complaint(read(chain, asa)), "too many combinations"));
}

TEST_CASE("numbers of entries have limits and any order") {
    auto const last = read("ip access-list extended A\n 4294967295 permit tcp any any\n permit udp any any\n 1 deny ip any any\n"
                           "ip access-list resequence A 4294967295 4294967295\n");
    REQUIRE(last.ruleset.chains.size() == 1);
    CHECK(last.ruleset.chains[0].rules.size() == 3);
    CHECK(std::holds_alternative<Drop>(last.ruleset.chains[0].rules.at(0).verdict));
    CHECK(complaint(last).empty());
    CHECK(mentions(complaint(read("ip access-list extended A\n 4294967296 permit tcp any any\n")), "PC001"));
    CHECK(complaint(read("ip access-list resequence NOPE 10 10\nno ip access-list extended NOPE\n")).empty());
}

TEST_CASE("text of a banner is no access list, in whatever way it ends") {
    for (std::string const banner : {"banner motd #\naccess-list 101 permit ip any any\n#\n", "banner login ^C\n permit ip any any\n^C\n",
                                     "banner exec Xaccess-list 101 permit ip any anyX\n",
                                     "banner motd #\r\nip access-list extended A\r\n permit ip any any\r\n#\r\n"}) {
        INFO(banner);
        auto const reading = read(banner + "access-list 102 permit udp any any\n");
        CHECK(complaint(reading).empty());
        REQUIRE(reading.ruleset.chains.size() == 1);
        CHECK(reading.ruleset.chains[0].name == "102");
    }
}

TEST_CASE("VLAN maps are bounded") {
    std::string list = "ip access-list extended A\n";
    for (int i = 0; i < 5000; ++i) list += " permit tcp any any eq " + std::to_string(i) + '\n';
    std::string maps;
    for (int i = 1; i <= 100; ++i)
        maps += "vlan access-map M" + std::to_string(i) + " 10\n match ip address A\n action drop\n";
    auto const repeated = read(list + maps);
    CHECK(mentions(complaint(repeated), "VLAN maps repeat too many entries"));
    CHECK(rule_count(repeated.ruleset) < 210'000);

    std::string clauses = "vlan access-map M 10\n";
    for (int i = 0; i < 2000; ++i) clauses += " match ip address A\n";
    CHECK(mentions(complaint(read(clauses)), "too many clauses"));

    for (std::string const vlans : {"0-4095", "10-", "-10", "10,,20", "20-10", "x", ""}) {
        INFO(vlans);
        CHECK(mentions(complaint(read("vlan filter M vlan-list " + vlans + '\n')), "PC001"));
    }
    CHECK(mentions(complaint(read("vlan access-map M ten\n action drop\n")), "PC001"));
    CHECK(has(read("vlan filter M vlan-list 10\n"), "PC401"));
    CHECK(complaint(read("no vlan access-map M\nno vlan filter M\nvlan access-map M 10\nno vlan access-map M 20\n")).empty());
}
