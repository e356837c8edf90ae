// Real files in another dialect, where they are there: what has no loss is proved equal, and the loader takes it. Prints how
// many, and is quick: every few files of each kind.
#include <catch2/catch.hpp>
#include <algorithm>
#include <filesystem>
#include <map>

#include "corpus/corpus.hpp"
#include "portcullis/dialect/convert.hpp"
#include "portcullis/engine/budget.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Tally {
    std::size_t equal = 0, lossy = 0, refused = 0;
};

void convert_file(fs::path const& path, Dialect to, Tally& tally) {
    std::string const text = content(path);
    Sources sources;
    SourceId const id = sources.add("before", text);
    auto const dialect = detect_dialect(sources[id].text());
    if (!dialect) return;
    Reading const before = read(sources, id, *dialect);
    if (std::ranges::any_of(before.findings.all(), is_unread)) return;
    INFO(path << " to " << to_string(to));
    try {
        Conversion const converted = convert(sources, before.ruleset, to);
        if (!converted.losses.empty()) {
            ++tally.lossy;
            return;
        }
        for (Finding const& finding : converted.reading.findings.all())
            if (is_unread(finding)) FAIL_CHECK(sources.text(finding.span) << ": " << finding.args.begin()->second);
        for (auto const& comparison : converted.comparisons)
            for (Difference const& difference : comparison->differences())
                UNSCOPED_INFO(difference.name << ": " << to_text((difference.added | difference.removed | difference.retranslated).member()->packet));
        CHECK(converted.equal());
        ++tally.equal;
    } catch (NotConvertible const&) {
        ++tally.refused;
    } catch (BudgetExceeded const& e) {
        WARN(path << ": " << e.what());
    }
}

} // namespace

TEST_CASE("real files are the same in another dialect, or the loss is told") {
    if (!is_there(corpus())) return;
    struct Kind {
        char const* folder;
        std::size_t every;
        std::vector<Dialect> to;
    };
    using enum Dialect;
    Kind const kinds[] = {{"iptables", 6, {nftables, ip6tables}},    {"nftables", 8, {iptables, ip6tables}},
                          {"cisco-ios", 12, {cisco_nxos, cisco_xr}}, {"cisco-nxos", 6, {cisco_ios, cisco_asa}},
                          {"cisco-xr", 6, {cisco_ios, cisco_asa}},   {"cisco-asa", 12, {cisco_ios}}};
    constexpr std::uintmax_t largest = 200'000;
    std::map<std::string, Tally> tallies;
    for (Kind const& kind : kinds) {
        std::vector<fs::path> files;
        for (auto const& entry : fs::recursive_directory_iterator(corpus() / kind.folder))
            if (entry.is_regular_file() && entry.file_size() < largest) files.push_back(entry.path());
        std::ranges::sort(files);
        for (std::size_t i = 0; i < files.size(); i += kind.every)
            for (Dialect const to : kind.to) convert_file(files[i], to, tallies[std::string(kind.folder) + " to " + std::string(to_string(to))]);
    }
    std::size_t equal = 0;
    for (auto const& [name, tally] : tallies) {
        WARN(name << ": " << tally.equal << " equal, " << tally.lossy << " with losses, " << tally.refused << " refused");
        equal += tally.equal;
    }
    CHECK(equal > 20);
}
