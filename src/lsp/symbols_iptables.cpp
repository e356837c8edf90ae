// Restore files: chains with their declarations, rules and jumps, and the sets of ipset that rules ask.
#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "grammars/iptables/parse.hpp"
#include "lsp/symbol_collector.hpp"

namespace portcullis::lsp {

namespace {

namespace ast = iptables;

class Collector {
  public:
    Collector(SymbolCollector& into, ast::File const& file) : into_(into), file_(file) {}

    void run() {
        define_chains();
        for (ast::Statement const& statement : file_.statements) std::visit([&](auto const& s) { visit(s); }, statement);
        close_table();
    }

  private:
    // A chain may be declared after a rule that jumps to it.
    void define_chains() {
        std::string table = "filter";
        for (ast::Statement const& statement : file_.statements) {
            if (auto const* start = std::get_if<ast::TableStart>(&statement)) table = start->name.plain();
            if (auto const* chain = std::get_if<ast::ChainDeclaration>(&statement)) define(table, chain->name, chain->span);
            auto const* command = std::get_if<ast::Command>(&statement);
            if (command != nullptr && command->action == ast::Action::new_chain) define(table, command->chain, command->span);
        }
    }
    void define(std::string const& table, ast::Word const& name, Span extent) {
        into_.define(SymbolKind::chain, table, name.plain(), file_.span(name.raw), extent);
    }

    void visit(ast::TableStart const& start) {
        close_table();
        table_ = start.name.plain();
        node_ = OutlineNode{OutlineNode::Kind::table, table_, "", start.span, file_.span(start.name.raw), {}};
        chains_.clear();
    }
    void visit(ast::ChainDeclaration const& chain) {
        std::string const name = chain.name.plain();
        std::string const policy = chain.policy.plain();
        open_table(chain.span);
        chains_.emplace(name, node_->children.size());
        node_->children.push_back({OutlineNode::Kind::chain,
                                   name,
                                   policy == "-" ? "" : "policy " + policy,
                                   chain.span,
                                   file_.span(chain.name.raw),
                                   {}});
    }
    void visit(ast::Commit const& commit) {
        if (node_) node_->extent = hull(node_->extent, commit.span);
        close_table();
    }
    void visit(ast::Command const& command) {
        if (!command.chain.raw.empty() && command.action != ast::Action::new_chain)
            into_.mention(SymbolKind::chain, table_, command.chain.plain(), file_.span(command.chain.raw));
        for (ast::Option const& option : file_[command.options]) visit(option);
        if (command.action == ast::Action::append || command.action == ast::Action::insert) add_rule(command);
    }
    void visit(ast::Option const& option) {
        auto const* word = std::get_if<ast::Word>(&option.value);
        if (word == nullptr) return;
        std::string const text = word->plain();
        using Key = ast::Key;
        if (option.info->key == Key::jump || option.info->key == Key::go_to) {
            // The name of a chain hides that of a target.
            if (option.info->key == Key::go_to || into_.knows(SymbolKind::chain, table_, text))
                into_.mention(SymbolKind::chain, table_, text, file_.span(word->raw));
        } else if (option.info->name == "match-set" || option.info->name == "add-set" || option.info->name == "del-set") {
            std::string_view const name = word->raw.substr(0, word->raw.find_first_of(" \t"));
            into_.mention(SymbolKind::set, "ipset", ast::Word{name}.plain(), file_.span(name));
        }
    }

    void add_rule(ast::Command const& command) {
        open_table(command.span);
        std::string const name = command.chain.plain();
        auto const [at, added] = chains_.emplace(name, node_->children.size());
        Span const place = file_.span(command.chain.raw);
        if (added) node_->children.push_back({OutlineNode::Kind::chain, name, "", command.span, place, {}});
        OutlineNode& chain = node_->children[at->second];
        // The chain is where its rules are.
        if (chain.children.empty()) {
            chain.extent = command.span;
            chain.name_span = place;
        }
        chain.extent = hull(chain.extent, command.span);
        chain.children.push_back(
            {OutlineNode::Kind::rule, outline_text(text_of(command.span)), "", command.span, command.span, {}});
    }
    std::string_view text_of(Span span) const { return file_.text.substr(span.begin, span.end - span.begin); }

    void open_table(Span span) {
        if (!node_) node_ = OutlineNode{OutlineNode::Kind::table, table_, "", span, span, {}};
        node_->extent = hull(node_->extent, span);
    }
    void close_table() {
        if (node_) into_.outline.push_back(std::move(*node_));
        node_.reset();
    }

    SymbolCollector& into_;
    ast::File const& file_;
    std::string table_ = "filter";
    std::optional<OutlineNode> node_;
    std::map<std::string, std::size_t> chains_; // of the table, as places among its children
};

} // namespace

void collect_iptables(SymbolCollector& into, Sources const& sources, SourceId source) {
    ast::File const file = ast::parse(sources[source].text(), source);
    Collector(into, file).run();
}

} // namespace portcullis::lsp
