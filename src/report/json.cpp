// The report as JSON: the contract of docs/report.schema.json.
#include <nlohmann/json.hpp>

#include "portcullis/report/report.hpp"
#include "report/matrix_names.hpp"
#include "report/packet_json.hpp"

namespace portcullis {

namespace {

Json place(Source const& source, std::uint32_t offset) {
    Location const at = source.locate(offset);
    return {{"line", at.line}, {"column", at.column}, {"offset", offset}};
}

Json fix_json(Fix const& fix) {
    Json edits = Json::array();
    for (Edit const& edit : fix.edits) {
        edits.push_back({{"offset", edit.span.begin}, {"length", edit.span.end - edit.span.begin}, {"text", edit.text}});
    }
    return {{"safe", fix.safe}, {"edits", std::move(edits)}};
}

Json finding_json(Diagnostic const& d, Sources const& sources) {
    Finding const& finding = d.finding;
    Source const& source = sources[finding.span.source];
    Json related = Json::array();
    for (Related const& r : finding.related) {
        Source const& other = sources[r.span.source];
        related.push_back({{"message", r.message}, {"path", other.path()}, {"start", place(other, r.span.begin)}, {"end", place(other, r.span.end)}});
    }
    return {{"rule", d.rule->id},
            {"slug", d.rule->slug},
            {"severity", to_string(d.severity)},
            {"certainty", certainty_text(finding.certainty)},
            {"message", d.message},
            {"path", source.path()},
            {"start", place(source, finding.span.begin)},
            {"end", place(source, finding.span.end)},
            {"where", finding.where},
            {"related", std::move(related)},
            {"notes", finding.notes},
            {"witness", finding.witness ? witness_json(*finding.witness) : Json()},
            {"service", name_or_null(finding.service)},
            {"fix", finding.fix ? fix_json(*finding.fix) : Json()},
            {"fingerprint", d.fingerprint},
            {"suppressed", nullptr}};
}

Json file_json(FileResult const& file) {
    Json unmodelled = Json::array();
    for (Unmodelled const& item : file.unmodelled) {
        Source const& source = (*file.sources)[item.span.source];
        unmodelled.push_back({{"text", item.text}, {"line", source.locate(item.span.begin).line}, {"count", item.count}});
    }
    return {{"path", file.path},
            {"dialect", file.dialect ? Json(to_string(*file.dialect)) : Json()},
            {"rules", file.rules},
            {"chains", file.chains},
            {"modelled", file.modelled},
            {"unmodelled", std::move(unmodelled)},
            {"errors", file.errors},
            {"bounds", file.bounds}};
}

Json exposure_json(Exposure const& e, Sources const& sources) {
    Json rules = Json::array();
    for (Span const& span : e.rules) {
        Source const& source = sources[span.source];
        rules.push_back({{"path", source.path()}, {"line", source.locate(span.begin).line}});
    }
    Json port = e.port.first == e.port.last ? Json(e.port.first) : Json(std::to_string(e.port.first) + '-' + std::to_string(e.port.last));
    Json json{{"service", e.service},
            {"protocol", value_text(Field::protocol, e.port.protocol)},
            {"port", std::move(port)},
            {"path", e.path},
            {"sources", e.sources},
            {"destinations", e.destinations},
            {"interfaces", e.by_others ? Json{{"not", e.interfaces}} : Json(e.interfaces)},
            {"untrusted", e.untrusted},
            {"certainty", certainty_text(e.certainty)},
            {"witness", witness_json(e.witness)},
            {"rules", std::move(rules)}};
    if (e.translation) {
        Source const& source = sources[e.translation->source];
        json["translation"] = {{"entry_ports", e.entry_ports},
                               {"becomes", e.becomes},
                               {"path", source.path()},
                               {"line", source.locate(e.translation->begin).line}};
    }
    return json;
}

// Nodes are classes of addresses, edges say who may open connections to whom.
Json matrix_json(std::string const& path, ServiceMatrix const& matrix) {
    Family const family = matrix.matrix.family;
    auto const& classes = matrix.matrix.classes;
    Json nodes = Json::object();
    Json edges = Json::array();
    for (std::size_t a = 0; a < classes.size(); ++a) {
        Json& ranges = nodes[class_name(a)] = Json::array();
        for (Interval const& interval : classes[a].intervals())
            ranges.push_back({to_string(Ip{family, interval.first}), to_string(Ip{family, interval.last})});
        for (std::size_t b = 0; b < classes.size(); ++b)
            if (matrix.matrix.opens[a][b]) edges.push_back({class_name(a), class_name(b)});
    }
    return {{"file", path},
            {"path", matrix.path},
            {"table", matrix.table},
            {"chain", matrix.chain},
            {"family", family == Family::v4 ? 4 : 6},
            {"service", matrix.service},
            {"assumption", name_or_null(matrix.assumption)},
            {"nodes", nodes},
            {"edges", edges}};
}

} // namespace

std::string json_report(Report const& report, bool with_exposures) {
    Json files = Json::array();
    Json findings = Json::array();
    Json exposures = Json::array();
    Json matrices = Json::array();
    for (FileResult const& file : report.files) {
        files.push_back(file_json(file));
        for (Diagnostic const& d : file.findings) {
            if (d.severity >= report.shown) findings.push_back(finding_json(d, *file.sources));
        }
        for (Exposure const& e : file.exposures) exposures.push_back(exposure_json(e, *file.sources));
        for (ServiceMatrix const& matrix : file.matrices) matrices.push_back(matrix_json(file.path, matrix));
    }
    auto const counts = report.counts();
    Json json{{"schema_version", "1.0"},
              {"tool", {{"name", "portcullis"}, {"version", report.version}}},
              {"files", std::move(files)},
              {"findings", std::move(findings)}};
    if (with_exposures) json["exposures"] = std::move(exposures);
    if (!matrices.empty()) json["matrices"] = std::move(matrices);
    json["summary"] = {{"critical", counts[4]}, {"high", counts[3]}, {"medium", counts[2]},
                       {"low", counts[1]},      {"info", counts[0]}, {"suppressed", 0}};
    json["complete"] = report.complete();
    return json.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace portcullis
