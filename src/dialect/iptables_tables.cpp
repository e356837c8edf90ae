#include "dialect/iptables_tables.hpp"

#include <algorithm>

#include "dialect/written_fields.hpp"

namespace portcullis::iptables {
namespace {

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

Span to_source(CommandText const& text, Word const& word) { return text.to_source(text.file->span(word.raw)); }

// What makes a name none of a chain, for iptables-restore (xshared.c, assert_valid_chain_name); iptables -N refuses those of all targets.
std::string problem_of_chain_name(std::string_view name, bool of_command) {
    constexpr std::string_view verdicts[] = {"ACCEPT", "DROP", "QUEUE", "RETURN"};
    if (name.size() > longest_name) return "a chain name has at most " + std::to_string(longest_name) + " characters";
    if (name.starts_with('-') || name.starts_with('!')) return "a chain name does not begin with '-' or '!'";
    bool const clashes = of_command ? is_target(name) : std::ranges::find(verdicts, name) != std::end(verdicts);
    return clashes ? quote(name) + " is a target, and no name of a chain" : std::string();
}

// Where the rule jumps or goes to.
std::optional<std::string> target_of(Command const& command, File const& file) {
    for (Option const& option : file[command.options]) {
        bool const jumps = option.info->key == Key::jump || option.info->key == Key::go_to;
        auto const* const target = std::get_if<Word>(&option.value);
        if (jumps && target != nullptr) return target->plain();
    }
    return std::nullopt;
}

bool is_error(Finding const& finding) {
    return is_unread(finding) || finding.rule == "PC401";
}

} // namespace

// The first and the last piece that the span touches; exactly, where they are written out.
Span CommandText::to_source(Span span) const {
    if (pieces.empty()) return span;
    auto const at = [&](std::uint32_t offset, bool end) {
        auto piece = std::ranges::find_if(pieces, [&](Piece const& p) { return offset <= p.end; });
        if (piece == pieces.end()) --piece;
        if (!piece->verbatim) return end ? piece->span.end : piece->span.begin;
        std::uint32_t const inside = offset < piece->begin ? 0 : offset - piece->begin;
        return std::min(piece->span.begin + inside, piece->span.end);
    };
    std::uint32_t const begin = at(span.begin, false);
    return {pieces.front().span.source, begin, std::max(begin, at(span.end, true))};
}

bool Tables::error(Span span, std::string text) {
    report(findings_, "PC001", span, {{"error", std::move(text)}});
    return false;
}

bool Tables::undefined(char const* kind, Span span, std::string name) {
    report(findings_, "PC401", span, {{"kind", kind}, {"name", std::move(name)}});
    return false;
}

// ---- tables and chains

void Tables::start(std::string table) {
    block_ = &blocks_.emplace_back();
    Block*& current = current_[table];
    if (current != nullptr) current->replaced = true;
    block_->former = current;
    current = block_;
    block_->table = std::move(table);
}

void Tables::select(std::string const& table) {
    auto const known = current_.find(table);
    if (known == current_.end()) return start(table);
    block_ = known->second;
}

bool Tables::built_in(std::string_view chain) const {
    return builtin_hook(block_->table, chain, family_).has_value();
}

void Tables::declare(std::string const& chain, Span span, std::string const& policy, Span policy_span) {
    ChainState const* const same = block_->find(chain);
    ChainState const* const earlier = same != nullptr || block_->former == nullptr ? same : block_->former->find(chain);
    bool const decided = earlier != nullptr && earlier->explicit_policy;
    Verdict const former = decided ? earlier->policy : Verdict(Accept{});
    Span const former_span = decided ? earlier->policy_span : Span{};
    if (std::string problem = problem_of_chain_name(chain, false); !problem.empty()) error(span, std::move(problem));
    ChainState& state = make(chain, span);
    if (policy == "-" || !set_policy(state, policy, policy_span)) return;
    if (decided && state.explicit_policy && former != state.policy) redeclared(state, former_span);
}

void Tables::redeclared(ChainState const& chain, Span former) {
    findings_.add("PC413", chain.policy_span)
        .arg("chain", block_->table + '/' + chain.name)
        .arg("policy", std::holds_alternative<Drop>(chain.policy) ? "DROP" : "ACCEPT")
        .relate("the policy that is overridden", former);
}

// The chain called `name`, made where there is none.
Tables::ChainState& Tables::make(std::string const& name, Span span) {
    if (ChainState* chain = block_->find(name)) return *chain;
    if (block_->former_names.contains(name))
        report(findings_, "PC002", span,
               {{"construct", "a new chain with the former name of another, " + quote(name)},
                {"why", "jumps by that name may mean either"}});
    ChainState& chain = block_->chains.emplace_back();
    chain.name = name;
    chain.span = chain.policy_span = span;
    block_->by_name.emplace(chain.name, static_cast<ChainId>(block_->chains.size() - 1));
    return chain;
}

// The chain that a command names; made where there is none, with a finding unless it is built in. Nothing where a
// live command only wanted to empty it.
Tables::ChainState* Tables::require(Command const& command, CommandText const& text) {
    std::string const name = command.chain.plain();
    if (block_->find(name) == nullptr && !built_in(name)) {
        bool const removes = command.action == Action::flush || command.action == Action::remove ||
                             command.action == Action::delete_chain;
        if (live() && removes) return nullptr;
        undefined("chain", to_source(text, command.chain), name);
    }
    return &make(name, to_source(text, command.chain));
}

bool Tables::set_policy(ChainState& chain, std::string const& policy, Span span) {
    if (!built_in(chain.name)) {
        if (live()) return error(span, "only built-in chains have a policy, and " + quote(chain.name) + " is none");
        report(
            findings_, "PC002", span,
            {{"construct", "a policy for the chain " + quote(chain.name)},
             {"why", "only built-in chains have one: iptables-nft ignores it, iptables-legacy refuses the file"}});
        return false;
    }
    if (policy != "ACCEPT" && policy != "DROP")
        return error(span, "the policy is ACCEPT or DROP, not " + quote(policy));
    chain.policy = policy == "DROP" ? Verdict(Drop{}) : Verdict(Accept{});
    chain.explicit_policy = true;
    chain.policy_span = span;
    return true;
}

// The rule is taken away.
void Tables::retire(ChainState const& chain, Entry const& rule) {
    leave(rule);
    // Live commands are judged when they are run; what a file takes away again, at the end.
    if (!live()) block_->retired.emplace_back(rule, block_->by_name.at(chain.name));
}

// What the kernel knows of live chains: how many rules jump to each.
void Tables::enter(Entry const& rule) {
    if (auto const target = live() ? target_of(*rule.command, *rule.text->file) : std::nullopt) ++block_->jumps[*target];
}

void Tables::leave(Entry const& rule) {
    if (auto const target = live() ? target_of(*rule.command, *rule.text->file) : std::nullopt) --block_->jumps[*target];
}

// ---- commands

bool Tables::run(Command const& command, CommandText const& text) {
    if (family_ == Family::v4 ? command.v6_only : command.v4_only) return true; // the other program's
    Entry const entry{&command, &text};
    switch (command.action) {
    case Action::append: return append(entry);
    case Action::insert: return insert(entry);
    case Action::remove: return remove(entry);
    case Action::replace: return replace(entry);
    case Action::flush: return for_chains(command, text, [this](ChainState& chain) { return flush(chain); });
    case Action::new_chain: return new_chain(command, text);
    case Action::delete_chain: return delete_chains(command, text);
    case Action::rename_chain: return rename(command, text);
    case Action::set_policy:
        return set_policy(*require(command, text), command.argument.plain(), to_source(text, command.argument));
    case Action::none:
    case Action::zero:
    case Action::query: return true; // no rule changes
    }
    return true;
}

bool Tables::for_chains(Command const& command, CommandText const& text,
                        std::function<bool(ChainState&)> const& action) {
    if (!command.chain.raw.empty()) {
        ChainState* const chain = require(command, text);
        return chain != nullptr && action(*chain);
    }
    if (!affordable(text.to_source(command.span), block_->chains.size())) return false;
    bool all = true;
    for (ChainState& chain : block_->chains)
        if (!chain.deleted) all = action(chain) && all;
    return all;
}

bool Tables::flush(ChainState& chain) {
    for (Entry const& rule : chain.rules) retire(chain, rule);
    chain.rules.clear();
    return true;
}

// Commands that walk over chains or rules would take hours in a hostile file: past so many steps they are
// refused.
bool Tables::affordable(Span span, std::size_t steps) {
    constexpr std::size_t most_steps = 200'000'000;
    steps_ += steps;
    if (steps_ <= most_steps) return true;
    report(findings_, "PC002", span,
           {{"construct", "so many commands that search or move rules"}, {"why", "the file would take too long"}});
    return false;
}

// The place of the command's rule number, from 0; nothing, and an error, where the chain ends before it.
std::optional<std::size_t> Tables::place(Command const& command, CommandText const& text, ChainState const& chain,
                                         std::size_t size) {
    if (command.number >= 1 && command.number <= size) return command.number - 1;
    undefined("rule", text.to_source(command.span),
              "number " + std::to_string(command.number) + " of " + chain.name);
    return std::nullopt;
}

// Whether a live table takes the rule, as it is now: its target may be a chain that is not there yet.
bool Tables::acceptable(Entry const& rule, ChainState const& chain) {
    if (!live()) return true;
    Findings findings;
    std::vector<Rule> ignored;
    bool const lowered =
        lower_entry(rule, context_of(*block_, chain, *rule.text->file, block_->by_name, findings), 0, ignored);
    bool const sound = lowered && std::ranges::none_of(findings.all(), is_error);
    findings_.append(std::move(findings));
    return sound;
}

bool Tables::append(Entry const& rule) {
    ChainState& chain = *require(*rule.command, *rule.text);
    if (!acceptable(rule, chain)) return false;
    chain.rules.push_back(rule);
    enter(rule);
    return true;
}

bool Tables::insert(Entry const& rule) {
    Command const& command = *rule.command;
    ChainState& chain = *require(command, *rule.text);
    if (!acceptable(rule, chain)) return false;
    if (command.number <= 1) {
        chain.rules.push_front(rule);
        enter(rule);
        return true;
    }
    auto const at = place(command, *rule.text, chain, chain.rules.size() + 1);
    if (!at || !affordable(rule.text->to_source(command.span), std::min(*at, chain.rules.size() - *at)))
        return false;
    chain.rules.insert(chain.rules.begin() + static_cast<std::ptrdiff_t>(*at), rule);
    enter(rule);
    return true;
}

std::deque<Tables::Entry>::iterator Tables::find_rule(Entry const& rule, ChainState& chain) {
    std::size_t const wanted = key_of(rule, chain);
    return std::ranges::find_if(chain.rules, [&](Entry const& other) { return key_of(other, chain) == wanted; });
}

bool Tables::remove(Entry const& rule) {
    Command const& command = *rule.command;
    ChainState* const chain = require(command, *rule.text);
    Span const span = rule.text->to_source(command.span);
    if (chain == nullptr || !affordable(span, chain->rules.size())) return false;
    auto at = chain->rules.end();
    if (command.number != 0) {
        auto const number = place(command, *rule.text, *chain, chain->rules.size());
        if (!number) return false;
        at = chain->rules.begin() + static_cast<std::ptrdiff_t>(*number);
    } else {
        if (!acceptable(rule, *chain)) return false;
        at = find_rule(rule, *chain);
        if (at == chain->rules.end())
            return !live() && undefined("rule", span, "that -D takes from " + chain->name);
    }
    retire(*chain, *at);
    chain->rules.erase(at);
    return true;
}

bool Tables::has(Command const& command, CommandText const& text) {
    ChainState* const chain = block_->find(command.chain.plain());
    if (chain == nullptr || !affordable(text.to_source(command.span), chain->rules.size())) return false;
    return find_rule({&command, &text}, *chain) != chain->rules.end();
}

bool Tables::would_change(Command const& command, CommandText const& text) {
    std::string const name = command.chain.plain();
    ChainState* const chain = block_->find(name);
    auto const any_chain = [&](auto const& is_affected) {
        if (!name.empty()) return chain != nullptr && is_affected(*chain);
        return std::ranges::any_of(block_->chains,
                                   [&](ChainState const& c) { return !c.deleted && is_affected(c); });
    };
    switch (command.action) {
    case Action::none:
    case Action::query:
    case Action::zero: return false;
    case Action::set_policy: {
        bool const drops = chain != nullptr && std::holds_alternative<Drop>(chain->policy);
        return drops != (command.argument.plain() == "DROP");
    }
    case Action::flush: return any_chain([](ChainState const& c) { return !c.rules.empty(); });
    case Action::delete_chain: return any_chain([&](ChainState const& c) { return !built_in(c.name); });
    case Action::new_chain: return chain == nullptr;
    case Action::remove:
        return chain != nullptr && (command.number > 0 ? !chain->rules.empty() : has(command, text));
    case Action::append:
    case Action::insert:
    case Action::replace:
    case Action::rename_chain: return true;
    }
    return true;
}

bool Tables::conditional_before(Command const& command) {
    ChainState* const chain = block_->find(command.chain.plain());
    if (chain == nullptr || command.number <= 1) return false;
    std::size_t const counted = std::min<std::size_t>(command.number - 1, chain->rules.size());
    return std::any_of(chain->rules.begin(), chain->rules.begin() + static_cast<std::ptrdiff_t>(counted),
                       [](Entry const& rule) { return !rule.text->conditions.empty(); });
}

bool Tables::replace(Entry const& rule) {
    ChainState& chain = *require(*rule.command, *rule.text);
    if (!acceptable(rule, chain)) return false;
    auto const at = place(*rule.command, *rule.text, chain, chain.rules.size());
    if (!at) return false;
    retire(chain, chain.rules[*at]);
    chain.rules[*at] = rule;
    enter(rule);
    return true;
}

bool Tables::new_chain(Command const& command, CommandText const& text) {
    std::string const name = command.chain.plain();
    Span const span = text.to_source(command.span);
    if (block_->find(name) != nullptr || built_in(name))
        return !live() && error(span, "the chain " + quote(name) + " exists already");
    if (std::string problem = problem_of_chain_name(name, true); !problem.empty()) return error(span, std::move(problem));
    make(name, span);
    return true;
}

// Whether a rule of the table jumps to the chain: the kernel keeps it then.
bool Tables::is_jumped_to(std::string_view name) const {
    auto const known = block_->jumps.find(std::string(name));
    return known != block_->jumps.end() && known->second > 0;
}

bool Tables::delete_chains(Command const& command, CommandText const& text) {
    bool const all = command.chain.raw.empty();
    Span const span = text.to_source(command.span);
    return for_chains(command, text, [&](ChainState& chain) {
        if (built_in(chain.name))
            return all || error(span, "the built-in chain " + quote(chain.name) + " cannot be deleted");
        if (live() && (!chain.rules.empty() || is_jumped_to(chain.name))) return false;
        if (!chain.rules.empty()) return error(span, "the chain " + quote(chain.name) + " is not empty");
        chain.deleted = true;
        block_->by_name.erase(chain.name);
        return true;
    });
}

bool Tables::rename(Command const& command, CommandText const& text) {
    std::string const name = command.argument.plain();
    std::string const old = command.chain.plain();
    ChainState* chain = block_->find(old);
    if (chain == nullptr) return undefined("chain", to_source(text, command.chain), old);
    if (block_->find(name) != nullptr || built_in(name) || built_in(old))
        return error(text.to_source(command.span), "the chain " + quote(old) + " cannot be called " + quote(name));
    ChainId const index = block_->by_name.at(old);
    block_->by_name.erase(old);
    chain->name = name;
    block_->by_name.emplace(chain->name, index);
    block_->former_names.emplace(old, index); // jumps in the text still say it
    return true;
}

// ---- lowering

RuleContext Tables::context_of(Block const& block, ChainState const& chain, File const& file, Ids const& ids,
                               Findings& findings) const {
    auto const hook = builtin_hook(block.table, chain.name, family_);
    return {file, family_, block.table, chain.name, hook ? std::optional(hook->point) : std::nullopt,
            ids,   findings, sets_};
}

// lower_rule, with everything told where the source says it.
bool Tables::lower_entry(Entry const& rule, RuleContext const& context, std::uint32_t origin,
                         std::vector<Rule>& out) const {
    CommandText const& text = *rule.text;
    if (text.pieces.empty() && text.conditions.empty()) return lower_rule(*rule.command, context, origin, out);
    std::size_t const first_rule = out.size();
    std::size_t const first_finding = context.findings.all().size();
    bool const lowered = lower_rule(*rule.command, context, origin, out);
    auto const move = [&](Span& span) { span = text.to_source(span); };
    for (std::size_t i = first_finding; i < context.findings.all().size(); ++i) {
        Finding& finding = context.findings.all()[i];
        move(finding.span);
        for (Related& related : finding.related) move(related.span);
    }
    for (std::size_t i = first_rule; i < out.size(); ++i) {
        move(out[i].span);
        for (Term& term : out[i].match.terms) move(term.span);
        for (Alternatives& either : out[i].match.alternatives) move(either.span);
        for (Opaque& opaque : out[i].match.opaque) move(opaque.span);
        std::ranges::copy(text.conditions, std::back_inserter(out[i].match.opaque));
    }
    return lowered;
}

std::vector<Rule> Tables::meaning(Command const& command, CommandText const& text) {
    Findings ignored;
    std::vector<Rule> rules;
    ChainState const* const chain = block_->find(command.chain.plain());
    if (chain != nullptr)
        lower_entry({&command, &text}, context_of(*block_, *chain, *text.file, block_->by_name, ignored), 0, rules);
    return rules;
}

bool Tables::bare() const {
    return std::ranges::all_of(blocks_, [&](Block const& block) {
        return block.replaced || std::ranges::all_of(block.chains, [&](ChainState const& chain) {
                   bool const own = builtin_hook(block.table, chain.name, family_).has_value();
                   return chain.deleted || (own && chain.rules.empty());
               });
    });
}

// Equal for rules that mean the same: -D names a rule by its meaning.
std::size_t Tables::key_of(Entry const& rule, ChainState const& chain) {
    auto const known = keys_.find(rule.command);
    if (known != keys_.end()) return known->second;
    Findings ignored;
    std::vector<Rule> rules;
    lower_rule(*rule.command, context_of(*block_, chain, *rule.text->file, block_->by_name, ignored), 0, rules);
    std::vector<std::string> parts;
    for (Rule const& lowered : rules) {
        parts.push_back(lowered.comment + '\n' + std::to_string(lowered.verdict.index()));
        if (auto const* jump = std::get_if<Jump>(&lowered.verdict)) parts.push_back(std::to_string(jump->chain));
        std::ranges::copy(lowered.effects.sets, std::back_inserter(parts));
        // The order of options is not part of what a rule means.
        for (Term const& term : lowered.match.terms) parts.push_back(to_text(Match{{term}, {}, {}}));
        for (Alternatives const& either : lowered.match.alternatives)
            parts.push_back(to_text(Match{{}, {either}, {}}));
        for (Opaque const& opaque : lowered.match.opaque) parts.push_back(to_text(Match{{}, {}, {opaque}}));
    }
    std::ranges::sort(parts);
    std::string key;
    for (std::string const& part : parts) key += part + '\n';
    return keys_[rule.command] = std::hash<std::string>{}(key);
}

void report_written_fields(Ruleset const& ruleset, Findings& findings) {
    // xt_HL.c, xt_DSCP.c, ip6t_NPT.c
    struct Row {
        std::string_view target;
        Field field;
    };
    constexpr Row rows[] = {{"TTL", Field::ttl},   {"HL", Field::ttl},    {"DSCP", Field::dscp},
                            {"TOS", Field::dscp},  {"TOS", Field::ecn},   {"DNPT", Field::dst6},
                            {"SNPT", Field::src6}};
    std::vector<WrittenField> written;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            for (std::string const& change : rule.effects.sets) {
                std::string_view const target = std::string_view(change).substr(0, change.find(' '));
                for (Row const& row : rows)
                    if (row.target == target) written.push_back({row.field, change, rule.span});
            }
        }
    }
    portcullis::report_written_fields(written, ruleset, findings);
}

