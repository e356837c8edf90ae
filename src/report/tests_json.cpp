// Results of assertions for programs: docs/tests.schema.json.
#include "portcullis/report/tests.hpp"
#include "report/traffic_json.hpp"

namespace portcullis {

namespace {

std::string_view outcome_text(TestResult::Outcome outcome) {
    switch (outcome) {
    case TestResult::Outcome::passed: return "passed";
    case TestResult::Outcome::failed: return "failed";
    default: return "error";
    }
}

Json result_json(TestResult const& result, Sources const& sources) {
    return {{"name", result.assertion->name},
            {"line", result.assertion->line},
            {"kind", to_string(result.assertion->kind)},
            {"outcome", outcome_text(result.outcome)},
            {"message", name_or_null(result.message)},
            {"phrase", name_or_null(result.phrase)},
            {"counterexample", result.proof ? proof_json(*result.proof, sources) : Json()},
            {"other", result.other ? treatment_json(*result.other, sources) : Json()}};
}

} // namespace

std::string json_tests(TestReport const& report, Sources const& sources) {
    Json files = Json::array();
    for (TestedFile const& file : report.files) {
        Json results = Json::array();
        for (TestResult const& result : file.results) results.push_back(result_json(result, sources));
        Json untouched = Json::array();
        for (Span const& span : file.untouched) {
            Source const& source = sources[span.source];
            untouched.push_back({{"path", source.path()}, {"line", source.locate(span.begin).line}, {"text", sources.text(span)}});
        }
        files.push_back({{"path", file.path}, {"problem", name_or_null(file.problem)}, {"rules", file.rules}, {"tests", results}, {"untouched", untouched}});
    }
    auto const [passed, failed, undecided] = report.counts();
    Json const json{{"assertions", report.path},
                    {"files", files},
                    {"summary", {{"passed", passed}, {"failed", failed}, {"errors", undecided}}},
                    {"complete", report.complete()}};
    return json_text(json) + '\n';
}

} // namespace portcullis
