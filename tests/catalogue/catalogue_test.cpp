// The built-in catalogue is complete and sane, and users' entries extend it with errors that say what to write
// instead.
#include "portcullis/catalogue/catalogue.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "portcullis/base/embedded.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis {
namespace {

constexpr std::uint8_t tcp = 6, udp = 17;

std::vector<std::string> names_at(Catalogue const& catalogue, std::uint8_t protocol, std::uint16_t port) {
    std::vector<std::string> names;
    for (Service const* service : catalogue.at(protocol, port)) names.push_back(service->name);
    return names;
}

std::string lower(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

} // namespace

TEST_CASE("the built-in files load without errors") {
    Catalogue catalogue;
    for (EmbeddedFile const& file : embedded_files()) {
        if (!file.path.starts_with("rules/catalogue/")) continue;
        auto result = catalogue.extended(file.text, file.path);
        for (auto const& error : result.errors) FAIL_CHECK(to_string(error));
        catalogue = result.catalogue;
    }
    CHECK(catalogue.services().size() == Catalogue::built_in().services().size());
    CHECK(catalogue.services().size() >= 130);
}

TEST_CASE("every built-in entry says all that a reader needs") {
    std::map<std::string, std::string> owner; // of each name and alias
    for (Service const& service : Catalogue::built_in().services()) {
        INFO(service.name);
        CHECK(service.title != "");
        CHECK(service.purpose.ends_with('.'));
        CHECK(service.risk.ends_with('.'));
        CHECK(service.authentication != "");
        CHECK(service.encryption != Encryption::unstated);
        CHECK_FALSE(service.ports.empty());
        for (PortRange const& range : service.ports) CHECK(range.first <= range.last);
        // What is insecure by design, or bad when exposed, has a better alternative.
        if (service.insecure || service.severity_any >= Severity::low) CHECK(service.replacement != "");
        // What is encrypted always is not insecure by design, with the exception of broken ciphers.
        if (service.encryption == Encryption::always && service.name != "kerberos-iv")
            CHECK_FALSE(service.insecure);
        if (service.encryption == Encryption::none && service.name != "smtp" && !service.insecure)
            CHECK(service.severity_untrusted <= Severity::medium);
        // The whole internet is no better than a part of it.
        CHECK(service.severity_any >= service.severity_untrusted);
        std::vector<std::string> words = service.aliases;
        words.push_back(service.name);
        for (std::string const& word : words) {
            auto const [known, fresh] = owner.emplace(lower(word), service.name);
            INFO(word << " also belongs to " << known->second);
            CHECK(fresh);
            CHECK(Catalogue::built_in().find(word) == &service);
        }
        std::set<std::string> const references(service.references.begin(), service.references.end());
        CHECK(references.size() == service.references.size());
    }
}

TEST_CASE("the services that people ask for first are there, at their ports") {
    struct {
        std::string_view name;
        std::uint8_t protocol;
        std::uint16_t port;
    } const cases[] = {
        {"ftp", tcp, 21},
        {"ftp", tcp, 20},
        {"ftps", tcp, 990},
        {"ssh", tcp, 22},
        {"sftp", tcp, 22},
        {"telnet", tcp, 23},
        {"smtp", tcp, 25},
        {"submission", tcp, 587},
        {"submissions", tcp, 465},
        {"dns", udp, 53},
        {"dns", tcp, 53},
        {"dns-over-tls", tcp, 853},
        {"dhcp", udp, 67},
        {"dhcp", udp, 68},
        {"dhcpv6", udp, 547},
        {"tftp", udp, 69},
        {"http", tcp, 80},
        {"http-alt", tcp, 8080},
        {"pop3", tcp, 110},
        {"pop3s", tcp, 995},
        {"ntp", udp, 123},
        {"imap", tcp, 143},
        {"imaps", tcp, 993},
        {"snmp", udp, 161},
        {"snmp-v1", udp, 161},
        {"snmp-v2c", udp, 162},
        {"snmp-v3", udp, 161},
        {"ldap", tcp, 389},
        {"cldap", udp, 389},
        {"ldaps", tcp, 636},
        {"https", tcp, 443},
        {"quic", udp, 443},
        {"smb", tcp, 445},
        {"netbios", udp, 137},
        {"netbios", udp, 138},
        {"netbios", tcp, 139},
        {"msrpc", tcp, 135},
        {"h323", tcp, 1720},
        {"rdp", tcp, 3389},
        {"rdp", udp, 3389},
        {"sip", udp, 5060},
        {"sip", tcp, 5060},
        {"sips", tcp, 5061},
        {"rexec", tcp, 512},
        {"rlogin", tcp, 513},
        {"rsh", tcp, 514},
        {"rpcbind", tcp, 111},
        {"nfs", tcp, 2049},
        {"rsync", tcp, 873},
        {"x11", tcp, 6063},
        {"vnc", tcp, 5999},
        {"ipmi", udp, 623},
        {"mssql", tcp, 1433},
        {"oracle", tcp, 1521},
        {"mysql", tcp, 3306},
        {"postgresql", tcp, 5432},
        {"redis", tcp, 6379},
        {"elasticsearch", tcp, 9200},
        {"memcached", udp, 11211},
        {"mongodb", tcp, 27017},
        {"docker", tcp, 2375},
        {"docker-tls", tcp, 2376},
        {"etcd", tcp, 2379},
        {"kubernetes-api", tcp, 6443},
        {"kubelet", tcp, 10250},
        {"winrm", tcp, 5985},
        {"mqtt", tcp, 1883},
        {"mqtts", tcp, 8883},
        {"modbus", tcp, 502},
        {"dnp3", tcp, 20000},
        {"s7comm", tcp, 102},
        {"bacnet", udp, 47808},
        {"ethernet-ip", tcp, 44818},
        {"iec-104", tcp, 2404},
        {"fox", tcp, 1911},
        {"codesys", tcp, 2455},
        {"chargen", udp, 19},
        {"qotd", udp, 17},
        {"ssdp", udp, 1900},
        {"ws-discovery", udp, 3702},
        {"mdns", udp, 5353},
        {"syslog", udp, 514},
        {"syslog-tls", tcp, 6514},
        {"radius", udp, 1812},
        {"tacacs", tcp, 49},
        {"kerberos", tcp, 88},
        {"bgp", tcp, 179},
        {"rip", udp, 520},
        {"isakmp", udp, 500},
        {"openvpn", udp, 1194},
        {"wireguard", udp, 51820},
        {"l2tp", udp, 1701},
        {"pptp", tcp, 1723},
        {"squid", tcp, 3128},
        {"socks", tcp, 1080},
        {"jetdirect", tcp, 9100},
    };
    auto const& catalogue = Catalogue::built_in();
    for (auto const& test : cases) {
        INFO(test.name << " " << test.port);
        auto const* service = catalogue.find(test.name);
        REQUIRE(service);
        CHECK(service->listens_on(test.protocol, test.port));
        auto const at = catalogue.at(test.protocol, test.port);
        CHECK(std::find(at.begin(), at.end(), service) != at.end());
    }
}

TEST_CASE("aliases are other spellings, whatever their case") {
    auto const& catalogue = Catalogue::built_in();
    std::pair<std::string_view, std::string_view> const cases[] = {
        {"www", "http"},          {"domain", "dns"},     {"microsoft-ds", "smb"},
        {"ms-wbt-server", "rdp"}, {"sunrpc", "rpcbind"}, {"snmptrap", "snmp"},
        {"cmd", "rsh"},           {"WWW", "http"},       {"non500-isakmp", "ipsec-nat-t"},
        {"bootps", "dhcp"},       {"sqlnet", "oracle"},  {"Telnet", "telnet"},
    };
    for (auto const& [alias, name] : cases) {
        INFO(alias);
        REQUIRE(catalogue.find(alias));
        CHECK(catalogue.find(alias)->name == name);
    }
    CHECK(catalogue.find("no-such-service") == nullptr);
    CHECK(catalogue.find("") == nullptr);
}

TEST_CASE("a name that /etc/services knows too means the same port there") {
    for (std::string_view const word : Catalogue::built_in().names()) {
        auto const* service = Catalogue::built_in().find(word);
        bool known = false, agrees = false;
        for (auto const protocol : {tcp, udp}) {
            auto const port = port_number(word, protocol, Vocabulary::linux_names);
            known = known || port.has_value();
            agrees = agrees || (port && service->listens_on(protocol, *port));
        }
        INFO(word << " of " << service->name);
        CHECK(known == agrees);
    }
}

TEST_CASE("services in their own right come before variants, narrow ranges before wide ones") {
    auto const& catalogue = Catalogue::built_in();
    CHECK(names_at(catalogue, tcp, 22) == std::vector<std::string>{"ssh", "sftp"});
    CHECK(names_at(catalogue, udp, 161).front() == "snmp");
    CHECK(names_at(catalogue, udp, 389) == std::vector<std::string>{"ldap", "cldap"});
    CHECK(names_at(catalogue, tcp, 8443) == std::vector<std::string>{"https-alt"});
    CHECK(names_at(catalogue, udp, 31000) == std::vector<std::string>{"kubernetes-nodeport"});
    CHECK(catalogue.at(tcp, 4).empty());
    CHECK(catalogue.at(1, 8).empty());
}

TEST_CASE("a user's entry needs a name and ports") {
    auto const result =
        Catalogue::built_in().extended("[backup]\ntcp = [9102, \"9500-9510\"]\nudp = [7]\n", "my.toml");
    REQUIRE(result.errors.empty());
    auto const* backup = result.catalogue.find("backup");
    REQUIRE(backup);
    CHECK(backup->ports == std::vector<PortRange>{{tcp, 9102, 9102, ""}, {tcp, 9500, 9510, ""}, {udp, 7, 7, ""}});
    CHECK(backup->title == "backup");
    CHECK(backup->encryption == Encryption::unstated);
    CHECK_FALSE(backup->insecure);
    CHECK_FALSE(backup->severity_any);
}

TEST_CASE("a user's entry overrides only what it states") {
    auto const result = Catalogue::built_in().extended(
        "[telnet]\ntcp = [23, 2323]\nseverity = { any = \"critical\" }\n[ssh]\nrisk = \"we trust it\"\n",
        "my.toml");
    REQUIRE(result.errors.empty());
    auto const* telnet = result.catalogue.find("telnet");
    CHECK(telnet->ports == std::vector<PortRange>{{tcp, 23, 23, ""}, {tcp, 2323, 2323, ""}});
    CHECK(telnet->severity_any == Severity::critical);
    CHECK(telnet->severity_untrusted == Severity::high);
    CHECK(telnet->title == "Telnet");
    CHECK(result.catalogue.find("ssh")->ports == Catalogue::built_in().find("ssh")->ports);
    CHECK(result.catalogue.services().size() == Catalogue::built_in().services().size());
}

TEST_CASE("an error says where, what was found and what would be right") {
    struct {
        std::string_view toml, error;
    } const cases[] = {
        {"[x]\ntcp = [1]\ntitel = \"X\"\n", "u.toml:3:1: unknown key 'titel' in [x]; did you mean 'title'?"},
        {"[x]\ntcp = [70000]\n",
         "u.toml:2:8: '70000' is no port: use a number from 1 to 65535, or a range such as \"9500-9510\""},
        {"[x]\ntcp = [0]\n",
         "u.toml:2:8: '0' is no port: use a number from 1 to 65535, or a range such as \"9500-9510\""},
        {"[x]\ntcp = [\"9-3\"]\n", "u.toml:2:8: the range 9-3 ends before it begins"},
        {"[x]\ntcp = 9\n", "u.toml:2:7: 'tcp' must be an array, not an integer"},
        {"[x]\ntitle = 1\ntcp = [1]\n", "u.toml:2:9: 'title' must be a string, not an integer"},
        {"[x]\ntcp = [1]\nencryption = \"alwyas\"\n", "u.toml:3:14: 'encryption' is 'alwyas', but must be none, "
                                                      "optional, starttls or always; did you mean 'always'?"},
        {"[x]\ntcp = [1]\ninsecure = \"yes\"\n", "u.toml:3:12: 'insecure' must be true or false, not a string"},
        {"[x]\ntcp = [1]\nseverity = { all = \"high\" }\n",
         "u.toml:3:14: unknown key 'all' in severity; known here: untrusted or any"},
        {"[x]\ntitle = \"X\"\n",
         "u.toml:1:2: the service 'x' has no ports; write tcp = [9102] or udp = [\"9500-9510\"]"},
        {"[x]\nports = [{ tpc = 1 }]\n", "u.toml:2:12: unknown key 'tpc' in a port; use tcp, udp, sctp, dccp, "
                                         "udplite or role; did you mean 'tcp'?"},
        {"[x]\nports = [1]\n", "u.toml:2:10: a port must be a table such as { tcp = 22 }, not an integer"},
        {"[x]\nports = [{ role = \"r\" }]\n", "u.toml:2:10: a port without a number: write { tcp = 22 }"},
        {"[\"My App\"]\ntcp = [1]\n",
         "u.toml:1:2: 'My App' is no name for a service: use a-z, 0-9 and inner hyphens"},
        {"[www]\ntcp = [80]\n", "u.toml:1:2: 'www' is another name of 'http'; change that one instead"},
        {"[x]\ntcp = [1]\naliases = [\"www\"]\n", "u.toml:1:2: the alias 'www' of 'x' already belongs to 'http'"},
        {"[x]\ntcp = [1]\nvariant-of = \"y\"\n", "u.toml:1:2: 'x' is a variant of 'y', which does not exist"},
        {"[x]\ntcp = [1]\nrisk = \"\\u001b[2J\"\n", "u.toml:3:8: 'risk' has a character that cannot be shown, or a command of a build log"},
        {"x = 1\n", "u.toml:1:5: 'x' must be a table, not an integer"},
        {"[x]\ntcp = [2026-01-01]\n",
         "u.toml:2:8: 'a date' is no port: use a number from 1 to 65535, or a range such as \"9500-9510\""},
    };
    for (auto const& test : cases) {
        auto const result = Catalogue::built_in().extended(test.toml, "u.toml");
        INFO(test.toml);
        REQUIRE(result.errors.size() == 1);
        CHECK(to_string(result.errors.front()) == test.error);
        CHECK(result.catalogue.services().size() == Catalogue::built_in().services().size());
    }
}

TEST_CASE("broken TOML is one error with its place, and all other errors are reported together") {
    auto const broken = Catalogue::built_in().extended("[x]\ntcp = [1\n", "u.toml");
    REQUIRE(broken.errors.size() == 1);
    CHECK(to_string(broken.errors.front()) == "u.toml:2:10: broken array: encountered end-of-file");
    auto const several =
        Catalogue::built_in().extended("[x]\ntitle = 1\nrisk = 2\ntcp = [0]\n[y]\ntcp = [5]\n", "u.toml");
    CHECK(several.errors.size() == 3);
    CHECK(several.catalogue.find("y") != nullptr);
    CHECK(several.catalogue.find("x") == nullptr);
}

TEST_CASE("hostile TOML is an error, not a crash") {
    auto const repeat = [](std::string_view part, int times) {
        std::string text;
        for (int i = 0; i < times; ++i) text += part;
        return text;
    };
    std::string const cases[] = {
        "[" + repeat("a.", 200000) + "a]\n",
        repeat("\"b,\".", 200000) + "c = 1\n",
        "a = " + repeat("[", 200000),
        "a = " + repeat("{b=", 200000),
        "a = " + repeat("[{" + repeat("b.", 30) + "c = ", 200),
        "a = \"" + repeat("\\", 200001),
        "a = '''" + repeat("'", 200000),
        "a = \"\"\"" + repeat("\"\" ", 200000),
        "\"",
        "\xff\xfe",
    };
    for (std::string const& text : cases) {
        INFO(text.substr(0, 40));
        CHECK(Catalogue::built_in().extended(text, "u.toml").errors.size() == 1);
    }
    auto const dots_elsewhere = Catalogue::built_in().extended(
        "# " + repeat("x.", 100) + "\n[x]\ntcp = [1]\nrisk = \"" + repeat("x.", 100) + "\"\n", "u.toml");
    CHECK(dots_elsewhere.errors.empty());
}

} // namespace portcullis
