// portcullis.toml is understood or refused, never half ignored; zones decide whom to trust.
#include "portcullis/catalogue/config.hpp"

#include <catch2/catch.hpp>

namespace portcullis {
namespace {

Config config_of(std::string_view text) {
    auto loaded = load_config(text, "portcullis.toml");
    for (auto const& error : loaded.errors) FAIL_CHECK(to_string(error));
    return loaded.config;
}

U128 ip(std::string_view text) {
    auto const address = parse_ip(text);
    REQUIRE(address);
    return address->value;
}

bool untrusted(Config const& config, std::string_view address) {
    return config.untrusted_sources(parse_ip(address)->family).contains(ip(address));
}

// What the two forms of the same question say, which must agree for names that fit into a field.
bool trusts(Config const& config, std::string_view interface) {
    bool const by_name = config.trusts_interface(interface);
    CHECK(by_name == config.trusted_interfaces().contains(interface_value(interface)));
    return by_name;
}

} // namespace

TEST_CASE("an empty configuration has the defaults") {
    auto const config = config_of("");
    CHECK_FALSE(config.root);
    CHECK(config.fail_on == Severity::medium);
    CHECK(config.select.empty());
    CHECK(config.zones.empty());
    CHECK(config.catalogue.services().size() == Catalogue::built_in().services().size());
}

TEST_CASE("every supported key is read") {
    auto const config = config_of(R"(
root = true
[lint]
select = ["PC"]
ignore = ["PC503", "telnet-exposed"]
fail-on = "never"
levels = { PC114 = "high", "PC2" = "low" }
[files]
dialect = { "*.acl" = "cisco-ios", "edge/*" = "nftables" }
[zones]
internet = { networks = ["any", "!private"], interfaces = ["eth0"], trust = "untrusted" }
[services.backup]
tcp = [9102, "9500-9510"]
[services.telnet]
severity = { any = "critical" }
)");
    CHECK(config.root);
    REQUIRE(config.select.size() == 1);
    CHECK(config.select[0].text == "PC");
    CHECK(config.select[0].line == 4);
    CHECK(config.select[0].column == 11);
    REQUIRE(config.ignore.size() == 2);
    CHECK(config.ignore[1].text == "telnet-exposed");
    CHECK_FALSE(config.fail_on);
    REQUIRE(config.levels.size() == 2);
    CHECK(config.levels[0].first.text == "PC114");
    CHECK(config.levels[0].second == Severity::high);
    REQUIRE(config.dialects.size() == 2);
    CHECK(config.dialects[0] == std::pair(std::string("*.acl"), Dialect::cisco_ios));
    REQUIRE(config.zones.size() == 1);
    CHECK(config.zones[0].name == "internet");
    CHECK_FALSE(config.zones[0].trusted);
    REQUIRE(config.catalogue.find("backup"));
    CHECK(config.catalogue.find("telnet")->severity_any == Severity::critical);
}

TEST_CASE("what is unknown, of the wrong type or not supported yet is an error with its place") {
    struct {
        std::string_view toml, error;
    } const cases[] = {
        {"rot = true\n", "p.toml:1:1: unknown key 'rot' in p.toml; did you mean 'root'?"},
        {"[lint]\nslect = []\n", "p.toml:2:1: unknown key 'slect' in [lint]; did you mean 'select'?"},
        {"[lint]\nselect = \"PC\"\n", "p.toml:2:10: 'select' must be an array of strings, not a string"},
        {"[lint]\nselect = [1]\n", "p.toml:2:11: 'select' must hold strings, not an integer"},
        {"[lint]\nfail-on = \"hihg\"\n", "p.toml:2:11: 'fail-on' is 'hihg', but must be info, low, medium, high, "
                                         "critical or never; did you mean 'high'?"},
        {"[lint]\nlevels = { PC114 = \"none\" }\n",
         "p.toml:2:20: 'PC114' is 'none', but must be info, low, medium, high or critical"},
        {"[lint]\nbaseline = 1\n", "p.toml:2:12: 'baseline' must be a string, not an integer"},
        {"[lint.per-file]\n\"lab/**\" = { ignores = [\"PC3\"] }\n",
         "p.toml:2:14: unknown key 'ignores' in the table of 'lab/**' in [lint.per-file]; did you mean 'ignore'?"},
        {"[lint.per-file]\n\"lab/**\" = [\"PC3\"]\n", "p.toml:2:12: 'lab/**' must be a table, not an array"},
        {"extend = \"../base.toml\"\n", "p.toml:1:10: 'extend': there are no files here"},
        {"[[waive]]\nrules = \"PC101\"\n", "p.toml:1:1: a [[waive]] needs the rule that it waives, or traffic: rule = \"PC101\""},
        {"[[waive]]\nrule = \"PC101\"\nunitl = 2027-01-31\n", "p.toml:3:1: unknown key 'unitl' in [[waive]]; did you mean 'until'?"},
        {"root = \"yes\"\n", "p.toml:1:8: 'root' must be true or false, not a string"},
        {"[files]\ndialect = { \"*\" = \"cisco\" }\n", "p.toml:2:19: '*' is 'cisco', but must be iptables, "
                                                       "ip6tables, iptables-script, nftables, nft-json, cisco-ios, "
                                                       "cisco-asa, cisco-nxos or cisco-xr"},
        {"[zones]\nlan = { networks = [\"10.0.0.0/8\"] }\n",
         "p.toml:2:1: the zone 'lan' needs trust = \"trusted\" or trust = \"untrusted\""},
        {"[zones]\nlan = { trust = \"trusted\" }\n", "p.toml:2:1: the zone 'lan' needs networks or interfaces"},
        {"[zones]\nlan = { networks = [\"10.0.0.5/8\"], trust = \"trusted\" }\n",
         "p.toml:2:21: '10.0.0.5/8' is no network: it has bits below its prefix; write 10.0.0.0/8 or 10.0.0.5"},
        {"[zones]\nlan = { networks = [\"privat\"], trust = \"trusted\" }\n",
         "p.toml:2:21: 'privat' is no network: use an address, a prefix such as 10.0.0.0/8, a range such as "
         "192.0.2.1-192.0.2.9, any or private, each with a leading ! to leave it out; did you mean 'private'?"},
        {"[zones]\nlan = { interfaces = [\"e*h\"], trust = \"trusted\" }\n",
         "p.toml:2:23: 'e*h' is no interface: use a name such as eth0, or eth* for all that begin so"},
        {"[zones]\nlan = { network = [], interfaces = [\"e\"], trust = \"trusted\" }\n",
         "p.toml:2:9: unknown key 'network' in the zone 'lan'; did you mean 'networks'?"},
        {"[services.backup]\ntpc = [1]\ntcp = [1]\n",
         "p.toml:2:1: unknown key 'tpc' in [services.backup]; did you mean 'tcp'?"},
    };
    for (auto const& test : cases) {
        auto const loaded = load_config(test.toml, "p.toml");
        INFO(test.toml);
        REQUIRE(loaded.errors.size() == 1);
        CHECK(to_string(loaded.errors.front()) == test.error);
    }
}

TEST_CASE("without zones, untrusted is every address that can be met on the internet") {
    Config const config;
    for (auto const* address :
         {"203.0.113.9", "8.8.8.8", "100.64.0.1", "1.0.0.0", "223.255.255.255", "2001:db8::1", "2000::"})
        CHECK(untrusted(config, address));
    for (auto const* address :
         {"10.1.2.3", "172.16.0.1", "192.168.255.255", "127.0.0.1", "169.254.1.1", "0.0.0.0", "224.0.0.1",
          "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fd00::1", "ff02::1"})
        CHECK_FALSE(untrusted(config, address));
}

TEST_CASE("zones decide about their addresses, and the smaller zone about what is in both") {
    auto const config = config_of(R"([zones]
internet = { networks = ["any"], trust = "untrusted" }
lan      = { networks = ["10.0.0.0/8", "2001:db8:1::/48"], trust = "trusted" }
guests   = { networks = ["10.9.0.0/16", "192.168.7.10-192.168.7.20"], trust = "untrusted" }
partner  = { networks = ["198.51.100.0/24", "!198.51.100.7"], trust = "trusted" }
)");
    for (auto const* address :
         {"10.9.1.1", "192.168.7.10", "192.168.7.20", "203.0.113.9", "198.51.100.7", "172.16.0.1", "2001:db8::1"}) {
        INFO(address);
        CHECK(untrusted(config, address));
    }
    for (auto const* address : {"10.1.1.1", "198.51.100.8", "2001:db8:1::1", "127.0.0.1", "255.255.255.255"}) {
        INFO(address);
        CHECK_FALSE(untrusted(config, address));
    }
}

TEST_CASE("every address that a packet can come from lies in one territory") {
    auto const config = config_of(R"([zones]
lan    = { networks = ["10.0.0.0/8", "2001:db8:1::/48"], trust = "trusted" }
guests = { networks = ["10.9.0.0/16"], trust = "untrusted" }
)");
    auto const territory = [&](std::string_view address) {
        std::string names;
        for (Territory const& one : config.territories(parse_ip(address)->family))
            if (one.addresses.contains(ip(address))) names += one.name + ';';
        return names;
    };
    CHECK(territory("10.1.1.1") == "lan;");
    CHECK(territory("10.9.1.1") == "guests;");
    CHECK(territory("192.168.1.1") == "private addresses;");
    CHECK(territory("203.0.113.9") == "public addresses;");
    CHECK(territory("2001:db8:1::1") == "lan;");
    CHECK(territory("2001:db8::1") == "public addresses;");
    CHECK(territory("127.0.0.1").empty());
}

TEST_CASE("addresses in no zone are judged as without zones") {
    auto const config =
        config_of("[zones]\nlan = { networks = [\"10.0.0.0/8\", \"198.51.100.0/24\"], trust = \"trusted\" }\n");
    CHECK(untrusted(config, "203.0.113.9"));
    CHECK_FALSE(untrusted(config, "198.51.100.1"));
    CHECK_FALSE(untrusted(config, "192.168.1.1"));
}

TEST_CASE("exclusions alone take away from everything") {
    auto const config =
        config_of("[zones]\nout = { networks = [\"!private\", \"!203.0.113.0/24\"], trust = \"untrusted\" }\n"
                  "[zones.office]\nnetworks = [\"203.0.113.0/24\"]\ntrust = \"trusted\"\n");
    CHECK(untrusted(config, "198.51.100.1"));
    CHECK_FALSE(untrusted(config, "203.0.113.1"));
    CHECK_FALSE(untrusted(config, "10.0.0.1"));
}

TEST_CASE("a trusted zone without networks says nothing about addresses") {
    auto const config = config_of("[zones]\nlan = { interfaces = [\"eth1\"], trust = \"trusted\" }\n");
    CHECK(untrusted(config, "203.0.113.9"));
}

TEST_CASE("without zones, only names that say so are inside") {
    Config const config;
    for (auto const* name : {"lo", "lan", "lan0", "docker0", "br-lan", "br-0a1b2c3d4e5f", "virbr0", "veth1234abc",
                             "wg0", "tailscale0"}) {
        INFO(name);
        CHECK(trusts(config, name));
    }
    for (auto const* name :
         {"eth0", "wan0", "ens3", "ppp0", "lo1", "loopback", "br-wan", "br-guest", "tun0", "wlan0", ""}) {
        INFO(name);
        CHECK_FALSE(trusts(config, name));
    }
}

TEST_CASE("zones that name interfaces decide about all of them") {
    auto const config = config_of(R"([zones]
internet = { interfaces = ["eth0", "lan9"], trust = "untrusted" }
inside   = { interfaces = ["lan*", "GigabitEthernet0/1", "Vlan*"], trust = "trusted" }
)");
    for (auto const* name : {"lo", "lan0", "Vlan10"}) CHECK(trusts(config, name));
    for (auto const* name : {"eth0", "lan9", "docker0", "wg0", "GigabitEthernet"})
        CHECK_FALSE(trusts(config, name));
    CHECK(config.trusts_interface("GigabitEthernet0/1"));
    CHECK_FALSE(config.trusts_interface("GigabitEthernet0/2"));
    // Sixteen bytes cannot tell the two apart, so neither is trusted there.
    CHECK_FALSE(config.trusted_interfaces().contains(interface_value("GigabitEthernet0/2")));
}

TEST_CASE("zones without interfaces leave the names to themselves") {
    auto const config = config_of("[zones]\nlan = { networks = [\"10.0.0.0/8\"], trust = \"trusted\" }\n");
    CHECK(trusts(config, "lan0"));
    CHECK_FALSE(trusts(config, "eth0"));
}

} // namespace portcullis
