// The JSON of nft (`nft -j list ruleset`, or the commands of `nft -j -f`) to the intermediate form.
#pragma once
#include "portcullis/dialect/read.hpp"

namespace portcullis {

Reading read_nft_json(Sources const& sources, SourceId source);

} // namespace portcullis
