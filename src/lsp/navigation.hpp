// Ways through a document: where a name is defined and used, what there is, what can be folded.
#pragma once
#include "lsp/client.hpp"
#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

// All take the params of their request and give its result; RequestError for params that are none.
Json definition(Snapshot const& snapshot, Json const& params, Client const& client);
Json references(Snapshot const& snapshot, Json const& params, Client const& client);
Json highlights(Snapshot const& snapshot, Json const& params, Client const& client);
Json document_symbols(Snapshot const& snapshot, Client const& client);
Json folding_ranges(Snapshot const& snapshot);

} // namespace portcullis::lsp
