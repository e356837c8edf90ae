// A file of nft is a sequence of commands: they are applied, in order, to a state of tables, chains and sets, as
// the kernel would do in one transaction. What stands at the end is lowered.
#include "dialect/nftables_read.hpp"

#include <algorithm>
#include <deque>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <limits>
#include <map>
#include <span>

#include "dialect/nftables_advice.hpp"
#include "dialect/nftables_check.hpp"
#include "dialect/nftables_declaration.hpp"
#include "dialect/nftables_rule.hpp"
#include "grammars/nftables/lexer.hpp"
#include "grammars/nftables/parse.hpp"

namespace portcullis {
namespace nft {
namespace {

constexpr std::size_t include_depth = 16;
constexpr std::size_t include_limit = 1000; // files in all

struct RuleState {
    ast::Rule const* rule;
    Time time;
    std::size_t command = 0; // the one that says it
};

struct HookState {
    ast::HookSpec const* spec = nullptr;
    Time time = 0;
};

struct ChainState {
    std::string name;
    Span span;
    std::size_t order = 0; // of declaration
    std::size_t command = 0; // that made it
    ast::HookSpec const* hook = nullptr;
    ast::Policy const* policy = nullptr;
    Time hook_time = 0;
    Time policy_time = 0;
    bool is_closed = false;              // its first block is behind us
    std::vector<HookState> later_hooks; // of other blocks
    std::deque<RuleState> rules; // "insert" prepends
};

// A counter, limit, helper or flowtable: kept by its text.
struct ObjectState {
    std::string_view name;
    Span span;
    Time time = 0;
    ast::Expr const* content = nullptr; // of its block
};

struct TableState {
    ast::TableFamily family{};
    std::string name;
    std::size_t order = 0;
    bool dormant = false;         // its base chains are not at their hooks
    std::optional<Span> appended; // the first rule that was added to what a load before may have left there
    std::map<std::string, NamedSet, std::less<>> sets;
    ObjectNames object_names;
    std::map<std::string, ChainState, std::less<>> chains;
    std::map<std::pair<std::string, std::string>, ObjectState> objects; // by kind and name
};

struct PointName {
    std::string_view name;
    HookPoint point;
};
constexpr PointName point_names[] = {{"ingress", HookPoint::ingress}, {"prerouting", HookPoint::prerouting},
                                     {"input", HookPoint::input},     {"forward", HookPoint::forward},
                                     {"output", HookPoint::output},   {"postrouting", HookPoint::postrouting},
                                     {"egress", HookPoint::egress}};

struct TypeName {
    std::string_view name;
    ChainType type;
};
constexpr TypeName type_names[] = {
    {"filter", ChainType::filter}, {"nat", ChainType::nat}, {"route", ChainType::route}};

// Whether the block of a limit says "rate over".
bool is_over(ast::Expr const& content) {
    auto const is_it = [](ast::Expr const& rate, ast::Expr const& over) { return rate.text == "rate" && over.text == "over"; };
    return std::ranges::adjacent_find(content.parts, is_it) != content.parts.end();
}

std::optional<int> small_number(std::string_view text) {
    bool const negative = text.starts_with('-');
    if (negative) text.remove_prefix(1);
    std::optional<U128> const value = parse_c_number(text);
    if (!value || *value > max_value(31)) return std::nullopt;
    int const number = static_cast<int>(*value);
    return negative ? -number : number;
}

class Reader {
  public:
    Reader(Sources& sources, ReadOptions const& options) : sources_(sources), options_(options) {}

    Reading read(SourceId source) {
        reading_.ruleset.dialect = Dialect::nftables;
        open_files_.push_back(sources_[source].path());
        run(load(source, ast::Place::top), nullptr, nullptr);
        mark_updated_sets();
        lower();
        keep_declarations();
        advise();
        reading_.findings.append(std::move(findings_));
        return std::move(reading_);
    }

  private:
    // ---- files

    ast::File const& load(SourceId source, ast::Place place) {
        ast::File const& file = files_.emplace_back(nftables::parse(sources_[source].text(), source, place));
        by_source_[source] = &file;
        for (SyntaxError const& e : file.errors) findings_.add("PC001", e.span).arg("error", to_string(e));
        return file;
    }

    // Runs the items of a file as a continuation of the block that includes it.
    void run(ast::File const& file, TableState* table, ChainState* chain, NamedSet* set = nullptr) {
        if (table == nullptr)
            for (auto const& item : file.items) visit(item, nullptr, nullptr);
        else if (set != nullptr)
            run_set_items(file.set, *table, *set);
        else if (chain != nullptr)
            run_chain(file.chain, *table, *chain);
        else
            run_table(file.table, *table);
    }

