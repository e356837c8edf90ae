// Real files of nftables, where they are there: written again, they read back to the same ruleset.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/reach.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

Reading read_text(std::string text, Dialect dialect = Dialect::nftables) {
    auto sources = std::make_shared<Sources>();
    SourceId const id = sources->add("test.nft", std::move(text));
    return read(*sources, id, dialect);
}

// The files that nft accepts, and the form in which it lists them.
std::map<std::string, std::string> texts() {
    std::map<std::string, std::string> all;
    std::ifstream manifest(corpus() / "MANIFEST.tsv");
    for (std::string line; std::getline(manifest, line);) {
        std::vector<std::string> columns;
        std::stringstream cells(line);
        for (std::string cell; std::getline(cells, cell, '\t');) columns.push_back(cell);
        if (columns.size() > 6 && columns[1] == "nftables" && columns[6] == "accepted")
            all[columns[0]] = content(corpus() / columns[0]);
    }
    std::ifstream golden(corpus() / "suites/golden_nft.jsonl");
    for (std::string line; std::getline(golden, line);) {
        auto const item = nlohmann::json::parse(line);
        all[item["path"].get<std::string>() + " (as listed)"] = item["canonical"].get<std::string>();
    }
    return all;
}

} // namespace

TEST_CASE("what is written of a real file reads back to the same ruleset") {
    if (!is_there(corpus())) return;
    std::size_t files = 0, kept = 0;
    bool const loader = std::system("unshare -n nft -c -f /dev/null > /dev/null 2>&1") == 0;
    fs::path const file = fs::temp_directory_path() / "portcullis-written.nft";
    char const* const out = std::getenv("PORTCULLIS_WRITTEN");
    for (auto const& [path, text] : texts()) {
        ++files;
        INFO(path);
        Reading const before = read_text(text);
        Writing const written = write_nftables(before.ruleset);
        Reading const after = read_text(written.text);
        bool const same = same_meaning(before.ruleset, after.ruleset);
        bool const again = write_nftables(after.ruleset).text == written.text;
        if (out != nullptr) {
            std::string name = path;
            std::replace(name.begin(), name.end(), '/', '_');
            std::ofstream(fs::path(out) / (name + ".in")) << text;
            std::ofstream(fs::path(out) / (name + ".nft")) << written.text;
            std::ofstream(fs::path(out) / (name + ".before")) << to_text(before.ruleset);
            std::ofstream(fs::path(out) / (name + ".after")) << to_text(after.ruleset);
        }
        for (Finding const& loss : written.losses.all())
            UNSCOPED_INFO(loss.args.at("construct") << ": " << loss.args.at("why"));
        CHECK(written.losses.empty());
        CHECK(same);
        CHECK(again);
        // The loader itself is asked about every twentieth; all of them were accepted when this was written.
        if (loader && files % 20 == 0) {
            std::ofstream(file) << written.text;
            CHECK(std::system(("unshare -n nft -c -f " + file.string() + " > /dev/null 2>&1").c_str()) == 0);
        }
        kept += same && again && written.losses.empty() ? 1 : 0;
    }
    fs::remove(file);
    WARN(files << " files, " << kept << " kept");
}

namespace {

// Whether every base chain decides the same about every packet of the family that the rules are for.
bool same_verdicts(Ruleset const& before, Ruleset const& after) {
    Space space;
    PacketSet const family = space.of(Field::family, ValueSet::single(before.governs_v4 ? family_v4 : family_v6));
    Reach old_reach(space, before, family);
    Reach new_reach(space, after, family);
    if (before.chains.size() != after.chains.size()) return false;
    for (ChainId id = 0; id < before.chains.size(); ++id) {
        if (before.chains[id].hook.has_value() != after.chains[id].hook.has_value()) return false;
        if (!before.chains[id].hook) continue;
        Fates const a = old_reach.verdicts(id);
        Fates const b = new_reach.verdicts(id);
        if (!(a.accepted == b.accepted && a.dropped == b.dropped && a.rejected == b.rejected)) return false;
    }
    return true;
}

} // namespace

TEST_CASE("real rules of iptables decide the same in nft, or the loss is told") {
    if (!is_there(corpus())) return;
    std::size_t files = 0, whole = 0;
    for (auto const& entry : fs::recursive_directory_iterator(corpus() / "iptables")) {
        if (!entry.is_regular_file()) continue;
        std::string const text = content(entry.path());
        auto const dialect = detect_dialect(text);
        if (dialect != Dialect::iptables && dialect != Dialect::ip6tables) continue;
        ++files;
        Ruleset const before = read_text(text, *dialect).ruleset;
        Writing const written = write_nftables(before);
        if (!written.losses.empty()) continue;
        ++whole;
        INFO(entry.path());
        CHECK(same_verdicts(before, read_text(written.text).ruleset));
    }
    WARN(files << " files, " << whole << " written whole");
}
