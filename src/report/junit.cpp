#include <fmt/format.h>
#include <map>
#include <set>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "report/junit_suite.hpp"
#include "report/words.hpp"

namespace portcullis {

namespace {

std::string details(Report const& report, Shown const& shown) {
    Finding const& finding = shown.diagnostic->finding;
    Location const at = shown.source().locate(finding.span.begin);
    std::string text = fmt::format("{}:{}:{}", visible(report.repository.name_of(shown.source().path())), at.line, at.column);
    if (!finding.where.empty()) text += fmt::format(" ({})", visible(finding.where));
    text += fmt::format("\n{}\n", visible(shortened((*shown.file->sources).text(finding.span), 300)));
    for (Related const& related : finding.related) {
        Source const& source = (*shown.file->sources)[related.span.source];
        text += fmt::format("{}:{}: {}\n", visible(report.repository.name_of(source.path())), source.locate(related.span.begin).line, visible(related.message));
    }
    if (finding.witness) text += fmt::format("proof: {}\n", visible(proof_text(*finding.witness)));
    for (std::string const& note : finding.notes) text += fmt::format("note: {}\n", visible(note));
    return text + fmt::format("help: {}\n", help_text(*shown.diagnostic->rule));
}

JunitCase case_of(Report const& report, Shown const& shown) {
    Diagnostic const& d = *shown.diagnostic;
    JunitCase test{fmt::format("{} {}", d.rule->id, message_text(d)), report.repository.name_of(shown.source().path())};
    test.outcome = is_unread(d.finding) ? JunitCase::Outcome::error : JunitCase::Outcome::failure;
    test.message = message_text(d);
    if (d.suppressed) {
        test.outcome = JunitCase::Outcome::skipped;
        test.message = "suppressed " + suppression_text(*d.suppressed);
    }
    test.type = fmt::format("{} {}", to_string(d.severity), d.rule->slug);
    test.text = details(report, shown);
    return test;
}

// Readers know a case by its name: the second of a name is "… (2)". There is no place in a name, since lines move.
void tell_apart(std::vector<JunitCase>& cases) {
    std::map<std::string, std::size_t> repeats;
    std::set<std::string> taken;
    for (JunitCase& test : cases) {
        std::string const name = test.name;
        std::string const file = test.classname + '\n';
        std::size_t& count = repeats[file + name];
        while (!taken.insert(file + test.name).second) test.name = fmt::format("{} ({})", name, ++count + 1);
    }
}

} // namespace

std::string junit_report(Report const& report) {
    std::map<FileResult const*, std::vector<JunitCase>> cases;
    for (Shown const& shown : shown_findings(report, true)) cases[shown.file].push_back(case_of(report, shown));
    std::vector<JunitSuite> suites;
    for (FileResult const& file : report.files) {
        std::string const name = report.repository.name_of(file.path);
        JunitSuite& suite = suites.emplace_back(JunitSuite{name, std::move(cases[&file])});
        if (suite.cases.empty()) suite.cases.push_back({"no findings", name});
        tell_apart(suite.cases);
        for (std::string const& bound : file.bounds) suite.output += visible(bound) + '\n';
    }
    return junit_text(suites, report.time);
}

} // namespace portcullis
