// Real configurations of Cisco devices (../shared/corpus beside the project; skipped elsewhere): nearly every line
// of their access lists is modelled. Prints what is not, by kind; docs/coverage.md says why.
#include <catch2/catch.hpp>
#include <filesystem>
#include <map>
#include <set>

#include "corpus/corpus.hpp"
#include "grammars/cisco/parse.hpp"
#include "portcullis/dialect/read.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

struct Tally {
    std::size_t files = 0;
    std::size_t clean = 0; // read without error
    std::size_t entries = 0;
    std::size_t opaque = 0;    // modelled but for a part that is named
    std::size_t refused = 0;   // an error at the line or at what it names
    std::size_t undefined = 0; // of the opaque ones: the file lacks the object that it names
};

cisco::Platform platform_of(Dialect dialect) {
    switch (dialect) {
    case Dialect::cisco_asa: return cisco::Platform::asa;
    case Dialect::cisco_nxos: return cisco::Platform::nxos;
    case Dialect::cisco_xr: return cisco::Platform::xr;
    default: return cisco::Platform::ios;
    }
}

bool is_error(Finding const& finding) { return is_unread(finding); }

bool looks_like_entry(std::string_view line) {
    return line.find("permit") != std::string_view::npos || line.find("deny") != std::string_view::npos;
}

// Where the entries of the text start that a list is to have.
std::set<std::uint32_t> entries_of(cisco::Config const& config) {
    std::set<std::uint32_t> places;
    for (cisco::Statement const& statement : config.statements) {
        auto const* list = std::get_if<cisco::AccessList>(&statement);
        if (!list || list->negated) continue;
        for (cisco::Entry const& entry : list->entries) {
            bool const decides =
                entry.action != cisco::Entry::Action::none && entry.action != cisco::Entry::Action::remark;
            if (decides && !entry.negated) places.insert(config.span_of(entry.text).begin);
        }
    }
    return places;
}

void count(Source const& source, Reading const& reading, cisco::Config const& config, Tally& tally,
           std::map<std::string, std::size_t>& opaque) {
    std::set<std::uint32_t> whole;
    std::set<std::uint32_t> partly;
    auto const look_at = [&](std::vector<Rule> const& rules) {
        for (Rule const& rule : rules) {
            whole.insert(rule.span.begin);
            if (rule.match.opaque.empty()) continue;
            if (partly.insert(rule.span.begin).second) ++opaque[rule.match.opaque.front().text.substr(0, 24)];
        }
    };
    for (Chain const& chain : reading.ruleset.chains) {
        if (chain.hook && chain.hook->point != HookPoint::list) continue;
        look_at(chain.rules);
        look_at(chain.inactive);
    }
    bool errors = false;
    std::set<std::size_t> refused_lines;
    std::set<std::size_t> undefined_lines;
    for (Finding const& finding : reading.findings.all()) {
        if (finding.rule == "PC401") undefined_lines.insert(source.locate(finding.span.begin).line);
        if (!is_error(finding)) continue;
        errors = true;
        auto const line = source.locate(finding.span.begin).line;
        if (looks_like_entry(source.line(line))) refused_lines.insert(line);
    }
    for (std::uint32_t const place : entries_of(config)) {
        ++tally.entries;
        tally.opaque += partly.contains(place) ? 1 : 0;
        tally.undefined += partly.contains(place) && undefined_lines.contains(source.locate(place).line) ? 1 : 0;
        if (whole.contains(place)) continue;
        if (errors) // else it was removed, or replaced by one of the same number
            refused_lines.insert(source.locate(place).line);
    }
    tally.refused += refused_lines.size();
    for (std::size_t const line : refused_lines)
        ++opaque["refused: " + std::string(source.line(static_cast<std::uint32_t>(line)).substr(0, 60))];
    tally.clean += errors ? 0 : 1;
}

} // namespace

TEST_CASE("nearly every line of the access lists of real devices is modelled") {
    if (!is_there(corpus())) return;
    std::map<std::string, Tally> tallies;
    std::map<std::string, std::size_t> opaque;
    for (char const* group : {"cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr", "cisco-mixed"}) {
        for (auto const& file : fs::recursive_directory_iterator(corpus() / group)) {
            if (!file.is_regular_file()) continue;
            INFO(file.path());
            std::string const text = content(file.path());
            Sources sources;
            SourceId const id = sources.add(file.path().filename(), text);
            auto const dialect = detect_dialect(sources[id].text());
            CHECK(dialect);
            if (!dialect) continue;
            ++tallies[group].files;
            auto const config = cisco::parse(sources[id].text(), id, platform_of(*dialect));
            count(sources[id], read(sources, id, *dialect), config, tallies[group], opaque);
        }
    }
    Tally all;
    for (auto const& [group, tally] : tallies) {
        WARN(group << ": " << tally.files << " files, " << tally.clean << " without error, " << tally.entries
                   << " entries, " << tally.opaque << " with an opaque part (" << tally.undefined
                   << " for an object that the file lacks), " << tally.refused << " refused");
        all.entries += tally.entries + tally.refused;
        all.opaque += tally.opaque;
        all.undefined += tally.undefined;
        all.refused += tally.refused;
    }
    std::string kinds;
    for (auto const& [kind, times] : opaque) kinds += "\n  " + std::to_string(times) + " × " + kind;
    WARN("not modelled:" << kinds);
    WARN(all.opaque + all.refused << " of " << all.entries << " entries are not wholly modelled");
    CHECK((all.opaque + all.refused) * 100 <= all.entries);
    // An excerpt that lacks what it names says nothing about how well its language is known.
    CHECK((all.opaque - all.undefined + all.refused) * 125 <= all.entries - all.undefined);
}
