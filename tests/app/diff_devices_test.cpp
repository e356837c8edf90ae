// diff of files of different kinds: one policy on all targets, and configurations by hand.
#include <fmt/format.h>
#include <map>
#include <nlohmann/json.hpp>

#include "app/run.hpp"
#include "policy/ready_policies.hpp"

using Catch::Contains;
using nlohmann::json;

namespace {

constexpr std::string_view targets[] = {"nftables", "iptables", "ip6tables", "cisco-ios", "cisco-ios-xe", "cisco-asa", "cisco-nxos", "cisco-xr"};

bool is_list(std::string_view target) { return target.starts_with("cisco"); }
// Alike in where they are asked and in what they know.
bool of_one_kind(std::string_view a, std::string_view b) { return is_list(a) == is_list(b) && (a == "cisco-asa") == (b == "cisco-asa"); }
bool have_common_family(std::string_view a, std::string_view b) {
    return !((a == "iptables" && b == "ip6tables") || (a == "ip6tables" && b == "iptables"));
}

std::string without(std::string text, std::string const& from, std::string const& to) {
    std::size_t const begin = text.find(from), end = text.find(to, begin);
    REQUIRE(end != std::string::npos);
    return text.erase(begin, end - begin);
}

void write_all(Folder const& folder, std::string const& policy) {
    folder.write("p.toml", policy);
    for (std::string_view const target : targets) {
        Result const made = run(folder, {"generate", "p.toml", "--to", std::string(target), "-o", std::string(target)});
        INFO(made.err);
        REQUIRE(made.code == 0);
    }
}

// The text with another port of the permit for ssh, which logs; entries for answers do not.
std::string with_other_port(std::string text, std::string_view target) {
    std::string const before = is_list(target) ? "eq 22 log" : target == "nftables" ? "dport 22" : "--dport 22";
    std::size_t const at = text.find(before);
    REQUIRE(at != std::string::npos);
    return text.replace(text.find("22", at), 2, "2022");
}

} // namespace

TEST_CASE("the texts of one policy for any two targets are equal, and a changed port in one is a difference with a witness") {
    // Rates, which lists leave out, are taken out of two of them: that is a difference.
    auto policies = ready_policies();
    for (std::string const name : {"bastion", "server"}) policies[name] = without(policies[name], "rate =", "owner");
    for (auto const& [name, policy] : policies) {
        Folder const folder;
        write_all(folder, policy);
        for (std::string_view const target : targets)
            if (name == "pci-dss" && target != "ip6tables") folder.write(fmt::format("{}.wrong", target), with_other_port(folder.read(target), target));
        std::size_t compared = 0;
        for (std::size_t i = 0; i < std::size(targets); ++i)
            for (std::size_t j = i + 1; j < std::size(targets); ++j) {
                std::string const one(targets[i]), other(targets[j]);
                Result const same = run(folder, {"diff", one, other});
                INFO(name << ": " << one << ' ' << other << '\n' << same.out << same.err);
                if (!have_common_family(one, other)) {
                    CHECK(same.code == 2);
                    CHECK_THAT(same.err, Contains("there is nothing to compare") && Contains("different families"));
                    continue;
                }
                CHECK(same.code == 0);
                CHECK_THAT(same.out, Contains("equal: every "));
                bool const devices = !of_one_kind(one, other);
                CHECK((same.out.find("compared: new connections alone") != std::string::npos) == devices);
                bool const one_family = one.starts_with("ip") || other.starts_with("ip");
                CHECK((same.out.find("which does not speak of it") != std::string::npos) == one_family);
                ++compared;
                // Its ssh is of IPv4.
                if (name != "pci-dss" || one == "ip6tables" || other == "ip6tables") continue;
                Result const wrong = run(folder, {"diff", one, other + ".wrong"});
                INFO(wrong.out);
                CHECK(wrong.code == 1);
                CHECK_THAT(wrong.out, Contains("    packet:  tcp 10.60.5.5:") && Contains("    before:  ") && Contains("    after:   ") &&
                                          Contains(one + ":") && Contains(other + ".wrong:"));
            }
        CHECK(compared == 27);
    }
}

TEST_CASE("the texts of each ready policy for firewalls of Linux are equal, rates and translation too") {
    for (auto const& [name, policy] : policies_for_linux()) {
        Folder const folder;
        folder.write("p.toml", policy);
        for (std::string const target : {"nftables", "iptables", "ip6tables"}) {
            REQUIRE(run(folder, {"generate", "p.toml", "--to", target, "-o", target}).code == 0);
            Result const same = run(folder, {"diff", "nftables", target});
            INFO(name << ' ' << target << '\n' << same.out << same.err);
            CHECK(same.code == 0);
            CHECK(run(folder, {"diff", target, "nftables"}).code == 0);
        }
    }
}

