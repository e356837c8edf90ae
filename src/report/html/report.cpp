// The report of lint and audit as a page: first what can be seen at a glance, then the tables, the findings, and what they mean.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "portcullis/report/html.hpp"
#include "report/html/chain_graph.hpp"
#include "report/html/explanations.hpp"
#include "report/html/exposure.hpp"
#include "report/html/findings.hpp"
#include "report/html/page.hpp"
#include "report/html/rule_list.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t file_size = 880'000; // bytes that a file may take; beyond them, findings are told briefly
constexpr std::size_t least_findings = 120'000; // … but some are told in full in all cases
constexpr std::size_t most_unmodelled = 40;

constexpr Severity severities[] = {Severity::critical, Severity::high, Severity::medium, Severity::low, Severity::info};

std::size_t count_of(FileResult const& file, Severity severity) {
    return static_cast<std::size_t>(std::ranges::count_if(file.findings, [&](Diagnostic const& d) { return !d.suppressed && d.severity == severity; }));
}

// Rounded down: 100 % has to mean all.
std::string modelled_text(FileResult const& file) { return fmt::format("{} %", static_cast<int>(file.modelled * 100.0)); }

std::string facts_of(FileResult const& file) {
    std::string text = file.dialect ? fmt::format("{}, {} in {}, {} modelled", to_string(*file.dialect), plural(file.rules, "rule"),
                                                  plural(file.chains, "chain"), modelled_text(file))
                                    : "not a ruleset";
    return text + (file.complete ? "" : "; the analysis is incomplete");
}

void add_head(Html& html, Report const& report) {
    HtmlScope const header(html, "header");
    html.element("p", "portcullis " + report.version, {{"class", "brand"}});
    bool const one = report.files.size() == 1;
    html.element("h1", one ? report.files.front().path : plural(report.files.size(), "file"));
    html.element("p", one ? facts_of(report.files.front())
                          : report.complete() ? "All of them were analysed to the end." : "Not all of them could be analysed to the end.");
    auto const counts = report.counts();
    html.open("ul", {{"class", "figures"}});
    for (Severity const severity : severities) {
        bool const shown = severity >= report.shown;
        std::string const name(to_string(severity));
        add_figure(html, counts[static_cast<std::size_t>(severity)], name + (shown ? "" : ", not shown"), name, shown ? "#findings" : "");
    }
    add_figure(html, report.suppressed(), "suppressed", "quiet", "#findings");
    html.close();
}

void add_navigation(Html& html, Report const& report) {
    HtmlScope const nav(html, "nav", {{"aria-label", "Parts of the report"}});
    HtmlScope const list(html, "ul");
    auto const link = [&](std::string const& target, std::string_view name) {
        HtmlScope const item(html, "li");
        html.element("a", name, {{"href", '#' + target}});
    };
    if (report.files.size() == 1) {
        FileResult const& file = report.files.front();
        if (!file.exposures.empty()) link("f0reach", "Reachable");
        if (!file.outline.chains.empty()) link("f0chains", "Chains");
        if (!file.outline.rules.empty()) link("f0rules", "Rules");
        if (!file.exposures.empty()) link("f0exposures", "Exposures");
    } else {
        link("files", "Files");
    }
    link("findings", "Findings");
    link("rules", "What the rules are about");
}

void add_overview(Html& html, Report const& report) {
    HtmlScope const section(html, "section", {{"id", "files"}});
    html.element("h2", "Files");
    HtmlPane const pane(html, "Files");
    HtmlScope const table(html, "table", {{"class", "files"}});
    html.element("caption", "What was read, and how many findings of each severity there are, without those that are suppressed");
    html.open("thead").open("tr");
    for (char const* const name : {"file", "dialect", "rules", "modelled"}) html.element("th", name, {{"scope", "col"}});
    for (Severity const severity : severities) html.element("th", to_string(severity), {{"scope", "col"}});
    html.close().close();
    HtmlScope const body(html, "tbody");
    for (std::size_t i = 0; i < report.files.size(); ++i) {
        FileResult const& file = report.files[i];
        HtmlScope const row(html, "tr");
        html.open("th", {{"scope", "row"}}).element("a", file.path, {{"href", fmt::format("#f{}", i)}}).close();
        html.element("td", file.dialect ? to_string(*file.dialect) : "unread").element("td", std::to_string(file.rules));
        html.element("td", modelled_text(file) + (file.complete ? "" : ", incomplete"));
        for (Severity const severity : severities) {
            std::size_t const count = count_of(file, severity);
            html.element("td", std::to_string(count), {{"class", count == 0 ? "closed" : std::string(to_string(severity))}});
        }
    }
}

