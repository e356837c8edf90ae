// What is worked out for nobody ends.
#include <catch2/catch.hpp>

#include "engine/random_rules.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/packet_set.hpp"
#include "portcullis/engine/reach.hpp"
#include "portcullis/engine/shadow.hpp"

using namespace portcullis;

namespace {

// Addresses with every second bit of sixteen set in one of them: a set that grows with each.
Match scattered(std::uint32_t seed) {
    Match match;
    match.terms.push_back({Field::src4, ValueSet::masked(seed * 2654435761U & 0x55555555U, 0x55555555U), {}});
    match.terms.push_back({Field::dport, ValueSet::range(seed * 37 % 60000, seed * 37 % 60000 + 500), {}});
    return match;
}

// Returns where it is not stopped within 10,000 sets.
void unite_many(Space& space) {
    PacketSet all = space.none();
    for (std::uint32_t seed = 1; seed <= 10000; ++seed) all |= space.of(scattered(seed));
}

} // namespace

TEST_CASE("work ends once a stop is requested, and only that of its scope") {
    std::stop_source source;
    source.request_stop();
    {
        StopWhen const stop(source.get_token());
        CHECK_THROWS_AS(check_stop(), Stopped);
        CHECK_THROWS_AS(check_deadline(), Stopped);
        {
            StopWhen const inner{std::stop_token()};
            CHECK_NOTHROW(check_stop());
        }
        Space space;
        CHECK_THROWS_AS(unite_many(space), Stopped);
        CHECK((space.of(scattered(1)) & space.of(scattered(1))) == space.of(scattered(1))); // it is whole still
        std::vector<Rule> rules;
        rules.push_back(rule(scattered(1), Drop{}));
        Ruleset const ruleset = world({rules}, true);
        CHECK_THROWS_AS(Shadows(ruleset), Stopped);
    }
    CHECK_NOTHROW(check_deadline());
}

// The second chain is being worked out when it ends, on behalf of the first.
TEST_CASE("what was asked when work ended has its answer afterwards") {
    std::vector<Rule> many;
    for (std::uint32_t seed = 1; seed <= 30; ++seed) many.push_back(rule(scattered(seed), seed % 2 == 0 ? Verdict(Drop{}) : Verdict(Accept{})));
    Ruleset const ruleset = world({{rule({}, Jump{1, false})}, std::move(many)}, false);
    Space space;
    Reach reach(space, ruleset, space.all());
    std::stop_source source;
    source.request_stop();
    {
        StopWhen const stop(source.get_token());
        CHECK_THROWS_AS(reach.accepted(0), Stopped);
        CHECK_THROWS_AS(reach.entering(0, 1), Stopped);
    }
    Reach fresh(space, ruleset, space.all());
    CHECK(reach.accepted(0) == fresh.accepted(0));
    CHECK(reach.entering(0, 1) == fresh.entering(0, 1));
    CHECK_FALSE(reach.accepted(0).empty());
}
