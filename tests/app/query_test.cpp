// query, test and audit --matrix as their users run them.
#include <nlohmann/json.hpp>

#include "app/run.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string const office = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n"
                           "-A INPUT -s 10.0.0.0/8 -p tcp --dport 22 -j ACCEPT\n"
                           "-A FORWARD -s 10.0.0.0/8 -d 192.0.2.0/24 -p tcp --dport 80 -j ACCEPT\nCOMMIT\n";

} // namespace

TEST_CASE("query tells the packets, and the rule that lets them pass") {
    Folder const folder;
    folder.write("fw.rules", office);
    Result const answer = run(folder, {"query", "fw.rules", "allowed from any to any"});
    CHECK(answer.code == 0);
    CHECK_THAT(answer.out, Contains("fw.rules\n  to-host: allowed\n    tcp from 10.0.0.0/8 to any, port 22 (ssh)\n") &&
                               Contains("accept  fw.rules:5  -A INPUT") &&
                               Contains("  through: allowed\n    tcp from 10.0.0.0/8 to 192.0.2.0/24, port 80 (http)\n"));
    auto const json = nlohmann::json::parse(run(folder, {"query", "fw.rules", "allowed to self", "-o", "json"}).out);
    REQUIRE(json["cubes"].size() == 1);
    CHECK(json["cubes"][0]["src"] == nlohmann::json::array({"10.0.0.0/8"}));
    CHECK(json["cubes"][0]["decided"]["line"] == 5);
    CHECK(json["witnesses"][0]["dport"] == 22);
}

TEST_CASE("a witness of query shows what translation makes of it") {
    Folder const folder;
    folder.write("fw.rules", "*nat\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -p tcp --dport 2323 -j DNAT --to-destination 10.0.0.5:23\nCOMMIT\n"
                             "*filter\n:FORWARD DROP [0:0]\n-A FORWARD -d 10.0.0.5/32 -p tcp --dport 23 -j ACCEPT\nCOMMIT\n");
    std::vector<std::string> const call{"query", "fw.rules", "allowed to any tcp/2323 path through"};
    CHECK_THAT(run(folder, call).out, Contains(":2323 ") && Contains("as:      tcp ") && Contains(" > 10.0.0.5:23 "));
    auto const json = nlohmann::json::parse(run(folder, {call[0], call[1], call[2], "-o", "json"}).out);
    REQUIRE(json["witnesses"].size() == 1);
    CHECK(json["witnesses"][0]["dport"] == 2323);
    CHECK(json["witnesses"][0]["became"]["dst"] == "10.0.0.5");
    CHECK(json["witnesses"][0]["became"]["dport"] == 23);
}

TEST_CASE("query and test ask the files of a host together") {
    Folder const folder;
    std::filesystem::create_directory(folder.path() / "host");
    folder.write("host/rules.v4", office);
    folder.write("host/late.nft", "table inet t { chain i { type filter hook input priority 10; tcp dport 22 ip saddr 10.1.0.0/16 drop; } }\n");
    auto const code = [&](char const* question) { return run(folder, {"query", "--expect", "none", "--host", "host", question}).code; };
    CHECK(code("allowed from 10.1.0.0/16 to self ssh") == 0); // the nft file drops what the other accepts
    CHECK(code("allowed from 10.2.0.0/16 to self ssh") == 1);
    CHECK_THAT(run(folder, {"query", "--host", "host", "denied from 10.1.0.0/16 to self ssh"}).out, Contains("late.nft:1"));
    CHECK(run(folder, {"query", "--host", "host", "host/rules.v4", "allowed"}).code == 2);
    CHECK(run(folder, {"query", "--host", "nowhere", "allowed"}).code == 2);
    folder.write("a.toml", "[[test]]\nname = 'x'\nmust_block = 'from 10.1.0.0/16 to self ssh'\n");
    CHECK(run(folder, {"test", "a.toml", "--host", "host"}).code == 0);
    CHECK(run(folder, {"test", "a.toml", "host/rules.v4"}).code == 1);
    CHECK(run(folder, {"test", "a.toml", "host/rules.v4", "--host", "host"}).code == 2);
}

