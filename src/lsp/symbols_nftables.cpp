// Rulesets of nft: what is in the text and in those that it includes, block by block.
#include <algorithm>
#include <fmt/format.h>
#include <fnmatch.h>
#include <map>
#include <set>
#include <utility>

#include "grammars/nftables/lexer.hpp"
#include "grammars/nftables/parse.hpp"
#include "lsp/symbol_collector.hpp"

namespace portcullis::lsp {

namespace {

namespace ast = nftables;

// As in the reader.
constexpr std::size_t include_depth = 16;
constexpr std::size_t include_limit = 1000;

std::string_view to_string(std::optional<ast::TableFamily> family) {
    constexpr std::string_view names[] = {"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    return names[static_cast<std::size_t>(family.value_or(ast::TableFamily::ip))];
}

// Where the blocks of a text end.
class Blocks {
  public:
    explicit Blocks(std::string_view text, SourceId source) : tokens_(nftables::lex(text, source).tokens) {
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < tokens_.size(); ++i) {
            if (tokens_[i].kind == nftables::TokenKind::open_brace) open.push_back(i);
            if (tokens_[i].kind != nftables::TokenKind::close_brace || open.empty()) continue;
            ends_.emplace(open.back(), tokens_[i].end());
            open.pop_back();
        }
    }
    // From `begin` to the end of the block that opens behind `name`; to the end of the name where none does.
    Span extent(std::uint32_t begin, Span name) const {
        auto at = std::ranges::lower_bound(tokens_, name.end, {}, &nftables::Token::offset);
        while (at != tokens_.end() && at->kind == nftables::TokenKind::newline) ++at;
        auto const block = ends_.find(static_cast<std::size_t>(at - tokens_.begin()));
        return {name.source, begin, block == ends_.end() ? name.end : block->second};
    }
    // Where the word before the name begins: "chain" of "chain input".
    std::uint32_t keyword_before(Span name) const {
        auto const at = std::ranges::lower_bound(tokens_, name.begin, {}, &nftables::Token::offset);
        return at == tokens_.begin() ? name.begin : std::prev(at)->offset;
    }

  private:
    std::vector<nftables::Token> tokens_;
    std::map<std::size_t, std::uint32_t> ends_; // by the token that opens
};

class Collector {
  public:
    Collector(SymbolCollector& into, Sources const& sources) : into_(into), sources_(sources) {}

    void run(SourceId source, ast::Place place, std::string const& table, std::string const& scope,
             std::vector<OutlineNode>& nodes) {
        SourceId const outer = source_;
        source_ = source;
        Blocks const blocks(sources_[source].text(), source);
        Blocks const* const outer_blocks = std::exchange(blocks_, &blocks);
        ast::File const file = nftables::parse(sources_[source].text(), source, place);
        switch (place) {
        case ast::Place::top:
            for (auto const& item : file.items) visit_any(item, "", "", nodes);
            break;
        case ast::Place::table: items(file.table.items, table, scope, nodes); break;
        case ast::Place::chain: items(file.chain.items, table, scope, nodes); break;
        case ast::Place::set: items(file.set.items, table, scope, nodes); break;
        }
        blocks_ = outer_blocks;
        source_ = outer;
    }

  private:
    Span span_of(std::string_view word) const {
        auto const begin = static_cast<std::uint32_t>(word.data() - sources_[source_].text().data());
        return {source_, begin, begin + static_cast<std::uint32_t>(word.size())};
    }

    template <class Items>
    void items(Items const& all, std::string const& table, std::string const& scope, std::vector<OutlineNode>& nodes) {
        for (auto const& item : all) visit_any(item, table, scope, nodes);
    }
    template <class Item>
    void visit_any(Item const& item, std::string const& table, std::string const& scope, std::vector<OutlineNode>& nodes) {
        std::visit([&](auto const& each) { visit(each, table, scope, nodes); }, item);
    }

