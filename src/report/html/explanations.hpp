// The pages of rules, as a part of a report that leads to them.
#pragma once
#include <set>
#include <string>

#include "portcullis/report/report.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

// Of the rules with these ids; examples are in the dialects of the report's files.
void add_explanations(Html& html, Report const& report, std::set<std::string> const& ids);

} // namespace portcullis
