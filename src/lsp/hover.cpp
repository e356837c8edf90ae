#include "lsp/hover.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "lsp/page.hpp"
#include "lsp/places.hpp"
#include "lsp/rule_effect.hpp"
#include "portcullis/catalogue/names.hpp"
#include "portcullis/engine/budget.hpp"
#include "report/words.hpp"

namespace portcullis::lsp {

namespace {

constexpr std::size_t most_services = 4;
constexpr std::size_t most_callers = 8;

class Hover {
  public:
    Hover(Snapshot const& snapshot, Json const& params, Client const& client)
        : snapshot_(snapshot), client_(client), text_(snapshot.loaded()), ruleset_(text_.reading->ruleset),
          places_(snapshot, client.encoding),
          offset_(snapshot.lines().offset_of(position_in(member(params, "position")), client.encoding)), page_(client.markdown) {}

    Json write() {
        std::optional<Span> range;
        if (Mention const* mention = snapshot_.symbols().at(text_.source, offset_)) {
            range = mention->span;
            tell_symbol(snapshot_.symbols().symbols[mention->symbol]);
        }
        if (auto const rule = rule_here()) {
            if (!range) range = tell_services(*rule);
            if (!range) range = ruleset_.chains[rule->chain].rules[rule->rules.front()].span;
            tell_rule(*rule);
        }
        if (page_.empty()) return nullptr;
        return {{"contents", {{"kind", client_.markdown ? "markdown" : "plaintext"}, {"value", page_.text()}}},
                {"range", places_.range(*range)}};
    }

  private:
    std::optional<TextRule> rule_here() const {
        if (auto rule = rule_at(ruleset_, text_.source, offset_)) return rule;
        Span const text = outline_rule(snapshot_.symbols().outline);
        return text.end == 0 ? std::nullopt : rules_within(ruleset_, text);
    }
    // The rule of the outline that the place is in; an empty span where there is none.
    Span outline_rule(std::vector<OutlineNode> const& nodes) const {
        for (OutlineNode const& node : nodes) {
            if (node.kind == OutlineNode::Kind::rule && is_here(node.extent)) return node.extent;
            if (Span const inner = outline_rule(node.children); inner.end != 0) return inner;
        }
        return {};
    }

    // ---- names

    void tell_symbol(Symbol const& symbol) {
        std::string const scope = symbol.scope.empty() ? "" : " of " + symbol.scope;
        page_.title(fmt::format("{} {}{}", to_string(symbol.kind), symbol.name, scope));
        if (symbol.places.empty())
            return page_.paragraph(is_built_in(symbol) ? "Built in: it is declared nowhere." : "Nothing defines it here.");
        bool const is_chain = symbol.kind == SymbolKind::chain || symbol.kind == SymbolKind::access_list;
        bool told = false;
        for (ChainId id = 0; is_chain && id < ruleset_.chains.size(); ++id) {
            Chain const& chain = ruleset_.chains[id];
            bool const same = chain.name == symbol.name &&
                              (chain.table == symbol.scope || symbol.kind == SymbolKind::access_list) && !chain.implicit;
            if (same) tell_chain(id);
            told = told || same;
        }
        if (!told) page_.code(with_indentation(symbol.extents.front()));
        if (symbol.places.size() > 1) page_.paragraph(fmt::format("Defined in {} places.", symbol.places.size()));
    }
    // From the beginning of its line, where only blanks are before it.
    std::string_view with_indentation(Span span) const {
        std::string_view const text = (*text_.sources)[span.source].text();
        std::size_t begin = span.begin;
        while (begin > 0 && (text[begin - 1] == ' ' || text[begin - 1] == '\t')) --begin;
        if (begin > 0 && text[begin - 1] != '\n') begin = span.begin;
        return text.substr(begin, span.end - begin);
    }
    bool is_built_in(Symbol const& symbol) const {
        return symbol.kind == SymbolKind::chain && std::ranges::any_of(ruleset_.chains, [&](Chain const& chain) {
                   return chain.name == symbol.name && chain.table == symbol.scope && chain.hook;
               });
    }

