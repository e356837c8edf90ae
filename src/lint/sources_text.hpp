// How messages name sources.
#pragma once
#include <string>

#include "portcullis/base/interval_set.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis {

// "any IPv4 source", "any IPv4 source but 198.51.100.0/24", or the sources: whichever names fewest of what was asked.
std::string sources_text(IntervalSet const& sources, IntervalSet const& asked, Family family);

} // namespace portcullis