namespace {

bool is_netmap(Rule const& rule) {
    auto const* const rewrite = std::get_if<Rewrite>(&rule.verdict);
    return rewrite != nullptr && rewrite->flags == "netmap";
}

// The chains that are called from built-in ones that stand before routing, or behind it, however deep: called_by gives up where
// an analysis does.
std::vector<bool> called_from(std::vector<Chain> const& chains, bool before_routing) {
    std::vector<bool> called(chains.size());
    std::vector<ChainId> todo;
    auto const visit = [&](ChainId id) {
        if (id == no_chain || called[id]) return;
        called[id] = true;
        todo.push_back(id);
    };
    for (ChainId id = 0; id < chains.size(); ++id) {
        if (!chains[id].hook) continue;
        HookPoint const point = chains[id].hook->point;
        if ((point == HookPoint::prerouting || point == HookPoint::output) == before_routing) visit(id);
    }
    while (!todo.empty()) {
        ChainId const id = todo.back();
        todo.pop_back();
        for (Rule const& rule : chains[id].rules)
            if (auto const* const jump = std::get_if<Jump>(&rule.verdict)) visit(jump->chain);
    }
    return called;
}

} // namespace

void settle_netmaps(Ruleset& ruleset, Findings& findings) {
    std::vector<Chain>& chains = ruleset.chains;
    auto const settle = [](Chain const& chain) { return !chain.hook && std::ranges::any_of(chain.rules, is_netmap); };
    if (std::ranges::none_of(chains, settle)) return;
    std::vector<bool> const before = called_from(chains, true), behind = called_from(chains, false);
    for (ChainId id = 0; id < chains.size(); ++id) {
        if (!settle(chains[id]) || !behind[id]) continue;
        for (Rule& rule : chains[id].rules) {
            if (!is_netmap(rule)) continue;
            std::get<Rewrite>(rule.verdict).kind = Rewrite::Kind::snat;
            if (before[id])
                report(findings, "PC002", rule.span,
                       {{"construct", "NETMAP"}, {"why", "its chain is called before routing and behind it, where it changes different addresses"}});
        }
    }
}

void Tables::lower(std::vector<Chain>& out, Findings& findings) {
    for (Block const& block : blocks_) {
        std::vector<Chain> replaced; // for its errors only
        lower(block, block.replaced ? replaced : out, findings);
    }
}

void Tables::lower(Block const& block, std::vector<Chain>& out, Findings& findings) {
    Ids ids;
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
        if (id_of[i] == no_chain) continue;
        std::vector<Rule>& rules = out[id_of[i]].rules;
        rules.reserve(block.chains[i].rules.size());
        std::uint32_t origin = 0;
        for (Entry const& rule : block.chains[i].rules) {
            if (lower_entry(rule, context_of(block, block.chains[i], *rule.text->file, ids, findings), origin,
                            rules))
                ++origin;
        }
    }
    std::vector<Rule> ignored;
    for (auto const& [rule, index] : block.retired)
        lower_entry(rule, context_of(block, block.chains[index], *rule.text->file, ids, findings), 0, ignored);
}

} // namespace portcullis::iptables
