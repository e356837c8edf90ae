#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/markdown_text.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

std::string row(Report const& report, Shown const& shown) {
    Diagnostic const& d = *shown.diagnostic;
    Location const at = shown.source().locate(d.finding.span.begin);
    std::string const place = visible(report.repository.name_of(shown.source().path()));
    return fmt::format("| {} | {} | {}:{} | {} | {} |\n", to_string(d.severity), d.rule->id, markdown_text(place), at.line,
                       markdown_text(visible(d.finding.where)), markdown_text(message_text(d)));
}

std::string summary(Report const& report, std::size_t shown) {
    auto const counts = report.counts();
    std::string by_severity;
    for (std::size_t i = counts.size(); i-- > 0;)
        if (counts[i] > 0) by_severity += fmt::format("{}{} {}", by_severity.empty() ? "" : ", ", counts[i], to_string(static_cast<Severity>(i)));
    std::size_t total = 0;
    for (std::size_t const count : counts) total += count;
    std::string text = fmt::format("**{}** in {}", total == 0 ? "No problem" : plural(total, "problem"), plural(report.files.size(), "file"));
    if (!by_severity.empty()) text += ": " + by_severity;
    if (shown < total) text += fmt::format("; {} below {} not shown", total - shown, to_string(report.shown));
    return text + (report.complete() ? "." : ". **The analysis is incomplete.**") + '\n';
}

} // namespace

std::string markdown_report(Report const& report) {
    std::vector<Shown> findings = shown_findings(report);
    std::ranges::stable_sort(findings, std::ranges::greater(), &Shown::severity);
    std::string out = "## portcullis\n\n" + summary(report, findings.size());
    if (!findings.empty()) out += "\n| severity | rule | place | where | what |\n| --- | --- | --- | --- | --- |\n";
    std::set<std::string> raised;
    for (Shown const& shown : findings) {
        out += row(report, shown);
        raised.insert(shown.diagnostic->rule->id);
    }
    if (!raised.empty()) out += "\n### What to do\n\n";
    for (std::string const& id : raised) {
        RuleInfo const& rule = *find_rule(id);
        std::string items;
        for (Compliance const& part : rule.compliance) items += fmt::format("{}{} {}", items.empty() ? " (" : "; ", part.standard->title, fmt::join(part.items, ", "));
        if (!items.empty()) items += ')';
        out += fmt::format("- **{} {}**{}: {}\n", id, rule.slug, items, help_text(rule)); // which is Markdown
    }
    std::string bounds;
    for (FileResult const& file : report.files)
        for (std::string const& bound : file.bounds) bounds += fmt::format("- {}: {}\n", markdown_text(visible(file.path)), markdown_text(bound));
    return out + (bounds.empty() ? "" : "\n### Not asked\n\n" + bounds);
}

} // namespace portcullis
