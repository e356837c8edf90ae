#include "lint/dead_rules.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "lint/context.hpp"
#include "lint/duplicates.hpp"
#include "lint/text_rules.hpp"

namespace portcullis {

namespace {

// A condition that no packet meets by itself: a set that is empty now and filled later, or a frame that is not IP,
// which is no packet of the model. Nothing is wrong with the rule.
bool asks_for_nothing(Rule const& rule) {
    Match const& match = rule.match;
    return std::any_of(match.terms.begin(), match.terms.end(),
                       [](Term const& term) {
                           auto const values = term.values.as_intervals(info(term.field).bits);
                           return values && values->empty();
                       }) ||
           std::any_of(match.alternatives.begin(), match.alternatives.end(),
                       [](Alternatives const& relation) { return relation.rows.empty() && !relation.negated; });
}

// A return from a base chain or a goto: that they skip the rest is what PC423 and PC424 say.
bool is_early_end(Ruleset const& ruleset, RuleId id) {
    if (id.rule == RuleId::policy) return false;
    Verdict const& verdict = rule_of(ruleset, id).verdict;
    return std::holds_alternative<Jump>(verdict) ||
           (std::holds_alternative<Return>(verdict) && ruleset.chains[id.chain].hook);
}

// What becomes of the packets of a rule, in the words of Shadows; a return is compared by its chain.
Action action_of(Verdict const& verdict) {
    if (std::holds_alternative<Accept>(verdict)) return Action::permit;
    if (std::holds_alternative<Rewrite>(verdict)) return Action::translate;
    if (std::holds_alternative<Return>(verdict)) return Action::leave;
    return Action::deny;
}

bool does_the_same(Ruleset const& ruleset, RuleId id, RuleId earlier, Action action) {
    Verdict const& verdict = rule_of(ruleset, id).verdict;
    bool const returns = std::holds_alternative<Return>(verdict);
    if (earlier.rule != RuleId::policy) {
        Verdict const& other = rule_of(ruleset, earlier).verdict;
        if (verdict == other && (!returns || id.chain == earlier.chain)) return true;
        if (std::holds_alternative<Rewrite>(verdict)) return false;
    }
    Chain const& chain = ruleset.chains[id.chain];
    return action == action_of(returns && chain.hook ? chain.policy : verdict);
}

constexpr double part = 0.5; // the share that is told of a blocker that does not take all

// What PC209 and PC213 report of the chains.
class Reported {
  public:
    explicit Reported(Context const& ctx) : ctx_(ctx), chains_(ctx.ruleset().chains.size()) {}

    bool contains(RuleId id) {
        std::optional<OfChain>& told = chains_[id.chain];
        if (!told) told = of_chain(id.chain);
        return id.rule >= told->catch_all_end || told->duplicates.contains(id.rule);
    }

  private:
    struct OfChain {
        std::size_t catch_all_end = 0; // rules from here on follow one that ends every packet
        std::set<std::size_t> duplicates;
    };

    OfChain of_chain(ChainId id) const {
        Chain const& chain = ctx_.ruleset().chains[id];
        auto const last = catch_all(chain);
        auto const next =
            std::find_if(last, chain.rules.end(), [&](Rule const& rule) { return rule.origin != last->origin; });
        OfChain told{static_cast<std::size_t>(next - chain.rules.begin()), {}};
        for (Duplicate const& duplicate : ctx_.duplicates(id)) told.duplicates.insert(duplicate.rule);
        return told;
    }

    Context const& ctx_;
    std::vector<std::optional<OfChain>> chains_;
};

class Finder {
  public:
    Finder(Context const& ctx, Shadows const& shadows, Reported& reported)
        : ctx_(ctx), ruleset_(ctx.ruleset()), shadows_(shadows), reported_(reported) {
        unentered_.resize(ruleset_.chains.size());
    }

    // Those of the groups that are dead; `skip` says of which it does not matter.
    template <class Skip> std::vector<DeadRule> run(std::vector<TextRule> const& groups, Skip const& skip) {
        std::vector<DeadRule> found;
        for (TextRule const& group : groups) {
            if (lives(group) || skip(group.front())) continue;
            if (std::any_of(group.begin(), group.end(), [&](RuleId id) { return is_told(id); })) continue;
            if (auto dead = kind_of(group)) found.push_back(std::move(*dead));
        }
        return found;
    }