    void visit(ast::Command const& command, std::string const&, std::string const&, std::vector<OutlineNode>& nodes) {
        std::string const table = fmt::format("{} {}", to_string(command.family), command.table);
        Span const place = span_of(command.table.empty() ? command.object : command.table);
        if (auto const* block = std::get_if<ast::Table>(&command.payload); block != nullptr && !command.table.empty()) {
            Span const extent = blocks_->extent(command.span.begin, place);
            into_.define(SymbolKind::table, "", table, place, extent);
            OutlineNode node{OutlineNode::Kind::table, table, "", extent, place, {}};
            items(block->items, table, table, node.children);
            nodes.push_back(std::move(node));
            return;
        }
        if (!command.table.empty()) into_.mention(SymbolKind::table, "", table, place);
        visit_payload(command, table, nodes);
    }
    // A command that is about a part of a table: "add rule inet filter input accept".
    void visit_payload(ast::Command const& command, std::string const& table, std::vector<OutlineNode>& nodes) {
        bool const adds = command.verb == ast::Verb::add || command.verb == ast::Verb::create;
        Span const name = command.name.empty() ? command.span : span_of(command.name);
        if (auto const* chain = std::get_if<ast::Chain>(&command.payload); chain != nullptr && adds && !command.name.empty())
            return add_chain(*chain, table, command.span.begin, command.name, nodes);
        if (auto const* set = std::get_if<ast::Set>(&command.payload); set != nullptr && adds && !command.name.empty())
            return add_set(*set, table, command.span.begin, command.name, nodes);
        if (!command.name.empty()) {
            SymbolKind const kind = command.object == "chain" || command.object == "rule" ? SymbolKind::chain
                                    : command.object == "set" || command.object == "map" || command.object == "element"
                                        ? SymbolKind::set
                                        : SymbolKind::object;
            if (kind == SymbolKind::object)
                into_.mention(kind, fmt::format("{} {}", table, command.object), command.name, name);
            else
                into_.mention(kind, table, command.name, name);
        }
        if (auto const* rule = std::get_if<ast::Rule>(&command.payload)) {
            nodes.push_back({OutlineNode::Kind::rule, outline_text(text_of(command.span)), "", command.span, command.span, {}});
            visit_rule(*rule, table, table);
        }
        if (auto const* value = std::get_if<ast::Expr>(&command.payload)) visit(*value, table, table);
    }