    void include(ast::Include const& include, TableState* table, ChainState* chain, NamedSet* set = nullptr) {
        std::string const construct = fmt::format("include \"{}\"", include.pattern);
        auto const fail = [&](std::string why) {
            findings_.add("PC002", include.span).arg("construct", construct).arg("why", std::move(why));
        };
        if (!options_.include) return fail("files are not included here");
        if (open_files_.size() > include_depth) return fail("includes are nested more than 16 deep");
        Included const found = options_.include(std::string(include.pattern), include.span.source);
        if (!found.error.empty()) return fail(found.error);
        for (SourceId const source : found.sources) {
            std::string const& path = sources_[source].path();
            if (++included_ > include_limit) return fail("more than 1000 files are included");
            if (std::find(open_files_.begin(), open_files_.end(), path) != open_files_.end()) {
                fail(fmt::format("{} includes itself", path));
                continue;
            }
            open_files_.push_back(path);
            run(load(source, set != nullptr     ? ast::Place::set
                             : chain != nullptr ? ast::Place::chain
                             : table != nullptr ? ast::Place::table
                                                : ast::Place::top),
                table, chain, set);
            open_files_.pop_back();
        }
    }

    // ---- items of blocks

    template <class Item> void visit(Item const& item, TableState* table, ChainState* chain) {
        ++now_;
        std::visit([&](auto const& form) { apply(form, table, chain); }, item);
    }

    void apply(ast::Define const& define, TableState*, ChainState*) {
        std::string const name(define.name);
        definitions_.push_back(&define);
        switch (define.kind) {
        case ast::Define::Kind::define:
            if (variables_.defined_in_block(define.name))
                error(define.span, fmt::format("${} is defined already; redefine changes it", name));
            break;
        case ast::Define::Kind::redefine: variables_.undefine(define.name, now_); break;
        case ast::Define::Kind::undefine:
            if (!variables_.undefine(define.name, now_))
                findings_.add("PC401", define.span).arg("kind", "variable").arg("name", name);
            return;
        }
        checker_.check_definition(define.value, now_);
        if (define.value.kind == ast::Expr::Kind::wildcard)
            error(define.value.span, "'*' stands in a set or map only");
        variables_.define(define.name, define.value, now_);
    }
    void apply(ast::Include const& item, TableState* table, ChainState* chain) { include(item, table, chain); }
    void apply(ast::Comment const& comment, TableState*, ChainState*) {
        checker_.check_comment(comment.text, comment.span);
    }

    void apply(ast::Command const& command, TableState*, ChainState*) { run_command(command); }

    // of tables
    void apply(ast::Chain const& chain, TableState* table, ChainState*) {
        check_name(chain.name, chain.span);
        run_chain(chain, *table, declare_chain(*table, chain.name, chain.span));
    }
    void apply(ast::Set const& set, TableState* table, ChainState*) {
        check_name(set.name, set.span);
        run_set(set, *table, declare_set(*table, set.name, set.is_map, set.span));
    }
    void apply(ast::Object const& object, TableState* table, ChainState*) {
        check_name(object.name, object.span);
        declare_object(*table, object.kind, object.name, object.span, &object.content);
    }
    void apply(ast::Flags const& flags, TableState* table, ChainState* chain) {
        if (chain != nullptr)
            checker_.check_flags(flags, {"offload"});
        else
            checker_.check_flags(flags, {"dormant", "owner", "persist"});
        if (chain == nullptr && std::find(flags.words.begin(), flags.words.end(), "dormant") != flags.words.end())
            table->dormant = true;
    }

    // of chains
    void apply(ast::Rule const& rule, TableState* table, ChainState* chain) {
        note_addition(*table, *chain, rule.span);
        chain->rules.push_back({&rule, now_, command_});
    }
    void apply(ast::HookSpec const& hook, TableState*, ChainState* chain) {
        if (chain->hook != nullptr) {
            chain->later_hooks.push_back({&hook, now_});
            return;
        }
        if (chain->is_closed)
            error(hook.span, fmt::format("'{}' is there already, and no base chain", chain->name));
        chain->hook = &hook;
        chain->hook_time = now_;
    }
    void apply(ast::Policy const& policy, TableState*, ChainState* chain) {
        chain->policy = &policy;
        chain->policy_time = now_;
    }

    // A block says these things once.
    template <class... Forms, class Items> void check_once(Items const& items) {
        (check_form<Forms>(items, title_of(static_cast<Forms const*>(nullptr))), ...);
    }
    template <class Form, class Items> void check_form(Items const& items, std::string_view name) {
        std::size_t count = 0;
        for (auto const& item : items)
            if (auto const* const form = std::get_if<Form>(&item); form != nullptr && ++count == 2)
                error(place_of(*form), fmt::format("{} is said twice in this block", name));
    }
    static Span place_of(ast::SetType const& type) { return type.key.span; }
    template <class Form> static Span place_of(Form const& form) { return form.span; }
    static std::string_view title_of(ast::Comment const*) { return "the comment"; }
    static std::string_view title_of(ast::Policy const*) { return "the policy"; }
    static std::string_view title_of(ast::SetType const*) { return "the type"; }

