// nft's own answers as the referee, where they are there (../shared/corpus beside the project; skipped elsewhere):
// the rules of nftables' test suite, and real files with the verdict of `nft -c`. Prints four rates and the misses.
#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
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

// The first finding that says "this text is wrong", as its line and message; line 0: none. A text that uses what
// cannot be read (PC002) is not wrong by that.
struct Complaint {
    std::size_t line = 0;
    std::string message;
};
std::vector<Complaint> complaints(std::string const& text) {
    Sources sources;
    SourceId const id = sources.add("text.nft", text);
    std::vector<Complaint> all;
    Reading const reading = read(sources, id, Dialect::nftables);
    for (Finding const& finding : reading.findings.all()) {
        if (finding.rule != "PC001" && finding.rule != "PC401") continue;
        Complaint complaint;
        std::string const source(sources[finding.span.source].text());
        auto const begin = source.begin();
        complaint.line = static_cast<std::size_t>(std::count(begin, begin + finding.span.begin, '\n')) + 1;
        for (auto const& [name, value] : finding.args) complaint.message += value + ' ';
        all.push_back(std::move(complaint));
    }
    return all;
}

// A row of the suite as a file.
std::string as_file(json const& row) {
    std::string const table = row.at("family").get<std::string>() + ' ' + row.at("table").get<std::string>();
    std::string text = "add table " + table + '\n';
    for (json const& chain : row.at("chain_setup"))
        text += "add chain " + table + ' ' + chain.at("chain").get<std::string>() + " { " +
                chain.at("spec").get<std::string>() + "; }\n";
    for (json const& set : row.at("sets")) text += set.get<std::string>() + '\n';
    std::string const rule = row.at("rule");
    if (row.at("kind") != "rule") return text + rule + '\n';
    for (json const& chain : row.at("chains"))
        text += "add rule " + table + ' ' + chain.get<std::string>() + ' ' + rule + '\n';
    return text;
}

std::vector<std::string> columns(std::string const& line) {
    std::vector<std::string> all;
    std::istringstream in(line);
    for (std::string cell; std::getline(in, cell, '\t');) all.push_back(cell);
    return all;
}

// "syntax: line 21: …" -> 21
std::size_t line_in(std::string const& message) {
    std::size_t const at = message.find("line ");
    return at == std::string::npos ? 0 : static_cast<std::size_t>(std::atoi(message.c_str() + at + 5));
}

// nft tells several errors of a file, and the manifest has one of them. Where the first is another ("You can only
// specify this once", and then what follows from it), this is the line of that.
struct FirstError {
    char const* file;
    std::size_t line;
};
constexpr FirstError first_errors[] = {
    {"comments_objects_dup_0_block1", 5},
    {"comments_objects_dup_0_block2", 5},
    {"comments_objects_dup_0_block3", 6},
    {"comments_objects_dup_0_block4", 9},
    {"comments_objects_dup_0_block5", 5},
    {"comments_objects_dup_0_block6", 6},
    {"testSmokeTest.sample_nftables-dev.nft.ref", 12},
};
std::size_t expected_line(std::string const& path, std::string const& message) {
    for (FirstError const& each : first_errors)
        if (path.ends_with(each.file)) return each.line;
    return line_in(message);
}

} // namespace

TEST_CASE("nft's suite: what is valid is read, what is not is refused") {
    fs::path const suite = corpus() / "suites/nft_py.jsonl";
    if (!is_there(suite)) return;
    Rate valid;
    Rate invalid;
    std::ifstream in(suite);
    for (std::string line; std::getline(in, line);) {
        json const row = json::parse(line);
        if (row.at("disabled").get<bool>()) continue;
        std::vector<Complaint> const found = complaints(as_file(row));
        std::string const what = row.at("file").get<std::string>() + ' ' + row.at("family").get<std::string>() +
                                 ": " + row.at("rule").get<std::string>();
        if (row.at("valid").get<bool>())
            valid.count(found.empty(), what + (found.empty() ? "" : " => " + found.front().message));
        else
            invalid.count(!found.empty(), what);
    }
    WARN("valid rows accepted: " << valid);
    WARN("invalid rows refused: " << invalid);
    CHECK(valid.percent() >= 99);
    CHECK(invalid.percent() >= 95);
}

TEST_CASE("real files: nft's verdict is ours, and the error is where nft has it") {
    fs::path const manifest = corpus() / "MANIFEST.tsv";
    if (!is_there(manifest)) return;
    Rate accepted;
    Rate refused;
    std::ifstream in(manifest);
    for (std::string line; std::getline(in, line);) {
        std::vector<std::string> const row = columns(line);
        if (row.size() < 8 || row[1] != "nftables") continue;
        std::string const& verdict = row[6];
        std::string const& message = row[7];
        if (verdict == "accepted") {
            std::vector<Complaint> const found = complaints(content(corpus() / row[0]));
            accepted.count(found.empty(),
                           row[0] + (found.empty() ? ""
                                                   : " => line " + std::to_string(found.front().line) + ": " +
                                                         found.front().message));
        } else if (verdict == "rejected" && (message.starts_with("syntax:") || message.starts_with("eval:"))) {
            std::vector<Complaint> const found = complaints(content(corpus() / row[0]));
            std::size_t const expected = expected_line(row[0], message);
            bool const near = std::any_of(found.begin(), found.end(), [&](Complaint const& complaint) {
                return complaint.line + 1 >= expected && complaint.line <= expected + 1;
            });
            refused.count(near, row[0] + ": " + message +
                                    (found.empty() ? " => accepted"
                                                   : " => line " + std::to_string(found.front().line) + ": " +
                                                         found.front().message));
        }
    }
    WARN("files accepted: " << accepted);
    WARN("files refused within one line: " << refused);
    CHECK(accepted.good == accepted.all);
    CHECK(refused.percent() >= 90);
}
