// Assertions: how they are read, how they fare, and which rules none of them is about.
#include <catch2/catch.hpp>

#include "portcullis/query/assertions.hpp"
#include "query/text.hpp"

using namespace portcullis;

namespace {


LoadedAssertions loaded(std::string_view text) { return load_assertions(text, "a.toml", with_zones()); }

std::string error(std::string_view text) {
    LoadedAssertions const all = loaded(text);
    REQUIRE(!all.errors.empty());
    return to_string(all.errors.front());
}

// Of a file whose only test says this.
TestResult result(Firewall const& fw, std::string const& says, Ruleset const* other = nullptr) {
    static Assertions assertions; // outlives the result
    LoadedAssertions all = loaded("[[test]]\nname = 'x'\n" + says + '\n');
    REQUIRE(all.errors.empty());
    assertions = std::move(all.assertions);
    return run_test(fw.ruleset, with_zones(), assertions.tests.front(), other);
}

} // namespace

TEST_CASE("assertions are read, or refused with their place") {
    LoadedAssertions const good = loaded("files = ['fw.rules']\n"
                                         "[[test]]\nname = 'one'\nmust_pass = 'from lan to self ssh'\n"
                                         "[[test]]\nname = 'two'\nmust_block = ['from any to self telnet', 'to self ftp']\n"
                                         "[[test]]\nname = 'three'\nallow_only = []\nof = 'from internet'\n"
                                         "[[test]]\nname = 'four'\nsame_as = 'old.rules'\n");
    REQUIRE(good.errors.empty());
    REQUIRE(good.assertions.tests.size() == 4);
    CHECK(good.assertions.files == std::vector<std::string>{"fw.rules"});
    CHECK(good.assertions.tests[1].phrases.size() == 2);
    CHECK(good.assertions.tests[1].line == 5);
    CHECK(good.assertions.tests[2].of.from.size() == 1);
    CHECK(good.assertions.tests[3].other == "old.rules");
    CHECK(error("") == "a.toml:1:1: there is no [[test]]");
    CHECK(error("tests = 1\n") == "a.toml:1:1: unknown key 'tests' in a.toml; did you mean 'test'?");
    CHECK(error("[[test]]\nname = 'x'\nmust_bloc = 'to self'\n") == "a.toml:1:1: a [[test]] needs one of must_pass, must_block, allow_only or same_as");
    CHECK(to_string(loaded("[[test]]\nname = 'x'\nmust_bloc = 'to self'\n").errors.back()) ==
          "a.toml:3:1: unknown key 'must_bloc' in [[test]]; did you mean 'must_block'?");
    CHECK(error("[[test]]\nmust_pass = 'to self'\n") == "a.toml:1:1: a [[test]] needs a name");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 'to sef'\n") ==
          "a.toml:3:13: in this phrase, column 4: found 'sef', expected an address, a prefix, a range, any, self, internet or a zone; did you mean 'self'?");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = []\n") == "a.toml:3:13: 'must_pass' needs a phrase such as \"from any to self ssh\"");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 'to self'\nmust_block = 'to self'\n") ==
          "a.toml:4:1: a [[test]] has one of must_pass, must_block, allow_only or same_as, and this one has 'must_pass' already");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 'to self'\nof = 'to self'\n") == "a.toml:4:1: 'of' belongs to allow_only");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 'a'\n[[test]]\nname = 'x'\nmust_pass = 'ssh'\n").starts_with("a.toml:3:13: "));
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 'ssh'\n[[test]]\nname = 'x'\nmust_pass = 'ssh'\n") ==
          "a.toml:4:1: there is a [[test]] named 'x' already");
    CHECK(error("test = 3\n") == "a.toml:1:8: 'test' must be an array, not an integer");
    CHECK(error("[[test]]\nname = 'x'\nmust_pass = 3\n") == "a.toml:3:13: 'must_pass' must be an array of strings, not an integer");
}

TEST_CASE("assertions hold or have a counterexample") {
    Firewall const fw("-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n-A INPUT -p tcp --dport 80 -j ACCEPT\n"
                      "-A INPUT -p tcp --dport 443 -m limit --limit 3/min -j ACCEPT\n");
    CHECK(result(fw, "must_pass = 'from 10.0.0.0/8 to self ssh'").outcome == TestResult::Outcome::passed);
    TestResult const closed = result(fw, "must_pass = ['from 10.0.0.0/8 to self ssh', 'from any to self ssh']");
    REQUIRE(closed.outcome == TestResult::Outcome::failed);
    CHECK(closed.message == "a packet that must pass does not");
    CHECK(closed.phrase == "from any to self ssh");
    CHECK(closed.proof->treatment.is_policy);
    CHECK(result(fw, "must_block = 'from internet to self ssh'").outcome == TestResult::Outcome::passed);
    TestResult const open = result(fw, "must_block = 'from internet to self http'");
    REQUIRE(open.outcome == TestResult::Outcome::failed);
    CHECK(fw.line(*open.proof->treatment.span) == 6);
    CHECK(open.proof->witness.packet[Field::dport] == 80);
    // What may happen is not ruled out.
    CHECK(result(fw, "must_block = 'to self https'").message == "a packet that must be blocked may pass");
    CHECK(result(fw, "must_pass = 'to self tcp/443'").message == "a packet that must pass may not");

    CHECK(result(fw, "allow_only = ['from 10.0.0.0/8 to self ssh', 'to self http,tcp/443']").outcome == TestResult::Outcome::passed);
    TestResult const more = result(fw, "allow_only = ['from 10.0.0.0/9 to self ssh', 'to self http,tcp/443']");
    REQUIRE(more.outcome == TestResult::Outcome::failed);
    CHECK(more.message == "a packet passes that no phrase allows");
    CHECK(more.proof->witness.packet[Field::src4] >> 23U == U128{0x0A800000U >> 23U});
    CHECK(result(fw, "allow_only = ['to self http,tcp/443']\nof = 'from internet'").outcome == TestResult::Outcome::passed);
    CHECK(result(fw, "allow_only = []\nof = 'from internet to self http'").outcome == TestResult::Outcome::failed);

    TestResult const nothing = result(fw, "must_block = 'path EDGE'");
    CHECK(nothing.outcome == TestResult::Outcome::error);
    CHECK(nothing.message == "there is no path 'EDGE'");
}