    void run_table(ast::Table const& table, TableState& state) {
        check_once<ast::Comment>(table.items);
        for (auto const& item : table.items) visit(item, &state, nullptr);
    }
    void run_chain(ast::Chain const& chain, TableState& table, ChainState& state) {
        check_once<ast::Comment, ast::Policy>(chain.items);
        variables_.open_block();
        for (auto const& item : chain.items) visit(item, &table, &state);
        state.is_closed = true;
        variables_.close_block(++now_);
    }
    void run_set(ast::Set const& set, TableState& table, NamedSet& state) {
        check_once<ast::Comment, ast::SetType>(set.items);
        run_set_items(set, table, state);
    }
    void run_set_items(ast::Set const& set, TableState& table, NamedSet& state) {
        for (auto const& item : set.items) {
            ++now_;
            std::visit([&](auto const& form) { apply_to_set(form, table, state); }, item);
        }
    }
    void apply_to_set(ast::Elements const& elements, TableState&, NamedSet& set) {
        set.changes.push_back({&elements.value, now_, false});
    }
    void apply_to_set(ast::SetType const& type, TableState&, NamedSet& set) {
        set.type = &type;
        set.type_time = now_;
    }
    void apply_to_set(ast::Flags const& flags, TableState&, NamedSet& set) {
        checker_.check_flags(flags, {"constant", "interval", "dynamic", "timeout"});
        for (std::string_view const word : flags.words) set_flag(set, word);
    }
    void apply_to_set(ast::Property const& property, TableState& table, NamedSet& set) {
        using enum ast::Property::Kind;
        checker_.check_property(property, scope_of(table, now_));
        if (property.kind == timeout) set.changes_at_run_time = set.has_timeouts = true;
        if (property.kind == merge) set.merges = true;
    }
    void apply_to_set(ast::Comment const& comment, TableState&, NamedSet&) { apply(comment, nullptr, nullptr); }
    void apply_to_set(ast::Define const& define, TableState&, NamedSet&) { apply(define, nullptr, nullptr); }
    void apply_to_set(ast::Include const& item, TableState& table, NamedSet& set) {
        include(item, &table, nullptr, &set);
    }

    static void set_flag(NamedSet& set, std::string_view flag) {
        set.changes_at_run_time |= flag == "dynamic" || flag == "timeout";
        set.has_timeouts |= flag == "timeout";
        set.has_intervals |= flag == "interval";
        set.is_constant |= flag == "constant";
    }

    // ---- commands

    void run_command(ast::Command const& command) {
        using enum ast::Verb;
        ++command_;
        switch (command.verb) {
        case add:
        case create:
        case insert:
        case replace: return run_addition(command);
        case delete_:
        case destroy:
        case flush: return run_removal(command);
        case rename: return run_rename(command);
        case other: return keep(canonical(sources_.text(command.span)), command.span);
        }
    }

    void run_addition(ast::Command const& command) {
        if (command.object == "table") {
            check_new(command, tables_.contains({family_of(command), std::string(command.table)}), command.table);
            check_name(command.table, command.span);
            TableState& table = declare_table(family_of(command), command.table);
            table.dormant = false; // its flags are those of the last declaration (nf_tables_updtable)
            variables_.open_block();
            if (auto const* const body = std::get_if<ast::Table>(&command.payload)) run_table(*body, table);
            variables_.close_block(++now_);
            return;
        }
        TableState& table = needed_table(command);
        if (command.object == "chain") {
            check_new(command, table.chains.contains(command.name), command.name);
            check_name(command.name, command.span);
            ChainState& chain = declare_chain(table, command.name, command.span);
            if (auto const* const body = std::get_if<ast::Chain>(&command.payload)) run_chain(*body, table, chain);
            chain.is_closed = true;
        } else if (command.object == "set" || command.object == "map") {
            check_new(command, table.sets.contains(command.name), command.name);
            check_name(command.name, command.span);
            NamedSet& set = declare_set(table, command.name, command.object == "map", command.span);
            if (auto const* const body = std::get_if<ast::Set>(&command.payload)) run_set(*body, table, set);
        } else if (command.object == "element") {
            change_elements(command, table, false);
        } else if (command.object == "rule") {
            add_rule(command, table);
        } else {
            check_name(command.name, command.span);
            declare_object(table, command.object, command.name, command.span,
                           std::get_if<ast::Expr>(&command.payload));
        }
    }

    // JSON names things as it likes.
    void check_name(std::string_view name, Span span) {
        if (options_.from_json) return;
        std::string_view const text = sources_[span.source].text();
        auto const begin = static_cast<std::uint32_t>(name.data() - text.data());
        Span const place{span.source, begin, begin + static_cast<std::uint32_t>(name.size())};
        if (begin > 0 && text[begin - 1] == '"')
            error(place, "nft takes no name in quotes");
        else if (nftables::is_reserved(name))
            error(place, fmt::format("'{}' is a word of nft, which takes it for no name", name));
        else if (!nftables::is_identifier(name))
            error(place, fmt::format("'{}' is no name: letters, digits and _ - / . behind a letter", name));
    }

    void check_new(ast::Command const& command, bool exists, std::string_view name) {
        if (command.verb == ast::Verb::create && exists)
            error(command.span, fmt::format("'{}' is there already, and 'create' makes what is not", name));
    }

