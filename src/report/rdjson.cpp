// reviewdog's Diagnostic Format: https://github.com/reviewdog/reviewdog/tree/master/proto/rdf. An end is exclusive.
#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/packet_json.hpp"
#include "report/region.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

std::string_view severity_text(Severity severity) {
    return severity >= Severity::high ? "ERROR" : severity == Severity::medium ? "WARNING" : "INFO";
}

Json range_json(Source const& source, Span span) {
    TextRegion const region = region_of(source, span, Columns::bytes);
    return {{"start", {{"line", region.start_line}, {"column", region.start_column}}},
            {"end", {{"line", region.end_line}, {"column", region.end_column}}}};
}

Json location_json(Source const& source, Span span) {
    return {{"path", visible(source.path())}, {"range", range_json(source, span)}};
}

Json diagnostic_json(Shown const& shown) {
    Diagnostic const& d = *shown.diagnostic;
    Finding const& finding = d.finding;
    std::string message = message_text(d);
    if (finding.witness) message += "\nproof: " + visible(proof_text(*finding.witness));
    message += "\nhelp: " + help_text(*d.rule);
    Json json{{"message", std::move(message)},
              {"location", location_json(shown.source(), finding.span)},
              {"severity", severity_text(d.severity)},
              {"code", {{"value", d.rule->id}}}};
    for (Related const& related : finding.related)
        json["related_locations"].push_back({{"message", visible(related.message)}, {"location", location_json((*shown.file->sources)[related.span.source], related.span)}});
    // Each suggestion is offered by itself, and for the file of the finding: a fix of several edits would be half a fix.
    if (finding.fix && finding.fix->edits.size() == 1 && finding.fix->edits.front().span.source == finding.span.source) {
        Edit const& edit = finding.fix->edits.front();
        json["suggestions"].push_back({{"range", range_json(shown.source(), edit.span)}, {"text", edit.text}});
    }
    return json;
}

} // namespace

std::string rdjson_report(Report const& report) {
    Json diagnostics = Json::array();
    for (Shown const& shown : shown_findings(report)) diagnostics.push_back(diagnostic_json(shown));
    Json const json{{"source", {{"name", "portcullis"}}}, {"diagnostics", std::move(diagnostics)}};
    return json_text(json) + '\n';
}

} // namespace portcullis
