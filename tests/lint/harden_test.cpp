// What hardening makes of a text: closed for strangers, the same for all others, what is kept kept; and once is enough.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "portcullis/engine/interpret.hpp"
#include "portcullis/lint/harden.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

struct Result {
    std::shared_ptr<Sources> sources = std::make_shared<Sources>();
    Ruleset before, after;
    Hardened hardened;
    std::string steps() const {
        std::string all;
        for (HardenStep const& each : hardened.steps) all += each.what + '\n';
        for (std::string const& note : hardened.notes) all += "note: " + note + '\n';
        return all;
    }
};

Config configured(std::string const& text) {
    LoadedConfig loaded = load_config(text, "portcullis.toml");
    REQUIRE(loaded.errors.empty());
    return std::move(loaded.config);
}

Result hardened(std::string text, Dialect dialect, std::vector<std::string> const& keep = {}, std::string const& config = {}) {
    Result result;
    SourceId const source = result.sources->add("fw", std::move(text));
    HardenOptions options{configured(config), {}};
    for (std::string const& phrase : keep) options.keep.push_back(parse_phrase(phrase, options.config).question.value());
    result.hardened = harden(result.sources, source, dialect, {}, options);
    result.before = read(*result.sources, source, dialect).ruleset;
    result.after = read(*result.sources, result.hardened.source, dialect).ruleset;
    return result;
}

bool passes(Ruleset const& ruleset, Path::Kind kind, std::string const& packet) {
    ParsedPacket const parsed = parse_packet(packet);
    REQUIRE(parsed.packet);
    for (Path const& path : find_paths(ruleset))
        if (path.kind == kind) return interpret(ruleset, path, *parsed.packet).main().fate == Fate::accept;
    return true;
}

constexpr auto to_host = Path::Kind::to_host;

std::string const open_iptables = "# my firewall\n*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n# the old box\n"
                                  "-A INPUT -p tcp --dport 23 -j ACCEPT\n-A INPUT -p tcp --dport 443 -j ACCEPT\nCOMMIT\n";
std::string const open_nft = "table ip filter {\n\tchain input {\n\t\ttype filter hook input priority 0; policy accept;\n\t\t# the lan may do all\n"
                             "\t\tiifname \"lan0\" accept\n\t\ttcp dport { 22, 23, 443 } accept\n\t}\n}\n";
std::string const open_ios = "hostname R1\nip access-list extended EDGE\n 10 permit tcp any host 192.0.2.1 eq 443\n 20 permit tcp any any eq telnet\n"
                             " 30 permit udp any host 192.0.2.9 range 100 200\n 40 deny ip any any log\n!\ninterface GigabitEthernet0/1\n ip access-group EDGE in\n";

} // namespace

