#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/lines.hpp"
#include "report/words.hpp"

namespace portcullis {

std::string concise_lines(Report const& report, FileResult const& file) {
    std::string out;
    for (Diagnostic const& d : file.findings) {
        if (!is_shown(report, d, report.show_suppressed)) continue;
        Source const& source = (*file.sources)[d.finding.span.source];
        Location const at = source.locate(d.finding.span.begin);
        out += fmt::format("{}:{}:{}: {}[{}] {}{}\n", visible(source.path()), at.line, at.column, to_string(d.severity), d.rule->id, message_text(d),
                           d.suppressed ? " (suppressed)" : "");
    }
    return out;
}

std::span<LineFormat const> line_formats() {
    static constexpr LineFormat formats[] = {{"concise", concise_lines, nullptr}, {"jsonl", jsonl_lines, jsonl_summary}};
    return formats;
}

} // namespace portcullis
