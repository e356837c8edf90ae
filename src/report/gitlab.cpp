// One item that GitLab cannot read, and it drops all that follow: each has just what its documentation asks for.
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/packet_json.hpp"
#include "report/region.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

std::string_view severity_text(Severity severity) {
    constexpr std::array<std::string_view, 5> names{"info", "minor", "major", "critical", "blocker"};
    return names[static_cast<std::size_t>(severity)];
}

} // namespace

std::string gitlab_report(Report const& report) {
    Json items = Json::array();
    for (Shown const& shown : shown_findings(report)) {
        Diagnostic const& d = *shown.diagnostic;
        TextRegion const region = region_of(shown.source(), d.finding.span, Columns::bytes);
        Json const lines{{"begin", region.start_line}, {"end", region.end_line}};
        items.push_back({{"description", fmt::format("{}: {}", d.rule->id, message_text(d))},
                         {"check_name", d.rule->slug},
                         {"fingerprint", d.fingerprint},
                         {"severity", severity_text(d.severity)},
                         {"location", {{"path", visible(report.repository.name_of(shown.source().path()))}, {"lines", lines}}}});
    }
    return json_text(items) + '\n';
}

} // namespace portcullis
