// Scripts and JSON: a chain stands where its declaration led back to, and a jump in the text of its rule.
#include <fmt/format.h>

#include "lsp/symbol_collector.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::string_view name_characters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

// Where the name stands in the piece as a whole word.
std::optional<Span> word_in(std::string_view text, Span piece, std::string_view name) {
    std::string_view const within = text.substr(piece.begin, piece.end - piece.begin);
    for (std::size_t at = within.find(name); !name.empty() && at != std::string_view::npos; at = within.find(name, at + 1)) {
        std::size_t const end = at + name.size();
        bool const begins = at == 0 || name_characters.find(within[at - 1]) == std::string_view::npos;
        bool const ends = end == within.size() || name_characters.find(within[end]) == std::string_view::npos;
        if (begins && ends)
            return Span{piece.source, static_cast<std::uint32_t>(piece.begin + at),
                        static_cast<std::uint32_t>(piece.begin + end)};
    }
    return std::nullopt;
}

} // namespace

void collect_ruleset(SymbolCollector& into, Sources const& sources, SourceId source, Ruleset const& ruleset) {
    std::string_view const text = sources[source].text();
    for (Chain const& chain : ruleset.chains) {
        if (chain.implicit || chain.span.source != source) continue;
        // A built-in chain of a script is declared nowhere.
        auto const name = word_in(text, chain.span, chain.name);
        if (name) into.define(SymbolKind::chain, chain.table, chain.name, *name, chain.span);
        OutlineNode node{OutlineNode::Kind::chain,
                         chain.title(),
                         fmt::format("{} rules", chain.rules.size()),
                         chain.span,
                         name.value_or(chain.span),
                         {}};
        Span last{};
        for (Rule const& rule : chain.rules) {
            if (rule.implicit || rule.span.source != source || rule.span == last) continue;
            last = rule.span;
            node.children.push_back(
                {OutlineNode::Kind::rule, outline_text(sources.text(rule.span)), "", rule.span, rule.span, {}});
            auto const* jump = std::get_if<Jump>(&rule.verdict);
            if (jump == nullptr || jump->chain == no_chain) continue;
            Chain const& called = ruleset.chains[jump->chain];
            if (auto const place = word_in(text, rule.span, called.name))
                into.mention(SymbolKind::chain, called.table, called.name, *place);
        }
        into.outline.push_back(std::move(node));
    }
}

} // namespace portcullis::lsp
