// A restore file is a program: its commands build tables of chains of rules. They are run on the syntax tree, where
// a rule is one pointer to move about; what stands at the end is lowered once, in its final order.
#include "dialect/iptables_read.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <list>

#include "dialect/iptables_rule.hpp"
#include "grammars/iptables/parse.hpp"

namespace portcullis {
namespace {

using namespace iptables;

struct ChainState {
    std::string name;
    Span span;
    Verdict policy = Accept{};
    bool explicit_policy = false;
    Span policy_span;
    bool deleted = false;
    std::deque<Command const*> rules; // -I prepends
};

// One `*table … COMMIT` block.
struct Block {
    std::string table;
    std::deque<ChainState> chains;
    std::unordered_map<std::string_view, ChainId> by_name; // positions in `chains`
    std::unordered_map<std::string, ChainId> former_names;
    // Rules that later commands took away, and their chain.
    std::vector<std::pair<Command const*, ChainId>> retired;
    bool replaced = false; // by a later block of the same table
    Block* former = nullptr; // … and that earlier block

    ChainState* find(std::string_view name) {
        auto const found = by_name.find(name);
        return found == by_name.end() ? nullptr : &chains[found->second];
    }
};

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

class Restore {
  public:
    Restore(File const& file, Dialect dialect)
        : file_(file), family_(dialect == Dialect::ip6tables ? Family::v6 : Family::v4) {
        reading_.ruleset.dialect = dialect;
        reading_.ruleset.governs_v4 = family_ == Family::v4;
        reading_.ruleset.governs_v6 = family_ == Family::v6;
    }

    Reading run() {
        for (SyntaxError const& e : file_.errors)
            report(reading_.findings, e.of_other_protocol ? "PC414" : "PC001", e.span, {{"error", to_string(e)}});
        bare_ = std::ranges::none_of(file_.statements,
                                     [](Statement const& s) { return std::holds_alternative<TableStart>(s); });
        if (bare_ && !file_.statements.empty()) start_block(bare_table());
        for (Statement const& statement : file_.statements) {
            std::visit([this](auto const& s) { run(s); }, statement);
        }
        // Without it iptables-restore leaves the table as it was.
        if (block_ != nullptr && !bare_) error(end_of_text(), "expected COMMIT, found end of file");
        lower();
        report_state_match();
        return std::move(reading_);
    }

  private:
    void error(Span span, std::string text) {
        report(reading_.findings, "PC001", span, {{"error", std::move(text)}});
    }
    void undefined(char const* kind, Span span, std::string name) {
        report(reading_.findings, "PC401", span, {{"kind", kind}, {"name", std::move(name)}});
    }
    Span span(Word const& word) const { return file_.span(word.raw); }
    Span end_of_text() const {
        auto const end = static_cast<std::uint32_t>(file_.text.size());
        return {file_.source, end, end};
    }

    // ---- structure

    // What `iptables -S` prints has no table's name. Without -t it is filter; chains that only nat has tell nat.
    std::string bare_table() const {
        bool nat = false;
        for (Statement const& statement : file_.statements) {
            auto const* command = std::get_if<Command>(&statement);
            if (command == nullptr) continue;
            std::string const chain = command->chain.plain();
            if (chain == "INPUT" || chain == "FORWARD") return "filter";
            nat = nat || chain == "PREROUTING" || chain == "POSTROUTING";
        }
        return nat ? "nat" : "filter";
    }

    void start_block(std::string table) {
        blocks_.push_back({});
        block_ = &blocks_.back();
        Block*& live = live_[table];
        if (live != nullptr) live->replaced = true;
        block_->former = live;
        live = block_;
        block_->table = std::move(table);
    }

    void run(TableStart const& start) {
        if (block_ != nullptr) error(start.span, "expected COMMIT before the next table");
        std::string name = start.name.plain();
        if (!is_table(name)) error(span(start.name), "unknown table " + quote(name));
        start_block(std::move(name));
    }

    void run(Commit const& commit) {
        if (block_ == nullptr || bare_) error(commit.span, "COMMIT without a table");
        if (!bare_) block_ = nullptr;
    }

    bool outside(Span span) {
        if (block_ != nullptr) return false;
        error(span, "expected a table such as *filter before this line");
        return true;
    }

