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
    bool quiet = false;    // findings only, no closing line
    std::size_t width = 0; // columns: sentences are wrapped and lines of source cut to fit; 0 for no limit
    std::string pages{};   // the folder with the pages of the rules, which their ids link to (OSC 8); empty for no links
};

// The report for people: each finding with its lines of source, carets and proof.
std::string text_report(Report const& report, TextStyle const& style);
// Which services are reachable, path by path and rule by rule, for people.
std::string text_audit(Report const& report, TextStyle const& style);
// The list of services, protocols and ports that are allowed, each with the reason that comments give (PCI DSS 4.0, 1.2.5), and of
// the insecure ones among them with their risk, what to use instead, and who has accepted them (1.2.6); as Markdown …
std::string markdown_audit(Report const& report);
// … and a row for each service and path, as CSV (RFC 4180).
std::string csv_audit(Report const& report);
// The contract of docs/report.schema.json; exposures are in it where the results have them.
std::string json_report(Report const& report, bool with_exposures);

// The page of one rule: what, why, how to mend it, examples, references. Sentences are wrapped to `width` columns; 0: as they are.
std::string rule_page(RuleInfo const& rule, std::size_t width = 0);
std::string rule_markdown(RuleInfo const& rule);
// A line a rule, or a table of them with links to their pages.
std::string rule_list(std::size_t width = 0);
std::string rule_list_markdown();
// All that the data says of some rules.
std::string rules_json(std::vector<RuleInfo const*> const& some);

} // namespace portcullis
