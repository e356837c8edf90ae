// What of an exposure the forms of audit have in common.
#pragma once
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "portcullis/base/list_text.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis {

// Services that the same rules open to the same sources, on the same path, are read together.
using ExposureGroup = std::vector<Exposure const*>;
std::vector<ExposureGroup> exposure_groups(FileResult const& file);

std::string port_text(PortRange const& port); // "tcp/22", "udp/5000-5010"
std::string path_text(Exposure const& exposure); // "to this host"; "by access list EDGE", escaped
std::string addresses_text(std::vector<std::string> const& ranges, std::size_t most = 4);
std::string interfaces_text(Exposure const& exposure, std::size_t most = 4); // " on eth0", " on all but lan0", or nothing; with a note where it is not exact

// What lint says of it: that the service is insecure, else that the rule is broad; null where nothing.
Diagnostic const* finding_about(Exposure const& exposure, FileResult const& file);

} // namespace portcullis
