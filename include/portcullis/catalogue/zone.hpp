// Questions about one zone of portcullis.toml.
#pragma once
#include <string_view>

#include "portcullis/catalogue/config.hpp"

namespace portcullis {

// Whether the zone names the interface, itself or by a pattern.
bool has_interface(Zone const& zone, std::string_view interface);

} // namespace portcullis