    void run(ChainDeclaration const& declaration) {
        if (outside(declaration.span)) return;
        std::string const name = declaration.name.plain();
        ChainState const* const same = block_->find(name);
        std::optional<ChainState> former;
        if (same != nullptr) former = *same;
        else if (block_->former != nullptr && block_->former->find(name) != nullptr)
            former = *block_->former->find(name);
        ChainState& chain = declare(name, declaration.span);
        std::string const policy = declaration.policy.plain();
        if (policy == "-") return;
        set_policy(chain, policy, span(declaration.policy));
        if (former && former->explicit_policy && chain.explicit_policy && former->policy != chain.policy)
            redeclared(chain, former->policy_span);
    }

    void redeclared(ChainState const& chain, Span former) {
        reading_.findings.add("PC413", chain.policy_span)
            .arg("chain", block_->table + '/' + chain.name)
            .arg("policy", std::holds_alternative<Drop>(chain.policy) ? "DROP" : "ACCEPT")
            .relate("the policy that is overridden", former);
    }

    // ---- chains

    bool built_in(std::string_view chain) const { return builtin_hook(block_->table, chain, family_).has_value(); }

    // The chain called `name`, made where there is none.
    ChainState& declare(std::string const& name, Span span) {
        if (ChainState* chain = block_->find(name)) return *chain;
        if (block_->former_names.contains(name))
            report(reading_.findings, "PC002", span,
                   {{"construct", "a new chain with the former name of another, " + quote(name)},
                    {"why", "jumps by that name may mean either"}});
        block_->chains.push_back({});
        ChainState& chain = block_->chains.back();
        chain.name = name;
        chain.span = chain.policy_span = span;
        block_->by_name.emplace(chain.name, static_cast<ChainId>(block_->chains.size() - 1));
        return chain;
    }

    // The chain that a command names; made where there is none, with a finding unless it is built in.
    ChainState& require(Command const& command) {
        std::string const name = command.chain.plain();
        if (block_->find(name) == nullptr && !built_in(name)) undefined("chain", span(command.chain), name);
        return declare(name, span(command.chain));
    }

    void set_policy(ChainState& chain, std::string const& policy, Span span) {
        if (!built_in(chain.name)) {
            report(reading_.findings, "PC002", span,
                   {{"construct", "a policy for the chain " + quote(chain.name)},
                    {"why",
                     "only built-in chains have one: iptables-nft ignores it, iptables-legacy refuses the file"}});
            return;
        }
        if (policy != "ACCEPT" && policy != "DROP")
            return error(span, "the policy is ACCEPT or DROP, not " + quote(policy));
        chain.policy = policy == "DROP" ? Verdict(Drop{}) : Verdict(Accept{});
        chain.explicit_policy = true;
        chain.policy_span = span;
    }

    void retire(ChainState const& chain, Command const* rule) {
        block_->retired.emplace_back(rule, block_->by_name.at(chain.name));
    }

    // ---- commands

    void run(Command const& command) {
        if (outside(command.span)) return;
        if (family_ == Family::v4 ? command.v6_only : command.v4_only) return; // the other program's
        switch (command.action) {
        case Action::append: require(command).rules.push_back(&command); return;
        case Action::insert: return insert(command);
        case Action::remove: return remove(command);
        case Action::replace: return replace(command);
        case Action::flush: return for_chains(command, [this](ChainState& chain) { flush(chain); });
        case Action::new_chain: return new_chain(command);
        case Action::delete_chain: return delete_chains(command);
        case Action::rename_chain: return rename(command);
        case Action::set_policy:
            return set_policy(require(command), command.argument.plain(), span(command.argument));
        case Action::none:
        case Action::zero:
        case Action::query: return; // no rule changes
        }
    }

    void for_chains(Command const& command, std::function<void(ChainState&)> const& action) {
        if (!command.chain.raw.empty()) return action(require(command));
        if (!affordable(command, block_->chains.size())) return;
        for (ChainState& chain : block_->chains)
            if (!chain.deleted) action(chain);
    }

    void flush(ChainState& chain) {
        for (Command const* rule : chain.rules) retire(chain, rule);
        chain.rules.clear();
    }

