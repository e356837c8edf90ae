// JSON is written down as text of nft, which the reader of nft reads; then every place in what it made of the text
// becomes the place in the JSON that the text came from.
#include "dialect/nft_json_read.hpp"

#include <fmt/format.h>

#include "dialect/nft_json_writer.hpp"
#include "dialect/nftables_read.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis {

namespace {

using nft_json::Transcript;

// The line of the text around a place.
std::string_view line_around(std::string_view text, std::uint32_t at) {
    std::size_t const begin = at == 0 ? 0 : text.rfind('\n', at - 1) + 1;
    return text.substr(begin, text.find('\n', at) - begin);
}

void lead_back(Finding& finding, Transcript const& transcript) {
    if (finding.rule == "PC001")
        finding.note(fmt::format("as nft: {}", shortened(line_around(transcript.text(), finding.span.begin), 200)));
    finding.span = transcript.origin(finding.span, Transcript::Among::innermost);
    for (Related& related : finding.related)
        related.span = transcript.origin(related.span, Transcript::Among::innermost);
}

void lead_back(Rule& rule, Transcript const& transcript) {
    auto const part = [&](Span& span) { span = transcript.origin(span, Transcript::Among::innermost); };
    rule.span = transcript.origin(rule.span, Transcript::Among::outermost);
    for (Term& term : rule.match.terms) part(term.span);
    for (Alternatives& relation : rule.match.alternatives) part(relation.span);
    for (Opaque& opaque : rule.match.opaque) part(opaque.span);
}

void lead_back(Chain& chain, Transcript const& transcript) {
    chain.span = transcript.origin(chain.span, Transcript::Among::innermost);
    chain.policy_span = transcript.origin(chain.policy_span, Transcript::Among::innermost);
    for (Rule& rule : chain.rules) lead_back(rule, transcript);
}

// "nft -j list" begins with what nft it is. A listing is nothing that is loaded again as it is.
bool is_listing(nft_json::Tree const& tree) {
    bool listed = false;
    if (auto const items = tree.root().find("nftables"); items && items->kind() == nft_json::Kind::array)
        items->each_item([&](nft_json::Value item) {
            listed = listed || (item.kind() == nft_json::Kind::object && item.find("metainfo"));
        });
    return listed;
}

} // namespace

Reading read_nft_json(Sources const& sources, SourceId source) {
    Reading reading;
    reading.ruleset.dialect = Dialect::nft_json;
    auto const tree = nft_json::parse(sources[source].text(), source, reading.findings);
    if (!tree) return reading;
    Transcript const transcript = nft_json::Writer(*tree, reading.findings).run();

    Sources written;
    ReadOptions options;
    options.from_json = true;
    Reading text = read_nftables(written, written.add(sources[source].path(), transcript.text()), options);
    if (is_listing(*tree)) std::erase_if(text.findings.all(), [](Finding const& f) { return f.rule == "PC435"; });
    for (Finding& finding : text.findings.all()) lead_back(finding, transcript);
    for (Chain& chain : text.ruleset.chains) lead_back(chain, transcript);
    for (AddressGroup& group : text.ruleset.groups) group.span = transcript.origin(group.span, Transcript::Among::innermost);
    for (Unmodelled& item : text.ruleset.unmodelled)
        item.span = transcript.origin(item.span, Transcript::Among::innermost);
    reading.ruleset = std::move(text.ruleset);
    reading.ruleset.dialect = Dialect::nft_json;
    reading.findings.append(std::move(text.findings));
    return reading;
}

} // namespace portcullis
