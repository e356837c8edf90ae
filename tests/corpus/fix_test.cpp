// What --fix makes of real files, where they are there: read without an error, proved to treat every packet as before,
// and taken by the real loaders where they took the file. Prints how many files were mended.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/lint/fix.hpp"
#include "seeds.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct File {
    std::string path;
    bool loads = false; // its loader takes it
};

std::vector<File> files() {
    std::vector<File> all;
    std::ifstream manifest(corpus() / "MANIFEST.tsv");
    for (std::string line; std::getline(manifest, line);) {
        std::vector<std::string> columns;
        std::stringstream cells(line);
        for (std::string cell; std::getline(cells, cell, '\t');) columns.push_back(cell);
        if (columns.size() <= 6 || columns[0] == "path") continue;
        all.push_back({columns[0], columns[6] == "accepted" && columns[1] != "iptables-script"});
    }
    return all;
}

// Nothing where there is no loader for the dialect here.
std::optional<bool> is_taken(std::string const& text, Dialect dialect) {
    std::string const program = dialect == Dialect::nftables  ? "nft -c -f"
                                : dialect == Dialect::iptables ? "iptables-nft-restore --wait 20 --test"
                                : dialect == Dialect::ip6tables ? "ip6tables-nft-restore --wait 20 --test"
                                                                : "";
    if (program.empty() || std::system(("unshare -n " + program + " /dev/null > /dev/null 2>&1").c_str()) != 0) return std::nullopt;
    fs::path const file = fs::temp_directory_path() / ("portcullis-mended-" + std::to_string(getpid()));
    std::ofstream(file) << text;
    bool const taken = std::system(("unshare -n " + program + " " + file.string() + " > /dev/null 2>&1").c_str()) == 0;
    fs::remove(file);
    return taken;
}

} // namespace

TEST_CASE("what --fix makes of a real file is the same firewall, and loads") {
    if (!is_there(corpus())) return;
    std::size_t mended_files = 0;
    std::size_t fixes = 0;
    std::size_t asked = 0;
    std::size_t seen = 0;
    for (File const& file : files()) {
        if (++seen % every() != 0) continue;
        INFO(file.path);
        std::string const text = content(corpus() / file.path);
        auto const dialect = detect_dialect(text);
        if (!dialect) continue;
        auto sources = std::make_shared<Sources>();
        SourceId const source = sources->add("file", text);
        Mended const mended = mend(sources, source, *dialect, {}, {});
        if (mended.fixes == 0) {
            CHECK(mended.text == text);
            continue;
        }
        ++mended_files;
        fixes += mended.fixes;
        SourceId const result = sources->add("mended", mended.text);
        Reading const before = read(*sources, source, *dialect);
        Reading const after = read(*sources, result, *dialect);
        INFO("mended:\n" << mended.text);
        CHECK(Comparison(before.ruleset, after.ruleset).differences().empty());
        // A second run finds nothing to do.
        CHECK(mend(sources, result, *dialect, {}, {}).fixes == 0);
        if (!file.loads || *dialect == Dialect::nft_json) continue;
        // Some name interfaces that this machine has not.
        if (is_taken(text, *dialect) != true) continue;
        ++asked;
        CHECK(is_taken(mended.text, *dialect) == true);
    }
    WARN(mended_files << " files mended, " << fixes << " fixes, " << asked << " shown to their loaders");
    CHECK(mended_files > 0);
}
