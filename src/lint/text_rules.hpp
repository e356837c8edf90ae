// The rules as the text has them: one may have become several of the model.
#pragma once
#include <vector>

#include "portcullis/engine/shadow.hpp"

namespace portcullis {

// Branches of a verdict map in one chain, rounds of a loop in any.
using TextRule = std::vector<RuleId>;

// In the order of the text, without those that no line says.
std::vector<TextRule> rules_of_text(Ruleset const& ruleset);

inline Rule const& rule_of(Ruleset const& ruleset, RuleId id) { return ruleset.chains[id.chain].rules[id.rule]; }

// Where a rule or a policy stands.
Span span_of(Ruleset const& ruleset, RuleId id);

// "drops", "drop": what a rule or a policy does to packets.
struct Verb {
    std::string_view one;
    std::string_view many;
};
Verb verb_of(Ruleset const& ruleset, RuleId id);

// The verdict is the last word on the packets of the rule, in its chain or in all.
bool decides(Verdict const& verdict);

// Whether it holds for the rule, or for one of the chains that it calls.
bool any_rule(Ruleset const& ruleset, Rule const& rule, bool (*is_it)(Rule const&));

} // namespace portcullis
