// What a packet carries along besides its headers: whether connection tracking has looked at it, and what translation has left of its ends.
#include <catch2/catch.hpp>

#include "engine/random_rules.hpp"
#include "portcullis/engine/marks.hpp"
#include "portcullis/engine/packet_set.hpp"

using namespace portcullis;

namespace {

Chain at_hook(HookPoint point, int priority) {
    Chain chain;
    chain.hook = Hook{};
    chain.hook->point = point;
    chain.hook->priority = priority;
    return chain;
}

} // namespace

TEST_CASE("a packet has no state before connection tracking, and none after it was given up") {
    CHECK(before_tracking(at_hook(HookPoint::ingress, 0)));
    CHECK(before_tracking(at_hook(HookPoint::prerouting, -300)));
    CHECK(before_tracking(at_hook(HookPoint::output, -201)));
    CHECK_FALSE(before_tracking(at_hook(HookPoint::prerouting, -200)));
    CHECK_FALSE(before_tracking(at_hook(HookPoint::input, -300)));

    Marks const early = entering(at_hook(HookPoint::prerouting, -300), {});
    CHECK(state_seen(early) == ct_state::invalid);
    Marks const later = entering(at_hook(HookPoint::prerouting, 0), early);
    CHECK_FALSE(state_seen(later));

    Rule notrack = rule({}, Continue{});
    notrack.effects.notrack = true;
    Marks const given_up = after(early, notrack);
    CHECK(state_seen(given_up) == ct_state::untracked);
    CHECK(state_seen(entering(at_hook(HookPoint::input, 0), given_up)) == ct_state::untracked);
    // There is a connection by then.
    CHECK(after(later, notrack) == later);
}

TEST_CASE("a rule behind a translation is asked about the new end") {
    Marks translated;
    translated.destination.done = true;
    translated.destination.port = Interval{443, 443};
    auto const to_port = [](U128 first, U128 last) {
        Match match;
        match.terms.push_back({Field::dport, ValueSet::range(first, last), {}});
        return match;
    };
    CHECK_FALSE(within_translation(to_port(80, 80), translated));
    auto const left = within_translation(to_port(440, 450), translated);
    REQUIRE(left);
    // The port is known now, and that there is one remains.
    REQUIRE(left->terms.size() == 1);
    CHECK(left->terms[0].field == Field::fragment);
    CHECK(within_translation(to_port(80, 80), Marks{})->terms.front().field == Field::dport);
}

TEST_CASE("what is asked of a computed mark and its opposite leave no packet over") {
    Rule set = rule({}, Continue{});
    set.span = Span{0, 10, 20};
    set.effects.assignments.push_back({Field::ct_mark, 0, 0, 0, false});
    Marks const computed = after({}, set);
    Match match;
    match.alternatives.push_back({{Field::dport, Field::ct_mark}, {{ValueSet::single(443), ValueSet::single(5)}}, false, {}});
    Space space;
    PacketSet const some = space.of(match, computed);
    CHECK_FALSE(some.empty());
    match.alternatives[0].negated = true;
    CHECK((space.of(match, computed) | some) == space.all());
}
