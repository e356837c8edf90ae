// What the assertions of a file came to, and how it is shown.
#pragma once
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/query/assertions.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis {

struct TestedFile {
    std::string path;
    std::string problem; // why it could not be read whole; else empty
    std::vector<TestResult> results;
    std::vector<Span> untouched; // rules that no assertion is about
    std::size_t rules = 0;
};

struct TestReport {
    std::string path; // of the assertions
    std::vector<TestedFile> files;
    // How many passed, failed and could not be decided.
    std::array<std::size_t, 3> counts() const;
    bool complete() const;
};

std::string text_tests(TestReport const& report, Sources const& sources, TextStyle const& style);
// The contract of docs/tests.schema.json.
std::string json_tests(TestReport const& report, Sources const& sources);
// JUnit XML as Ant's and Jenkins' schemas have it: a suite for each file. `timestamp` is ISO 8601 without a zone.
std::string junit_tests(TestReport const& report, Sources const& sources, std::string_view timestamp);

} // namespace portcullis
