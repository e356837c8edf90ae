// What a failed assertion has to show, the same wherever it is told.
#pragma once
#include "portcullis/report/tests.hpp"
#include "report/traffic_text.hpp"

namespace portcullis {

// Lines with the phrase, the path, the packet, and what decided; escaped. Empty for one that passed.
std::string failure_text(TestResult const& result, Sources const& sources, Paint const& paint, std::string_view indent);

} // namespace portcullis
