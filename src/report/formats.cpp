#include "portcullis/report/formats.hpp"

namespace portcullis {

std::span<ReportFormat const> report_formats() {
    static constexpr ReportFormat formats[] = {{"sarif", sarif_report},   {"junit", junit_report},   {"checkstyle", checkstyle_report},
                                               {"gitlab", gitlab_report}, {"github", github_report}, {"rdjson", rdjson_report},
                                               {"csv", csv_report},       {"markdown", markdown_report}};
    return formats;
}

} // namespace portcullis