  private:
    bool is_told(RuleId id) {
        std::optional<bool>& unentered = unentered_[id.chain];
        if (!unentered) unentered = is_unentered(id.chain);
        return *unentered || reported_.contains(id);
    }

    // In a table with base chains, a chain to which no packet gets.
    bool is_unentered(ChainId id) const {
        Chain const& chain = ruleset_.chains[id];
        auto const& all = ruleset_.chains;
        bool const whole =
            std::any_of(all.begin(), all.end(), [&](Chain const& c) { return c.hook && c.table == chain.table; });
        if (chain.hook || !whole) return false;
        for (ChainId caller = 0; caller < all.size(); ++caller) {
            if (ctx_.bases(caller).empty()) continue;
            for (std::uint32_t i = 0; i < all[caller].rules.size(); ++i) {
                auto const* jump = std::get_if<Jump>(&all[caller].rules[i].verdict);
                if (jump == nullptr || jump->chain != id) continue;
                Life const life = shadows_.life({caller, i});
                if (life == Life::alive || life == Life::unknown) return false;
            }
        }
        return true;
    }

    bool lives(TextRule const& group) const {
        return std::any_of(group.begin(), group.end(), [&](RuleId id) {
            Life const life = shadows_.life(id);
            return life == Life::alive || life == Life::unknown || life == Life::unreached;
        });
    }

    // Of a group that does not live.
    std::optional<DeadRule> kind_of(TextRule const& group) const {
        if (std::all_of(group.begin(), group.end(),
                        [&](RuleId id) { return shadows_.life(id) == Life::unmatchable; })) {
            if (asks_for_nothing(rule_of(ruleset_, group.front()))) return std::nullopt;
            return DeadRule{DeadRule::Kind::unmatchable, group.front(), {}};
        }
        DeadRule dead{DeadRule::Kind::redundant, group.front(), {}, true};
        bool otherwise = false;
        bool any = false;
        for (RuleId const id : group) {
            if (shadows_.life(id) != Life::dead || !decides(rule_of(ruleset_, id).verdict)) continue;
            any = true;
            otherwise = add_blockers(id, dead) || otherwise;
        }
        auto const& blockers = dead.blockers;
        bool const told = !blockers.empty() && std::all_of(blockers.begin(), blockers.end(), [&](Blocker const& b) {
            return is_early_end(ruleset_, b.rule);
        });
        if (!any || told) return std::nullopt;
        if (otherwise) {
            auto const needed = std::count_if(dead.blockers.begin(), dead.blockers.end(),
                                              [](Blocker const& b) { return b.needed; });
            dead.kind = needed == 1 ? DeadRule::Kind::shadowed : DeadRule::Kind::by_union;
        }
        return dead;
    }

    // Whether any of them does something else than the rule.
    bool add_blockers(RuleId id, DeadRule& dead) const {
        std::vector<Blocker> cover = shadows_.cover(id);
        if (cover.empty()) return !earlier_ones_agree(id);
        auto const first_same = std::stable_partition(cover.begin(), cover.end(), [&](Blocker const& b) {
            return !does_the_same(ruleset_, id, b.rule, b.action);
        });
        // The share of a blocker says nothing of opaque matches on the way to it.
        auto const takes_all = [&](Blocker const& b) {
            return b.rule.rule != RuleId::policy && shadows_.contains(b.rule, id) == true;
        };
        for (Blocker& b : cover) {
            if (!b.needed && !takes_all(b)) b.share = std::min(b.share, part);
        }
        if (std::any_of(cover.begin(), first_same, [](Blocker const& b) { return b.needed || b.share > part; }))
            dead.mostly_the_same = false;
        for (Blocker const& blocker : cover) {
            auto const same = std::find_if(dead.blockers.begin(), dead.blockers.end(),
                                           [&](Blocker const& b) { return b.rule == blocker.rule; });
            if (same == dead.blockers.end())
                dead.blockers.push_back(blocker);
            else
                same->share = std::min(same->share, blocker.share);
        }
        return first_same != cover.begin();
    }

