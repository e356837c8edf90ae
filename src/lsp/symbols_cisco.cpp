// Configurations of Cisco devices: access lists, groups and objects, time ranges, VLAN maps and interfaces, and the lines
// that name them.
#include <fmt/format.h>
#include <functional>
#include <map>
#include <optional>

#include "dialect/cisco_read.hpp"
#include "grammars/cisco/parse.hpp"
#include "lsp/symbol_collector.hpp"

namespace portcullis::lsp {

namespace {

namespace ast = cisco;

std::string_view scope_of(bool ipv6) { return ipv6 ? "ipv6" : ""; }
std::string_view group_scope(bool is_object) { return is_object ? "object" : "object-group"; }

class Collector {
  public:
    Collector(SymbolCollector& into, ast::Config const& config) : into_(into), config_(config) {}

    void run() {
        // Names are used before they are defined, too.
        for (ast::Statement const& statement : config_.statements) std::visit([&](auto const& s) { define(s); }, statement);
        for (ast::Statement const& statement : config_.statements) std::visit([&](auto const& s) { mention(s); }, statement);
        for (ast::Mention const& other : config_.mentions)
            if (knows_list(other.word)) mention_list(other.word);
    }

  private:
    // ---- definitions

    void define(SymbolKind kind, std::string_view scope, std::string_view name, Span extent) {
        if (auto const place = place_of(name)) into_.define(kind, scope, name, *place, extent);
    }
    OutlineNode& node(OutlineNode::Kind kind, std::string_view name, std::string detail, Span extent) {
        return into_.outline.emplace_back(
            OutlineNode{kind, std::string(name), std::move(detail), extent, place_of(name).value_or(extent), {}});
    }
    static void add_line(OutlineNode& to, std::string_view text, Span span) {
        to.children.push_back({OutlineNode::Kind::rule, outline_text(text), "", span, span, {}});
    }

    void define(ast::AccessList const& list) {
        if (list.name.empty()) return;
        Span extent = config_.span_of(list.text);
        for (ast::Entry const& entry : list.entries) extent = hull(extent, config_.span_of(entry.text));
        if (list.negated) return mention_list(list.name, list.kind == ast::AccessList::Kind::ipv6);
        define(SymbolKind::access_list, scope_of(list.kind == ast::AccessList::Kind::ipv6), list.name, extent);
        OutlineNode& shown = node(OutlineNode::Kind::entries, list.name, "access list", extent);
        for (ast::Entry const& entry : list.entries)
            add_line(shown, entry.body.empty() ? entry.text : entry.body, config_.span_of(entry.text));
    }
    void define(ast::Group const& group) {
        if (group.negated) return mention_group(group.is_object, group.name);
        Span extent = config_.span_of(group.text);
        for (ast::Group::Line const& line : group.members) extent = hull(extent, config_.span_of(line.text));
        define(SymbolKind::group, group_scope(group.is_object), group.name, extent);
        OutlineNode& shown =
            node(OutlineNode::Kind::group, group.name, fmt::format("{} {}", group_scope(group.is_object), group.kind), extent);
        for (ast::Group::Line const& line : group.members) add_line(shown, line.text, config_.span_of(line.text));
    }
    void define(ast::Interface const& interface) {
        Span const extent = config_.span_of(interface.text);
        define(SymbolKind::interface, "", interface.name, extent);
        define(SymbolKind::interface, "", interface.nameif, extent);
        node(OutlineNode::Kind::variable, interface.name, "interface", extent);
    }
    void define(ast::TimeRange const& range) {
        if (!range.negated) define(SymbolKind::time_range, "", range.name, config_.span_of(range.text));
    }
    void define(ast::Alias const& alias) {
        if (auto const place = place_of(alias.name)) into_.define(SymbolKind::variable, "name", alias.name, *place, *place);
    }
    void define(ast::VlanMapEntry const& entry) {
        if (!entry.negated) define(SymbolKind::vlan_map, "", entry.name, config_.span_of(entry.text));
    }
    template <class Other> void define(Other const&) {}

    // ---- uses