TEST_CASE("what is expected decides the exit code") {
    Folder const folder;
    folder.write("fw.rules", office);
    auto const code = [&](char const* expectation, char const* question) {
        return run(folder, {"query", "--expect", expectation, "fw.rules", question}).code;
    };
    CHECK(code("denied", "allowed from internet to self") == 0);
    CHECK(code("none", "allowed from internet to self") == 0);
    CHECK(code("denied", "allowed from any to self ssh") == 1);
    CHECK(code("allowed", "allowed from 10.1.0.0/16 to self ssh") == 0);
    Result const narrow = run(folder, {"query", "--expect", "allowed", "fw.rules", "allowed from any to self ssh"});
    CHECK(narrow.code == 1);
    CHECK_THAT(narrow.out, Contains("not as expected: expected allowed, but on to-host\n") && Contains("fw.rules:2  the policy"));
}

TEST_CASE("questions and assertions that say nothing are mistakes") {
    Folder const folder;
    folder.write("fw.rules", office);
    auto const mistake = [&](std::vector<std::string> arguments) {
        Result const result = run(folder, std::move(arguments));
        CHECK(result.code == 2);
        CHECK(result.out.empty());
        return result.err;
    };
    CHECK(mistake({"query", "fw.rules", "alowed"}) == "portcullis: the question: column 1: found 'alowed', expected allowed or denied; did you mean 'allowed'?\n");
    CHECK_THAT(mistake({"query", "fw.rules"}), Contains("query needs files, or --host, and behind them a question"));
    CHECK_THAT(mistake({"query", "fw.rules", "allowed path EDGE"}), StartsWith("portcullis: fw.rules: there is no path 'EDGE'"));
    CHECK_THAT(mistake({"query", "--expect", "alowed", "fw.rules", "allowed"}), Contains("did you mean 'allowed'?"));
    folder.write("a.toml", "[[test]]\nname = 'x'\nmust_pas = 'to self'\n");
    CHECK_THAT(mistake({"test", "a.toml", "fw.rules"}), Contains("portcullis: a.toml:3:1: unknown key 'must_pas' in [[test]]; did you mean 'must_pass'?\n"));
    folder.write("b.toml", "[[test]]\nname = 'x'\nmust_pass = 'to self'\n");
    CHECK_THAT(mistake({"test", "b.toml"}), Contains("name files to look at"));
    CHECK_THAT(mistake({"test", "b.toml", "-o", "junt", "fw.rules"}), Contains("unknown format 'junt'"));
    CHECK_THAT(mistake({"audit", "--matrix", "telent", "fw.rules"}), Contains("found 'telent', expected a service") && Contains("did you mean 'telnet'?"));
    CHECK_THAT(mistake({"audit", "-o", "svg", "fw.rules"}), Contains("-o svg is a picture of what --matrix asks for"));
    CHECK_THAT(mistake({"lint", "-o", "svg", "fw.rules"}), Contains("unknown format 'svg'"));
}

TEST_CASE("a file that was not understood whole leaves answers and tests incomplete") {
    Folder const folder;
    folder.write("fw.rules", "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 99999 -j ACCEPT\nCOMMIT\n");
    folder.write("a.toml", "[[test]]\nname = 'x'\nmust_block = 'to self telnet'\n");
    Result const answer = run(folder, {"query", "--expect", "denied", "fw.rules", "allowed to self"});
    CHECK(answer.code == 3);
    CHECK_THAT(answer.out, Contains("the answer is incomplete"));
    Result const test = run(folder, {"test", "a.toml", "fw.rules"});
    CHECK(test.code == 3);
    CHECK_THAT(test.out, Contains("it was not understood whole"));
    CHECK(run(folder, {"query", "no-such-file", "allowed"}).code == 3);
    CHECK(run(folder, {"test", "a.toml", "no-such-file"}).code == 3);
}