    // Where nobody knows which rules take its packets: whether all that can are sure to do the same.
    bool earlier_ones_agree(RuleId id) const {
        Chain const& chain = ruleset_.chains[id.chain];
        if (!chain.hook) return false;
        return std::all_of(chain.rules.begin(), chain.rules.begin() + id.rule, [&](Rule const& rule) {
            return std::holds_alternative<Continue>(rule.verdict) || rule.verdict == rule_of(ruleset_, id).verdict;
        });
    }

    Context const& ctx_;
    Ruleset const& ruleset_;
    Shadows const& shadows_;
    Reported& reported_;
    std::vector<std::optional<bool>> unentered_; // by chain
};

std::string who_decides(Ruleset const& ruleset, DeadRule const& dead) {
    std::vector<Verb> verbs; // of those that it takes
    for (Blocker const& blocker : dead.blockers) {
        if (blocker.needed) verbs.push_back(verb_of(ruleset, blocker.rule));
    }
    if (verbs.size() == 1) return fmt::format("an earlier rule {} all of its traffic", verbs.front().one);
    bool const alike = !verbs.empty() && std::all_of(verbs.begin(), verbs.end(),
                                                     [&](Verb verb) { return verb.many == verbs.front().many; });
    return fmt::format("earlier rules together {} all of its traffic", alike ? verbs.front().many : "decide");
}

void relate_blockers(Ruleset const& ruleset, DeadRule const& dead, Finding& finding) {
    for (Blocker const& blocker : dead.blockers) {
        finding.relate(fmt::format("{} {} of this traffic first", verb_of(ruleset, blocker.rule).one,
                                   blocker.share >= 1 ? "all" : "a part"),
                       span_of(ruleset, blocker.rule));
    }
}

} // namespace

std::vector<DeadRule> find_dead_rules(Context const& ctx) {
    std::vector<TextRule> const groups = rules_of_text(ctx.ruleset());
    Reported reported(ctx);
    std::vector<DeadRule> all = Finder(ctx, ctx.shadows(), reported).run(groups, [](RuleId) { return false; });
    Shadows const* const first = ctx.first_fragment_shadows();
    if (first == nullptr) return all;
    std::map<RuleId, std::size_t> known;
    for (std::size_t i = 0; i < all.size(); ++i) known.emplace(all[i].rule, i);
    // What is redundant or unmatchable stays so without later fragments.
    auto const is_settled = [&](RuleId id) {
        auto const at = known.find(id);
        return at != known.end() && (all[at->second].kind == DeadRule::Kind::redundant ||
                                     all[at->second].kind == DeadRule::Kind::unmatchable);
    };
    for (DeadRule& dead : Finder(ctx, *first, reported).run(groups, is_settled)) {
        if (dead.kind == DeadRule::Kind::unmatchable) continue;
        auto const at = known.find(dead.rule);
        if (at != known.end()) {
            // Later fragments that another rule takes are an exception, however many there are.
            DeadRule& whole = all[at->second];
            if (dead.kind == DeadRule::Kind::redundant) whole.mostly_the_same = true;
            continue;
        }
        dead.but_fragments = ctx.shadows().life(dead.rule) != Life::dead;
        if (dead.but_fragments) all.push_back(std::move(dead));
    }
    return all;
}

void report_dead_rules(Context const& ctx, DeadRule::Kind kind, Findings& out) {
    using Kind = DeadRule::Kind;
    Ruleset const& ruleset = ctx.ruleset();
    for (DeadRule const& dead : ctx.dead_rules()) {
        if (dead.kind != kind) continue;
        Finding& finding = add_finding(ctx, out, dead.rule.chain, dead.rule.rule);
        // Nothing passes it: without it, every packet fares as it does.
        if ((kind == Kind::redundant && !dead.but_fragments) || kind == Kind::unmatchable)
            offer_removal(ctx, finding, rule_of(ruleset, dead.rule), true);
        if (kind == Kind::unmatchable) continue;
        finding.arg("what", who_decides(ruleset, dead));
        relate_blockers(ruleset, dead, finding);
        finding.note(dead.but_fragments
                         ? "proof: nothing reaches this rule but later fragments, which have no ports"
                         : "proof: no packet reaches this rule");
        if (dead.blockers.empty()) finding.note("which rules take its packets depends on their marks");
        if (kind == Kind::redundant || !dead.mostly_the_same) continue;
        finding.severity = Severity::low;
        finding.note("but for exceptions, it is decided as this rule says");
    }
}

} // namespace portcullis