    void tell_chain(ChainId id) {
        Chain const& chain = ruleset_.chains[id];
        std::string text = plural(chain.rules.size(), "rule");
        if (chain.hook && chain.hook->point == HookPoint::list) {
            for (Binding const& binding : chain.bindings)
                text += fmt::format(", {} {}", binding.interface, binding.inbound ? "in" : "out");
            for (Use const& use : chain.uses) text += ", " + use.what;
            if (chain.bindings.empty() && chain.uses.empty()) text += ", applied nowhere";
        } else if (chain.hook) {
            text += fmt::format(", at {}, priority {}, policy {}", to_string(chain.hook->point), chain.hook->priority,
                                to_text(chain.policy, ruleset_));
        }
        page_.paragraph(text + '.');
        if (!chain.hook) tell_callers(id);
    }

    void tell_callers(ChainId id) {
        auto const callers = callers_of(ruleset_, id);
        if (callers.empty()) return page_.paragraph("No rule leads to it.");
        std::string text = "Rules lead to it from";
        for (std::size_t i = 0; i < callers.size() && i < most_callers; ++i) {
            auto const [chain, rule] = callers[i];
            text += fmt::format("{} {} (line {})", i == 0 ? "" : ",", ruleset_.chains[chain].title(),
                                places_.line(ruleset_.chains[chain].rules[rule].span));
        }
        if (callers.size() > most_callers) text += fmt::format(" and {} more places", callers.size() - most_callers);
        page_.paragraph(text + '.');
    }

    // ---- services

    // Of the port under the cursor, or of those that its part of the rule names; the place of that part.
    std::optional<Span> tell_services(TextRule const& text_rule) {
        for (std::size_t const index : text_rule.rules) {
            Match const& match = ruleset_.chains[text_rule.chain].rules[index].match;
            auto const protocols = values_of(match, Field::protocol);
            for (Term const& term : match.terms) {
                if (term.field == Field::dport && is_here(term.span)) return tell_ports(term.span, term.values, protocols);
            }
            for (Alternatives const& relation : match.alternatives) {
                auto const field = std::ranges::find(relation.fields, Field::dport);
                if (field == relation.fields.end() || !is_here(relation.span)) continue;
                IntervalSet ports;
                for (auto const& row : relation.rows)
                    if (auto const some = row[static_cast<std::size_t>(field - relation.fields.begin())].as_intervals(16))
                        ports = ports.united(*some);
                return tell_ports(relation.span, ports, protocols);
            }
        }
        return std::nullopt;
    }
    bool is_here(Span span) const { return span.source == text_.source && span.begin <= offset_ && offset_ <= span.end; }
    static std::optional<IntervalSet> values_of(Match const& match, Field field) {
        for (Term const& term : match.terms)
            if (term.field == field) return term.values.as_intervals(info(field).bits);
        return std::nullopt;
    }

    std::optional<Span> tell_ports(Span span, ValueSet const& values, std::optional<IntervalSet> const& protocols) {
        auto const ports = values.as_intervals(16);
        if (!ports) return std::nullopt;
        auto const [word, place] = word_here();
        std::optional<std::uint16_t> const wanted = port_here(word, protocols);
        std::vector<Service const*> services;
        for (Service const& service : text_.lint_options.config.catalogue.services()) {
            auto const is_asked = [&](PortRange const& port) {
                bool const here = wanted ? port.first <= *wanted && *wanted <= port.last
                                         : ports->overlaps(IntervalSet(port.first, port.last));
                return here && (!protocols || protocols->contains(port.protocol));
            };
            if (service.variant_of.empty() && std::ranges::any_of(service.ports, is_asked)) services.push_back(&service);
        }
        if (services.empty()) return std::nullopt;
        if (services.size() > most_services) {
            page_.paragraph(fmt::format("{} services of the catalogue listen at these ports.", services.size()));
            return span;
        }
        for (Service const* service : services) tell_service(*service);
        return wanted ? place : span;
    }

