// SARIF 2.1.0 (OASIS), and within it what GitHub code scanning reads: rules with help, tags and a security severity that is a
// string, places as relative URIs, related places that the message links to, and fingerprints of our own.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/markdown_text.hpp"
#include "report/packet_json.hpp"
#include "report/region.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_links = 10; // in a message; the other related places are listed only
// Where there is more to read, as URIs of manual pages, which systemd's units have too: no page of the web is ours.
constexpr std::string_view program_page = "man:portcullis(1)";
constexpr std::string_view rules_page = "man:portcullis-rules(7)";

std::string_view level(Severity severity) {
    return severity >= Severity::high ? "error" : severity == Severity::medium ? "warning" : "note";
}

// On the scale of CVSS, in the middle of the range that GitHub shows under this name.
std::string_view security_severity(Severity severity) {
    constexpr std::array<std::string_view, 5> scores{"0.0", "2.0", "5.5", "8.0", "9.5"};
    return scores[static_cast<std::size_t>(severity)];
}

std::string_view family_tag(std::string_view id) {
    constexpr std::array<std::string_view, 7> families{"input", "exposure", "rule-order", "posture", "correctness", "maintenance", "policy"};
    return families.at(static_cast<std::size_t>(id[2] - '0'));
}

// The texts of a rule are ours, and Markdown as they are; its references may be anything.
std::string help_markdown(RuleInfo const& rule) {
    std::string help = fmt::format("{}\n\n**What to do:** {}\n", rule.why, rule.fix);
    for (Example const& example : rule.examples) {
        help += fmt::format("\nRaises it ({}):\n\n```\n{}\n```\n\nDoes not:\n\n```\n{}\n```\n", to_string(example.dialect), example.bad, example.good);
    }
    if (!rule.references.empty()) help += "\nReferences:\n\n";
    for (std::string const& reference : rule.references) help += fmt::format("- {}\n", markdown_text(reference));
    return help;
}

// What the findings of a rule have in common: the highest severity that one was given, and whether all are certain.
struct Raised {
    RuleInfo const* rule = nullptr;
    Severity severity{};
    bool certain = true;
};

Json rule_json(Raised const& raised) {
    RuleInfo const& rule = *raised.rule;
    bool const risky = raised.severity > Severity::info;
    Json tags = Json::array();
    if (risky) tags.push_back("security");
    tags.push_back(family_tag(rule.id));
    for (std::string& requirement : requirements_of(rule)) tags.push_back(std::move(requirement));
    for (std::string const& reference : rule.references)
        if (reference.starts_with("CVE-")) tags.push_back(reference);
    Json properties{{"tags", std::move(tags)}, {"precision", raised.certain ? "very-high" : "medium"}, {"problem.severity", level(raised.severity)}};
    if (raised.severity <= Severity::low) properties["problem.severity"] = "recommendation";
    if (risky) properties["security-severity"] = security_severity(raised.severity);
    return {{"id", rule.id},
            {"name", rule.slug},
            {"shortDescription", {{"text", rule.summary}}},
            {"fullDescription", {{"text", rule.why}}},
            {"helpUri", rules_page},
            {"help", {{"text", rule.why + "\n\nWhat to do: " + rule.fix}, {"markdown", help_markdown(rule)}}},
            {"defaultConfiguration", {{"level", level(raised.severity)}}},
            {"properties", std::move(properties)}};
}

Json region_json(Source const& source, Span span) {
    TextRegion const region = region_of(source, span, Columns::utf16);
    return {{"startLine", region.start_line}, {"startColumn", region.start_column}, {"endLine", region.end_line}, {"endColumn", region.end_column}};
}

Json artifact(Report const& report, Source const& source) { return {{"uri", uri_of(report.repository.name_of(source.path()))}}; }

Json place_json(Report const& report, Source const& source, Span span) {
    return {{"artifactLocation", artifact(report, source)}, {"region", region_json(source, span)}};
}

// Text around links: nothing in it becomes one.
std::string plain(std::string text) {
    for (std::size_t at = text.find("]("); at != std::string::npos; at = text.find("](", at)) text.insert(at + 1, " ");
    return text;
}

// The text of a link, in which brackets end it.
std::string link_text(std::string const& text) {
    std::string result;
    for (char const c : text) {
        if (c == '[' || c == ']' || c == '\\') result += '\\';
        result += c;
    }
    return result;
}

Json message_json(Diagnostic const& d) {
    std::string text = plain(message_text(d));
    auto const& related = d.finding.related;
    for (std::size_t i = 0; i < related.size() && i < most_links; ++i)
        text += fmt::format("{}[{}]({})", i == 0 ? "; see " : ", ", link_text(visible(related[i].message)), i + 1);
    if (d.finding.witness) text += "\n" + plain(visible(proof_text(*d.finding.witness)));
    for (std::string const& note : d.finding.notes) text += "\n" + plain(visible(note));
    return {{"text", std::move(text)}};
}

