// The declarations and uses of names, as those who walk a syntax tree meet them.
#pragma once
#include <map>
#include <string>
#include <string_view>

#include "lsp/symbols.hpp"

namespace portcullis::lsp {

class SymbolCollector {
  public:
    // Sets and maps of one scope share their names, and so do the parts of one kind.
    void define(SymbolKind kind, std::string_view scope, std::string_view name, Span place, Span extent);
    void mention(SymbolKind kind, std::string_view scope, std::string_view name, Span place);
    // Whether it has been defined until now.
    bool knows(SymbolKind kind, std::string_view scope, std::string_view name) const;

    Symbols finish();

    std::vector<OutlineNode> outline;

  private:
    std::uint32_t symbol(SymbolKind kind, std::string_view scope, std::string_view name);

    std::map<std::string, std::uint32_t, std::less<>> by_key_;
    Symbols found_;
};

// Each adds what the text says in its dialect.
void collect_nftables(SymbolCollector& into, Sources const& sources, SourceId source);
void collect_iptables(SymbolCollector& into, Sources const& sources, SourceId source);
void collect_cisco(SymbolCollector& into, Sources const& sources, SourceId source, Dialect dialect);
// Of a dialect whose syntax tree says little about its names: chains, as the ruleset has them.
void collect_ruleset(SymbolCollector& into, Sources const& sources, SourceId source, Ruleset const& ruleset);

// A rule or entry as one line of an outline.
std::string outline_text(std::string_view text);
Span hull(Span a, Span b);

} // namespace portcullis::lsp
