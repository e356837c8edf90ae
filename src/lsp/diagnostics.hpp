// Findings as an editor marks them.
#pragma once
#include <map>
#include <string>

#include "lsp/client.hpp"
#include "lsp/places.hpp"

namespace portcullis::lsp {

// Of more findings than this in one document, the worst are told.
inline constexpr std::size_t most_diagnostics = 2000;

Json diagnostic_json(Diagnostic const& diagnostic, Places& places, Client const& client);

// What nobody has accepted, as arrays of diagnostics by the URI of the text that they stand in. That of the document is
// always there; included files, where they have some.
std::map<std::string, Json> diagnostics_by_uri(Snapshot const& snapshot, Client const& client);

} // namespace portcullis::lsp
