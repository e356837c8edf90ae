// What the program says of itself: pages of its rules, standards, completions; and the documents that audit writes.
#include <nlohmann/json.hpp>

#include "app/run.hpp"

using Catch::Matchers::Contains;
using Catch::Matchers::StartsWith;

namespace {

std::string const telnet = "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n-A INPUT -i lo -j ACCEPT\n"
                           "-A INPUT -p tcp --dport 23 -m comment --comment \"the lab\" -j ACCEPT\nCOMMIT\n";

} // namespace

TEST_CASE("the page of a rule has three forms") {
    Folder const folder;
    CHECK_THAT(run(folder, {"explain", "PC101"}).out, StartsWith("PC101 telnet-exposed (high)\n") && Contains("PCI DSS 4.0: 1.2.6"));
    CHECK_THAT(run(folder, {"explain", "telnet-exposed", "--format", "markdown"}).out, StartsWith("# PC101 telnet-exposed\n"));
    auto const one = nlohmann::json::parse(run(folder, {"explain", "PC101", "--format", "json"}).out);
    REQUIRE(one["rules"].size() == 1);
    CHECK(one["rules"][0]["compliance"]["pci-dss"][0] == "1.2.6");
    CHECK(one["rules"][0]["waivable"] == true);
    auto const all = nlohmann::json::parse(run(folder, {"explain", "--format", "json"}).out);
    std::string const list = run(folder, {"explain"}).out;
    CHECK(static_cast<std::size_t>(std::count(list.begin(), list.end(), '\n')) == all["rules"].size());
    CHECK(run(folder, {"explain", "--format", "html"}).code == 2);
    CHECK_THAT(run(folder, {"explain", "pci-dss"}).err, Contains("name one rule"));
}

TEST_CASE("rules are selected by the standards that they have items of") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    auto const found = [&](std::string const& selector) {
        auto const json = nlohmann::json::parse(run(folder, {"lint", "fw.rules", "-o", "json", "--select", selector}).out);
        std::string ids;
        for (auto const& finding : json["findings"]) ids += finding["rule"].get<std::string>() + ' ';
        return ids;
    };
    CHECK(found("pci-dss:1.2.6") == "PC101 ");
    CHECK(found("pci-dss:1.4.3") == "");
    CHECK_THAT(found("pci-dss"), Contains("PC101") && Contains("PC320")); // 1.2.6, and 10.2.1
    CHECK_THAT(found("stig"), !Contains("PC101") && Contains("PC320"));
    CHECK_THAT(run(folder, {"lint", "fw.rules", "--select", "pci-ds"}).err, Contains("did you mean 'pci-dss'?"));
    CHECK(run(folder, {"lint", "fw.rules", "--select", "pci-dss:9.9.9"}).code == 2);
    auto const json = nlohmann::json::parse(run(folder, {"lint", "fw.rules", "-o", "json", "--select", "PC101"}).out);
    CHECK(json["findings"][0]["compliance"]["nist-800-53"][0] == "AC-17(2)");
    auto const sarif = nlohmann::json::parse(run(folder, {"lint", "fw.rules", "-o", "sarif", "--select", "PC101"}).out);
    auto const tags = sarif["runs"][0]["tool"]["driver"]["rules"][0]["properties"]["tags"];
    CHECK(std::count(tags.begin(), tags.end(), "CIS Controls v8 4.6") == 1);
}

TEST_CASE("one run of audit writes its list and its findings") {
    Folder const folder;
    folder.write("fw.rules", telnet);
    Result const result = run(folder, {"audit", "fw.rules", "-o", "markdown=list.md", "-o", "csv=list.csv", "-o", "sarif=out.sarif", "-o", "junit=out.xml"});
    INFO(result.err);
    CHECK(result.code == 1);
    CHECK_THAT(folder.read("list.md"), Contains("(PCI DSS 4.0, 1.2.5)") && Contains("| telnet: Telnet | tcp/23 | to this host |") && Contains("| the lab |"));
    CHECK_THAT(folder.read("list.csv"), Contains("\"fw.rules:6\",\"the lab\",\"yes\"") && Contains("\"PC101\",\"high\",\"\"\r\n"));
    CHECK(nlohmann::json::parse(folder.read("out.sarif"))["runs"][0]["results"].size() >= 1);
    CHECK_THAT(folder.read("out.xml"), Contains("PC101"));
}

TEST_CASE("completions know every command of the help") {
    Folder const folder;
    std::string const help = run(folder, {"--help"}).out;
    std::size_t const at = help.find("Subcommands:\n");
    REQUIRE(at != std::string::npos);
    std::vector<std::string> commands;
    for (std::size_t line = help.find('\n', at) + 1; line + 2 < help.size(); line = help.find('\n', line) + 1)
        commands.push_back(help.substr(line + 2, help.find(' ', line + 2) - line - 2));
    REQUIRE(commands.size() > 15);
    for (char const* shell : {"bash", "zsh", "fish"}) {
        std::string const script = run(folder, {"completions", shell}).out;
        for (std::string const& command : commands) {
            INFO(shell << ' ' << command);
            CHECK(script.find(command) != std::string::npos);
        }
        CHECK(script.find("telnet-exposed") != std::string::npos);
        CHECK(script.find("command-line") == std::string::npos); // which is for docs/generate.py alone
    }
    CHECK_THAT(run(folder, {"completions", "fihs"}).err, Contains("did you mean 'fish'?"));
    CHECK(run(folder, {"completions"}).code == 2);
}
