#include "lint/text_rules.hpp"

#include <algorithm>
#include <tuple>

#include "portcullis/engine/reach.hpp"

namespace portcullis {

std::vector<TextRule> rules_of_text(Ruleset const& ruleset) {
    struct Placed {
        std::tuple<SourceId, std::uint32_t, std::uint32_t> place;
        RuleId id;
    };
    std::vector<Placed> all;
    for (ChainId chain = 0; chain < ruleset.chains.size(); ++chain) {
        std::vector<Rule> const& rules = ruleset.chains[chain].rules;
        std::uint32_t first = 0; // a branch may have a place of its own; the first of them speaks for all
        for (std::uint32_t i = 0; i < rules.size() && !ruleset.chains[chain].implicit; ++i) {
            if (rules[i].origin != rules[first].origin) first = i;
            Span const& span = rules[first].span;
            if (!rules[i].implicit) all.push_back({{span.source, span.begin, span.end}, {chain, i}});
        }
    }
    std::ranges::stable_sort(all, {}, &Placed::place);
    std::vector<TextRule> groups;
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (i == 0 || all[i].place != all[i - 1].place) groups.emplace_back();
        groups.back().push_back(all[i].id);
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