    void add_rule(ast::Command const& command, TableState& table) {
        ChainState& chain = needed_chain(command, table);
        RuleState const rule{&std::get<ast::Rule>(command.payload), now_, command_};
        note_addition(table, chain, command.span);
        bool const prepend = command.verb == ast::Verb::insert;
        if (command.position_kind == "index") {
            std::optional<int> const index = small_number(command.position);
            if (!index || static_cast<std::size_t>(*index) >= chain.rules.size()) {
                error(command.span, fmt::format("the chain has no rule at index {}", command.position));
                return;
            }
            chain.rules.insert(chain.rules.begin() + *index + (prepend ? 0 : 1), rule);
            return;
        }
        if (!command.position_kind.empty() || command.verb == ast::Verb::replace) unknown_handle(command);
        if (prepend)
            chain.rules.push_front(rule);
        else
            chain.rules.push_back(rule);
    }

    void unknown_handle(ast::Command const& command) {
        findings_.add("PC002", command.span)
            .arg("construct", fmt::format("{} {}", command.position_kind, command.position))
            .arg("why", "handles exist in the kernel only, not in the file");
    }

    void run_removal(ast::Command const& command) {
        bool const flush = command.verb == ast::Verb::flush;
        cleared_.push_back({command.object == "ruleset" ? command.family : family_of(command), command.table,
                            command.object == "chain" ? command.name : std::string_view{}});
        if (command.object == "ruleset") {
            std::erase_if(tables_, [&](auto const& entry) {
                return !command.family || entry.second.family == *command.family;
            });
            return;
        }
        if (!command.position_kind.empty()) return unknown_handle(command);
        auto const found = tables_.find({family_of(command), std::string(command.table)});
        if (found == tables_.end()) return; // of a table outside of the file
        TableState& table = found->second;
        std::string const name(command.name);
        if (command.object == "table") {
            if (!flush)
                tables_.erase(found);
            else
                for (auto& [unused, chain] : table.chains) chain.rules.clear();
        } else if (command.object == "chain") {
            auto const chain = table.chains.find(name);
            if (chain == table.chains.end()) return;
            if (flush)
                chain->second.rules.clear();
            else
                table.chains.erase(chain);
        } else if (command.object == "element") {
            change_elements(command, table, true);
        } else if (command.object == "set" || command.object == "map" || command.object == "meter") {
            auto const set = table.sets.find(name);
            if (set == table.sets.end()) return;
            if (flush)
                set->second.changes.clear();
            else
                table.sets.erase(set);
        } else if (!flush) {
            auto const is_it = [&](auto const& entry) {
                return entry.first.first.ends_with(command.object) && entry.first.second == name;
            };
            std::erase_if(table.objects, is_it);
        }
    }

    void run_rename(ast::Command const& command) {
        auto const table = tables_.find({family_of(command), std::string(command.table)});
        if (table == tables_.end()) return;
        auto node = table->second.chains.extract(std::string(command.name));
        if (node.empty()) {
            undefined("chain", command.name, command.span);
            return;
        }
        node.key() = node.mapped().name = command.new_name;
        table->second.chains.insert(std::move(node));
    }

    void change_elements(ast::Command const& command, TableState& table, bool removal) {
        auto const found = table.sets.find(command.name);
        if (found == table.sets.end()) {
            undefined("set", command.name, command.span);
            return;
        }
        if (auto const* const elements = std::get_if<ast::Expr>(&command.payload))
            found->second.changes.push_back({elements, now_, removal});
    }

    // ---- declarations

    static ast::TableFamily family_of(ast::Command const& command) {
        return command.family.value_or(ast::TableFamily::ip);
    }

    TableState& declare_table(ast::TableFamily family, std::string_view name) {
        auto const [at, is_new] = tables_.try_emplace({family, std::string(name)});
        if (is_new) {
            at->second.family = family;
            at->second.name = name;
        }
        return at->second;
    }

    ChainState& declare_chain(TableState& table, std::string_view name, Span span) {
        auto const [at, is_new] = table.chains.try_emplace(std::string(name));
        if (is_new) {
            at->second.name = name;
            at->second.span = span;
            at->second.order = ++declared_;
            at->second.command = command_;
        }
        return at->second;
    }

    NamedSet& declare_set(TableState& table, std::string_view name, bool is_map, Span span) {
        auto const [at, is_new] = table.sets.try_emplace(std::string(name));
        NamedSet& set = at->second;
        set.is_map = is_map;
        if (is_new) {
            set.name = name;
            set.span = span;
            set.time = now_;
        }
        return set;
    }

    void declare_object(TableState& table, std::string_view kind, std::string_view name, Span span,
                        ast::Expr const* content) {
        if (content != nullptr) checker_.check_object(kind, *content, span, scope_of(table, now_));
        table.object_names.try_emplace({std::string(kind), std::string(name)}, kind == "limit" && content != nullptr && is_over(*content));
        bool const of_ct = kind == "helper" || kind == "timeout" || kind == "expectation";
        table.objects.try_emplace({(of_ct ? "ct " : "") + canonical(kind), std::string(name)},
                                  ObjectState{name, span, now_, content});
    }

