// Sentences and lists that several forms of a report share, and what of it they show.
#pragma once
#include <string>
#include <vector>

#include "portcullis/report/report.hpp"

namespace portcullis {

struct Shown {
    FileResult const* file;
    Diagnostic const* diagnostic;
    Source const& source() const { return (*file->sources)[diagnostic->finding.span.source]; }
    Severity severity() const { return diagnostic->severity; }
};

// The findings from the severity on that is shown, in the order of the report; and in all cases what could not be read.
// Suppressed ones are among them where the reader has a mark for them.
std::vector<Shown> shown_findings(Report const& report, bool with_suppressed = false);

// Whether the report shows it: from the severity on, or that a part could not be read.
bool is_shown(Report const& report, Diagnostic const& diagnostic, bool with_suppressed);

// One line without control characters: "telnet is reachable from anywhere (possible)"
std::string message_text(Diagnostic const& diagnostic);
// "… is dropped by inet filter/input"
std::string proof_text(Witness const& witness);
// "by a comment, until 2026-12-31, for net-team, NET-42: the console of the lab"
std::string suppression_text(Suppression const& suppression);
// What mends it, as one line.
std::string help_text(RuleInfo const& rule);
// Lists can be long; the whole is in other formats.
std::string shortened_list(std::string const& text);
std::string first_paragraph(std::string const& text);
std::string plural(std::size_t count, std::string_view noun);

} // namespace portcullis
