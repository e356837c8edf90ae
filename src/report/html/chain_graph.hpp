// The chains of a file: where they stand on the way of packets, and which lead to which.
#pragma once
#include "portcullis/report/report.hpp"
#include "report/html/writer.hpp"

namespace portcullis {

// A picture, and a table that says the same. Nothing where there is no chain.
void add_chain_graph(Html& html, FileResult const& file, std::size_t number);

} // namespace portcullis