    std::pair<std::string_view, Span> word_here() const {
        std::string_view const text = (*text_.sources)[text_.source].text();
        auto const is_word = [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
        };
        std::size_t begin = std::min(offset_, text.size());
        std::size_t end = begin;
        while (begin > 0 && is_word(text[begin - 1])) --begin;
        while (end < text.size() && is_word(text[end])) ++end;
        return {text.substr(begin, end - begin),
                {text_.source, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)}};
    }
    std::optional<std::uint16_t> port_here(std::string_view word, std::optional<IntervalSet> const& protocols) const {
        bool const digits = !word.empty() && word.size() <= 5 && word.find_first_not_of("0123456789") == std::string_view::npos;
        if (digits) {
            unsigned number = 0;
            for (char const c : word) number = number * 10 + static_cast<unsigned>(c - '0');
            return number <= 65535 ? std::optional(static_cast<std::uint16_t>(number)) : std::nullopt;
        }
        Vocabulary const vocabulary = is_cisco(*text_.dialect) ? Vocabulary::cisco : Vocabulary::linux_names;
        for (Protocol const protocol : {Protocol::tcp, Protocol::udp})
            if (!protocols || protocols->contains(number(protocol)))
                if (auto const port = port_number(word, number(protocol), vocabulary)) return port;
        return std::nullopt;
    }

    void tell_service(Service const& service) {
        page_.title(fmt::format("{}{}", service.title.empty() ? service.name : service.title,
                                service.insecure ? ": insecure by design" : ""));
        if (!service.purpose.empty()) page_.paragraph(service.purpose);
        if (service.encryption != Encryption::unstated) page_.item(fmt::format("Encryption: {}", to_string(service.encryption)));
        if (!service.authentication.empty()) page_.item("Authentication: " + service.authentication);
        if (!service.risk.empty()) page_.item("Risk: " + service.risk);
        if (!service.replacement.empty()) page_.item("Use instead: " + service.replacement);
    }

    // ---- rules

    void tell_rule(TextRule const& text_rule) {
        Chain const& chain = ruleset_.chains[text_rule.chain];
        Rule const& first = chain.rules[text_rule.rules.front()];
        bool const one =
            std::ranges::all_of(text_rule.rules, [&](std::size_t i) { return chain.rules[i].verdict == first.verdict; });
        page_.title(
            fmt::format("{}, rule {}: {}", chain.title(), first.origin + 1, one ? to_text(first.verdict, ruleset_) : "by a map"));
        try {
            tell_effect(effect_of(ruleset_, text_.lint_options.config, text_rule));
        } catch (BudgetExceeded const& e) {
            page_.paragraph(fmt::format("What it decides is too much to work out here: {}.", e.what()));
        }
        if (!chain.hook) tell_callers(text_rule.chain);
    }

    void tell_effect(RuleEffect const& effect) {
        if (effect.matches.empty()) return page_.paragraph("It matches no packet: its conditions exclude each other.");
        page_.paragraph("It matches:");
        tell_lines(effect.matches, effect.more_matches);
        for (Effect const& on_path : effect.effects) {
            std::string const where = on_path.path.empty() ? "" : fmt::format(" ({})", on_path.path);
            if (on_path.traffic.empty()) {
                page_.paragraph(fmt::format("It decides nothing{}: earlier rules have taken all that it matches.", where));
            } else if (!on_path.new_connections) {
                page_.paragraph(fmt::format("It decides{}:", where));
                tell_lines(on_path.traffic, on_path.more);
            } else if (on_path.traffic != effect.matches || on_path.more) {
                page_.paragraph(fmt::format("Of new connections{}, it decides after earlier rules:", where));
                tell_lines(on_path.traffic, on_path.more);
            } else {
                page_.paragraph(fmt::format("Of new connections{}, it decides all of these.", where));
            }
        }
    }
    void tell_lines(std::vector<std::string> const& lines, bool more) {
        for (std::string const& line : lines) page_.item(line);
        if (more) page_.item("and more");
    }

    Snapshot const& snapshot_;
    Client const& client_;
    LoadedText const& text_;
    Ruleset const& ruleset_;
    Places places_;
    std::size_t offset_;
    Page page_;
};

} // namespace

Json hover(Snapshot const& snapshot, Json const& params, Client const& client) {
    if (!snapshot.is_readable()) return nullptr;
    return Hover(snapshot, params, client).write();
}

} // namespace portcullis::lsp
