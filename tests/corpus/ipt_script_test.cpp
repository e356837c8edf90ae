// Real scripts, and every iptables command in them, against what iptables 1.8.9 said of them (../shared/corpus
// beside the project; skipped elsewhere). Prints the rates and every miss.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Entry {
    std::string path, verdict, message, tags;
};

std::vector<Entry> scripts() {
    std::vector<Entry> entries;
    std::ifstream in(corpus() / "MANIFEST.tsv");
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> cells;
        std::istringstream cell_stream(line);
        for (std::string cell; std::getline(cell_stream, cell, '\t');) cells.push_back(cell);
        if (cells.size() > 12 && cells[1] == "iptables-script")
            entries.push_back({cells[0], cells[6], cells[7], cells[12]});
    }
    return entries;
}

// What is wrong with a text, apart from what a script hides (PC002) and what only lint asks about.
std::string first_error(std::string const& text, Dialect dialect) {
    Sources sources;
    SourceId const id = sources.add("script", text);
    Reading const reading = read(sources, id, dialect);
    for (Finding const& finding : reading.findings.all()) {
        bool const refused = finding.rule == "PC001" || finding.rule == "PC414" || finding.rule == "PC401";
        if (!refused) continue; // advice, or what the shell hides
        std::string args;
        for (auto const& [name, value] : finding.args) args += ' ' + value;
        return std::to_string(sources[id].locate(finding.span.begin).line) + ": " + finding.rule + args;
    }
    return {};
}

struct Rate {
    std::size_t right = 0;
    std::size_t all = 0;
    std::string misses{};
    void count(bool is_right, std::string const& miss) {
        ++all;
        right += is_right ? 1 : 0;
        if (!is_right) misses += "\n  " + miss;
    }
    std::string text() const { return std::to_string(right) + " of " + std::to_string(all) + misses; }
};

bool is_any_of(std::string const& text, std::initializer_list<char const*> parts) {
    return std::any_of(parts.begin(), parts.end(),
                       [&](char const* part) { return text.find(part) != std::string::npos; });
}

// What the manifest says of these is not about the script as a whole.
struct Uncountable {
    char const* path;
    char const* why;
};
constexpr Uncountable uncountable[] = {
    {"AclCheckTest.testLogLimit",
     "iptables refuses \"-m --limit\", which the manifest counts as depending on state"},
    {"AclCheckTest.testVerbatimTerm", "it has lines of prose, which the manifest leaves out"},
    {"test__modules__cgroup", "the paths of its cgroups do not exist on the machine that was asked"},
    {"unzapret-ip", "its -C asks for a chain that another script makes"},
};

bool is_countable(Entry const& entry) {
    return std::none_of(std::begin(uncountable), std::end(uncountable),
                        [&](Uncountable const& u) { return entry.path.find(u.path) != std::string::npos; });
}

} // namespace

TEST_CASE("real scripts of iptables commands are read as iptables takes them") {
    if (!is_there(corpus())) return;
    Rate accepted;
    Rate rejected;
    Rate recognised;
    for (Entry const& entry : scripts()) {
        std::string const text = content(corpus() / entry.path);
        auto const detected = detect_dialect(text);
        bool const bare = is_any_of(entry.tags, {"bare-args"});
        recognised.count(detected == Dialect::iptables_script || (bare && detected), entry.path);
        std::string const error = first_error(text, bare && detected ? *detected : Dialect::iptables_script);
        if (!is_countable(entry)) continue;
        if (entry.verdict == "accepted") accepted.count(error.empty(), entry.path + ':' + error);
        if (entry.verdict == "rejected") rejected.count(!error.empty(), entry.path + ": " + entry.message);
    }
    WARN("recognised: " << recognised.text());
    WARN("scripts that iptables accepts, read without error: " << accepted.text());
    WARN("scripts that iptables rejects, refused: " << rejected.text());
    CHECK(accepted.right * 100 >= accepted.all * 99);
    CHECK(rejected.right * 100 >= rejected.all * 90);
}

TEST_CASE("each command of the real scripts is taken or refused as iptables does") {
    fs::path const suite = corpus() / "suites/iptables_cmds.jsonl";
    if (!is_there(suite)) return;
    Rate accepted;
    Rate rejected;
    std::ifstream in(suite);
    for (std::string line; std::getline(in, line);) {
        auto const row = nlohmann::json::parse(line);
        std::string const verdict = row["verdict"];
        if (row["argv"].is_null() || (verdict != "accepted" && verdict != "rejected")) continue;
        std::string command;
        for (std::string const argument : row["argv"]) {
            command += command.empty() ? "'" : " '";
            for (char const c : argument) command += c == '\'' ? std::string("'\\''") : std::string(1, c);
            command += '\'';
        }
        std::string error = first_error(command, Dialect::iptables_script);
        // Each stands alone here: the chains that it needs are not there.
        bool const lacks_chain = error.find("PC401 chain") != std::string::npos;
        if (verdict == "accepted")
            accepted.count(error.empty() || lacks_chain, command + ' ' + error);
        else
            rejected.count(!error.empty(), command + " -- " + std::string(row["message"]));
    }
    WARN("commands that iptables accepts, taken: " << accepted.text());
    WARN("commands that iptables rejects, refused: " << rejected.text());
    CHECK(accepted.right * 1000 >= accepted.all * 990);
    CHECK(rejected.right * 100 >= rejected.all * 90);
}