Json related_json(Report const& report, Shown const& shown) {
    Json all = Json::array();
    for (Related const& related : shown.diagnostic->finding.related) {
        Source const& source = (*shown.file->sources)[related.span.source];
        all.push_back({{"id", all.size() + 1}, {"physicalLocation", place_json(report, source, related.span)}, {"message", {{"text", plain(visible(related.message))}}}});
    }
    return all;
}

Json fix_json(Report const& report, Shown const& shown) {
    std::map<SourceId, Json> replacements;
    for (Edit const& edit : shown.diagnostic->finding.fix->edits) {
        Json replacement{{"deletedRegion", region_json((*shown.file->sources)[edit.span.source], edit.span)}};
        if (!edit.text.empty()) replacement["insertedContent"] = {{"text", edit.text}};
        replacements.try_emplace(edit.span.source, Json::array()).first->second.push_back(std::move(replacement));
    }
    Json changes = Json::array();
    for (auto& [source, list] : replacements)
        changes.push_back({{"artifactLocation", artifact(report, (*shown.file->sources)[source])}, {"replacements", std::move(list)}});
    return {{"description", {{"text", help_text(*shown.diagnostic->rule)}}}, {"artifactChanges", std::move(changes)}};
}

Json result_json(Report const& report, Shown const& shown, std::size_t rule_index) {
    Diagnostic const& d = *shown.diagnostic;
    Json location{{"physicalLocation", place_json(report, shown.source(), d.finding.span)}};
    if (!d.finding.where.empty()) location["logicalLocations"].push_back(Json{{"fullyQualifiedName", visible(d.finding.where)}});
    Json result{{"ruleId", d.rule->id}, {"ruleIndex", rule_index}, {"level", level(d.severity)}, {"message", message_json(d)}};
    result["locations"].push_back(std::move(location));
    if (!d.finding.related.empty()) result["relatedLocations"] = related_json(report, shown);
    result["partialFingerprints"] = {{"primaryLocationLineHash", d.fingerprint + ":1"}};
    if (d.finding.fix) result["fixes"].push_back(fix_json(report, shown));
    result["properties"] = {{"severity", to_string(d.severity)}, {"certainty", certainty_text(d.finding.certainty)}};
    return result;
}

Json suppressions_json(std::optional<Suppression> const& suppression) {
    Json all = Json::array();
    if (!suppression) return all;
    bool const in_source = suppression->kind == Suppression::Kind::comment;
    all.push_back({{"kind", in_source ? "inSource" : "external"}, {"status", "accepted"}, {"justification", visible(suppression_text(*suppression))}});
    return all;
}

// Each rule once, by id.
std::map<std::string, Raised> raised_rules(std::vector<Shown> const& findings) {
    std::map<std::string, Raised> rules;
    for (Shown const& shown : findings) {
        Raised& raised = rules[shown.diagnostic->rule->id];
        raised.rule = shown.diagnostic->rule;
        raised.severity = std::max(raised.severity, shown.severity());
        raised.certain = raised.certain && shown.diagnostic->finding.certainty == Certainty::certain;
    }
    return rules;
}

// Whether all was analysed, and what was left out, as rules do not say it.
Json invocation_json(Report const& report) {
    Json notifications = Json::array();
    for (FileResult const& file : report.files) {
        for (std::string const& bound : file.bounds)
            notifications.push_back({{"level", "note"}, {"message", {{"text", fmt::format("{}: {}", visible(file.path), visible(bound))}}}});
    }
    Json invocation{{"executionSuccessful", report.complete()}};
    if (!notifications.empty()) invocation["toolExecutionNotifications"] = std::move(notifications);
    return invocation;
}

} // namespace

std::string sarif_report(Report const& report) {
    std::vector<Shown> const findings = shown_findings(report, true);
    std::map<std::string, Raised> const raised = raised_rules(findings);
    Json rules = Json::array();
    std::map<std::string, std::size_t> index;
    for (auto const& [id, rule] : raised) {
        index[id] = rules.size();
        rules.push_back(rule_json(rule));
    }
    Json results = Json::array();
    // All results have the member, or none (3.27.23).
    bool const some_suppressed = std::ranges::any_of(findings, [](Shown const& shown) { return shown.diagnostic->suppressed.has_value(); });
    for (Shown const& shown : findings) {
        results.push_back(result_json(report, shown, index.at(shown.diagnostic->rule->id)));
        if (some_suppressed) results.back()["suppressions"] = suppressions_json(shown.diagnostic->suppressed);
    }
    Json driver{{"name", "portcullis"}, {"semanticVersion", report.version}, {"informationUri", program_page}, {"rules", std::move(rules)}};
    Json run{{"tool", {{"driver", std::move(driver)}}}};
    run["invocations"].push_back(invocation_json(report));
    run["columnKind"] = "utf16CodeUnits";
    run["results"] = std::move(results);
    Json log{{"$schema", "https://json.schemastore.org/sarif-2.1.0.json"}, {"version", "2.1.0"}};
    log["runs"].push_back(std::move(run));
    return json_text(log) + '\n';
}

} // namespace portcullis
