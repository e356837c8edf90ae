// Real files of iptables and nftables, where they are there: written for iptables, they read back to the same, or
// decide the same, and the real loaders take them.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <unistd.h>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/dialect/write.hpp"
#include "portcullis/engine/reach.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

Reading read_text(std::string text, Dialect dialect) {
    auto sources = std::make_shared<Sources>();
    SourceId const id = sources->add("test.rules", std::move(text));
    return read(*sources, id, dialect);
}

struct Text {
    std::string path;
    Dialect dialect = Dialect::iptables;
    std::string text;
    bool legacy = true; // iptables-legacy takes it as well
};

Family family_of(Dialect dialect) { return dialect == Dialect::ip6tables ? Family::v6 : Family::v4; }

// The restore files that the loader takes, and what iptables-nft-save prints of them.
std::vector<Text> accepted_texts() {
    std::vector<Text> all;
    std::map<std::string, bool> legacy;
    std::ifstream manifest(corpus() / "MANIFEST.tsv");
    for (std::string line; std::getline(manifest, line);) {
        std::vector<std::string> columns;
        std::stringstream cells(line);
        for (std::string cell; std::getline(cells, cell, '\t');) columns.push_back(cell);
        if (columns.size() <= 9 || columns[1] != "iptables" || columns[6] != "accepted") continue;
        std::string const text = content(corpus() / columns[0]);
        auto const dialect = detect_dialect(text);
        if (dialect != Dialect::iptables && dialect != Dialect::ip6tables) continue;
        legacy[columns[0]] = columns[9] == "accepted";
        all.push_back({columns[0], *dialect, text, legacy[columns[0]]});
    }
    std::ifstream golden(corpus() / "suites/golden_iptables.jsonl");
    for (std::string line; std::getline(golden, line);) {
        auto const item = nlohmann::json::parse(line);
        if (!item.contains("saved")) continue;
        std::string const path = item["path"].get<std::string>();
        all.push_back({path + " (as saved)", item["family"] == 6 ? Dialect::ip6tables : Dialect::iptables,
                       item["saved"].get<std::string>(), legacy[path]});
    }
    return all;
}

bool jumps_nowhere(Ruleset const& ruleset) {
    return std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [](Chain const& chain) {
        return std::any_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) {
            auto const* const jump = std::get_if<Jump>(&rule.verdict);
            return jump != nullptr && jump->chain == no_chain;
        });
    });
}

// Whether a variant of the loader takes the text, in a network namespace of its own.
bool loads(std::string const& text, Family family, std::string const& variant) {
    fs::path const file = fs::temp_directory_path() / ("portcullis-written-" + std::to_string(getpid()));
    std::ofstream(file) << text;
    std::string const program = (family == Family::v4 ? "iptables-" : "ip6tables-") + variant + "-restore";
    bool const taken =
        std::system(
            ("unshare -n " + program + " --wait 20 --test " + file.string() + " > /dev/null 2>&1").c_str()) == 0;
    fs::remove(file);
    return taken;
}

// PORTCULLIS_WRITTEN=DIRECTORY keeps what was written, and asks the loaders about all of it.
char const* kept_in() { return std::getenv("PORTCULLIS_WRITTEN"); }

void keep(std::string path, std::string const& ending, std::string const& text) {
    if (kept_in() == nullptr) return;
    std::replace(path.begin(), path.end(), '/', '_');
    std::ofstream(fs::path(kept_in()) / (path + ending)) << text;
}

// Sets have to be there before rules are loaded that ask about them.
bool asks_loader(std::size_t file, std::string const& text) {
    constexpr std::size_t sample = 10;
    return (kept_in() != nullptr || file % sample == 0) && text.find("--match-set") == std::string::npos;
}

} // namespace

