#include "report/junit_suite.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <pugixml.hpp>
#include <sstream>

#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

// XML has no way to write most control characters, so that they are shown escaped.
void put(pugi::xml_node node, char const* name, std::string_view value) { node.append_attribute(name) = visible(value).c_str(); }

void put_seconds(pugi::xml_node node, double seconds) { node.append_attribute("time") = fmt::format("{:.3f}", seconds).c_str(); }

void add_case(pugi::xml_node suite, JunitCase const& test) {
    pugi::xml_node node = suite.append_child("testcase");
    put(node, "name", test.name);
    put(node, "classname", test.classname);
    put_seconds(node, test.seconds);
    if (test.outcome == JunitCase::Outcome::passed) return;
    if (test.outcome == JunitCase::Outcome::skipped) return put(node.append_child("skipped"), "message", test.message);
    pugi::xml_node wrong = node.append_child(test.outcome == JunitCase::Outcome::failure ? "failure" : "error");
    put(wrong, "message", test.message);
    put(wrong, "type", test.type);
    wrong.text() = test.text.c_str();
}

void add_suite(pugi::xml_node suites, JunitSuite const& suite, std::size_t index, std::string_view timestamp) {
    auto const count = [&](JunitCase::Outcome outcome) { return std::ranges::count(suite.cases, outcome, &JunitCase::outcome); };
    double seconds = 0;
    for (JunitCase const& test : suite.cases) seconds += test.seconds;
    pugi::xml_node node = suites.append_child("testsuite");
    put(node, "name", suite.name);
    put(node, "timestamp", timestamp);
    put(node, "hostname", "localhost");
    node.append_attribute("tests") = suite.cases.size();
    node.append_attribute("failures") = count(JunitCase::Outcome::failure);
    node.append_attribute("errors") = count(JunitCase::Outcome::error);
    put_seconds(node, seconds);
    put(node, "package", "portcullis");
    node.append_attribute("id") = index;
    node.append_child("properties");
    for (JunitCase const& test : suite.cases) add_case(node, test);
    node.append_child("system-out").text() = suite.output.c_str();
    node.append_child("system-err");
}

} // namespace

std::string junit_text(std::vector<JunitSuite> const& suites, std::string_view timestamp) {
    pugi::xml_document document;
    pugi::xml_node declaration = document.append_child(pugi::node_declaration);
    declaration.append_attribute("version") = "1.0";
    declaration.append_attribute("encoding") = "UTF-8";
    pugi::xml_node root = document.append_child("testsuites");
    for (std::size_t i = 0; i < suites.size(); ++i) add_suite(root, suites[i], i, timestamp);
    std::ostringstream out;
    document.save(out, "  ");
    return out.str();
}

} // namespace portcullis
