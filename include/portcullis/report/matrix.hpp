// Service matrices for people: as text, and as a picture.
#pragma once
#include <string>

#include "portcullis/report/report.hpp"

namespace portcullis {

// The classes of addresses of each matrix, and a table of who may open connections to whom.
std::string text_matrices(Report const& report, TextStyle const& style);
// One SVG 1.1 image with all of them, which needs nothing from elsewhere and follows the reader's light or dark colours.
std::string svg_matrices(Report const& report);

} // namespace portcullis