    // The table or chain of a command; where the file does not have it, that is reported once.
    TableState& needed_table(ast::Command const& command) {
        if (!tables_.contains({family_of(command), std::string(command.table)})) {
            check_name(command.table, command.span);
            undefined("table", command.table, command.span);
        }
        return declare_table(family_of(command), command.table);
    }
    ChainState& needed_chain(ast::Command const& command, TableState& table) {
        if (!table.chains.contains(command.name)) {
            check_name(command.name, command.span);
            undefined("chain", command.name, command.span);
        }
        return declare_chain(table, command.name, command.span);
    }

    void keep(std::string text, Span span) { reading_.ruleset.unmodelled.push_back({std::move(text), span, 1}); }
    void error(Span span, std::string message) { findings_.add("PC001", span).arg("error", std::move(message)); }
    void undefined(std::string kind, std::string_view name, Span span) {
        findings_.add("PC401", span).arg("kind", std::move(kind)).arg("name", std::string(name));
    }

    // What a file has emptied is not appended to when the file is loaded again.
    struct Cleared {
        std::optional<ast::TableFamily> family; // none: of every one
        std::string_view table;                 // empty: all tables
        std::string_view chain;                 // empty: all chains
    };

    void note_addition(TableState& table, ChainState const& chain, Span rule) {
        if (table.appended) return;
        bool const cleared = std::any_of(cleared_.begin(), cleared_.end(), [&](Cleared const& one) {
            return (!one.family || one.family == table.family) && (one.table.empty() || one.table == table.name) &&
                   (one.chain.empty() || one.chain == chain.name);
        });
        if (!cleared) table.appended = rule;
    }

    // PC404 and PC435, and what single rules give reason to say.
    void advise() {
        Advice advice(sources_, variables_, findings_);
        bool has_chains = false;
        TableState const* appended = nullptr; // the first one
        Mentions in_variables;
        for (ast::Define const* const definition : definitions_) advice.values(definition->value, in_variables);
        for (auto const& [key, table] : tables_) {
            Mentions mentions = in_variables;
            for (auto const& [name, chain] : table.chains) {
                for (RuleState const& rule : chain.rules)
                    advice.rule(*rule.rule, {table.family, &table.sets, rule.time}, mentions);
            }
            for (auto const& [name, set] : table.sets)
                for (NamedSet::Change const& change : set.changes) advice.values(*change.elements, mentions);
            has_chains = has_chains || !table.chains.empty();
            if (!table.chains.empty()) report_unused(table, mentions);
            if (table.appended && (appended == nullptr || table.appended->begin < appended->appended->begin))
                appended = &table;
        }
        if (appended != nullptr && is_script())
            findings_.add("PC435", *appended->appended)
                .arg("what",
                     fmt::format("table '{}' is not emptied first: each time the file is loaded, its rules are "
                                 "appended once more",
                                 title(*appended)));
        if (!has_chains) return; // a file of definitions for others to include
        for (ast::Define const* const definition : definitions_) {
            if (definition->kind == ast::Define::Kind::define && !variables_.used(definition->name))
                unused("variable", definition->name, definition->span);
        }
    }

    void report_unused(TableState const& table, Mentions const& mentions) {
        for (auto const& [name, set] : table.sets)
            if (!mentions.sets.contains(name)) unused(set.is_map ? "map" : "set", name, set.span);
        for (auto const& [name, object] : table.objects) {
            if (!mentions.objects.contains(name.second) && !mentions.sets.contains(name.second))
                unused(name.first, name.second, object.span);
        }
    }
    void unused(std::string_view kind, std::string_view name, Span span) {
        findings_.add("PC404", span).arg("kind", std::string(kind)).arg("name", std::string(name));
    }

    // Written to be loaded; "nft list ruleset" prints tables alone, without a comment.
    bool is_script() const {
        ast::File const& file = files_.front();
        auto const is_table = [](auto const& item) {
            auto const* const command = std::get_if<ast::Command>(&item);
            return command != nullptr && std::holds_alternative<ast::Table>(command->payload);
        };
        return !file.comments.empty() || !std::all_of(file.items.begin(), file.items.end(), is_table);
    }

    // What rules refer to by name only: objects, and sets whose content changes at run time or that a kept text
    // names.
    void keep_declarations() {
        std::map<Time, Unmodelled> kept;
        auto const add = [&](TableState const& table, std::string_view kind, std::string_view name, Span span,
                             Time time, std::string const& elements) {
            std::string_view const text = sources_[span.source].text();
            auto const end = static_cast<std::size_t>(name.data() - text.data()) + name.size();
            auto const set = table.sets.find(name);
            bool const updated = set != table.sets.end() && set->second.updated;
            std::string body =
                declared_body(kind, text.substr(text.substr(end).starts_with('"') ? end + 1 : end), updated,
                              [&](std::string_view variable) { return expressions_.variable_text(variable, span, time); });
            if (!elements.empty()) body += (body.empty() ? "" : "; ") + elements;
            std::string declaration = fmt::format("{} {}{}", kind, name, body.empty() ? body : " { " + body + " }");
            kept.emplace(time, Unmodelled{std::move(declaration), span, 1, title(table)});
        };
        for (auto const& [key, table] : tables_) {
            for (auto const& [name, object] : table.objects)
                add(table, name.first, object.name, object.span, object.time, {});
            for (auto const& [name, set] : table.sets) {
                if (set.changes_at_run_time || expressions_.is_kept(set))
                    add(table, set.is_map ? "map" : "set", set.name, set.span, set.time, elements_text(set));
            }
        }
        for (auto& [time, item] : kept) reading_.ruleset.unmodelled.push_back(std::move(item));
    }

