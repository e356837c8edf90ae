// Which rows of a list hide which, drawn beside them.
#pragma once
#include <utility>
#include <vector>

#include "report/html/writer.hpp"

namespace portcullis {

// From the row of the rule that takes packets to the row that loses them, both counted from 0 in the list.
using Arc = std::pair<std::size_t, std::size_t>;

// One picture for a list of `rows` rows of 1.5 rem each. Arcs of one rule share a line, from which each of the others branches off.
void draw_arcs(Html& html, std::vector<Arc> arcs, std::size_t rows);

} // namespace portcullis
