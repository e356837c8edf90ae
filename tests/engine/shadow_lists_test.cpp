// Several lists of one ruleset: worked out side by side, and lists of the same rules once, with the same answers as
// each alone.
#include <catch2/catch.hpp>
#include <random>

#include "portcullis/engine/shadow.hpp"

using namespace portcullis;

namespace {

std::vector<Rule> random_rules(std::uint32_t seed, std::size_t count) {
    std::mt19937 random(seed);
    std::vector<Rule> rules;
    for (std::size_t i = 0; i < count; ++i) {
        Rule& rule = rules.emplace_back();
        U128 const from = random() % 64 * 256;
        U128 const to = random() % 500;
        rule.match.terms.push_back({Field::src4, ValueSet::range(from, from + random() % 4096), {}});
        rule.match.terms.push_back({Field::dport, ValueSet::range(to, to + random() % 400), {}});
        rule.verdict = random() % 2 == 0 ? Verdict(Accept{}) : Verdict(Drop{});
    }
    return rules;
}

Chain list(std::string name, std::vector<Rule> rules) {
    Chain chain;
    chain.name = std::move(name);
    chain.hook = Hook{};
    chain.hook->point = HookPoint::list;
    chain.policy = Drop{};
    chain.rules = std::move(rules);
    return chain;
}

std::vector<std::pair<RuleId, bool>> names(std::vector<Blocker> const& cover) {
    std::vector<std::pair<RuleId, bool>> all;
    for (Blocker const& blocker : cover) all.emplace_back(blocker.rule, blocker.needed);
    return all;
}

std::vector<RuleId> names(std::vector<Conflict> const& conflicts) {
    std::vector<RuleId> all;
    for (Conflict const& conflict : conflicts) all.push_back(conflict.earlier);
    return all;
}

// One that does not share: the same rules in the same places, in a list of its own.
void same_as_alone(Ruleset const& ruleset, Shadows const& all, std::size_t index) {
    Shadows const alone(ruleset, {lists_of(ruleset)[index]});
    auto const chain = static_cast<ChainId>(index);
    for (std::uint32_t r = 0; r < ruleset.chains[chain].rules.size(); ++r) {
        RuleId const id{chain, r};
        INFO(ruleset.chains[chain].name << ", rule " << r);
        REQUIRE(all.life(id) == alone.life(id));
        auto const sight = all.witness(id);
        REQUIRE(sight.has_value() == alone.witness(id).has_value());
        if (sight) {
            REQUIRE(sight->list == index);
            REQUIRE(sight->member.packet == alone.witness(id)->member.packet);
        }
        REQUIRE(names(all.cover(id)) == names(alone.cover(id)));
        auto const taken = all.taken(id);
        REQUIRE(taken.has_value() == alone.taken(id).has_value());
        if (taken) REQUIRE(taken->by == alone.taken(id)->by);
        REQUIRE(all.contested(id) == alone.contested(id));
        REQUIRE(names(all.conflicts(id)) == names(alone.conflicts(id)));
        REQUIRE(all.absorbed_by(id) == alone.absorbed_by(id));
        if (r > 0) REQUIRE(all.contains({chain, r - 1}, id) == alone.contains({chain, r - 1}, id));
    }
}

} // namespace

TEST_CASE("lists of one ruleset have the answers that each has alone") {
    Ruleset ruleset;
    auto const a = random_rules(1, 60);
    auto const b = random_rules(2, 60);
    auto other_verdict = a;
    other_verdict[0].verdict = Reject{};
    ruleset.chains = {list("a", a), list("b", b), list("again a", a), list("nearly a", other_verdict), list("again b", b)};
    ruleset.chains.push_back(list("a for IPv6", a));
    ruleset.chains.back().hook->v4 = false;
    for (unsigned const threads : {1U, 3U}) {
        ShadowOptions options;
        options.threads = threads;
        Shadows const all(ruleset, options);
        REQUIRE(all.lists().size() == ruleset.chains.size());
        for (std::size_t i = 0; i < ruleset.chains.size(); ++i) same_as_alone(ruleset, all, i);
        // Two names of one list are two lists.
        CHECK_FALSE(all.contains({0, 0}, {2, 0}));
        CHECK_FALSE(all.contains({2, 0}, {0, 0}));
        CHECK(all.contains({2, 0}, {2, 0}) == true);
        // IPv4 sources in a list of IPv6.
        CHECK(all.life({5, 0}) == Life::excluded);
        CHECK(all.life({0, 0}) == Life::alive);
    }
}