    // "elements = { … }": what the file puts in and does not take out, each with its options as written.
    std::string elements_text(NamedSet const& set) {
        std::vector<std::string> texts;
        std::unordered_map<std::string, std::size_t> positions;
        for (NamedSet::Change const& change : set.changes) {
            Time time = change.time;
            ast::Expr const* const elements = expressions_.resolve(*change.elements, time);
            if (elements == nullptr) continue;
            bool const braces = elements->kind == ast::Expr::Kind::set;
            for (ast::Expr const& part : braces ? std::span(elements->parts) : std::span(elements, 1)) {
                std::string const source = canonical(sources_.text(part.span));
                std::string text = source.find('$') == source.npos ? source : expressions_.text(part, time);
                auto const [at, is_new] = positions.try_emplace(text, texts.size());
                if (change.removal) {
                    if (!is_new) texts[at->second].clear();
                    positions.erase(at);
                } else if (is_new) {
                    texts.push_back(std::move(text));
                }
            }
        }
        std::erase(texts, std::string());
        return texts.empty() ? std::string() : fmt::format("elements = {{ {} }}", fmt::join(texts, ", "));
    }

    // A set that rules add to has another content at run time.
    void mark_updated_sets() {
        for (auto& [key, table] : tables_)
            for (auto const& [name, chain] : table.chains)
                for (RuleState const& rule : chain.rules) mark_updated_sets(*rule.rule, table);
    }
    void mark_updated_sets(ast::Rule const& rule, TableState& table) {
        for (ast::Statement const& statement : rule.statements) {
            if (auto const* const decision = std::get_if<ast::Decision>(&statement.form))
                for (ast::Rule const& inner : decision->body) mark_updated_sets(inner, table);
            ast::Expr const* const set = updated_set(statement);
            if (set == nullptr) continue;
            auto const found = table.sets.find(set->text);
            if (found != table.sets.end()) found->second.changes_at_run_time = found->second.updated = true;
        }
    }

    // ---- lowering

    struct Placed {
        TableState const* table;
        ChainState const* chain;
    };

    void lower() {
        std::vector<Placed> placed;
        for (auto const& [key, table] : tables_)
            for (auto const& [name, chain] : table.chains) placed.push_back({&table, &chain});
        std::sort(placed.begin(), placed.end(),
                  [](Placed const& a, Placed const& b) { return a.chain->order < b.chain->order; });
        for (Placed const& place : placed) {
            chain_ids_[place.chain] = static_cast<ChainId>(reading_.ruleset.chains.size());
            reading_.ruleset.chains.push_back(head(*place.table, *place.chain));
        }
        for (auto const& [key, table] : tables_)
            for (auto const& [name, set] : table.sets) checker_.check_set(set, scope_of(table, now_));
        for (Placed const& place : placed) lower_rules(place);
        while (!inline_bodies_.empty()) {
            InlineBody const body = inline_bodies_.front();
            inline_bodies_.pop_front();
            std::vector<Rule> rules;
            for (std::uint32_t i = 0; i < body.rules->size(); ++i)
                lower_one((*body.rules)[i], i, *body.table, body.state, rules);
            reading_.ruleset.chains[body.id].rules = std::move(rules);
        }
        reading_.ruleset.groups = expressions_.address_sets();
        report_written_fields(expressions_.written(), reading_.ruleset, findings_);
        check_jump_depth(reading_.ruleset, findings_);
    }

    void lower_rules(Placed const& place) {
        std::vector<Rule> rules;
        rules.reserve(place.chain->rules.size());
        for (std::uint32_t i = 0; i < place.chain->rules.size(); ++i) {
            RuleState const& rule = place.chain->rules[i];
            lower_one(*rule.rule, i, *place.table, rule, rules);
        }
        reading_.ruleset.chains[chain_ids_[place.chain]].rules = std::move(rules);
    }

    // `state`: when and by which command it, or the rule that it is a part of, was said.
    void lower_one(ast::Rule const& rule, std::uint32_t origin, TableState const& table, RuleState const& state,
                   std::vector<Rule>& out) {
        Scope const scope = scope_of(table, state.time);
        ChainLookup const chains{
            [&](std::string_view name, Span span) {
                // What a named map has for it was said by a command of its own.
                bool const is_own = span.source == rule.span.source && span.begin >= rule.span.begin && span.begin < rule.span.end;
                return find_chain(table, name, span, is_own ? state.command : command_);
            },
            [&](std::vector<ast::Rule> const& body) { return inline_chain(table, body, state); }};
        std::string const comment = rule.comment.empty() ? comment_beside(rule.span) : std::string(rule.comment);
        checker_.check_rule(rule, scope);
        std::size_t const first = out.size();
        lower_rule(rule, comment, origin, scope, chains, sources_, expressions_, findings_, out);
        for (std::size_t i = first; i < out.size(); ++i) {
            std::string& helper = out[i].effects.helper;
            if (!helper.empty()) helper = helper_type(table, helper);
        }
    }

