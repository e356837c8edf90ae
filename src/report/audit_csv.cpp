// audit for spreadsheets: a row for each service, path and set of rules.
#include <fmt/format.h>

#include "report/csv_text.hpp"
#include "report/exposure_words.hpp"
#include "report/packet_json.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

std::string joined(std::vector<std::string> const& items) { return fmt::format("{}", fmt::join(items, "; ")); }

std::string rules_text(Exposure const& exposure, FileResult const& file, Repository const& repository) {
    std::vector<std::string> places;
    for (Span const& span : exposure.rules) {
        Source const& source = (*file.sources)[span.source];
        places.push_back(fmt::format("{}:{}", repository.name_of(source.path()), source.locate(span.begin).line));
    }
    return joined(places);
}

} // namespace

std::string csv_audit(Report const& report) {
    std::string out = "file,service,title,port,way,from,interfaces,to,entry ports,becomes,certainty,sources,rules,justification,insecure,risk,use instead,"
                      "finding,severity,waiver\r\n";
    for (FileResult const& file : report.files) {
        for (Exposure const& exposure : file.exposures) {
            Service const& service = *exposure.about;
            Diagnostic const* const finding = service.insecure ? finding_about(exposure, file) : nullptr;
            std::string const named = exposure.interfaces.empty() ? "any" : (exposure.by_others ? "all but " : "") + joined(exposure.interfaces);
            std::string const cells[] = {report.repository.name_of(file.path),
                                         service.name,
                                         service.title,
                                         port_text(exposure.port),
                                         path_text(exposure),
                                         joined(exposure.sources),
                                         named + (exposure.exact ? "" : " (not each source by each)"),
                                         joined(exposure.destinations),
                                         joined(exposure.entry_ports),
                                         exposure.becomes,
                                         std::string(certainty_text(exposure.certainty)),
                                         exposure.untrusted ? "untrusted" : "trusted only",
                                         rules_text(exposure, file, report.repository),
                                         joined(exposure.justifications),
                                         service.insecure ? "yes" : "no",
                                         service.risk,
                                         service.replacement,
                                         finding != nullptr ? finding->rule->id : "",
                                         finding != nullptr ? std::string(to_string(finding->severity)) : "",
                                         finding != nullptr && finding->suppressed ? suppression_text(*finding->suppressed) : ""};
            std::string line;
            for (std::string const& text : cells) line += (line.empty() ? "" : ",") + csv_cell(text);
            out += line + "\r\n";
        }
    }
    return out;
}

} // namespace portcullis
