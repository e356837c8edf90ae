// Chains that no packet enters, and chains that are entered and neither decide nor do anything. A table without any
// base chain is a part of a ruleset, whose rest calls its chains; and a chain that is called and empty, or only
// returns, is a place for rules to come.
#include <algorithm>
#include <set>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// By chain: the rules that call it.
std::vector<std::vector<RuleId>> find_callers(Ruleset const& ruleset) {
    std::vector<std::vector<RuleId>> callers(ruleset.chains.size());
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        for (std::uint32_t i = 0; i < rules.size(); ++i) {
            auto const* jump = std::get_if<Jump>(&rules[i].verdict);
            if (jump != nullptr && jump->chain != no_chain) callers[jump->chain].push_back({id, i});
        }
    }
    return callers;
}

// A packet of a base chain comes to a rule that calls it.
bool is_entered(Context const& ctx, ChainId id, std::vector<RuleId> const& callers) {
    std::vector<ChainId> const& bases = ctx.bases(id);
    bool unknown = false;
    for (RuleId const caller : callers) {
        if (ctx.bases(caller.chain).empty()) continue;
        Life const life = ctx.shadows().life(caller);
        if (life == Life::alive) return true;
        unknown = unknown || life == Life::unknown;
    }
    return unknown && std::any_of(bases.begin(), bases.end(), [&](ChainId base) {
        return !(ctx.reach().entering(base, id) & ctx.seen_by(base)).empty();
    });
}

bool does_something(Rule const& rule) {
    bool const decides = !std::holds_alternative<Continue>(rule.verdict) &&
                         !std::holds_alternative<Return>(rule.verdict) &&
                         !std::holds_alternative<Jump>(rule.verdict);
    Effects const& effects = rule.effects;
    return decides || effects.log || effects.counter || effects.notrack || !effects.assignments.empty() || !effects.sets.empty();
}

// In the chain or one that it calls.
bool can_matter(Ruleset const& ruleset, ChainId id) {
    auto const called = call_order(ruleset, id).chains;
    return std::any_of(called.begin(), called.end(), [&](ChainId one) {
        return std::any_of(ruleset.chains[one].rules.begin(), ruleset.chains[one].rules.end(), does_something);
    });
}

bool is_placeholder(Chain const& chain) {
    return std::all_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) {
        bool const always =
            rule.match.terms.empty() && rule.match.alternatives.empty() && rule.match.opaque.empty();
        return always && !does_something(rule) && !std::holds_alternative<Jump>(rule.verdict);
    });
}

Finding& report(Context const& ctx, Findings& out, Chain const& chain) {
    Finding& finding = out.add(ctx.rule().id, chain.span).arg("chain", chain.title());
    finding.where = chain.title();
    return finding;
}

} // namespace

void check_unreachable_or_noop_chain(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    auto const callers = find_callers(ruleset);
    std::set<std::string> whole_tables;
    for (Chain const& chain : ruleset.chains) {
        if (chain.hook) whole_tables.insert(chain.table);
    }
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        if (chain.hook || is_placeholder(chain) || !whole_tables.contains(chain.table)) continue;
        if (ctx.bases(id).empty()) {
            report(ctx, out, chain).arg("what", "no base chain calls it");
        } else if (!is_entered(ctx, id, callers[id])) {
            report(ctx, out, chain).arg("what", "no packet gets to the rules that call it");
        } else if (!can_matter(ruleset, id)) {
            report(ctx, out, chain).arg("what", "its rules decide nothing").severity = Severity::info;
        }
    }
}

} // namespace portcullis