    // `type "ftp"` of the object that a rule attaches by its name; that name where the file does not say.
    static std::string helper_type(TableState const& table, std::string const& name) {
        auto const found = table.objects.find({"ct helper", name});
        if (found == table.objects.end() || found->second.content == nullptr) return name;
        auto const& words = found->second.content->parts;
        auto const type = std::find_if(words.begin(), words.end(), [](ast::Expr const& word) { return word.text == "type"; });
        return type == words.end() || type + 1 == words.end() ? name : std::string((type + 1)->text);
    }

    static Scope scope_of(TableState const& table, Time time) {
        return {table.family, &table.sets, time, &table.object_names};
    }

    ChainId find_chain(TableState const& table, std::string_view name, Span span, std::size_t command) {
        auto const found = table.chains.find(name);
        if (found == table.chains.end()) {
            undefined("chain", name, span);
            return no_chain;
        }
        if (found->second.hook != nullptr)
            error(span, fmt::format("'{}' is a base chain, which no rule can jump to", name));
        if (found->second.command > command)
            error(span, fmt::format("the chain '{}' is made by a later command only", name));
        return chain_ids_.at(&found->second);
    }

    ChainId inline_chain(TableState const& table, std::vector<ast::Rule> const& body, RuleState const& state) {
        Chain chain;
        chain.table = title(table);
        chain.name = fmt::format("{{}} {}", ++inline_count_);
        chain.span = body.front().span;
        auto const id = static_cast<ChainId>(reading_.ruleset.chains.size());
        reading_.ruleset.chains.push_back(std::move(chain));
        inline_bodies_.push_back({&table, &body, state, id});
        return id;
    }

    static std::string title(TableState const& table) {
        return fmt::format("{} {}", name_of(table.family), table.name);
    }

    Chain head(TableState const& table, ChainState const& state) {
        Chain chain;
        chain.table = title(table);
        chain.name = state.name;
        chain.span = chain.policy_span = state.span;
        if (state.hook != nullptr) {
            std::optional<Hook> const own = hook(table, *state.hook, state.hook_time);
            check_later_hooks(table, state, own);
            if (!table.dormant) chain.hook = own;
        }
        if (state.policy != nullptr) {
            if (state.hook == nullptr) error(state.policy->span, "only a base chain has a policy: this one has no 'type … hook …'");
            Time time = state.policy_time;
            ast::Expr const* const verdict = checker_.resolve(state.policy->verdict, time);
            if (verdict != nullptr && verdict->text == "drop")
                chain.policy = Drop{};
            else if (verdict != nullptr && verdict->text != "accept")
                error(state.policy->span, "a policy is accept or drop");
            chain.explicit_policy = true;
            chain.policy_span = state.policy->span;
        }
        return chain;
    }

    // A chain that is declared again may say where it stands, but not somewhere else (nf_tables_updchain).
    void check_later_hooks(TableState const& table, ChainState const& state, std::optional<Hook> const& first) {
        for (HookState const& later : state.later_hooks) {
            auto const other = hook(table, *later.spec, later.time);
            bool const same = !first || !other || (first->point == other->point && first->type == other->type && first->priority == other->priority);
            if (!same) error(later.spec->span, fmt::format("'{}' is at another hook or priority already", state.name));
        }
    }

    std::optional<Hook> hook(TableState const& table, ast::HookSpec const& spec, Time time) {
        Hook hook;
        auto const point = std::find_if(std::begin(point_names), std::end(point_names),
                                        [&](PointName const& row) { return row.name == spec.point; });
        auto const type = std::find_if(std::begin(type_names), std::end(type_names),
                                       [&](TypeName const& row) { return row.name == spec.type; });
        if (point == std::end(point_names)) error(spec.point_span, fmt::format("'{}' is not a hook", spec.point));
        if (type == std::end(type_names)) error(spec.span, fmt::format("'{}' is not a type of chain", spec.type));
        if (point == std::end(point_names) || type == std::end(type_names)) return std::nullopt;
        hook.point = point->point;
        hook.type = type->type;
        checker_.check_chain(spec, scope_of(table, time));
        hook.priority = priority(spec, table.family, time);
        using enum ast::TableFamily;
        hook.v4 = table.family != ip6 && table.family != arp;
        hook.v6 = table.family != ip && table.family != arp;
        for (ast::Expr const& devices : spec.devices) hook.device = device_names(devices, table, time);
        return hook;
    }

    // One name, or several with commas between.
    std::string device_names(ast::Expr const& devices, TableState const& table, Time time) {
        std::string names;
        for (Element const& element : expressions_.elements(devices, {table.family, &table.sets, time}).all) {
            if (!names.empty()) names += ',';
            names += element.key->text;
        }
        return names;
    }

