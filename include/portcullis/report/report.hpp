// One run's results, and the forms in which they are shown. Every form is written from the same Report.
#pragma once
#include <array>
#include <string>
#include <vector>

#include "portcullis/base/file_name.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

struct Report {
    std::string version;           // of the program
    std::vector<FileResult> files; // by path
    Severity shown = Severity::low; // findings below it are counted, not shown
    bool show_suppressed = false;   // to people; formats that can mark them always have them
    bool statistics = false;        // how often each rule found something, in text and JSON
    Repository repository{};        // that other programs know the files by
    std::string time = "1970-01-01T00:00:00"; // without a zone, for forms that cannot do without one

    // How many findings of each severity, info first, without those that are suppressed.
    std::array<std::size_t, 5> counts() const;
    std::size_t suppressed() const;
    bool complete() const;
};

struct TextStyle {
    bool color = false;
    bool quiet = false; // findings only, no closing line
    unsigned width = 0; // columns, 0: as many as it takes
};

// The report for people: each finding with its lines of source, carets and proof.
std::string text_report(Report const& report, TextStyle style);
// Which services are reachable, path by path and rule by rule, for people.
std::string text_audit(Report const& report, Catalogue const& catalogue, TextStyle style);
// The contract of docs/report.schema.json; exposures are in it where the results have them.
std::string json_report(Report const& report, bool with_exposures);

// The page of one rule: what, why, how to mend it, examples.
std::string rule_page(RuleInfo const& rule);

} // namespace portcullis
