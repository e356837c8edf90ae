// Reports as pages for a browser. One file each, which fetches nothing: its style and its script are in it, and a Content
// Security Policy lets these two run and nothing else. It is read without either, too. The bytes depend on the report alone.
#pragma once
#include <string>

#include "portcullis/report/difference.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis {

// What is reachable from where, the chains, the rules with what hides them, and the findings. Exposures and outlines are
// shown where the results have them.
std::string html_report(Report const& report);
std::string html_difference(DifferenceReport const& report, Sources const& sources);

} // namespace portcullis
