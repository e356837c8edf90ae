#include "lint/text_rules.hpp"

#include <algorithm>
#include <tuple>

#include "portcullis/engine/reach.hpp"

namespace portcullis {

std::vector<TextRule> rules_of_text(Ruleset const& ruleset) {
    std::vector<RuleId> all;
    for (ChainId chain = 0; chain < ruleset.chains.size(); ++chain) {
        std::vector<Rule> const& rules = ruleset.chains[chain].rules;
        for (std::uint32_t i = 0; i < rules.size() && !ruleset.chains[chain].implicit; ++i) {
            if (!rules[i].implicit) all.push_back({chain, i});
        }
    }
    // A branch may have a place of its own; the first of them speaks for all.
    auto const place = [&](RuleId id) {
        std::vector<Rule> const& rules = ruleset.chains[id.chain].rules;
        while (id.rule > 0 && rules[id.rule - 1].origin == rules[id.rule].origin) --id.rule;
        Span const& span = rules[id.rule].span;
        return std::tuple(span.source, span.begin, span.end);
    };
    std::stable_sort(all.begin(), all.end(), [&](RuleId a, RuleId b) { return place(a) < place(b); });
    std::vector<TextRule> groups;
    for (auto at = all.begin(); at != all.end();) {
        auto const next = std::find_if(at, all.end(), [&](RuleId id) { return place(id) != place(*at); });
        groups.emplace_back(at, next);
        at = next;
    }
    return groups;
}

Span span_of(Ruleset const& ruleset, RuleId id) {
    Chain const& chain = ruleset.chains[id.chain];
    return id.rule == RuleId::policy ? chain.policy_span : chain.rules[id.rule].span;
}

Verb verb_of(Ruleset const& ruleset, RuleId id) {
    Chain const& chain = ruleset.chains[id.chain];
    bool const list = chain.hook && chain.hook->point == HookPoint::list;
    struct Visitor {
        bool list;
        Verb operator()(Accept) const { return list ? Verb{"permits", "permit"} : Verb{"accepts", "accept"}; }
        Verb operator()(Drop) const { return list ? Verb{"denies", "deny"} : Verb{"drops", "drop"}; }
        Verb operator()(Reject) const { return {"rejects", "reject"}; }
        Verb operator()(Return) const { return {"returns", "return"}; }
        Verb operator()(Continue) const { return {"takes", "take"}; }
        Verb operator()(Jump const&) const { return {"leads away", "lead away"}; }
        Verb operator()(Rewrite const&) const { return {"translates", "translate"}; }
    };
    return std::visit(Visitor{list}, id.rule == RuleId::policy ? chain.policy : rule_of(ruleset, id).verdict);
}

bool decides(Verdict const& verdict) {
    return !std::holds_alternative<Continue>(verdict) && !std::holds_alternative<Jump>(verdict);
}

bool any_rule(Ruleset const& ruleset, Rule const& rule, bool (*is_it)(Rule const&)) {
    auto const* jump = std::get_if<Jump>(&rule.verdict);
    if (is_it(rule)) return true;
    if (jump == nullptr || jump->chain == no_chain) return false;
    auto const called = call_order(ruleset, jump->chain).chains;
    return std::any_of(called.begin(), called.end(), [&](ChainId id) {
        return std::any_of(ruleset.chains[id].rules.begin(), ruleset.chains[id].rules.end(), is_it);
    });
}

} // namespace portcullis
