#include "lsp/formatting.hpp"

#include <fmt/format.h>

#include "lsp/places.hpp"
#include "portcullis/dialect/format.hpp"

namespace portcullis::lsp {

Json formatting(Snapshot const& snapshot, Client const& client) {
    LoadedText const text = snapshot.load_again();
    bool const restore_file = text.dialect == Dialect::iptables || text.dialect == Dialect::ip6tables;
    if (!text.reading || (!restore_file && text.dialect != Dialect::nftables)) return nullptr;
    Formatted const formatted = restore_file ? format_iptables(*text.sources, text.source, *text.dialect)
                                             : format_nftables(*text.sources, text.source, text.read_options);
    if (!formatted.errors.empty()) {
        Finding const& first = formatted.errors.all().front();
        std::uint32_t const line = (*text.sources)[first.span.source].locate(first.span.begin).line;
        throw RequestError(ErrorCode::request_failed, fmt::format("line {}: {}", line, first.args.at("error")));
    }
    return text_edits(snapshot.lines(), formatted.text, client.encoding);
}

} // namespace portcullis::lsp
