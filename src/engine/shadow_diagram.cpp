#include "engine/shadow_diagram.hpp"

#include <algorithm>

#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

PacketSet of_families(Space& space, Chain const& base) {
    PacketSet set = space.none();
    if (!base.hook || base.hook->v4) set |= space.of(Field::family, ValueSet::single(family_v4));
    if (!base.hook || base.hook->v6) set |= space.of(Field::family, ValueSet::single(family_v6));
    return set;
}

} // namespace

bool passes_marks(Ruleset const& ruleset, RuleList const& list) {
    bool changes = false;
    bool reads = false;
    bool reads_early = false;
    for (ChainId const base : list.chains) {
        bool const early = before_tracking(ruleset.chains[list.chains.front()]) || before_tracking(ruleset.chains[base]);
        for (ChainId const id : call_order(ruleset, base).chains) {
            for (Rule const& rule : ruleset.chains[id].rules) {
                changes = changes || changes_marks(rule);
                reads = reads || reads_marks(rule.match);
                reads_early = reads_early || (early && reads_state(rule.match));
            }
        }
    }
    return reads_early || (changes && reads);
}

DiagramList::DiagramList(Ruleset const& ruleset, RuleList const& list)
    : ruleset_(ruleset), base_(list.chains.back()), seen_(space_.of(list.seen)) {
    try {
        chains_ = call_order(ruleset, base_).chains;
        reach_.emplace(space_, ruleset, seen_);
        coming_ = {{Marks{}, seen_}};
        for (ChainId const chain : list.chains) {
            PacketSet const family = of_families(space_, ruleset.chains[chain]);
            Worlds passed;
            for (World const& world : coming_) {
                // A chain lets pass what it does not see.
                PacketSet const past = world.packets - family;
                if (chain != base_ && !past.empty()) passed.push_back({world.marks, past});
            }
            for (World& world : coming_) world.packets &= family;
            if (chain == base_) return;
            Worlds const accepted = reach_->accepted(coming_, chain);
            passed.insert(passed.end(), accepted.begin(), accepted.end());
            coming_ = std::move(passed);
        }
    } catch (BudgetExceeded const&) {
        failed_ = true;
    }
}

bool DiagramList::has(ChainId chain) const {
    return std::find(chains_.begin(), chains_.end(), chain) != chains_.end();
}

PacketSet DiagramList::hits(RuleId rule) { return reach_->hits(coming_, base_, rule.chain, rule.rule); }

Life DiagramList::life(RuleId rule) {
    if (failed_) return Life::unknown;
    try {
        PacketSet const own = space_.of(ruleset_.chains[rule.chain].rules[rule.rule].match);
        if (own.empty()) return Life::unmatchable;
        if (!hits(rule).empty()) return Life::alive;
        bool const reads = reads_marks(ruleset_.chains[rule.chain].rules[rule.rule].match);
        return !reads && (own & seen_).empty() ? Life::excluded : Life::dead;
    } catch (BudgetExceeded const&) {
        return Life::unknown;
    }
}

std::optional<Member> DiagramList::witness(RuleId rule) {
    try {
        return failed_ ? std::nullopt : hits(rule).member();
    } catch (BudgetExceeded const&) {
        return std::nullopt;
    }
}

} // namespace portcullis