    // Commands that walk over chains or rules would take hours in a hostile file: past so many steps they are
    // refused.
    bool affordable(Command const& command, std::size_t steps) {
        constexpr std::size_t most_steps = 200'000'000;
        steps_ += steps;
        if (steps_ <= most_steps) return true;
        report(
            reading_.findings, "PC002", command.span,
            {{"construct", "so many commands that search or move rules"}, {"why", "the file would take too long"}});
        return false;
    }

    // The place of the command's rule number, from 0; nothing, and an error, where the chain ends before it.
    std::optional<std::size_t> place(Command const& command, ChainState const& chain, std::size_t size) {
        if (command.number >= 1 && command.number <= size) return command.number - 1;
        undefined("rule", command.span, "number " + std::to_string(command.number) + " of " + chain.name);
        return std::nullopt;
    }

    void insert(Command const& command) {
        ChainState& chain = require(command);
        if (command.number <= 1) return chain.rules.push_front(&command);
        auto const at = place(command, chain, chain.rules.size() + 1);
        if (at && affordable(command, std::min(*at, chain.rules.size() - *at)))
            chain.rules.insert(chain.rules.begin() + static_cast<std::ptrdiff_t>(*at), &command);
    }

    void remove(Command const& command) {
        ChainState& chain = require(command);
        auto at = chain.rules.end();
        if (!affordable(command, chain.rules.size())) return;
        if (command.number != 0) {
            auto const number = place(command, chain, chain.rules.size());
            if (!number) return;
            at = chain.rules.begin() + static_cast<std::ptrdiff_t>(*number);
        } else {
            std::size_t const wanted = key_of(command, chain);
            at = std::ranges::find_if(chain.rules,
                                      [&](Command const* rule) { return key_of(*rule, chain) == wanted; });
            if (at == chain.rules.end()) return undefined("rule", command.span, "that -D takes from " + chain.name);
        }
        retire(chain, *at);
        chain.rules.erase(at);
    }

    void replace(Command const& command) {
        ChainState& chain = require(command);
        auto const at = place(command, chain, chain.rules.size());
        if (!at) return;
        retire(chain, chain.rules[*at]);
        chain.rules[*at] = &command;
    }

    void new_chain(Command const& command) {
        std::string const name = command.chain.plain();
        if (block_->find(name) != nullptr || built_in(name))
            return error(command.span, "the chain " + quote(name) + " exists already");
        declare(name, command.span);
    }

    void delete_chains(Command const& command) {
        bool const all = command.chain.raw.empty();
        for_chains(command, [&](ChainState& chain) {
            if (built_in(chain.name)) {
                if (!all) error(command.span, "the built-in chain " + quote(chain.name) + " cannot be deleted");
                return;
            }
            if (!chain.rules.empty())
                return error(command.span, "the chain " + quote(chain.name) + " is not empty");
            chain.deleted = true;
            block_->by_name.erase(chain.name);
        });
    }

    void rename(Command const& command) {
        std::string const name = command.argument.plain();
        std::string const old = command.chain.plain();
        ChainState* chain = block_->find(old);
        if (chain == nullptr) return undefined("chain", span(command.chain), old);
        if (block_->find(name) != nullptr || built_in(name) || built_in(old))
            return error(command.span, "the chain " + quote(old) + " cannot be called " + quote(name));
        ChainId const index = block_->by_name.at(old);
        block_->by_name.erase(old);
        chain->name = name;
        block_->by_name.emplace(chain->name, index);
        block_->former_names.emplace(old, index); // jumps in the text still say it
    }

    // PC504, once for the whole file: mostly all of its rules are of one age.
    void report_state_match() {
        std::optional<Span> first;
        std::size_t count = 0;
        for (Statement const& statement : file_.statements) {
            auto const* const command = std::get_if<Command>(&statement);
            if (command == nullptr) continue;
            for (Loaded const& loaded : file_[command->loaded]) {
                if (loaded.extension == nullptr || loaded.extension->name != "state") continue;
                ++count;
                if (!first) first = loaded.span;
            }
        }
        if (!first) return;
        std::string const more = std::to_string(count - 1);
        reading_.findings.add("PC504", *first)
            .arg("where", count == 1   ? "here"
                          : count == 2 ? "here and in another rule"
                                       : "here and in " + more + " more rules");
    }

