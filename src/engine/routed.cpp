#include "portcullis/engine/routed.hpp"

#include <algorithm>

#include "portcullis/engine/translation.hpp"

namespace portcullis {

namespace {

bool any_rule(Ruleset const& ruleset, auto const& says) {
    return std::ranges::any_of(ruleset.chains, [&](Chain const& chain) { return std::ranges::any_of(chain.rules, says); });
}

bool asks_for_type(Rule const& rule) { return asks_about(rule.match, Field::dst_type); }

bool diverts(Rule const& rule) {
    return std::ranges::any_of(rule.match.opaque, [](Opaque const& said) {
        return said.text.starts_with("tproxy") || said.text.starts_with("TPROXY");
    });
}

// What a rule that translates destinations may match, by what no rule before it changes.
PacketSet may_match(Space& space, Match const& match) {
    Match stable;
    for (Term const& term : match.terms) {
        bool const changes = term.field == Field::mark || term.field == Field::ct_mark || term.field == Field::ct_status || term.field == Field::ct_state;
        if (!changes) stable.terms.push_back(term);
    }
    return space.of(stable);
}

} // namespace

PacketSet routed(Space& space, Ruleset const& ruleset, HookPoint point) {
    bool const to_host = point == HookPoint::input;
    if ((!to_host && point != HookPoint::forward) || !any_rule(ruleset, asks_for_type)) return space.all();
    if (to_host && any_rule(ruleset, diverts)) return space.all();
    IntervalSet const types = IntervalSet::single(to_host ? route_type::local : route_type::unicast).united(IntervalSet::single(route_type::multicast));
    auto const of = [&](U128 family, U128 also) {
        return space.of(Field::family, ValueSet::single(family)) & space.of(Field::dst_type, types.united(IntervalSet::single(also)));
    };
    PacketSet set = of(family_v4, route_type::broadcast) | of(family_v6, route_type::anycast); // neither family has the other's
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            auto const* const rewrite = std::get_if<Rewrite>(&rule.verdict);
            if (rewrite != nullptr && is_destination(rewrite->kind)) set |= may_match(space, rule.match);
        }
    }
    return set;
}

} // namespace portcullis
