// tests/fixtures/<dialect>/<case>/input.*: what is read of each and what lint says of it is what expected.* holds.
// sets.ipset beside it has its sets, partner.rules the rules of the other family. PORTCULLIS_BLESS=1 writes expected.* anew; an expectation without an input fails.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>

#include "fixture_files.hpp"
#include "portcullis/base/date.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/lint/lint.hpp"

using namespace portcullis;
namespace fs = std::filesystem;

namespace {

void expect(fs::path const& path, std::string const& actual) {
    if (std::getenv("PORTCULLIS_BLESS") != nullptr) {
        std::ofstream(path, std::ios::binary) << actual;
        return;
    }
    INFO(path.string() << "\nactual:\n" << actual);
    bool const same = file_text(path) == actual;
    CHECK(same);
}

// "3:1 high PC101 certain filter/INPUT/1: telnet (tcp/23) is open to any IPv4 source"
std::string findings_text(FileResult const& result) {
    std::string text;
    for (Diagnostic const& d : result.findings) {
        Source const& source = (*result.sources)[d.finding.span.source];
        Location const at = source.locate(d.finding.span.begin);
        text += fmt::format("{}{}:{} {} {} {} {}: {}\n", source.path() == result.path ? "" : source.path() + ":", at.line, at.column,
                            to_string(d.severity), d.rule->id, d.finding.certainty == Certainty::certain ? "certain" : "possible",
                            d.finding.where, d.message);
        if (d.finding.witness) text += "    witness " + to_text(d.finding.witness->packet) + '\n';
        for (Related const& related : d.finding.related) {
            text += fmt::format("    related line {}: {}\n", source.locate(related.span.begin).line, related.message);
        }
    }
    text += fmt::format("{} rules, {} chains, {} errors, {}\n", result.rules, result.chains, result.errors,
                        result.complete ? "complete" : "incomplete");
    return text;
}

} // namespace

TEST_CASE("every fixture is read and judged as expected") {
    std::size_t cases = 0;
    for (auto const& dialect_folder : fs::directory_iterator(fs::path(PORTCULLIS_ROOT) / "tests/fixtures")) {
        auto const dialect = dialect_by_name(dialect_folder.path().filename().string());
        INFO(dialect_folder.path());
        REQUIRE(dialect);
        for (auto const& folder : fs::directory_iterator(dialect_folder)) {
            std::optional<fs::path> input;
            for (auto const& file : fs::directory_iterator(folder)) {
                std::string const name = file.path().filename();
                if (name.starts_with("input.")) input = file.path();
                // What nothing compares with is no expectation.
                if (name.starts_with("expected.")) CHECK((name == "expected.ruleset" || name == "expected.findings"));
            }
            INFO(folder.path());
            REQUIRE(input);
            ++cases;
            auto sources = std::make_shared<Sources>();
            SourceId const id = sources->add(input->filename(), file_text(*input));
            CHECK(detect_dialect((*sources)[id].text()) == dialect);
            ReadOptions options;
            options.include = [&](std::string const& pattern, SourceId) { return include_from(folder.path(), pattern, *sources); };
            if (fs::exists(folder.path() / "sets.ipset")) {
                IpsetReading sets = read_ipset(*sources, sources->add("sets.ipset", file_text(folder.path() / "sets.ipset")));
                CHECK(sets.findings.empty());
                options.ipsets = std::make_shared<Ipsets const>(std::move(sets.sets));
            }
            LintOptions lint_options;
            lint_options.today = parse_date("2026-06-15");
            if (fs::exists(folder.path() / "partner.rules")) {
                SourceId const other = sources->add("partner.rules", file_text(folder.path() / "partner.rules"));
                Dialect const its = *dialect == Dialect::iptables ? Dialect::ip6tables : Dialect::iptables;
                lint_options.partner = read(*sources, other, its, options).ruleset;
            }
            Reading reading = read(*sources, id, *dialect, options);
            expect(folder.path() / "expected.ruleset", to_text(reading.ruleset));
            expect(folder.path() / "expected.findings", findings_text(lint(sources, id, *dialect, std::move(reading), lint_options)));
        }
    }
    CHECK(cases >= 30);
}
