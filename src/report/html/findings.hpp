// The findings of a file, by rule, each with its lines of the source and its proof.
#pragma once
#include <set>
#include <string>

#include "report/html/rule_rows.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

// The ids of the rules that are raised go into `raised`. `size` is what the page may grow by: the worst findings are told in full,
// and those for which there is no room left in a line.
void add_findings(Html& html, Report const& report, std::size_t number, RuleRows const& rows, std::size_t size, std::set<std::string>& raised);

} // namespace portcullis