TEST_CASE("what is written of a real restore file reads back to the same ruleset") {
    if (!is_there(corpus())) return;
    bool const nft = loads("*filter\nCOMMIT\n", Family::v4, "nft"),
               old = loads("*filter\nCOMMIT\n", Family::v4, "legacy");
    std::size_t files = 0, kept = 0, identical = 0, saved = 0;
    for (Text const& file : accepted_texts()) {
        ++files;
        INFO(file.path);
        Family const family = family_of(file.dialect);
        Reading const before = read_text(file.text, file.dialect);
        Writing const written = write_iptables(before.ruleset, family);
        Reading const after = read_text(written.text, file.dialect);
        bool const same = same_meaning(before.ruleset, after.ruleset);
        bool const again = write_iptables(after.ruleset, family).text == written.text;
        keep(file.path, ".in", file.text);
        keep(file.path, ".out", written.text);
        keep(file.path, ".before", to_text(before.ruleset));
        keep(file.path, ".after", to_text(after.ruleset));
        for (Finding const& loss : written.losses.all())
            UNSCOPED_INFO(loss.args.at("construct") << ": " << loss.args.at("why"));
        CHECK(again);
        // A jump to a chain that is nowhere has no name in the model; only iptables-nft takes such a file.
        bool const undefined = jumps_nowhere(before.ruleset);
        CHECK(written.losses.empty() != undefined);
        if (!undefined) CHECK(same);
        if (asks_loader(files, written.text)) {
            if (nft) CHECK(loads(written.text, family, "nft"));
            if (old && file.legacy) CHECK(loads(written.text, family, "legacy"));
        }
        bool const is_saved = file.path.ends_with(" (as saved)");
        saved += is_saved ? 1 : 0;
        identical += is_saved && written.text == file.text ? 1 : 0;
        kept += same && again && written.losses.empty() ? 1 : 0;
    }
    WARN(files << " files, " << kept << " kept; of " << saved << " texts of iptables-save, " << identical
               << " are written byte by byte");
}

namespace {

// Whether the built-in chain decides about every packet of the family as the base chain that it was made of.
bool same_verdicts(Ruleset const& before, Ruleset const& after, Family family) {
    Space space;
    PacketSet const packets =
        space.of(Field::family, ValueSet::single(family_value(family)));
    Reach old_reach(space, before, packets);
    Reach new_reach(space, after, packets);
    for (ChainId id = 0; id < before.chains.size(); ++id) {
        auto const& hook = before.chains[id].hook;
        if (!hook || !(family == Family::v4 ? hook->v4 : hook->v6)) continue;
        auto const counterpart = std::find_if(after.chains.begin(), after.chains.end(), [&](Chain const& chain) {
            return chain.hook && chain.hook->point == hook->point && chain.hook->type == hook->type &&
                   (chain.hook->priority == hook->priority || hook->type == ChainType::nat);
        });
        if (counterpart == after.chains.end()) return false;
        Fates const a = old_reach.verdicts(id);
        Fates const b = new_reach.verdicts(static_cast<ChainId>(counterpart - after.chains.begin()));
        PacketSet const accepted = a.accepted & packets, dropped = a.dropped & packets,
                        rejected = a.rejected & packets;
        if (!(accepted == (b.accepted & packets) && dropped == (b.dropped & packets) &&
              rejected == (b.rejected & packets)))
            return false;
    }
    return true;
}

} // namespace

TEST_CASE("real rules of nft decide the same in iptables, or the loss is told") {
    if (!is_there(corpus())) return;
    bool const nft = loads("*filter\nCOMMIT\n", Family::v4, "nft"),
               old = loads("*filter\nCOMMIT\n", Family::v4, "legacy");
    std::size_t files = 0, whole = 0, rules = 0, lost = 0, asked = 0;
    for (auto const& entry : fs::recursive_directory_iterator(corpus() / "nftables")) {
        if (!entry.is_regular_file()) continue;
        std::string const text = content(entry.path());
        if (detect_dialect(text) != Dialect::nftables) continue;
        Reading const before = read_text(text, Dialect::nftables);
        bool const readable = std::none_of(before.findings.all().begin(), before.findings.all().end(),
                                           is_unread);
        if (!readable || before.ruleset.chains.empty()) continue;
        INFO(entry.path());
        bool all = true;
        ++files;
        rules += rule_count(before.ruleset);
        for (Family const family : {Family::v4, Family::v6}) {
            Writing const written = write_iptables(before.ruleset, family);
            std::string const ending = family == Family::v4 ? ".v4" : ".v6";
            keep(entry.path().string(), ending, written.text);
            std::string losses;
            for (Finding const& loss : written.losses.all())
                losses += loss.args.at("construct") + ": " + loss.args.at("why") + '\n';
            keep(entry.path().string(), ending + ".losses", losses);
            lost += family == Family::v4 ? written.losses.all().size() : 0;
            Dialect const dialect = family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
            Reading const after = read_text(written.text, dialect);
            CHECK(std::none_of(after.findings.all().begin(), after.findings.all().end(), is_unread));
            if (!written.text.empty() && asks_loader(++asked, written.text)) {
                if (nft) CHECK(loads(written.text, family, "nft"));
                if (old) CHECK(loads(written.text, family, "legacy"));
            }
            all = all && written.losses.empty();
            if (written.losses.empty()) CHECK(same_verdicts(before.ruleset, after.ruleset, family));
        }
        whole += all ? 1 : 0;
    }
    WARN(files << " files with " << rules << " rules, " << whole << " written whole for both families; " << lost
               << " losses for IPv4");
}
