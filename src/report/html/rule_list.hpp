// The rules of a file in its order, each with what became of it.
#pragma once
#include "report/html/rule_rows.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

void add_rule_list(Html& html, FileResult const& file, RuleRows const& rows, std::size_t number);

} // namespace portcullis
