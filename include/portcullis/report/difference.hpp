// What `diff` found, and how it is shown.
#pragma once
#include <string>
#include <vector>

#include "portcullis/lint/changes.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis {

struct DifferenceReport {
    std::string before; // the names of the files
    std::string after;
    bool against_policy = false; // "before" is a policy
    std::vector<Change> changes;
    std::vector<std::string> notes; // sentences
    bool complete = true;           // both were read and compared to the end
    bool equal() const { return changes.empty() && notes.empty(); }
};

std::string text_difference(DifferenceReport const& report, Sources const& sources, TextStyle const& style);
// {"equal", "allowed_added", "allowed_removed", "retranslated", "witnesses", "notes", "complete"}
std::string json_difference(DifferenceReport const& report, Sources const& sources);

} // namespace portcullis
