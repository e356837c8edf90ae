// The language: what a policy says comes to, and what is wrong in one, with its place.
#include <catch2/catch.hpp>

#include "portcullis/policy/policy.hpp"

using namespace portcullis;
using Catch::Matchers::Contains;

namespace {

constexpr std::chrono::year_month_day today = std::chrono::year(2026) / 11 / 29;

LoadedPolicy load(std::string text) {
    Sources sources;
    return load_policy(sources, sources.add("p.toml", std::move(text)), today);
}

std::string errors(std::string text) {
    std::string all;
    for (ConfigError const& error : load(std::move(text)).errors) all += to_string(error) + '\n';
    return all;
}

std::string allow(std::string_view rest) {
    return "[[allow]]\nname = \"a\"\n" + std::string(rest);
}

std::string const plain = "from = [\"any\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n";

} // namespace

TEST_CASE("objects nest, leave out, and hold both families") {
    LoadedPolicy const loaded = load("[objects]\nall = [\"some\", \"2001:db8::/32\", \"!bad\"]\nsome = [\"10.0.0.0/8\"]\nbad = "
                                     "[\"10.0.0.1\", \"2001:db8::1\"]\n" +
                                     allow("from = [\"all\"]\nto = [\"self\"]\nservices = [\"ssh\", \"tcp/2200-2210\"]\n"));
    REQUIRE(loaded.errors.empty());
    Statement const& statement = loaded.policy.statements.at(0);
    Addresses const& from = statement.from.places.at(0).addresses;
    CHECK(from.v4 == IntervalSet(10U << 24U, (11U << 24U) - 1).minus(IntervalSet::single((10U << 24U) + 1)));
    CHECK(from.v6.intervals().size() == 2);
    CHECK(statement.to.self);
    REQUIRE(statement.traffic.size() == 1); // ports of one protocol are together
    CHECK(*statement.traffic[0].ports == IntervalSet::single(22).united(IntervalSet(2200, 2210)));
}

TEST_CASE("what has expired is left out and told") {
    std::string const on_the_day = allow(plain + "expires = 2026-11-29\n");
    CHECK(load(on_the_day).policy.statements.size() == 1);
    LoadedPolicy const loaded = load(allow(plain + "expires = 2026-11-28\n"));
    CHECK(loaded.errors.empty());
    CHECK(loaded.policy.statements.empty());
    CHECK(loaded.policy.notes == std::vector<std::string>{"line 2: 'a' expired on 2026-11-28 and is left out"});
}

TEST_CASE("both directions are two statements") {
    LoadedPolicy const loaded = load(allow("from = [\"192.0.2.0/24\"]\nto = [\"self\"]\nservices = [\"ssh\"]\ndirection = \"both\"\n"));
    REQUIRE(loaded.policy.statements.size() == 2);
    CHECK(loaded.policy.statements[0].to.self);
    CHECK(loaded.policy.statements[1].from.self);
}

TEST_CASE("insecure services need somebody who wants them") {
    std::string const telnet = allow("from = [\"any\"]\nto = [\"self\"]\nservices = [\"tcp/23\"]\n");
    std::string const exception = "[[exception]]\nallow = \"a\"\nservices = [\"telnet\"]\nwho = \"w\"\nwhy = \"y\"\nuntil = ";
    CHECK_THAT(errors(telnet), Contains("p.toml:2:1: 'a' allows telnet, which is insecure"));
    CHECK(errors(telnet + exception + "2026-11-29\n").empty());
    CHECK_THAT(errors(telnet + exception + "2026-11-28\n"), Contains("which is insecure")); // over
    CHECK_THAT(errors(allow("from = [\"any\"]\nto = [\"self\"]\nservices = [\"any\"]\n")), Contains("every service to senders that are not trusted"));
    CHECK(errors(allow("from = [\"self\"]\nto = [\"any\"]\nservices = [\"any\"]\n")).empty());
    // A denial of it needs no excuse.
    CHECK(errors("[[deny]]\nname = \"d\"\nfrom = [\"any\"]\nto = [\"self\"]\nservices = [\"telnet\"]\n").empty());
}

TEST_CASE("a port is published to an inner host") {
    std::string const start = "[[nat.publish]]\nname = \"p\"\nfrom = [\"any\"]\n";
    LoadedPolicy const loaded = load(start + "services = [\"https\"]\nto = \"[2001:db8::5]:8443\"\n");
    REQUIRE(loaded.errors.empty());
    Publish const& publish = loaded.policy.publications.at(0);
    CHECK(publish.any_own);
    CHECK(publish.host == parse_ip("2001:db8::5").value());
    CHECK(publish.port == 8443);
    CHECK(!load(start + "services = [\"https\"]\nto = \"2001:db8::5\"\n").policy.publications.at(0).port);
    CHECK_THAT(errors(start + "services = [\"https\"]\nto = \"10.0.0.5:0\"\n"), Contains("p.toml:5:6: '10.0.0.5:0' is no inner host"));
    CHECK_THAT(errors(start + "services = [\"any\"]\nto = \"10.0.0.5\"\n"), Contains("ports are published"));
    CHECK_THAT(errors(start + "services = [\"https\"]\n"), Contains("[[nat.publish]] needs to"));
    CHECK_THAT(errors(start + "services = [\"https\"]\nat = [\"2001:db8::1\"]\nto = \"10.0.0.5\"\n"), Contains("of another family"));
    // By whatever port it is reached: the inner host's counts.
    CHECK_THAT(errors(start + "services = [\"tcp/2323\"]\nto = \"10.0.0.5:23\"\n"), Contains("'p' allows telnet, which is insecure"));
}

