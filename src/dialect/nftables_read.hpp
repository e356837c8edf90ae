// Text of nft to the intermediate form.
#pragma once
#include "portcullis/dialect/read.hpp"

namespace portcullis {

Reading read_nftables(Sources& sources, SourceId source, ReadOptions const& options = {});

} // namespace portcullis
