// Rulesets that nft itself printed twice, as text and as JSON (../shared/corpus beside the project; skipped
// elsewhere): both become the same Ruleset. What nft's JSON leaves out is listed here, with the reason.
#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

Reading read_as(std::string text, Dialect dialect) {
    Sources sources;
    SourceId const source = sources.add("ruleset", std::move(text));
    return read(sources, source, dialect);
}

std::string without_first_line(std::string const& text) { return text.substr(text.find('\n') + 1); }

using Json = nlohmann::ordered_json;

bool any_object(Json const& json, std::string const& kind, bool (*has)(Json const&)) {
    return std::any_of(json.at("nftables").begin(), json.at("nftables").end(),
                       [&](Json const& item) { return item.contains(kind) && has(item.at(kind)); });
}

// nft 1.0.6 does not print the devices of a chain,
bool lacks_device(Json const& json) {
    return any_object(json, "chain", [](Json const& chain) {
        return chain.at("family") == "netdev" && chain.contains("hook") && !chain.contains("dev");
    });
}
// and prints the name of a table where its flags belong.
bool lacks_flags(Json const& json) {
    return any_object(json, "table",
                      [](Json const& table) { return table.value("flags", "") == table.at("name"); });
}

// nor which sets are dynamic, and spells the bodies of declarations in other words: bytes for mbytes, and so on.
std::string without_bodies(std::string const& text) {
    std::string const bare = std::regex_replace(text, std::regex("(unmodelled [^\n{]*) \\{[^\n]*"), "$1");
    return std::regex_replace(bare, std::regex("unmodelled [^\n]*: (set|map) [^\n]*\n"), "");
}

std::string without_devices(std::string const& text) {
    return std::regex_replace(text, std::regex("( filter ingress [^\n]*) device [^ \n]+"), "$1");
}

std::string all_of(Findings const& findings) {
    std::string text;
    for (Finding const& finding : findings.all()) {
        text += finding.rule;
        for (auto const& [name, value] : finding.args) text += ' ' + name + "='" + value + '\'';
        for (std::string const& note : finding.notes) text += "\n    " + note;
        text += '\n';
    }
    return text;
}

} // namespace

TEST_CASE("nft's JSON of a ruleset reads to the same form as its text") {
    fs::path const file = corpus() / "suites/golden_nft.jsonl";
    if (!is_there(file)) return;
    std::ifstream in(file);
    std::size_t compared = 0;
    std::size_t without_flags = 0;
    for (std::string line; std::getline(in, line);) {
        Json const golden = Json::parse(line);
        if (!golden.contains("json")) continue;
        INFO(golden.at("path").get<std::string>());
        Reading const text = read_as(golden.at("canonical"), Dialect::nftables);
        Reading const json = read_as(golden.at("json").dump(), Dialect::nft_json);
        INFO(all_of(json.findings));
        std::string expected = without_first_line(to_text(text.ruleset));
        if (lacks_flags(golden.at("json"))) {
            ++without_flags;
            CHECK(json.findings.all().size() == text.findings.all().size() + 1); // and it says so
            continue;
        }
        if (lacks_device(golden.at("json"))) expected = without_devices(expected);
        ++compared;
        CHECK(without_bodies(without_first_line(to_text(json.ruleset))) == without_bodies(expected));
        CHECK(json.findings.all().size() == text.findings.all().size());
    }
    CHECK(compared >= 360);
    CHECK(without_flags <= 2);
}