    void visit(ast::Chain const& chain, std::string const& table, std::string const&, std::vector<OutlineNode>& nodes) {
        add_chain(chain, table, blocks_->keyword_before(chain.span), chain.name, nodes);
    }
    void add_chain(ast::Chain const& chain, std::string const& table, std::uint32_t begin, std::string_view name,
                   std::vector<OutlineNode>& nodes) {
        Span const place = span_of(name);
        Span const extent = blocks_->extent(begin, place);
        into_.define(SymbolKind::chain, table, name, place, extent);
        OutlineNode node{OutlineNode::Kind::chain, std::string(name), "", extent, place, {}};
        for (auto const& item : chain.items)
            if (auto const* hook = std::get_if<ast::HookSpec>(&item)) node.detail = outline_text(text_of(hook->span));
        items(chain.items, table, fmt::format("{}/{}", table, name), node.children);
        nodes.push_back(std::move(node));
    }
    void visit(ast::Set const& set, std::string const& table, std::string const&, std::vector<OutlineNode>& nodes) {
        add_set(set, table, blocks_->keyword_before(set.span), set.name, nodes);
    }
    void add_set(ast::Set const& set, std::string const& table, std::uint32_t begin, std::string_view name,
                 std::vector<OutlineNode>& nodes) {
        Span const place = span_of(name);
        Span const extent = blocks_->extent(begin, place);
        into_.define(set.is_map ? SymbolKind::map : SymbolKind::set, table, name, place, extent);
        OutlineNode node{OutlineNode::Kind::entries, std::string(name), set.is_map ? "map" : "set", extent, place, {}};
        items(set.items, table, fmt::format("{}/{}", table, name), node.children);
        nodes.push_back(std::move(node));
    }
    void visit(ast::Object const& object, std::string const& table, std::string const& scope, std::vector<OutlineNode>& nodes) {
        Span const extent = blocks_->extent(blocks_->keyword_before(object.span), object.span);
        into_.define(SymbolKind::object, fmt::format("{} {}", table, object.kind), object.name, object.span, extent);
        nodes.push_back({OutlineNode::Kind::group, std::string(object.name), std::string(object.kind), extent, object.span, {}});
        visit(object.content, table, scope);
    }
    void visit(ast::Define const& definition, std::string const& table, std::string const& scope,
               std::vector<OutlineNode>& nodes) {
        visit(definition.value, table, scope);
        Span const place = span_of(definition.name);
        if (definition.kind == ast::Define::Kind::undefine) return mention_variable(definition.name, scope, place);
        into_.define(SymbolKind::variable, scope, definition.name, place, definition.span);
        nodes.push_back({OutlineNode::Kind::variable,
                         std::string(definition.name),
                         outline_text(text_of(definition.value.span)),
                         definition.span,
                         place,
                         {}});
    }
    void visit(ast::Include const& include, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        if (depth_ >= include_depth || ++included_ > include_limit) return;
        ++depth_;
        // What the text has of the parts of a block is told by the block that includes it.
        ast::Place const place = table.empty()    ? ast::Place::top
                                 : scope == table ? ast::Place::table
                                 : into_.knows(SymbolKind::chain, table, scope.substr(table.size() + 1)) ? ast::Place::chain
                                                                                                          : ast::Place::set;
        std::vector<OutlineNode> elsewhere;
        for (SourceId const included : included_by(include)) run(included, place, table, scope, elsewhere);
        --depth_;
    }
    void visit(ast::Rule const& rule, std::string const& table, std::string const& scope, std::vector<OutlineNode>& nodes) {
        nodes.push_back({OutlineNode::Kind::rule, outline_text(text_of(rule.span)), "", rule.span, rule.span, {}});
        visit_rule(rule, table, scope);
    }
    void visit(ast::HookSpec const& hook, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        for (ast::Expr const& device : hook.devices) visit(device, table, scope);
        visit(hook.priority, table, scope);
        for (ast::Expr const& offset : hook.offset) visit(offset, table, scope);
    }
    void visit(ast::Policy const& policy, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        visit(policy.verdict, table, scope);
    }
    void visit(ast::SetType const& type, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        visit(type.key, table, scope);
        for (ast::Expr const& data : type.data) visit(data, table, scope);
    }
    void visit(ast::Elements const& elements, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        visit(elements.value, table, scope);
    }
    void visit(ast::Property const& property, std::string const& table, std::string const& scope, std::vector<OutlineNode>&) {
        visit(property.value, table, scope);
    }
    void visit(ast::Flags const&, std::string const&, std::string const&, std::vector<OutlineNode>&) {}
    void visit(ast::Comment const&, std::string const&, std::string const&, std::vector<OutlineNode>&) {}

