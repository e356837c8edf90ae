// What the editor at the other end can do, as far as answers depend on it.
#pragma once
#include "lsp/positions.hpp"

namespace portcullis::lsp {

struct Client {
    Encoding encoding = Encoding::utf16;
    bool markdown = false;            // in hovers
    bool related_information = false; // of diagnostics
    bool diagnostic_tags = false;
    bool versions = false;            // of diagnostics
    bool document_changes = false;    // edits that say which version they are for
    bool literal_actions = false;     // code actions that are no commands
    bool nested_symbols = false;
    bool watches_files = false;       // and registers for that
};

// Of the params of initialize. The first encoding of the editor's list that is one of ours; UTF-16 without a list.
Client client_of(Json const& params);

} // namespace portcullis::lsp
