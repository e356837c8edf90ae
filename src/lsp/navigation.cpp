#include "lsp/navigation.hpp"

#include <algorithm>
#include <set>

#include "lsp/places.hpp"

namespace portcullis::lsp {

namespace {

// An overview of more rules than this has none of them.
constexpr std::size_t most_rules = 5000;

// LSP 3.17, SymbolKind.
int kind_of(OutlineNode::Kind kind) {
    switch (kind) {
    case OutlineNode::Kind::table: return 3;    // Namespace
    case OutlineNode::Kind::chain: return 12;   // Function
    case OutlineNode::Kind::rule: return 15;    // String
    case OutlineNode::Kind::entries: return 18; // Array
    case OutlineNode::Kind::variable: return 13; // Variable
    case OutlineNode::Kind::group: return 19;   // Object
    }
    return 13;
}

// The mentions of the symbol at the position; none where there is no name.
std::vector<Mention> mentions_at(Snapshot const& snapshot, Json const& params, Client const& client) {
    std::size_t const offset = snapshot.lines().offset_of(position_in(member(params, "position")), client.encoding);
    Symbols const& symbols = snapshot.symbols();
    Mention const* const here = symbols.at(snapshot.loaded().source, offset);
    std::vector<Mention> all;
    if (here == nullptr) return all;
    for (Mention const& mention : symbols.mentions)
        if (mention.symbol == here->symbol) all.push_back(mention);
    return all;
}

// Each place once: a file that is included twice is two sources.
Json without_repetitions(Json list) {
    std::set<std::string> known;
    Json once = Json::array();
    for (Json& item : list)
        if (known.insert(item.dump(-1, ' ', false, Json::error_handler_t::replace)).second) once.push_back(std::move(item));
    return once;
}

std::size_t count_rules(std::vector<OutlineNode> const& nodes) {
    std::size_t count = 0;
    for (OutlineNode const& node : nodes) count += (node.kind == OutlineNode::Kind::rule ? 1 : 0) + count_rules(node.children);
    return count;
}

class SymbolWriter {
  public:
    SymbolWriter(Snapshot const& snapshot, Client const& client)
        : places_(snapshot, client.encoding), nested_(client.nested_symbols),
          with_rules_(count_rules(snapshot.symbols().outline) <= most_rules) {}

    Json write(std::vector<OutlineNode> const& nodes, std::string const& container = "") {
        Json list = Json::array();
        for (OutlineNode const& node : nodes) {
            if (node.kind == OutlineNode::Kind::rule && !with_rules_) continue;
            std::string const name = node.name.empty() ? "(without a name)" : node.name;
            Json symbol{{"name", name}, {"kind", kind_of(node.kind)}};
            if (!nested_) {
                symbol["location"] = places_.location(node.extent);
                if (!container.empty()) symbol["containerName"] = container;
                list.push_back(std::move(symbol));
                for (Json& inner : write(node.children, name)) list.push_back(std::move(inner));
                continue;
            }
            if (!node.detail.empty()) symbol["detail"] = node.detail;
            symbol["range"] = places_.range(node.extent);
            symbol["selectionRange"] = places_.range(node.name_span);
            symbol["children"] = write(node.children);
            list.push_back(std::move(symbol));
        }
        return list;
    }

  private:
    Places places_;
    bool nested_;
    bool with_rules_;
};

void add_folds(Snapshot const& snapshot, std::vector<OutlineNode> const& nodes, Json& list) {
    for (OutlineNode const& node : nodes) {
        std::uint32_t const first = snapshot.lines().position_of(node.extent.begin, Encoding::utf8).line;
        std::uint32_t const last = snapshot.lines().position_of(node.extent.end, Encoding::utf8).line;
        if (last > first) list.push_back({{"startLine", first}, {"endLine", last}, {"kind", "region"}});
        add_folds(snapshot, node.children, list);
    }
}

} // namespace

Json definition(Snapshot const& snapshot, Json const& params, Client const& client) {
    Places places(snapshot, client.encoding);
    Json list = Json::array();
    auto const mentions = mentions_at(snapshot, params, client);
    if (mentions.empty()) return list;
    for (Span const place : snapshot.symbols().symbols[mentions.front().symbol].places) list.push_back(places.location(place));
    return without_repetitions(std::move(list));
}

Json references(Snapshot const& snapshot, Json const& params, Client const& client) {
    Places places(snapshot, client.encoding);
    bool const with_declarations = flag(params, "context.includeDeclaration");
    Json list = Json::array();
    for (Mention const& mention : mentions_at(snapshot, params, client)) {
        auto const& declarations = snapshot.symbols().symbols[mention.symbol].places;
        bool const declares = std::ranges::find(declarations, mention.span) != declarations.end();
        if (with_declarations || !declares) list.push_back(places.location(mention.span));
    }
    return without_repetitions(std::move(list));
}

Json highlights(Snapshot const& snapshot, Json const& params, Client const& client) {
    Places places(snapshot, client.encoding);
    Json list = Json::array();
    for (Mention const& mention : mentions_at(snapshot, params, client))
        if (mention.span.source == snapshot.loaded().source) list.push_back({{"range", places.range(mention.span)}, {"kind", 1}});
    return list;
}

Json document_symbols(Snapshot const& snapshot, Client const& client) {
    return SymbolWriter(snapshot, client).write(snapshot.symbols().outline);
}

Json folding_ranges(Snapshot const& snapshot) {
    Json list = Json::array();
    add_folds(snapshot, snapshot.symbols().outline, list);
    return list;
}

} // namespace portcullis::lsp
