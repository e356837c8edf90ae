// Traffic in words, the same wherever it is told.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/source.hpp"
#include "portcullis/query/traffic.hpp"
#include "report/style.hpp"

namespace portcullis {

// "tcp from 10.0.0.0/8 to any, port 22 (ssh), state new"; not escaped.
std::string traffic_text(Cube const& cube, std::vector<std::string> const& services);
// "accept  fw.rules:5  -A INPUT -p tcp ...", escaped.
std::string treatment_text(Treatment const& treatment, Sources const& sources);
// "'recent' holds and 'limit' does not hold"; empty for none; not escaped.
std::string assumptions_text(std::vector<Assumption> const& assumptions);
// Lines with the packet, what became of it, and what has to hold for that.
std::string proof_text(Proof const& proof, Sources const& sources, Paint const& paint, std::string_view indent);

} // namespace portcullis