    void visit_rule(ast::Rule const& rule, std::string const& table, std::string const& scope) {
        for (ast::Statement const& statement : rule.statements)
            std::visit([&](auto const& form) { visit(form, table, scope); }, statement.form);
    }
    void visit(ast::Match const& match, std::string const& table, std::string const& scope) {
        visit(match.left, table, scope);
        visit(match.right, table, scope);
        for (ast::Expr const& mask : match.mask) visit(mask, table, scope);
    }
    void visit(ast::Assignment const& assignment, std::string const& table, std::string const& scope) {
        visit(assignment.target, table, scope);
        visit(assignment.value, table, scope);
    }
    void visit(ast::VerdictMap const& map, std::string const& table, std::string const& scope) {
        visit(map.key, table, scope);
        visit(map.table, table, scope);
    }
    void visit(ast::Decision const& decision, std::string const& table, std::string const& scope) {
        visit(decision.verdict, table, scope);
        for (ast::Rule const& rule : decision.body) visit_rule(rule, table, scope);
    }
    void visit(ast::Translation const& translation, std::string const& table, std::string const& scope) {
        for (ast::Expr const& address : translation.address) visit(address, table, scope);
        for (ast::Expr const& port : translation.port) visit(port, table, scope);
    }
    void visit(ast::Action const& action, std::string const& table, std::string const& scope) {
        using Kind = ast::Action::Kind;
        std::string_view const object = action.kind == Kind::counter    ? "counter"
                                        : action.kind == Kind::quota    ? "quota"
                                        : action.kind == Kind::limit    ? "limit"
                                        : action.kind == Kind::synproxy ? "synproxy"
                                                                        : "";
        for (ast::Part const& part : action.parts) {
            bool const names = part.kind == ast::Part::Kind::name && part.value.kind == ast::Expr::Kind::value && !object.empty();
            if (names)
                into_.mention(SymbolKind::object, fmt::format("{} {}", table, object), part.value.text, span_of(part.value.text));
            else if (action.kind == Kind::flow && part.value.kind == ast::Expr::Kind::set_name)
                into_.mention(SymbolKind::object, table + " flowtable", part.value.text, part.value.span);
            else
                visit(part.value, table, scope);
        }
        for (ast::Action const& state : action.states) visit(state, table, scope);
    }
    void visit(ast::Expr const& expr, std::string const& table, std::string const& scope) {
        using Kind = ast::Expr::Kind;
        bool const leads = expr.kind == Kind::verdict && (expr.text == "jump" || expr.text == "goto") && !expr.parts.empty() &&
                           expr.parts.front().kind == Kind::value;
        if (expr.kind == Kind::variable) mention_variable(expr.text, scope, expr.span);
        if (expr.kind == Kind::set_name) into_.mention(SymbolKind::set, table, expr.text, expr.span);
        if (leads) return into_.mention(SymbolKind::chain, table, expr.parts.front().text, expr.parts.front().span);
        for (ast::Expr const& part : expr.parts) visit(part, table, scope);
    }

    // The innermost block that has defined it until here.
    void mention_variable(std::string_view name, std::string scope, Span place) {
        while (!scope.empty() && !into_.knows(SymbolKind::variable, scope, name)) {
            std::size_t const slash = scope.rfind('/');
            scope.resize(slash == std::string::npos ? 0 : slash);
        }
        into_.mention(SymbolKind::variable, scope, name, place);
    }

    // The sources that the include led to: its pattern from its folder, as the reader follows it.
    std::vector<SourceId> included_by(ast::Include const& include) {
        std::string pattern(include.pattern);
        std::string const& path = sources_[source_].path();
        if (!pattern.starts_with('/') && path.find('/') != std::string::npos)
            pattern = path.substr(0, path.rfind('/') + 1) + pattern;
        std::vector<SourceId> found;
        std::set<std::string> names;
        for (SourceId id = source_ + 1; id < sources_.size(); ++id) {
            bool const matches = sources_[id].path() == pattern ||
                                 ::fnmatch(pattern.c_str(), sources_[id].path().c_str(), FNM_PATHNAME | FNM_PERIOD) == 0;
            if (matches && names.insert(sources_[id].path()).second) found.push_back(id);
        }
        return found;
    }

    std::string_view text_of(Span span) const { return sources_.text(span); }

    SymbolCollector& into_;
    Sources const& sources_;
    SourceId source_ = 0;
    Blocks const* blocks_ = nullptr;
    std::size_t depth_ = 0;
    std::size_t included_ = 0;
};

} // namespace

void collect_nftables(SymbolCollector& into, Sources const& sources, SourceId source) {
    Collector(into, sources).run(source, ast::Place::top, "", "", into.outline);
}

} // namespace portcullis::lsp
