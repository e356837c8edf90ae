// The report as JSON: the contract of docs/report.schema.json.
#include <algorithm>

#include "portcullis/base/date.hpp"
#include "portcullis/report/lines.hpp"
#include "report/json_writer.hpp"
#include "report/matrix_names.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

void write_place(JsonWriter& json, std::string_view key, Source const& source, std::uint32_t offset) {
    Location const at = source.locate(offset);
    json.begin_object(key);
    json.number("line", at.line);
    json.number("column", at.column);
    json.number("offset", offset);
    json.end_object();
}

Json fix_json(Fix const& fix) {
    Json edits = Json::array();
    for (Edit const& edit : fix.edits) {
        edits.push_back({{"offset", edit.span.begin}, {"length", edit.span.end - edit.span.begin}, {"text", edit.text}});
    }
    return {{"safe", fix.safe}, {"edits", std::move(edits)}};
}

void write_related(JsonWriter& json, Related const& related, Source const& source) {
    json.begin_object();
    json.text("message", related.message);
    json.text("path", source.path());
    write_place(json, "start", source, related.span.begin);
    write_place(json, "end", source, related.span.end);
    json.end_object();
}

Json suppression_json(Suppression const& suppression) {
    return {{"kind", to_string(suppression.kind)},
            {"reason", name_or_null(suppression.reason)},
            {"until", suppression.until ? Json(to_string(*suppression.until)) : Json()},
            {"owner", name_or_null(suppression.owner)},
            {"ticket", name_or_null(suppression.ticket)}};
}

Json compliance_json(RuleInfo const& rule) {
    Json json = Json::object();
    for (Compliance const& part : rule.compliance) json[std::string(part.standard->key)] = part.items;
    return json;
}

// The members of its object.
void write_members(JsonWriter& json, Diagnostic const& d, Sources const& sources) {
    Finding const& finding = d.finding;
    Source const& source = sources[finding.span.source];
    json.text("rule", d.rule->id);
    json.text("slug", d.rule->slug);
    json.text("severity", to_string(d.severity));
    json.text("certainty", certainty_text(finding.certainty));
    json.text("message", d.message);
    json.text("path", source.path());
    write_place(json, "start", source, finding.span.begin);
    write_place(json, "end", source, finding.span.end);
    json.text("where", finding.where);
    json.begin_array("related");
    for (Related const& related : finding.related) write_related(json, related, sources[related.span.source]);
    json.end_array();
    json.begin_array("notes");
    for (std::string const& note : finding.notes) json.text({}, note);
    json.end_array();
    json.json("witness", finding.witness ? witness_json(*finding.witness) : Json());
    json.json("service", name_or_null(finding.service));
    json.json("fix", finding.fix ? fix_json(*finding.fix) : Json());
    json.json("compliance", compliance_json(*d.rule));
    json.text("fingerprint", d.fingerprint);
    json.json("suppressed", d.suppressed ? suppression_json(*d.suppressed) : Json());
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
            {"exact", e.exact},
            {"untrusted", e.untrusted},
            {"certainty", certainty_text(e.certainty)},
            {"witness", witness_json(e.witness)},
            {"rules", std::move(rules)},
            {"justifications", e.justifications}};
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

Json tool_json(Report const& report) { return {{"name", "portcullis"}, {"version", report.version}}; }

Json summary_json(Tally const& tally) {
    auto const& counts = tally.severities;
    return {{"critical", counts[4]}, {"high", counts[3]}, {"medium", counts[2]}, {"low", counts[1]}, {"info", counts[0]}, {"suppressed", tally.suppressed}};
}

Json statistics_json(Tally const& tally) {
    Json all = Json::array();
    for (auto const& [id, of_rule] : tally.by_rule)
        all.push_back({{"rule", id}, {"slug", of_rule.rule->slug}, {"found", of_rule.found}, {"fixable", of_rule.fixable}, {"suppressed", of_rule.suppressed}});
    return all;
}

} // namespace

std::string jsonl_lines(Report const& report, FileResult const& file) {
    JsonWriter json(JsonWriter::Layout::lines);
    Json own = {{"type", "file"}};
    own.update(file_json(file));
    json.begin_object();
    for (auto const& [key, value] : own.items()) json.json(key, value);
    json.end_object();
    for (Diagnostic const& d : file.findings) {
        if (!is_shown(report, d, true)) continue;
        json.begin_object();
        json.text("type", "finding");
        write_members(json, d, *file.sources);
        json.end_object();
    }
    return json.take();
}

std::string jsonl_summary(Report const& report, Tally const& tally) {
    JsonWriter json(JsonWriter::Layout::lines);
    json.begin_object();
    json.text("type", "summary");
    json.text("schema_version", "1.0");
    json.json("tool", tool_json(report));
    json.number("files", tally.files);
    json.json("summary", summary_json(tally));
    if (report.statistics) json.json("statistics", statistics_json(tally));
    json.literal("complete", tally.complete ? "true" : "false");
    json.end_object();
    return json.take();
}

std::string json_report(Report const& report, bool with_exposures) {
    JsonWriter json;
    json.begin_object();
    json.text("schema_version", "1.0");
    json.json("tool", tool_json(report));
    json.begin_array("files");
    for (FileResult const& file : report.files) json.json({}, file_json(file));
    json.end_array();
    json.begin_array("findings");
    for (FileResult const& file : report.files) {
        for (Diagnostic const& d : file.findings) {
            if (d.severity < report.shown) continue;
            json.begin_object();
            write_members(json, d, *file.sources);
            json.end_object();
        }
    }
    json.end_array();
    if (with_exposures) {
        json.begin_array("exposures");
        for (FileResult const& file : report.files) {
            for (Exposure const& e : file.exposures) json.json({}, exposure_json(e, *file.sources));
        }
        json.end_array();
    }
    bool const has_matrices = std::ranges::any_of(report.files, [](FileResult const& file) { return !file.matrices.empty(); });
    if (has_matrices) {
        json.begin_array("matrices");
        for (FileResult const& file : report.files) {
            for (ServiceMatrix const& matrix : file.matrices) json.json({}, matrix_json(file.path, matrix));
        }
        json.end_array();
    }
    Tally const tally = tally_of(report);
    json.json("summary", summary_json(tally));
    if (report.statistics) json.json("statistics", statistics_json(tally));
    json.literal("complete", tally.complete ? "true" : "false");
    json.end_object();
    return json.take() + '\n';
}

} // namespace portcullis