TEST_CASE("what is compared of files of different kinds is said in all forms") {
    Folder const folder;
    write_all(folder, ready_policy("pci-dss"));
    json const told = json::parse(run(folder, {"diff", "iptables", "cisco-ios", "-o", "json", "-o", "html=page.html"}).out);
    CHECK(told["equal"] == true);
    CHECK(told["complete"] == true);
    CHECK(told["compared"].dump().find("wan0, dmz0, cde0, corp0") != std::string::npos);
    CHECK(told["compared"].dump().find("10.50.2.1, 10.60.0.1, 198.51.100.2, 203.0.113.1") != std::string::npos);
    std::string const not_compared = told["not_compared"].dump();
    CHECK_THAT(not_compared, Contains("IPv6: the first file is for iptables") && Contains("what the device sends itself") && Contains("other interfaces") &&
                                 Contains("what answers a connection that the first file lets open: the second one keeps no connections"));
    CHECK_THAT(folder.read("page.html"), Contains("Equal: every new connection that was compared is treated alike.") && Contains("<h2>Not compared</h2>"));
    // Of one kind, on demand.
    Result const asked = run(folder, {"diff", "nftables", "iptables", "--new-connections"});
    CHECK(asked.code == 0);
    CHECK_THAT(asked.out, Contains("equal: every new connection that was compared"));
    json const lists = json::parse(run(folder, {"diff", "cisco-ios", "cisco-xr", "--new-connections", "-o", "json"}).out);
    CHECK(lists["equal"] == true);
    CHECK(lists["not_compared"].dump().find("what answers") == std::string::npos); // neither keeps connections
    json const whole = json::parse(run(folder, {"diff", "cisco-ios", "cisco-xr", "-o", "json"}).out);
    CHECK(whole["compared"].empty());
}

namespace {

std::string host(std::string const& more = "") {
    return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
           "-A INPUT -i lan -d 192.0.2.1 -p tcp --dport 22 -j ACCEPT\n"
           "-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT\n"
           "-A FORWARD -i lan -o wan -p tcp --dport 443 -j ACCEPT\n"
           "-A FORWARD -i lan -o wan -p udp --sport 1024: --dport 53 -j ACCEPT\n" +
           more + "COMMIT\n";
}

// The same on a router that keeps no connections.
std::string router(std::string_view wan_in = "", std::string_view wan = "wan", std::string_view address = " ip address 192.0.2.1 255.255.255.0\n") {
    constexpr std::string_view link = " deny ip any 224.0.0.0 0.0.0.255\n deny ip any host 255.255.255.255\n";
    return fmt::format("ip access-list extended LAN-IN\n permit tcp any host 192.0.2.1 eq 22\n deny ip any host 192.0.2.1\n{}"
                       " permit tcp any any eq 443\n permit udp any gt 1023 any eq 53\n"
                       "ip access-list extended LAN-OUT\n permit udp any eq 53 any gt 1023\n permit tcp any eq 443 any established\n permit udp any any eq 161\n"
                       "ip access-list extended WAN-IN\n{}{} deny ip any host 192.0.2.1\n permit udp any eq 53 any gt 1023\n"
                       " permit tcp any eq 443 any established\n"
                       "ip access-list extended WAN-OUT\n permit tcp any any eq 443\n permit udp any gt 1023 any eq 53\n"
                       "ip access-list extended NOBODY\n permit ip any any\n"
                       "interface lan\n{} ip access-group LAN-IN in\n ip access-group LAN-OUT out\n"
                       "interface {}\n ip access-group WAN-IN in\n ip access-group WAN-OUT out\n",
                       link, link, wan_in, address, wan);
}

} // namespace