    // A name with an offset, a number, or a variable that holds either: "filter - 10", as a string too.
    int priority(ast::HookSpec const& spec, ast::TableFamily family, Time time) {
        Time value_time = time;
        ast::Expr const* const base = checker_.resolve(spec.priority, value_time);
        if (base == nullptr) return 0;
        std::optional<int> value = priority_text(base->text, family);
        if (!value) {
            error(spec.priority.span, fmt::format("'{}' is not a priority", base->text));
            return 0;
        }
        if (spec.negative) value = -*value;
        if (!spec.offset.empty() && small_number(base->text))
            error(spec.offset.front().span, "only a name of a priority has an offset");
        for (ast::Expr const& offset : spec.offset) {
            Time offset_time = time;
            ast::Expr const* const number = checker_.resolve(offset, offset_time);
            std::optional<int> const amount = number == nullptr ? std::nullopt : small_number(number->text);
            if (!amount)
                error(offset.span, "a priority is a name and a number");
            else
                value = spec.subtract ? saturated(std::int64_t{*value} - *amount)
                                      : saturated(std::int64_t{*value} + *amount);
        }
        return *value;
    }

    static int saturated(std::int64_t value) {
        return static_cast<int>(
            std::clamp<std::int64_t>(value, std::numeric_limits<int>::min(), std::numeric_limits<int>::max()));
    }

    std::optional<int> priority_text(std::string_view text, ast::TableFamily family) {
        if (std::optional<int> const number = small_number(text)) return number;
        std::size_t const end = text.find(' ');
        std::optional<int> const base = priority_by_name(text.substr(0, end), family);
        if (!base || end == std::string_view::npos) return base;
        std::string offset;
        for (char const c : text.substr(end))
            if (c != ' ' && c != '+') offset += c;
        std::optional<int> const amount = small_number(offset);
        return amount ? std::optional(saturated(std::int64_t{*base} + *amount)) : std::nullopt;
    }

    // ---- comments

    // "# …" after the rule on its line, or alone on the lines right above it.
    std::string comment_beside(Span rule) const {
        auto const file = by_source_.find(rule.source);
        if (file == by_source_.end() || file->second->comments.empty()) return {};
        std::string_view const text = sources_[rule.source].text();
        std::vector<Span> const& comments = file->second->comments;
        auto const after = std::lower_bound(comments.begin(), comments.end(), rule.end,
                                            [](Span const& c, std::uint32_t end) { return c.begin < end; });
        if (after != comments.end() && on_one_line(text.substr(rule.end, after->begin - rule.end)))
            return words(*after);
        std::string above;
        std::uint32_t line = line_start(text, rule.begin);
        if (!is_blank(text.substr(line, rule.begin - line))) return {}; // another statement stands before it
        for (auto at = after; at != comments.begin();) {
            --at;
            std::uint32_t const start = line_start(text, at->begin);
            if (at->end + 1 != line || !is_blank(text.substr(start, at->begin - start))) break;
            std::string const piece = words(*at);
            above = above.empty() || piece.empty() ? piece + above : piece + ' ' + above;
            line = start;
        }
        return above;
    }

    static bool is_blank(std::string_view text) { return text.find_first_not_of(" \t") == std::string_view::npos; }
    static bool on_one_line(std::string_view text) {
        return text.find_first_not_of(" \t;") == std::string_view::npos;
    }
    static std::uint32_t line_start(std::string_view text, std::uint32_t at) {
        std::size_t const newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
        return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
    }
    std::string words(Span comment) const {
        std::string_view text = sources_.text(comment);
        text.remove_prefix(std::min(text.find_first_not_of("# \t"), text.size()));
        std::size_t const last = text.find_last_not_of(" \t\r");
        return std::string(text.substr(0, last == std::string_view::npos ? 0 : last + 1));
    }

    struct InlineBody {
        TableState const* table;
        std::vector<ast::Rule> const* rules;
        RuleState state;
        ChainId id;
    };

    Sources& sources_;
    ReadOptions const& options_;
    Reading reading_;
    Findings findings_;
    Variables variables_;
    Expressions expressions_{variables_, findings_};
    std::vector<ast::Define const*> definitions_;
    std::vector<Cleared> cleared_;
    Checker checker_{variables_, findings_, options_.from_json};
    std::deque<ast::File> files_; // the state points into them
    std::unordered_map<SourceId, ast::File const*> by_source_;
    std::vector<std::string> open_files_; // the includes that are being read
    std::size_t included_ = 0;
    std::map<std::pair<ast::TableFamily, std::string>, TableState> tables_;
    std::unordered_map<ChainState const*, ChainId> chain_ids_;
    std::deque<InlineBody> inline_bodies_;
    std::size_t inline_count_ = 0;
    std::size_t declared_ = 0;
    std::size_t command_ = 0; // how many were run
    Time now_ = 0;
};

} // namespace
} // namespace nft

Reading read_nftables(Sources& sources, SourceId source, ReadOptions const& options) {
    return nft::Reader(sources, options).read(source);
}

} // namespace portcullis