void add_unmodelled(Html& html, FileResult const& file) {
    if (file.unmodelled.empty()) return;
    HtmlScope const section(html, "section");
    html.element("h3", "Not modelled");
    HtmlPane const pane(html, "Not modelled of " + file.path);
    HtmlScope const table(html, "table", {{"class", "unmodelled"}});
    html.element("caption", "What may hold or not, whatever a packet is; answers that hang on it are possible ones");
    add_table_head(html, {"text", "first line", "times"});
    HtmlScope const body(html, "tbody");
    for (std::size_t i = 0; i < file.unmodelled.size() && i < most_unmodelled; ++i) {
        Unmodelled const& item = file.unmodelled[i];
        HtmlScope const row(html, "tr");
        html.element("td", item.text).element("td", std::to_string((*file.sources)[item.span.source].locate(item.span.begin).line));
        html.element("td", std::to_string(item.count));
    }
    if (file.unmodelled.size() <= most_unmodelled) return;
    HtmlScope const row(html, "tr");
    html.element("td", fmt::format("and {} more", file.unmodelled.size() - most_unmodelled), {{"colspan", "3"}});
}

void add_part(Html& html, Report const& report, std::size_t number, RuleRows const& rows) {
    FileResult const& file = report.files[number];
    HtmlScope const part(html, "section", {{"class", "part"}, {"id", fmt::format("f{}", number)}});
    if (report.files.size() > 1) {
        html.element("h2", file.path);
        html.open("p").text(facts_of(file) + ". ").element("a", "its findings", {{"href", fmt::format("#f{}findings", number)}}).close();
    } else {
        html.element("h2", "The ruleset");
    }
    add_heat_map(html, file, number);
    add_chain_graph(html, file, number);
    add_rule_list(html, file, rows, number);
    add_exposures(html, file, rows, number);
    add_unmodelled(html, file);
}

void add_choice(Html& html, std::string_view name, std::string_view all, std::vector<std::pair<std::string, std::string>> const& options) {
    html.open("label").element("span", name).text(" ").open("select", {{"name", std::string(name)}});
    html.element("option", all, {{"value", "*"}});
    for (auto const& [value, text] : options) html.element("option", text, {{"value", value}});
    html.close().close();
}

// It does nothing without the script, which shows it.
void add_filter(Html& html, Report const& report, std::set<std::string> const& raised) {
    HtmlScope const form(html, "form", {{"id", "filter"}, {"role", "search"}, {"aria-label", "Filter the findings"}, {"hidden", ""}});
    html.open("label").element("span", "search").text(" ").open("input", {{"type", "search"}, {"name", "search"}}).close().close();
    html.open("fieldset").element("legend", "severity");
    for (Severity const severity : severities) {
        if (severity < report.shown) continue;
        std::string const name(to_string(severity));
        html.open("label").open("input", {{"type", "checkbox"}, {"name", "severity"}, {"value", name}, {"checked", ""}}).close().text(" " + name).close();
    }
    html.close();
    std::vector<std::pair<std::string, std::string>> rules;
    for (std::string const& id : raised) rules.emplace_back(id, id + " " + find_rule(id)->slug);
    add_choice(html, "rule", "all rules", rules);
    std::vector<std::pair<std::string, std::string>> files;
    for (std::size_t i = 0; i < report.files.size(); ++i) files.emplace_back(std::to_string(i), report.files[i].path);
    if (files.size() > 1) add_choice(html, "file", "all files", files);
    if (report.suppressed() > 0) {
        if (report.show_suppressed) html.open("label").open("input", {{"type", "checkbox"}, {"name", "suppressed"}, {"checked", ""}});
        else html.open("label").open("input", {{"type", "checkbox"}, {"name", "suppressed"}});
        html.close().text(" suppressed ones too").close();
    }
    html.element("button", "reset", {{"type", "reset"}});
    html.element("output", "", {{"aria-live", "polite"}});
}

} // namespace

std::string html_report(Report const& report) {
    Html parts;
    Html findings;
    std::set<std::string> raised;
    for (std::size_t i = 0; i < report.files.size(); ++i) {
        RuleRows const rows(report.files[i], i);
        std::size_t const before = parts.size();
        add_part(parts, report, i, rows);
        std::size_t const taken = parts.size() - before;
        if (report.files.size() > 1) findings.element("h3", report.files[i].path, {{"id", fmt::format("f{}findings", i)}});
        add_findings(findings, report, i, rows, std::max(file_size - std::min(file_size, taken), least_findings), raised);
    }
    Html body;
    add_head(body, report);
    add_navigation(body, report);
    body.open("main");
    if (report.files.size() > 1) add_overview(body, report);
    body.add(parts).open("section", {{"id", "findings"}}).element("h2", "Findings");
    add_filter(body, report, raised);
    body.add(findings).close();
    add_explanations(body, report, raised);
    body.close();
    return html_page("portcullis: " + (report.files.size() == 1 ? report.files.front().path : plural(report.files.size(), "file")), body);
}

} // namespace portcullis