TEST_CASE("same_as compares with another file") {
    std::string const rules = "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22 -j ACCEPT\nCOMMIT\n";
    Sources sources;
    auto const read_text = [&](std::string text) {
        SourceId const source = sources.add("fw" + std::to_string(sources.size()), std::move(text));
        return read(sources, source, Dialect::iptables).ruleset;
    };
    Firewall fw("");
    fw.ruleset = read_text(rules);
    Ruleset const same = read_text("*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22:22 -j ACCEPT\nCOMMIT\n");
    Ruleset const wider = read_text("*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 22:23 -j ACCEPT\nCOMMIT\n");
    CHECK(result(fw, "same_as = 'x'", &same).outcome == TestResult::Outcome::passed);
    TestResult const different = result(fw, "same_as = 'x'", &wider);
    REQUIRE(different.outcome == TestResult::Outcome::failed);
    CHECK(different.message == "the other file alone lets a packet pass");
    CHECK(different.proof->witness.packet[Field::dport] == 23);
    CHECK(different.proof->treatment.fate == "drop");
    REQUIRE(different.other);
    CHECK(different.other->fate == "accept");
}

TEST_CASE("rules that no assertion is about are known") {
    Firewall const fw(":called - [0:0]\n-A INPUT -m conntrack --ctstate ESTABLISHED -j ACCEPT\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                      "-A INPUT -p tcp --dport 22:23 -j ACCEPT\n-A INPUT -p udp -j called\n-A called -s 10.0.0.0/8 -j ACCEPT\n"
                      "-A called -j DROP\n-A FORWARD -j ACCEPT\n");
    auto const untouched = [&](std::string_view text) {
        LoadedAssertions const all = loaded(text);
        REQUIRE(all.errors.empty());
        std::vector<std::uint32_t> lines;
        for (Span const span : untouched_rules(fw.ruleset, with_zones(), all.assertions.tests)) lines.push_back(fw.line(span));
        return lines;
    };
    using Lines = std::vector<std::uint32_t>;
    // The first rule sees packets of connections that exist, about which nothing was asked; the third what the second leaves.
    CHECK(untouched("[[test]]\nname = 'x'\nmust_pass = 'to self ssh'\n") == Lines{6, 8, 9, 10, 11, 12});
    CHECK(untouched("[[test]]\nname = 'x'\nmust_pass = 'to self ssh,telnet'\n[[test]]\nname = 'y'\nmust_pass = 'from 10.0.0.0/8 to self udp/53'\n") ==
          Lines{6, 11, 12});
    CHECK(untouched("[[test]]\nname = 'x'\nallow_only = []\n") == Lines{6});
    CHECK(untouched("[[test]]\nname = 'x'\nallow_only = []\nof = 'state any'\n").empty());
    CHECK(untouched("[[test]]\nname = 'x'\nsame_as = 'y'\n").empty());
}

TEST_CASE("what comes to the host has an address of the host, or of a group, and what goes through has not") {
    // ufw's chain: nothing but what is local, multicast or broadcast gets on.
    Firewall const ufw("-A INPUT -m addrtype --dst-type LOCAL -j RETURN\n"
                       "-A INPUT -m addrtype --dst-type MULTICAST -j RETURN\n"
                       "-A INPUT -m addrtype --dst-type BROADCAST -j RETURN\n"
                       "-A INPUT -j DROP\n");
    Firewall const jumping("-N not-local\n-A INPUT -j not-local\n-A INPUT -p tcp --dport 22 -j ACCEPT\n"
                           "-A not-local -m addrtype --dst-type LOCAL -j RETURN\n"
                           "-A not-local -m addrtype --dst-type BROADCAST -j RETURN\n-A not-local -m addrtype --dst-type MULTICAST -j RETURN\n-A not-local -j DROP\n"
                           "-A FORWARD -m addrtype --dst-type LOCAL -j ACCEPT\n");
    CHECK(result(ufw, "must_block = 'from any to self tcp/22'").outcome == TestResult::Outcome::passed);
    CHECK(result(jumping, "must_pass = 'from 192.0.2.0/24 to self tcp/22'").outcome == TestResult::Outcome::passed);
    CHECK(result(jumping, "must_block = 'from 192.0.2.0/24 in eth0 out eth1 tcp/22'").outcome == TestResult::Outcome::passed);
    // A translation may lead any destination to the host.
    Firewall const proxy("*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 3128\nCOMMIT\n"
                         "*filter\n:INPUT DROP [0:0]\n-A INPUT -m addrtype --dst-type UNICAST -p tcp --dport 22 -j ACCEPT\n"
                         "-A INPUT -p tcp --dport 3128 -j ACCEPT\nCOMMIT\n", Dialect::iptables);
    CHECK(result(proxy, "must_block = 'from 192.0.2.0/24 to self tcp/22'").outcome == TestResult::Outcome::passed);
    CHECK(result(proxy, "must_pass = 'from 192.0.2.0/24 to 203.0.113.7 in eth0 tcp/80'").outcome == TestResult::Outcome::passed);
}