TEST_CASE("test tells what holds, with counterexamples, and what no assertion is about") {
    Folder const folder;
    folder.write("fw.rules", office);
    folder.write("tests/a.toml", "files = ['../fw.rules']\n[[test]]\nname = 'office'\nmust_pass = 'from 10.0.0.0/8 to self ssh'\n"
                                 "[[test]]\nname = 'no ssh'\nmust_block = 'from any to self ssh'\n[[test]]\nname = 'as before'\nsame_as = '../fw.rules'\n");
    Result const mixed = run(folder, {"test", "tests/a.toml"});
    CHECK(mixed.code == 1);
    CHECK_THAT(mixed.out, Contains("  ok     office\n") && Contains("  failed no ssh: a packet that must be blocked passes\n    phrase:  from any to self ssh\n") &&
                              Contains("accept  tests/../fw.rules:5  -A INPUT") && Contains("2 passed, 1 failed, 0 could not be decided\n"));
    folder.write("b.toml", "[[test]]\nname = 'office'\nmust_pass = 'from 10.0.0.0/8 to self ssh'\n");
    Result const good = run(folder, {"test", "b.toml", "fw.rules"});
    CHECK(good.code == 0);
    CHECK_THAT(good.out, Contains("no assertion is about 1 of 2 rules:\n    line 6: -A FORWARD"));
    CHECK(run(folder, {"test", "-q", "b.toml", "fw.rules"}).out == "fw.rules\n1 passed, 0 failed, 0 could not be decided\n");
    folder.write("c.toml", "[[test]]\nname = 'x'\nsame_as = 'none.rules'\n");
    CHECK(run(folder, {"test", "c.toml", "fw.rules"}).code == 3);
}

TEST_CASE("results are JUnit for those who read that") {
    Folder const folder;
    folder.write("fw.rules", office);
    folder.write("a.toml", "[[test]]\nname = 'a <b> & \"c\"'\nmust_block = 'from any to self ssh'\n");
    Result const junit = run(folder, {"test", "a.toml", "fw.rules", "-o", "junit"}, {"", {"SOURCE_DATE_EPOCH=0"}, ""});
    CHECK(junit.code == 1);
    CHECK_THAT(junit.out, Contains("timestamp=\"1970-01-01T00:00:00\" hostname=\"localhost\" tests=\"1\" failures=\"1\" errors=\"0\"") &&
                              Contains("name=\"a &lt;b> &amp; &quot;c&quot;\" classname=\"fw.rules\"") &&
                              Contains("<failure message=\"a packet that must be blocked passes\" type=\"must_block\">"));
}

TEST_CASE("a matrix is told as text, JSON and a picture") {
    Folder const folder;
    folder.write("fw.rules", office);
    Result const text = run(folder, {"audit", "--matrix", "http", "fw.rules", "--fail-on", "never"});
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Contains("http, through, IPv4 (filter/FORWARD): 3 classes of addresses\n"
                                  "      a  every other address\n      b  10.0.0.0/8\n      c  192.0.2.0/24\n"
                                  "    from \\ to a b c\n            a . . .\n            b . . x\n            c . . .\n"));
    auto const json = nlohmann::json::parse(run(folder, {"audit", "--matrix", "http,tcp/22", "fw.rules", "-o", "json"}).out);
    bool seen = false;
    for (auto const& matrix : json["matrices"]) {
        if (matrix["chain"] != "FORWARD" || matrix["service"] != "http") continue;
        seen = true;
        CHECK(matrix["edges"] == nlohmann::json::parse(R"([["b", "c"]])"));
        CHECK(matrix["nodes"]["c"] == nlohmann::json::parse(R"([["192.0.2.0", "192.0.2.255"]])"));
    }
    CHECK(seen);
    CHECK(run(folder, {"audit", "--matrix", "http", "fw.rules", "-o", "svg=m.svg"}).code == 0);
    CHECK_THAT(folder.read("m.svg"), StartsWith("<svg xmlns=") && Contains("prefers-color-scheme: dark") && Contains("filter/FORWARD"));
    CHECK(!nlohmann::json::parse(run(folder, {"audit", "fw.rules", "-o", "json"}).out).contains("matrices"));
}