    // ---- lowering

    RuleContext context_of(Block const& block, ChainState const& chain,
                           std::unordered_map<std::string_view, ChainId> const& ids, Findings& findings) const {
        auto const hook = builtin_hook(block.table, chain.name, family_);
        return {file_, family_, block.table, chain.name, hook ? std::optional(hook->point) : std::nullopt,
                ids,   findings};
    }

    // Equal for rules that mean the same: -D names a rule by its meaning.
    std::size_t key_of(Command const& command, ChainState const& chain) {
        auto const known = keys_.find(&command);
        if (known != keys_.end()) return known->second;
        Findings ignored;
        std::vector<Rule> rules;
        lower_rule(command, context_of(*block_, chain, block_->by_name, ignored), 0, rules);
        std::vector<std::string> parts;
        for (Rule const& rule : rules) {
            parts.push_back(rule.comment + '\n' + std::to_string(rule.verdict.index()));
            if (auto const* jump = std::get_if<Jump>(&rule.verdict)) parts.push_back(std::to_string(jump->chain));
            std::ranges::copy(rule.effects.sets, std::back_inserter(parts));
            // The order of options is not part of what a rule means.
            for (Term const& term : rule.match.terms) parts.push_back(to_text(Match{{term}, {}, {}}));
            for (Alternatives const& either : rule.match.alternatives)
                parts.push_back(to_text(Match{{}, {either}, {}}));
            for (Opaque const& opaque : rule.match.opaque) parts.push_back(to_text(Match{{}, {}, {opaque}}));
        }
        std::ranges::sort(parts);
        std::string key;
        for (std::string const& part : parts) key += part + '\n';
        return keys_[&command] = std::hash<std::string>{}(key);
    }

    void lower() {
        for (Block const& block : blocks_) {
            if (!block.replaced)
                lower(block, reading_.ruleset.chains);
            else {
                std::vector<Chain> ignored; // for its errors only
                lower(block, ignored);
            }
        }
    }

    void lower(Block const& block, std::vector<Chain>& out) {
        std::unordered_map<std::string_view, ChainId> ids;
        std::vector<ChainId> id_of(block.chains.size(), no_chain);
        for (std::size_t i = 0; i < block.chains.size(); ++i) {
            ChainState const& state = block.chains[i];
            if (state.deleted) continue;
            id_of[i] = static_cast<ChainId>(out.size());
            out.push_back({block.table,
                           state.name,
                           builtin_hook(block.table, state.name, family_),
                           state.policy,
                           state.explicit_policy,
                           {},
                           state.span,
                           state.policy_span,
                           {},
                           true});
        }
        for (auto const& [name, index] : block.by_name) ids.emplace(name, id_of[index]);
        for (auto const& [name, index] : block.former_names)
            if (id_of[index] != no_chain) ids.emplace(name, id_of[index]);
        for (std::size_t i = 0; i < block.chains.size(); ++i) {
            if (id_of[i] != no_chain) lower(block, block.chains[i], ids, out[id_of[i]].rules);
        }
        std::vector<Rule> ignored;
        for (auto const& [command, index] : block.retired)
            lower_rule(*command, context_of(block, block.chains[index], ids, reading_.findings), 0, ignored);
    }

    void lower(Block const& block, ChainState const& chain,
               std::unordered_map<std::string_view, ChainId> const& ids, std::vector<Rule>& out) {
        out.reserve(chain.rules.size());
        RuleContext const context = context_of(block, chain, ids, reading_.findings);
        std::uint32_t origin = 0;
        for (Command const* command : chain.rules)
            if (lower_rule(*command, context, origin, out)) ++origin;
    }

    File const& file_;
    Family family_;
    Reading reading_;
    std::list<Block> blocks_;
    std::unordered_map<std::string, Block*> live_; // the last block of each table
    Block* block_ = nullptr;
    std::size_t steps_ = 0;
    bool bare_ = false; // lines of commands without any table
    std::unordered_map<Command const*, std::size_t> keys_;
};

} // namespace

Reading read_iptables(Sources const& sources, SourceId source, Dialect dialect) {
    File const file = parse(sources[source].text(), source);
    return Restore(file, dialect).run();
}

} // namespace portcullis
