// What is reachable from where.
#pragma once
#include "report/html/rule_rows.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

// Services by zones, coloured by how bad it is; nothing where nothing is reachable.
void add_heat_map(Html& html, FileResult const& file, std::size_t number);
// The exposures, with the rules that open them and a packet that shows it.
void add_exposures(Html& html, FileResult const& file, RuleRows const& rows, std::size_t number);

} // namespace portcullis