TEST_CASE("errors say where and what would be right") {
    struct Case {
        std::string text, error;
    };
    Case const cases[] = {
        {"[zone.x]\n", "p.toml:1:2: unknown key 'zone' in p.toml; did you mean 'zones'?"},
        {allow("from = [\"anny\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n"),
         "p.toml:3:9: 'anny' is neither a zone nor an object, an address, self or any; did you mean 'any'?"},
        {allow("from = [\"any\"]\nto = [\"self\"]\nservices = [\"sssh\"]\n"), "did you mean 'ssh'?"},
        {allow("from = [\"any\"]\nto = [\"self\"]\nservices = [\"tcp/70000\"]\n"), "p.toml:5:13: 'tcp/70000' has no ports"},
        {allow("from = [\"any\"]\nto = [\"self\"]\nservices = [\"tpc/7\"]\n"), "before the / stands"},
        {allow("from = [\"self\"]\nto = [\"self\"]\nservices = [\"ssh\"]\n"), "from self to self is the loopback"},
        {"[[allow]]\nname = \"a\"\n", "p.toml:1:1: [[allow]] needs from"},
        {allow(plain) + allow(plain), "the name 'a' is taken"},
        {allow(plain + "rate = \"10/fortnight\"\n"), "p.toml:6:8: '10/fortnight' is no rate"},
        {allow(plain + "rate-optional = true\n"), "p.toml:6:1: 'rate-optional' is about a rate, and this statement has none"},
        {allow(plain + "rate = \"10/minute\"\nrate-optional = 1\n"), "p.toml:7:17: 'rate-optional' must be true or false, not an integer"},
        {allow(plain + "expires = \"2026-01-01\"\n"), "p.toml:6:11: 'expires' must be a date such as 2027-01-31, without quotes, not a string"},
        {"[objects]\na = [\"b\"]\nb = [\"a\"]\n", "is a part of itself"},
        {"[services]\na = [\"b\"]\nb = [\"c\"]\nc = [\"a\"]\n", "is a part of itself"},
        {"[objects]\na = [\"10.0.0.1/8\"]\n", "p.toml:2:6: '10.0.0.1/8' is neither an object nor an address"},
        {"[objects]\na = [\"10.0.0.1\", \"!10.0.0.0/8\"]\n", "'a' has no address in it"},
        {"[zones.z]\ninterfaces = [\"eth0\"]\n", "needs trust"},
        {"[zones.z]\ninterfaces = [\"lo\"]\ntrust = \"trusted\"\n", "the loopback belongs to no zone"},
        {"[device]\ninterfaces = [\"eth0\"]\n[zones.z]\ninterfaces = [\"eht0\"]\ntrust = \"trusted\"\n",
         "p.toml:4:15: the device has no interface 'eht0'; did you mean 'eth0'?"},
        {"[device]\ninterfaces = [\"eth0\", \"wan0\"]\n[zones.z]\ninterfaces = [\"eth*\", \"en*\"]\ntrust = \"trusted\"\n",
         "p.toml:4:23: the device has no interface that begins as 'en*' says; it has eth0, wan0"},
        {"[device]\ninterfaces = [\"eth*\"]\n[zones.z]\ninterfaces = [\"eth1*\"]\ntrust = \"trusted\"\n",
         "p.toml:4:15: the device has no interface that begins as 'eth1*' says; it has eth*"},
        {"[zones.self]\ninterfaces = [\"eth0\"]\ntrust = \"trusted\"\n", "'self' has a meaning of its own"},
        {"[objects]\n\"a\\\"b\" = [\"10.0.0.1\"]\n", "is no name"},
        {"[harden]\ninvalid = 1\n", "p.toml:2:11: 'invalid' must be true or false, not an integer"},
    };
    for (Case const& test : cases) {
        INFO(test.text);
        CHECK_THAT(errors(test.text), Contains(test.error));
    }
}

TEST_CASE("lists are bounded") {
    std::string text = "[objects]\no0 = [\"10.0.0.1\"]\n";
    for (int i = 1; i < 80; ++i) text += "o" + std::to_string(i) + " = [\"o" + std::to_string(i - 1) + "\"]\n";
    // Worked out in the order of names: this is the first, and the others hang from it.
    text += "a = [\"o79\"]\n";
    CHECK_THAT(errors(text), Contains("deep here"));
}
