// Real configurations, where they are there (../shared/corpus beside the project; skipped elsewhere): every file of the
// three families is read and judged without a crash or a hang. Prints how many were read whole.
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <map>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"
#include "seeds.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Tally {
    std::size_t files = 0;
    std::size_t recognised = 0;
    std::size_t whole = 0; // without errors
    std::size_t findings = 0;
};

} // namespace

TEST_CASE("every real file is read and judged") {
    if (!is_there(corpus())) return;
    std::map<std::string, Tally> tallies;
    std::size_t seen = 0;
    for (char const* group : {"iptables", "nftables", "cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr", "cisco-mixed", "iptables-script"}) {
        for (auto const& entry : fs::recursive_directory_iterator(corpus() / group)) {
            if (!entry.is_regular_file() || ++seen % every() != 0) continue;
            INFO(entry.path());
            Tally& tally = tallies[group];
            ++tally.files;
            std::string const text = content(entry.path());
            auto sources = std::make_shared<Sources>();
            SourceId const id = sources->add(entry.path().filename(), text);
            auto const dialect = detect_dialect((*sources)[id].text());
            if (!dialect) continue;
            ++tally.recognised;
            auto const begin = std::chrono::steady_clock::now();
            FileResult const result = lint(sources, id, *dialect, read(*sources, id, *dialect), {});
            // Generous, for sanitizers: this is about hanging, not about speed.
            CHECK(std::chrono::steady_clock::now() - begin < std::chrono::minutes(3));
            tally.whole += result.errors == 0 ? 1 : 0;
            tally.findings += result.findings.size();
            for (Diagnostic const& d : result.findings) {
                CHECK(d.finding.span.end <= (*sources)[d.finding.span.source].text().size());
            }
        }
    }
    for (auto const& [group, tally] : tallies) {
        WARN(group << ": " << tally.files << " files, " << tally.recognised << " recognised, " << tally.whole << " read without error, "
                   << tally.findings << " findings");
        if (every() == 1) CHECK(tally.recognised * 100 >= tally.files * 90);
    }
}