TEST_CASE("a host and a router by hand are compared by the interfaces that have lists, with the router's own addresses") {
    Folder const folder;
    folder.write("host.rules", host());
    folder.write("router.cfg", router());
    Result const equal = run(folder, {"diff", "host.rules", "router.cfg"});
    INFO(equal.out << equal.err);
    CHECK(equal.code == 0);
    CHECK_THAT(equal.out, Contains("the device itself has the addresses 192.0.2.1\n") &&
                              Contains("not compared: an access list of the second file, which no interface has: NOBODY"));

    // A port is open for who comes from outside, to inner hosts: no answer to anything, whatever inner hosts may open.
    folder.write("open.cfg", router(" permit udp any any eq 161\n"));
    folder.write("wide.rules", host("-A FORWARD -i lan -o wan -p udp -j ACCEPT\n"));
    for (std::string const first : {"host.rules", "wide.rules"}) {
        Result const open = run(folder, {"diff", first, "open.cfg"});
        CHECK(open.code == 1);
        CHECK_THAT(open.out, Contains("wan -> lan: newly allowed\n  udp from ") && Contains(", port 161 (snmp)") && Contains("before:  drop    " + first) &&
                                 Contains("after:   accept  open.cfg:"));
        CHECK_THAT(open.out, Contains("wan -> the device: newly allowed"));
    }

    // An interface that only one file names has no list in the other.
    folder.write("three.cfg", router() + "interface dmz\n ip address 198.51.100.1 255.255.255.0\n");
    Result const three = run(folder, {"diff", "host.rules", "three.cfg"});
    CHECK(three.code == 1);
    CHECK_THAT(three.out, Contains("dmz -> dmz: newly allowed\n  IPv4 from ") && Contains("after:   accept  no chain looks at it"));

    // Without its addresses nobody knows what is for the router itself.
    folder.write("bare.cfg", router("", "wan", ""));
    Result const bare = run(folder, {"diff", "host.rules", "bare.cfg"});
    CHECK(bare.code == 1);
    CHECK_THAT(bare.out, Contains("note: packets to the device itself are not compared") && !Contains("-> the device:"));
    CHECK(run(folder, {"diff", "host.rules", "bare.cfg", "--own-address", "192.0.2.1"}).code == 0);
    CHECK(run(folder, {"diff", "host.rules", "bare.cfg", "--own-address", "192.0.2.300"}).code == 2);

    // Other names of interfaces.
    folder.write("named.cfg", router("", "GigabitEthernet0/1"));
    CHECK(run(folder, {"diff", "host.rules", "named.cfg"}).code == 1);
    CHECK(run(folder, {"diff", "host.rules", "named.cfg", "--interface", "wan=Gi0/1"}).code == 0);
    CHECK(run(folder, {"diff", "named.cfg", "host.rules", "--interface", "Gi0/1=wan"}).code == 0);
    Result const unknown = run(folder, {"diff", "host.rules", "named.cfg", "--interface", "wan=Gi0/2"});
    CHECK(unknown.code == 2);
    CHECK_THAT(unknown.err, Contains("the second file has no interface 'Gi0/2'"));
}

TEST_CASE("without lists at interfaces, chains and lists are compared by themselves") {
    Folder const folder;
    folder.write("asa.cfg", "access-list EDGE extended permit tcp any4 host 192.0.2.7 eq 443\n");
    folder.write("ios.cfg", "ip access-list extended EDGE\n permit tcp any host 192.0.2.7 eq 443\n");
    Result const result = run(folder, {"diff", "asa.cfg", "ios.cfg"});
    INFO(result.out << result.err);
    CHECK_THAT(result.out, Contains("compared: each chain and access list by itself: no interface of asa.cfg has a list"));
    CHECK(run(folder, {"diff", "asa.cfg", "ios.cfg", "--own-address", "192.0.2.1"}).code == 2);
}

TEST_CASE("an ASA's global list and its lines for services of its own are a part of what it does") {
    Folder const folder;
    auto const asa = [](std::string_view lists) {
        return fmt::format("interface GigabitEthernet0/0\n nameif outside\n security-level 0\n ip address 198.51.100.1 255.255.255.0\n"
                           "interface GigabitEthernet0/1\n nameif inside\n security-level 100\n ip address 10.0.0.1 255.255.255.0\n"
                           "access-list WEB extended permit tcp any4 host 10.0.0.80 eq 443\naccess-list SELF extended deny ip any any\n"
                           "access-group SELF in interface outside control-plane\naccess-group SELF in interface inside control-plane\n{}",
                           lists);
    };
    folder.write("host.rules", "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                               "-A FORWARD -d 10.0.0.80 -p tcp --dport 443 -j ACCEPT\nCOMMIT\n");
    folder.write("asa.cfg", asa("access-group WEB global\n"));
    Result const same = run(folder, {"diff", "host.rules", "asa.cfg"});
    INFO(same.out << same.err);
    CHECK(same.code == 0);
    folder.write("ssh.cfg", asa("access-group WEB global\nssh 203.0.113.0 255.255.255.0 outside\n"));
    Result const ssh = run(folder, {"diff", "host.rules", "ssh.cfg"});
    CHECK(ssh.code == 1);
    CHECK_THAT(ssh.out, Contains("outside, inside -> the device: newly allowed\n  tcp from 203.0.113.0/24 to 10.0.0.1, 198.51.100.1") &&
                            Contains("port 22 (ssh), iifname outside\n") && Contains("after:   accept  ssh.cfg:14  ssh 203.0.113.0 255.255.255.0 outside") &&
                            Contains("1 kind of traffic"));
}

TEST_CASE("verify names the line by which an ASA lets in more than the policy, beside its list") {
    Folder const folder;
    folder.write("p.toml", ready_policy("pci-dss"));
    REQUIRE(run(folder, {"generate", "p.toml", "--to", "cisco-asa", "-o", "asa.cfg"}).code == 0);
    folder.write("asa.cfg", folder.read("asa.cfg") + "ssh 203.0.113.0 255.255.255.0 wan0\n");
    Result const result = run(folder, {"verify", "asa.cfg", "--policy", "p.toml"});
    INFO(result.out << result.err);
    CHECK(result.code == 1);
    CHECK_THAT(result.out, Contains("wan0 -> the device: allowed beyond the policy") && Contains("ssh 203.0.113.0 255.255.255.0 wan0"));
}
