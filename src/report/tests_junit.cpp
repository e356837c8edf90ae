// JUnit XML. Ant's schema (windyroad/JUnit-Schema) is the stricter one: it wants every attribute and element below in this
// order, and no attribute on <testsuites>; Jenkins' junit-10.xsd takes what it takes.
#include <fmt/format.h>
#include <pugixml.hpp>
#include <sstream>

#include "portcullis/base/visible.hpp"
#include "portcullis/report/tests.hpp"
#include "report/tests_words.hpp"

namespace portcullis {

namespace {

// XML has no way to write most control characters, so that they are shown escaped.
void put(pugi::xml_node node, char const* name, std::string_view value) { node.append_attribute(name) = visible(value).c_str(); }

void put_seconds(pugi::xml_node node, double seconds) { node.append_attribute("time") = fmt::format("{:.3f}", seconds).c_str(); }

void add_case(pugi::xml_node suite, TestedFile const& file, TestResult const& result, Sources const& sources) {
    pugi::xml_node node = suite.append_child("testcase");
    put(node, "name", result.assertion->name);
    put(node, "classname", file.path);
    put_seconds(node, result.seconds);
    if (result.outcome == TestResult::Outcome::passed) return;
    pugi::xml_node wrong = node.append_child(result.outcome == TestResult::Outcome::failed ? "failure" : "error");
    put(wrong, "message", result.message);
    put(wrong, "type", to_string(result.assertion->kind));
    wrong.text() = failure_text(result, sources, Paint(false), "").c_str();
}

std::string untouched_text(TestedFile const& file, Sources const& sources) {
    std::string text;
    for (Span const& span : file.untouched) {
        text += fmt::format("no assertion is about line {}: {}\n", sources[span.source].locate(span.begin).line,
                            visible(shortened(sources.text(span), 160)));
    }
    return text;
}

void add_suite(pugi::xml_node suites, TestedFile const& file, std::size_t index, Sources const& sources, std::string_view timestamp) {
    TestReport const alone{"", {file}};
    auto const [passed, failed, undecided] = alone.counts();
    bool const unread = !file.problem.empty();
    double seconds = 0;
    for (TestResult const& result : file.results) seconds += result.seconds;
    pugi::xml_node suite = suites.append_child("testsuite");
    put(suite, "name", file.path);
    put(suite, "timestamp", timestamp);
    put(suite, "hostname", "localhost");
    suite.append_attribute("tests") = file.results.size() + (unread ? 1 : 0);
    suite.append_attribute("failures") = failed;
    suite.append_attribute("errors") = undecided + (unread ? 1 : 0);
    put_seconds(suite, seconds);
    put(suite, "package", "portcullis");
    suite.append_attribute("id") = index;
    suite.append_child("properties");
    for (TestResult const& result : file.results) add_case(suite, file, result, sources);
    if (unread) {
        pugi::xml_node node = suite.append_child("testcase");
        put(node, "name", "the file is read whole");
        put(node, "classname", file.path);
        put_seconds(node, 0);
        pugi::xml_node wrong = node.append_child("error");
        put(wrong, "message", file.problem);
        put(wrong, "type", "unreadable");
    }
    suite.append_child("system-out").text() = untouched_text(file, sources).c_str();
    suite.append_child("system-err");
}

} // namespace

std::string junit_tests(TestReport const& report, Sources const& sources, std::string_view timestamp) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node suites = document.append_child("testsuites");
    for (std::size_t i = 0; i < report.files.size(); ++i) add_suite(suites, report.files[i], i, sources, timestamp);
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

} // namespace portcullis
