#include "lsp/symbols.hpp"

#include <algorithm>
#include <tuple>

#include "lsp/snapshot.hpp"
#include "lsp/symbol_collector.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::size_t longest_outline_text = 80;

std::string key_of(SymbolKind kind, std::string_view scope, std::string_view name) {
    if (kind == SymbolKind::map) kind = SymbolKind::set;
    std::string key(1, static_cast<char>('0' + static_cast<int>(kind)));
    key.append(scope).append(1, '\0').append(name);
    return key;
}

auto place_of(Mention const& mention) {
    return std::tuple(mention.span.source, mention.span.begin, mention.span.end, mention.symbol);
}

} // namespace

std::string_view to_string(SymbolKind kind) {
    switch (kind) {
    case SymbolKind::table: return "table";
    case SymbolKind::chain: return "chain";
    case SymbolKind::access_list: return "access list";
    case SymbolKind::set: return "set";
    case SymbolKind::map: return "map";
    case SymbolKind::object: return "object";
    case SymbolKind::variable: return "variable";
    case SymbolKind::group: return "group";
    case SymbolKind::interface: return "interface";
    case SymbolKind::time_range: return "time range";
    case SymbolKind::vlan_map: return "VLAN map";
    }
    return "name";
}

Mention const* Symbols::at(SourceId source, std::size_t offset) const {
    auto const after = std::ranges::upper_bound(mentions, std::pair(source, offset), {}, [](Mention const& m) {
        return std::pair(m.span.source, std::size_t{m.span.begin});
    });
    if (after == mentions.begin()) return nullptr;
    Mention const& last = *std::prev(after);
    return last.span.source == source && offset <= last.span.end ? &last : nullptr;
}

std::uint32_t SymbolCollector::symbol(SymbolKind kind, std::string_view scope, std::string_view name) {
    auto const [at, added] = by_key_.try_emplace(key_of(kind, scope, name), static_cast<std::uint32_t>(found_.symbols.size()));
    if (added) found_.symbols.push_back({kind, std::string(name), std::string(scope), {}, {}});
    return at->second;
}

void SymbolCollector::define(SymbolKind kind, std::string_view scope, std::string_view name, Span place, Span extent) {
    std::uint32_t const id = symbol(kind, scope, name);
    Symbol& defined = found_.symbols[id];
    if (defined.places.empty()) defined.kind = kind;
    defined.places.push_back(place);
    defined.extents.push_back(extent);
    found_.mentions.push_back({place, id});
}

void SymbolCollector::mention(SymbolKind kind, std::string_view scope, std::string_view name, Span place) {
    found_.mentions.push_back({place, symbol(kind, scope, name)});
}

bool SymbolCollector::knows(SymbolKind kind, std::string_view scope, std::string_view name) const {
    auto const found = by_key_.find(key_of(kind, scope, name));
    return found != by_key_.end() && !found_.symbols[found->second].places.empty();
}

Symbols SymbolCollector::finish() {
    std::ranges::sort(found_.mentions, {}, place_of);
    auto const is_same = [](Mention const& a, Mention const& b) { return place_of(a) == place_of(b); };
    found_.mentions.erase(std::unique(found_.mentions.begin(), found_.mentions.end(), is_same), found_.mentions.end());
    found_.outline = std::move(outline);
    return std::move(found_);
}

std::string outline_text(std::string_view text) {
    text = text.substr(0, text.find_first_of("\r\n"));
    while (text.ends_with(' ') || text.ends_with('\t')) text.remove_suffix(1);
    return visible(shortened(text, longest_outline_text));
}

Span hull(Span a, Span b) { return {a.source, std::min(a.begin, b.begin), std::max(a.end, b.end)}; }

Symbols find_symbols(LoadedText const& text) {
    SymbolCollector collector;
    if (!text.dialect) return collector.finish();
    Sources const& sources = *text.sources;
    if (text.read_options.ipsets)
        for (auto const& [name, set] : *text.read_options.ipsets)
            collector.define(SymbolKind::set, "ipset", name, set.span, set.span);
    switch (*text.dialect) {
    case Dialect::nftables: collect_nftables(collector, sources, text.source); break;
    case Dialect::iptables:
    case Dialect::ip6tables: collect_iptables(collector, sources, text.source); break;
    case Dialect::iptables_script:
    case Dialect::nft_json:
        if (text.reading) collect_ruleset(collector, sources, text.source, text.reading->ruleset);
        break;
    default: collect_cisco(collector, sources, text.source, *text.dialect);
    }
    return collector.finish();
}

} // namespace portcullis::lsp
