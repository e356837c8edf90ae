#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/tests.hpp"
#include "report/layout.hpp"
#include "report/style.hpp"
#include "report/tests_words.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_untouched = 20;

void print_untouched(TestedFile const& file, Sources const& sources, std::string& out, Paint const& paint) {
    if (file.untouched.empty()) return;
    auto const to = std::back_inserter(out);
    fmt::format_to(to, "  no assertion is about {} of {} rules:\n", file.untouched.size(), file.rules);
    for (std::size_t i = 0; i < file.untouched.size() && i < most_untouched; ++i) {
        Span const span = file.untouched[i];
        fmt::format_to(to, "    {} {}\n", paint.frame(fmt::format("line {}:", sources[span.source].locate(span.begin).line)),
                       visible(shortened(sources.text(span), 160)));
    }
    if (file.untouched.size() > most_untouched) fmt::format_to(to, "    and {} more\n", file.untouched.size() - most_untouched);
}

} // namespace

std::array<std::size_t, 3> TestReport::counts() const {
    std::array<std::size_t, 3> counts{};
    for (TestedFile const& file : files)
        for (TestResult const& result : file.results) ++counts[static_cast<std::size_t>(result.outcome)];
    return counts;
}

bool TestReport::complete() const {
    return counts()[2] == 0 && std::all_of(files.begin(), files.end(), [](TestedFile const& file) { return file.problem.empty(); });
}

std::string failure_text(TestResult const& result, Sources const& sources, Paint const& paint, std::string_view indent) {
    std::string text;
    if (!result.phrase.empty()) text += fmt::format("{}{}  {}\n", indent, paint.frame("phrase:"), visible(result.phrase));
    if (!result.proof) return text;
    text += fmt::format("{}{}  {}\n", indent, paint.frame("path:  "), visible(result.proof->path));
    text += proof_text(*result.proof, sources, paint, indent);
    if (result.other) text += fmt::format("{}{}  {}\n", indent, paint.frame("other: "), treatment_text(*result.other, sources));
    return text;
}

std::string text_tests(TestReport const& report, Sources const& sources, TextStyle const& style) {
    Paint const paint(style.color);
    std::string out;
    auto const to = std::back_inserter(out);
    for (TestedFile const& file : report.files) {
        fmt::format_to(to, "{}\n", paint.strong(visible(file.path)));
        if (!file.problem.empty()) fmt::format_to(to, "  {}\n", visible(file.problem));
        for (TestResult const& result : file.results) {
            std::string const name = visible(result.assertion->name);
            switch (result.outcome) {
            case TestResult::Outcome::passed:
                if (!style.quiet) fmt::format_to(to, "  {}     {}\n", paint("1;32", "ok"), name);
                break;
            case TestResult::Outcome::failed: fmt::format_to(to, "  {} {}: {}\n", paint("1;31", "failed"), name, visible(result.message)); break;
            case TestResult::Outcome::error: fmt::format_to(to, "  {}  {}: {}\n", paint("1;35", "error"), name, visible(result.message)); break;
            }
            out += failure_text(result, sources, paint, "    ");
        }
        if (!style.quiet) print_untouched(file, sources, out, paint);
    }
    auto const [passed, failed, undecided] = report.counts();
    fmt::format_to(to, "{} passed, {} failed, {} could not be decided\n", passed, failed, undecided);
    return within(out, style.width);
}

} // namespace portcullis
