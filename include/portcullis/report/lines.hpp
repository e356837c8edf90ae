// Forms of a report that are written a file at a time, as soon as its turn comes, so that a run over a hundred thousand files keeps
// none of them. Of the report they look at what is to be shown and how, not at its files.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "portcullis/report/tally.hpp"

namespace portcullis {

// "path:line:column: severity[ID] message", a line a finding.
std::string concise_lines(Report const& report, FileResult const& file);
// A JSON object a line: {"type": "file", …}, and {"type": "finding", …} for each of its findings; the members are those of
// docs/report.schema.json.
std::string jsonl_lines(Report const& report, FileResult const& file);
// {"type": "summary", …} at the end.
std::string jsonl_summary(Report const& report, Tally const& tally);

struct LineFormat {
    std::string_view name; // on the command line
    std::string (*file)(Report const&, FileResult const&);
    std::string (*end)(Report const&, Tally const&); // null: there is nothing more to say
};
std::span<LineFormat const> line_formats();

} // namespace portcullis