    // Words of our own, such as a platform's default, stand nowhere in the text.
    std::optional<Span> place_of(std::string_view word) const {
        std::less<char const*> const before;
        char const* const begin = config_.text.data();
        bool const inside = !word.empty() && !before(word.data(), begin) && before(word.data(), begin + config_.text.size());
        return inside ? std::optional(config_.span_of(word)) : std::nullopt;
    }
    void mention(SymbolKind kind, std::string_view scope, std::string_view name) {
        if (auto const place = place_of(name)) into_.mention(kind, scope, name, *place);
    }
    bool knows_list(std::string_view name) const {
        return into_.knows(SymbolKind::access_list, "", name) || into_.knows(SymbolKind::access_list, "ipv6", name);
    }
    void mention_list(std::string_view name, bool ipv6 = false) {
        bool const other = !into_.knows(SymbolKind::access_list, scope_of(ipv6), name) &&
                           into_.knows(SymbolKind::access_list, scope_of(!ipv6), name);
        mention(SymbolKind::access_list, scope_of(other != ipv6), name);
    }
    void mention_group(bool is_object, std::string_view name) { mention(SymbolKind::group, group_scope(is_object), name); }

    void mention(ast::AccessList const& list) {
        for (ast::Entry const& entry : list.entries) {
            mention(entry.source);
            mention(entry.destination);
            mention(entry.service);
            if (entry.action == ast::Entry::Action::evaluate) mention_list(entry.name);
            for (ast::Option const& option : entry.options)
                if (option.kind == ast::Option::Kind::schedule && !option.argument.values.empty())
                    mention(SymbolKind::time_range, "", option.argument.values.front());
        }
    }
    void mention(ast::Address const& address) {
        using Kind = ast::Address::Kind;
        if (address.kind == Kind::object || address.kind == Kind::group)
            return mention_group(address.kind == Kind::object, address.name);
        if (address.kind == Kind::interface) return mention(SymbolKind::interface, "", address.name);
        if (into_.knows(SymbolKind::variable, "name", address.name)) mention(SymbolKind::variable, "name", address.name);
    }
    void mention(ast::Service const& service) {
        using Kind = ast::Service::Kind;
        if (service.kind == Kind::object || service.kind == Kind::group)
            mention_group(service.kind == Kind::object, service.name);
        mention(service.source);
        mention(service.destination);
    }
    void mention(ast::Comparison const& comparison) {
        if (comparison.kind == ast::Comparison::Kind::group && !comparison.values.empty())
            mention_group(false, comparison.values.front());
    }
    void mention(ast::GroupReference const& reference) { mention_group(reference.is_object, reference.name); }
    void mention(ast::Group const& group) {
        for (ast::Group::Line const& line : group.members) std::visit([&](auto const& member) { mention(member); }, line.member);
    }
    void mention(ast::Resequence const& resequence) { mention_list(resequence.name, resequence.ipv6); }
    void mention(ast::AccessGroup const& use) {
        for (std::string_view const list : use.lists) mention_list(list, use.ipv6);
        if (into_.knows(SymbolKind::interface, "", use.interface)) mention(SymbolKind::interface, "", use.interface);
    }
    void mention(ast::Terminal const& terminal) {
        for (ast::Terminal::Guard const& guard : terminal.guards) mention_list(guard.list, guard.ipv6);
    }
    void mention(ast::ManagementLine const& line) {
        for (std::string_view const list : line.lists)
            if (knows_list(list)) mention_list(list);
        if (into_.knows(SymbolKind::interface, "", line.interface)) mention(SymbolKind::interface, "", line.interface);
    }
    void mention(ast::Translation const& translation) {
        mention(translation.real);
        mention(translation.mapped);
        if (translation.mapped_destination) mention(*translation.mapped_destination);
        if (translation.real_destination) mention(*translation.real_destination);
        for (std::string_view const name : {translation.real_interface, translation.mapped_interface})
            if (into_.knows(SymbolKind::interface, "", name)) mention(SymbolKind::interface, "", name);
    }
    void mention(ast::VlanMapEntry const& entry) {
        for (ast::VlanMapEntry::Clause const& clause : entry.clauses)
            for (std::string_view const list : clause.lists)
                mention_list(list, clause.kind == ast::VlanMapEntry::Clause::Kind::ipv6);
    }
    void mention(ast::VlanFilter const& filter) { mention(SymbolKind::vlan_map, "", filter.name); }
    void mention(ast::Alias const&) {}
    void mention(ast::Interface const&) {}
    void mention(ast::TimeRange const&) {}

    SymbolCollector& into_;
    ast::Config const& config_;
};

} // namespace

void collect_cisco(SymbolCollector& into, Sources const& sources, SourceId source, Dialect dialect) {
    ast::Config const config = ast::parse(sources[source].text(), source, ast::platform_of(dialect));
    Collector(into, config).run();
}

} // namespace portcullis::lsp
