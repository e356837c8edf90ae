// What a configuration gives names to, and where it uses them: from the syntax tree of its dialect, or, where that is a
// script or JSON, from the ruleset.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::lsp {

struct LoadedText;

enum class SymbolKind : std::uint8_t {
    table, chain, access_list, set, map, object, variable, group, interface, time_range, vlan_map,
};
std::string_view to_string(SymbolKind kind); // "access list"

// One name. Several declarations of it, as iptables and Cisco have them, are one symbol.
struct Symbol {
    SymbolKind kind{};
    std::string name;
    std::string scope;          // that it is a name in: the table; the block of a variable
    std::vector<Span> places;   // where it is defined: the name itself; none for a name that nothing defines
    std::vector<Span> extents;  // … and the whole text of each definition
};

// A place where a name stands, be it defined or used there.
struct Mention {
    Span span;
    std::uint32_t symbol = 0;
};

// A part of the text with a name, for an overview.
struct OutlineNode {
    enum class Kind : std::uint8_t { table, chain, rule, entries, variable, group } kind = Kind::rule;
    std::string name;
    std::string detail;
    Span extent;
    Span name_span;
    std::vector<OutlineNode> children;
};

struct Symbols {
    std::vector<Symbol> symbols;
    std::vector<Mention> mentions; // by place
    std::vector<OutlineNode> outline; // of the text itself, in its order

    // The mention that the place is in or at the end of; null where there is none.
    Mention const* at(SourceId source, std::size_t offset) const;
};

Symbols find_symbols(LoadedText const& text);

} // namespace portcullis::lsp
