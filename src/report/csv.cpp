#include <fmt/format.h>
#include <string_view>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/packet_json.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

// Spreadsheets take a cell that begins so for a formula, its wide forms included; an apostrophe makes it text.
bool is_formula(std::string_view text) {
    constexpr std::string_view starts[] = {"=", "+", "-", "@", "\uFF1D", "\uFF0B", "\uFF0D", "\uFF20"};
    std::size_t const first = text.find_first_not_of(' ');
    if (first == std::string_view::npos) return false;
    for (std::string_view const start : starts)
        if (text.substr(first).starts_with(start)) return true;
    return false;
}

// Always in quotes, so that a separator of another country does not end it.
std::string cell(std::string_view text) {
    std::string const shown = visible(text);
    std::string result = is_formula(shown) ? "\"'" : "\"";
    for (char const c : shown) {
        if (c == '"') result += '"';
        result += c;
    }
    return result + '"';
}

} // namespace

std::string csv_report(Report const& report) {
    std::string out = "path,line,column,severity,rule,slug,certainty,where,message,service,proof,fingerprint\r\n";
    for (Shown const& shown : shown_findings(report)) {
        Diagnostic const& d = *shown.diagnostic;
        Finding const& finding = d.finding;
        Location const at = shown.source().locate(finding.span.begin);
        out += fmt::format("{},{},{},{},{},{},{},{},{},{},{},{}\r\n", cell(report.repository.name_of(shown.source().path())), at.line, at.column,
                           cell(to_string(d.severity)), cell(d.rule->id), cell(d.rule->slug), cell(certainty_text(finding.certainty)),
                           cell(finding.where), cell(d.message), cell(finding.service),
                           cell(finding.witness ? proof_text(*finding.witness) : ""), cell(d.fingerprint));
    }
    return out;
}

} // namespace portcullis
