// iptables' own answers as the referee, where they are there (../shared/corpus beside the project; skipped elsewhere):
// the rules of its extensions' test suite, and real files with the verdict of `iptables-restore --test`. Prints the rates
// and the misses. What iptables-save prints of a loaded file reads to the same ruleset as the file.
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
using nlohmann::json;

namespace {

struct Rate {
    std::size_t good = 0;
    std::size_t all = 0;
    std::string misses;

    void count(bool good_one, std::string const& what) {
        ++all;
        if (good_one)
            ++good;
        else
            misses += "  " + what + '\n';
    }
    double percent() const { return all == 0 ? 0.0 : 100.0 * static_cast<double>(good) / static_cast<double>(all); }
};
std::ostream& operator<<(std::ostream& out, Rate const& rate) {
    out << rate.good << " of " << rate.all << " (" << rate.percent() << " %)";
    if (!rate.misses.empty()) out << ", but not\n" << rate.misses;
    return out;
}

Reading reading_of(std::string const& text, bool v6) {
    Sources sources;
    SourceId const id = sources.add("test.rules", text);
    return read(sources, id, v6 ? Dialect::ip6tables : Dialect::iptables);
}

// The first finding that says "this text is wrong"; empty: none.
std::string complaint(std::string const& text, bool v6) {
    Reading const reading = reading_of(text, v6);
    for (Finding const& finding : reading.findings.all()) {
        if (!is_unread(finding) && finding.rule != "PC401") continue;
        std::string message = finding.rule;
        for (auto const& [name, value] : finding.args) message += ' ' + value;
        return message;
    }
    return {};
}

// A row of the suite as a file. Its chains of the user's own are named where a rule jumps to them.
std::string as_file(json const& row) {
    std::string const rule = row.at("rule");
    return '*' + row.at("table").get<std::string>() + "\n-A " + row.at("chain").get<std::string>() + ' ' + rule +
           "\nCOMMIT\n";
}

std::vector<std::string> columns(std::string const& line) {
    std::vector<std::string> all;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '\t');) all.push_back(cell);
    return all;
}

// The chains in one order, without built-in ones that do nothing: a file need not declare these, and iptables-save
// prints all of them, and all in an order of its own.
std::string meaning_of(Ruleset const& ruleset) {
    std::vector<std::string> chains;
    std::istringstream in(to_text(ruleset));
    for (std::string line; std::getline(in, line);) {
        if (std::size_t const implied = line.find(" (implied)"); implied != line.npos) line.erase(implied);
        if (line.starts_with("chain ")) chains.emplace_back();
        if (!chains.empty()) chains.back() += line + '\n';
    }
    std::erase_if(chains, [](std::string const& chain) { return chain.ends_with("policy accept\n"); });
    std::sort(chains.begin(), chains.end());
    std::string text;
    for (std::string const& chain : chains) text += chain;
    return text;
}

// The first line of `a` that `b` does not have in its place.
std::string first_difference(std::string const& a, std::string const& b) {
    std::istringstream left(a), right(b);
    std::string x, y;
    while (std::getline(left, x) && std::getline(right, y))
        if (x != y) return x + " <> " + y;
    return "one is longer";
}

} // namespace

TEST_CASE("the suite of iptables' extensions: what is valid is read, what is not is refused") {
    fs::path const suite = corpus() / "suites/iptables_ext.jsonl";
    if (!is_there(suite)) return;
    Rate valid[2];
    Rate invalid[2];
    std::ifstream in(suite);
    for (std::string line; std::getline(in, line);) {
        json const row = json::parse(line);
        bool const v6 = row.at("family") == "v6";
        std::string const found = complaint(as_file(row), v6);
        std::string const what = row.at("file").get<std::string>() + ' ' + row.at("table").get<std::string>() + ' ' +
                                 row.at("chain").get<std::string>() + ": " + row.at("rule").get<std::string>();
        if (row.at("valid").get<bool>())
            valid[v6].count(found.empty(), what + " => " + found);
        else
            invalid[v6].count(!found.empty(), what);
    }
    for (bool const v6 : {false, true}) {
        std::string const family = v6 ? "v6" : "v4";
        WARN(family << ": valid rows accepted: " << valid[v6]);
        WARN(family << ": invalid rows refused: " << invalid[v6]);
        CHECK(valid[v6].percent() >= 99);
        CHECK(invalid[v6].percent() >= 95);
    }
}

TEST_CASE("real iptables files: the loader's verdict is ours") {
    fs::path const manifest = corpus() / "MANIFEST.tsv";
    if (!is_there(manifest)) return;
    Rate accepted;
    Rate refused;
    std::ifstream in(manifest);
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> const row = columns(line);
        if (row.size() < 11 || row[1] != "iptables") continue;
        std::string const found = complaint(content(corpus() / row[0]), row[10] == "v6");
        // `iptables-restore --test` lets pass what the kernel then refuses.
        bool const loaded = row[6] == "accepted" && row[8] == "loaded";
        bool const failed = row[6] == "rejected" || row[8].starts_with("load failed");
        if (loaded) accepted.count(found.empty(), row[0] + " => " + found);
        if (failed) refused.count(!found.empty(), row[0] + ": " + row[7] + row[8]);
    }
    WARN("files accepted: " << accepted);
    WARN("files refused: " << refused);
    CHECK(accepted.percent() >= 99);
    CHECK(refused.percent() >= 90);
}

TEST_CASE("what iptables-save prints of a loaded file is the file's ruleset") {
    fs::path const golden = corpus() / "suites/golden_iptables.jsonl";
    if (!is_there(golden)) return;
    Rate same;
    std::ifstream in(golden);
    for (std::string line; std::getline(in, line);) {
        json const row = json::parse(line);
        if (!row.contains("saved")) continue;
        bool const v6 = row.at("family") == 6;
        std::string const path = row.at("path");
        std::string const saved = row.at("saved");
        std::string const a = meaning_of(reading_of(content(corpus() / path), v6).ruleset);
        std::string const b = meaning_of(reading_of(saved, v6).ruleset);
        same.count(a == b, path + ": " + first_difference(a, b));
    }
    WARN("saved files that read to the same ruleset: " << same);
    CHECK(same.percent() >= 99);
}
