// What `query` answers, and how it is shown.
#pragma once
#include <string>
#include <vector>

#include "portcullis/query/answer.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis {

struct AnsweredFile {
    std::string path;
    Answer answer;
    std::string problem; // why there is no answer, a sentence; else empty
};

struct AnswerReport {
    std::string question; // as it was asked
    Question::Verb verb{};
    std::optional<Expectation> expectation;
    std::vector<AnsweredFile> files;
    bool complete = true; // all files were read and answered for to the end
    // No file has a counterexample to what was expected.
    bool holds() const;
};

std::string text_answers(AnswerReport const& report, Sources const& sources, TextStyle const& style);
// The contract of docs/answer.schema.json.
std::string json_answers(AnswerReport const& report, Sources const& sources);

} // namespace portcullis
