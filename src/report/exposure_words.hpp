// Exposures as people read them: what the same rules open to the same sources together, and their parts in words.
#pragma once
#include <string>
#include <vector>

#include "portcullis/report/report.hpp"

namespace portcullis {

// Alike in path, rules, sources, interfaces and destinations; never empty.
using ExposureGroup = std::vector<Exposure const*>;
std::vector<ExposureGroup> exposure_groups(FileResult const& file);

// "tcp/8000-8100"
std::string port_text(PortRange const& port);
// "to this host", "by access list EDGE"; escaped
std::string path_text(Exposure const& exposure);
// Prefixes and ranges; "any" for all of both families.
std::string addresses_text(std::vector<std::string> const& ranges);
// " on eth0", " on all but eth0", escaped; empty for any
std::string interfaces_text(Exposure const& exposure);
// "a, b and 7 more"
std::string list_text(std::vector<std::string> const& items, std::size_t most);

} // namespace portcullis
