// The report in the forms that other programs read: code hosts, servers of continuous integration, spreadsheets. All are
// written from the same Report, without colours, and depend on nothing else; text of the input is inert in each.
//
// SARIF, JUnit, GitLab, GitHub, CSV and Markdown call a file by its place in the repository; rdjson and checkstyle as it
// was named to us, since their readers start where we do.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "portcullis/report/report.hpp"

namespace portcullis {

// SARIF 2.1.0 (OASIS), as GitHub code scanning takes it. Columns are UTF-16 code units.
std::string sarif_report(Report const& report);
// JUnit XML as Ant's and Jenkins' schemas have it: a suite for each file, a failure for each finding that is shown, an error
// for what could not be read. A clean file is a case that passes.
std::string junit_report(Report const& report);
// Checkstyle's XML, version 4.3. Columns are bytes.
std::string checkstyle_report(Report const& report);
// GitLab's Code Quality report: a JSON array.
std::string gitlab_report(Report const& report);
// GitHub's workflow commands, a line each. GitHub takes ten of each level from a step: the worst are those, and one notice
// says how many others there are.
std::string github_report(Report const& report);
// reviewdog's Diagnostic Format as one JSON object. Columns are bytes.
std::string rdjson_report(Report const& report);
// RFC 4180, a header line first. No cell is a formula to a spreadsheet.
std::string csv_report(Report const& report);
// GitHub's and GitLab's Markdown, for a comment or a job summary.
std::string markdown_report(Report const& report);

struct ReportFormat {
    std::string_view name; // on the command line
    std::string (*write)(Report const&);
};
std::span<ReportFormat const> report_formats();

} // namespace portcullis
