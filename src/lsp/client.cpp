#include "lsp/client.hpp"

namespace portcullis::lsp {

namespace {

bool contains(Json const& list, std::string_view word) {
    return list.is_array() && std::ranges::any_of(list, [&](Json const& item) {
               return item.is_string() && item.get_ref<std::string const&>() == word;
           });
}

Encoding chosen(Json const& offered) {
    if (!offered.is_array()) return Encoding::utf16;
    for (Json const& name : offered) {
        auto const encoding = name.is_string() ? encoding_by_name(name.get_ref<std::string const&>()) : std::nullopt;
        if (encoding) return *encoding;
    }
    return Encoding::utf16;
}

} // namespace

Client client_of(Json const& params) {
    Json const& can = member(params, "capabilities");
    Client client;
    client.encoding = chosen(member(can, "general.positionEncodings"));
    client.markdown = contains(member(can, "textDocument.hover.contentFormat"), "markdown");
    client.related_information = flag(can, "textDocument.publishDiagnostics.relatedInformation");
    client.diagnostic_tags = member(can, "textDocument.publishDiagnostics.tagSupport").is_object();
    client.versions = flag(can, "textDocument.publishDiagnostics.versionSupport");
    client.document_changes = flag(can, "workspace.workspaceEdit.documentChanges");
    client.literal_actions = member(can, "textDocument.codeAction.codeActionLiteralSupport").is_object();
    client.nested_symbols = flag(can, "textDocument.documentSymbol.hierarchicalDocumentSymbolSupport");
    client.watches_files = flag(can, "workspace.didChangeWatchedFiles.dynamicRegistration");
    return client;
}

} // namespace portcullis::lsp
