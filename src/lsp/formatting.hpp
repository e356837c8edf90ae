// The layout of `portcullis fmt`, in the editor.
#pragma once
#include "lsp/client.hpp"
#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

// The edits; null for dialects that fmt does not lay out. RequestError request_failed where the text has errors.
Json formatting(Snapshot const& snapshot, Client const& client);

} // namespace portcullis::lsp
