// JUnit XML from values. Ant's schema (windyroad/JUnit-Schema) is the stricter one: it wants every attribute and element in
// its order, and no attribute on <testsuites>; Jenkins' junit-10.xsd takes what it takes.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace portcullis {

struct JunitCase {
    enum class Outcome { passed, failure, error, skipped };
    std::string name;
    std::string classname;
    Outcome outcome = Outcome::passed;
    std::string message{}; // of a case that did not pass, and the following
    std::string type{};
    std::string text{}; // lines without control characters
    double seconds = 0;
};

struct JunitSuite {
    std::string name;
    std::vector<JunitCase> cases;
    std::string output{}; // lines without control characters
};

// `timestamp` is ISO 8601 without a zone.
std::string junit_text(std::vector<JunitSuite> const& suites, std::string_view timestamp);

} // namespace portcullis
