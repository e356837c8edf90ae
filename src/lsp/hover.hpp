// What an editor shows of the place under the cursor: of a name, its definition; of a port, the service; of a rule, what it
// matches and what is left for it to decide.
#pragma once
#include "lsp/client.hpp"
#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

// Of the params of textDocument/hover, a Hover or null. RequestError for params that are none.
Json hover(Snapshot const& snapshot, Json const& params, Client const& client);

} // namespace portcullis::lsp
