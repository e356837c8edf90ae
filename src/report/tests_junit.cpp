// The results of assertions as JUnit XML.
#include <fmt/format.h>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/tests.hpp"
#include "report/junit_suite.hpp"
#include "report/tests_words.hpp"

namespace portcullis {

namespace {

JunitCase case_of(TestedFile const& file, TestResult const& result, Sources const& sources) {
    JunitCase test{result.assertion->name, file.path};
    test.seconds = result.seconds;
    if (result.outcome == TestResult::Outcome::passed) return test;
    test.outcome = result.outcome == TestResult::Outcome::failed ? JunitCase::Outcome::failure : JunitCase::Outcome::error;
    test.message = result.message;
    test.type = to_string(result.assertion->kind);
    test.text = failure_text(result, sources, Paint(false), "");
    return test;
}

std::string untouched_text(TestedFile const& file, Sources const& sources) {
    std::string text;
    for (Span const& span : file.untouched) {
        text += fmt::format("no assertion is about line {}: {}\n", sources[span.source].locate(span.begin).line,
                            visible(shortened(sources.text(span), 160)));
    }
    return text;
}

} // namespace

std::string junit_tests(TestReport const& report, Sources const& sources, std::string_view timestamp) {
    std::vector<JunitSuite> suites;
    for (TestedFile const& file : report.files) {
        JunitSuite& suite = suites.emplace_back(JunitSuite{file.path, {}});
        for (TestResult const& result : file.results) suite.cases.push_back(case_of(file, result, sources));
        if (!file.problem.empty())
            suite.cases.push_back({"the file is read whole", file.path, JunitCase::Outcome::error, file.problem, "unreadable"});
        suite.output = untouched_text(file, sources);
    }
    return junit_text(suites, timestamp);
}

} // namespace portcullis
