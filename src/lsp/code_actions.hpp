// What an editor offers at a finding: to mend it, where that is proved to change no packet's fate, and to accept it.
#pragma once
#include "lsp/client.hpp"
#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

// The kind of the action that mends all of a document, as `lint --fix` does.
inline constexpr std::string_view fix_all_kind = "source.fixAll.portcullis";

// Of the params of textDocument/codeAction, an array of CodeAction. RequestError for params that are none.
Json code_actions(Snapshot const& snapshot, Json const& params, Client const& client);

} // namespace portcullis::lsp
