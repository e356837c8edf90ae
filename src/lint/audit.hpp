// Which services of the catalogue new connections reach, path by path: the list that an auditor asks for.
#pragma once
#include <vector>

#include "lint/context.hpp"

namespace portcullis {

std::vector<Exposure> find_exposures(Context const& everyone, Config const& config);

} // namespace portcullis