TEST_CASE("an open ruleset is closed, and says what it did") {
    for (auto const& [text, dialect] : {std::pair(open_iptables, Dialect::iptables), std::pair(open_nft, Dialect::nftables)}) {
        Result const result = hardened(text, dialect);
        INFO(result.hardened.text << result.steps());
        CHECK(passes(result.before, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:23"));
        CHECK(!passes(result.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:23"));
        CHECK(!passes(result.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:5000"));
        CHECK(!passes(result.after, to_host, "in=eth0 state=invalid flags=ack tcp 203.0.113.9:40000 > 192.0.2.10:443"));
        CHECK(passes(result.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:443"));
        CHECK(passes(result.after, to_host, "in=lo tcp 127.0.0.1:40000 > 127.0.0.1:5000"));
        CHECK(passes(result.after, to_host, "in=eth0 state=established flags=ack tcp 203.0.113.9:443 > 192.0.2.10:40000"));
        CHECK(passes(result.after, to_host, "in=eth0 state=established icmp 203.0.113.9 > 192.0.2.10 type=3"));
        // Private senders are trusted where no zones say otherwise.
        CHECK(passes(result.after, to_host, "in=eth0 tcp 10.0.0.9:40000 > 192.0.2.10:23"));
    }
    CHECK_THAT(hardened(open_iptables, Dialect::iptables).hardened.text, Contains("# my firewall\n") && Contains("# the old box\n-A INPUT -p tcp --dport 23 -j ACCEPT\n")); // a comment stays with its rule
    Result const nft = hardened(open_nft, Dialect::nftables);
    CHECK_THAT(nft.hardened.text, Contains("\t\t# the lan may do all\n") && Contains("table ip6 portcullis {") && Contains("priority 0; policy drop;"));
    CHECK(!passes(nft.after, to_host, "in=eth0 tcp [2001:db8::9]:40000 > [2001:db8::1]:22"));
}

TEST_CASE("what is kept passes at the end, and has to pass at the start") {
    std::string const kept = "from 198.51.100.0/24 to self ssh";
    Result const result = hardened(open_iptables, Dialect::iptables, {kept});
    INFO(result.hardened.text << result.steps());
    CHECK(passes(result.after, to_host, "in=eth0 tcp 198.51.100.9:40000 > 192.0.2.10:22"));
    CHECK(!passes(result.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:22"));
    CHECK_THAT(result.hardened.text, Contains("harden: kept"));
    CHECK_THROWS_WITH(hardened("*filter\n:INPUT DROP [0:0]\nCOMMIT\n", Dialect::iptables, {kept}), Contains("is to be kept, and not all of it passes now"));
    // An insecure service that is kept stays open to those alone for whom it is kept.
    Result const telnet = hardened(open_iptables, Dialect::iptables, {"from 198.51.100.0/24 to self telnet"});
    CHECK(passes(telnet.after, to_host, "in=eth0 tcp 198.51.100.9:40000 > 192.0.2.10:23"));
    CHECK(!passes(telnet.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:23"));
}

TEST_CASE("zones say who may go on, and whose sources are forged") {
    std::string const zones = "[zones.internet]\ninterfaces = [\"eth0\"]\ntrust = \"untrusted\"\n"
                              "[zones.lan]\nnetworks = [\"192.168.7.0/24\"]\ninterfaces = [\"eth1\"]\ntrust = \"trusted\"\n";
    Result const result = hardened(open_iptables, Dialect::iptables, {}, zones);
    INFO(result.hardened.text << result.steps());
    CHECK(passes(result.after, to_host, "in=eth1 tcp 192.168.7.9:40000 > 192.0.2.10:23"));
    CHECK(!passes(result.after, to_host, "in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:23"));
    CHECK(!passes(result.after, to_host, "in=eth0 tcp 192.168.7.9:40000 > 192.0.2.10:443"));
}

TEST_CASE("an access list loses permits of insecure services, whole or in part") {
    Result const result = hardened(open_ios, Dialect::cisco_ios);
    INFO(result.hardened.text << result.steps());
    auto const list = Path::Kind::list;
    CHECK(!passes(result.after, list, "tcp 203.0.113.9:40000 > 192.0.2.10:23"));
    CHECK(!passes(result.after, list, "udp 203.0.113.9:40000 > 192.0.2.9:161"));
    CHECK(passes(result.after, list, "udp 203.0.113.9:40000 > 192.0.2.9:150"));
    CHECK(passes(result.after, list, "tcp 203.0.113.9:40000 > 192.0.2.1:443"));
    CHECK_THAT(result.hardened.text, !Contains("eq telnet") && Contains(" 30 permit udp any host 192.0.2.9 range 100 200\n"));
}

TEST_CASE("a remark stays with its entry") {
    std::string const plain = "hostname r\nip access-list extended IN\n remark first\n permit tcp any any eq 443\n remark wide,\n remark and why\n permit tcp any any range 20 30\n"
                              "interface Gi0/0\n ip access-group IN in\n";
    Result const text = hardened(plain, Dialect::cisco_ios);
    INFO(text.hardened.text << text.steps());
    CHECK_THAT(text.hardened.text, Contains("eq 443\n deny tcp any any") && Contains("\n remark wide,\n remark and why\n permit tcp any any range 20 30\n"));
    std::string const numbered = "ip access-list IN\n  10 permit tcp any any eq 443\n  20 remark wide\n  30 permit tcp any any range 20 30\ninterface Ethernet1/1\n  ip access-group IN in\n";
    Result const counted = hardened(numbered, Dialect::cisco_nxos);
    INFO(counted.hardened.text << counted.steps());
    CHECK_THAT(counted.hardened.text, Contains("deny tcp any any") && Contains("\n  20 remark wide\n  30 permit tcp any any range 20 30\n"));
}

TEST_CASE("hardening twice is hardening once, for every fixture, and nothing else changes") {
    fs::path const root = fs::path(PORTCULLIS_ROOT) / "tests/fixtures";
    std::size_t changed = 0;
    for (auto const& [folder, dialect] : {std::pair{"iptables", Dialect::iptables}, {"ip6tables", Dialect::ip6tables}, {"nftables", Dialect::nftables},
                                          {"cisco-ios", Dialect::cisco_ios}, {"cisco-asa", Dialect::cisco_asa}, {"cisco-nxos", Dialect::cisco_nxos}}) {
        for (auto const& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!entry.is_regular_file() || entry.path().extension() == ".json" || entry.path().extension() == ".toml") continue;
            std::ifstream in(entry.path());
            std::ostringstream text;
            text << in.rdbuf();
            if (detect_dialect(text.str()) != dialect) continue;
            INFO(entry.path());
            try {
                Result const once = hardened(text.str(), dialect); // the proof is part of it
                if (once.hardened.text != text.str()) ++changed;
                Result const twice = hardened(once.hardened.text, dialect);
                INFO(once.steps() << "again\n" << twice.steps() << once.hardened.text);
                CHECK(twice.hardened.text == once.hardened.text);
            } catch (NotHardenable const&) {
                continue;
            }
        }
    }
    CHECK(changed > 10);
}
