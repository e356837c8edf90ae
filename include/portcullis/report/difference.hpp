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
    bool new_connections = false; // nothing else was compared
    // What the answer is about, where that is not every packet, and what it is not about; sentences.
    std::vector<std::string> compared;
    std::vector<std::string> not_compared;
    std::vector<std::string> notes; // what else keeps them from being equal; sentences
    bool complete = true;           // both were read and compared to the end
    bool equal() const { return changes.empty() && notes.empty(); }
};

// "equal: every packet is treated alike", or what else the whole comes to.
std::string verdict_text(DifferenceReport const& report);

std::string text_difference(DifferenceReport const& report, Sources const& sources, TextStyle const& style);
// {"equal", "allowed_added", "allowed_removed", "retranslated", "witnesses", "compared", "not_compared", "notes", "complete"}
std::string json_difference(DifferenceReport const& report, Sources const& sources);

} // namespace portcullis
