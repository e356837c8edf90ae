#include <fmt/format.h>

#include "portcullis/report/formats.hpp"
#include "report/csv_text.hpp"
#include "report/packet_json.hpp"
#include "report/words.hpp"

namespace portcullis {

std::string csv_report(Report const& report) {
    std::string out = "path,line,column,severity,rule,slug,certainty,where,message,service,proof,fingerprint,compliance\r\n";
    for (Shown const& shown : shown_findings(report)) {
        Diagnostic const& d = *shown.diagnostic;
        Finding const& finding = d.finding;
        Location const at = shown.source().locate(finding.span.begin);
        out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{},{}\r\n", csv_cell(report.repository.name_of(shown.source().path())), at.line, at.column,
                           csv_cell(to_string(d.severity)), csv_cell(d.rule->id), csv_cell(d.rule->slug), csv_cell(certainty_text(finding.certainty)),
                           csv_cell(finding.where), csv_cell(d.message), csv_cell(finding.service),
                           csv_cell(finding.witness ? proof_text(*finding.witness) : ""), csv_cell(d.fingerprint),
                           csv_cell(fmt::format("{}", fmt::join(requirements_of(*d.rule), "; "))));
    }
    return out;
}

} // namespace portcullis
