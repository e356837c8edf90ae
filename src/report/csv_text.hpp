// Text of the input in CSV (RFC 4180).
#pragma once
#include <string>
#include <string_view>

namespace portcullis {

// Always in quotes, so that a separator of another country does not end it; made visible, and no formula to a spreadsheet.
std::string csv_cell(std::string_view text);

} // namespace portcullis
