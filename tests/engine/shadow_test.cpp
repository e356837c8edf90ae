// Three ways agree on what earlier rules leave of each rule: the index, decision diagrams, and all packets of a
// small world, one by one, through the interpreter.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <random>
#include <set>

#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/reach.hpp"
#include "portcullis/engine/shadow.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

Match term(Field field, ValueSet values) { return {{{field, std::move(values), {}}}, {}, {}}; }

Rule rule(Match match, Verdict verdict) {
    Rule r;
    r.match = std::move(match);
    r.verdict = verdict;
    return r;
}

Match source(std::string_view prefix) {
    return term(Field::src4, ValueSet(IntervalSet::of(*parse_prefix(prefix))));
}

Match operator&(Match a, Match const& b) {
    a.terms.insert(a.terms.end(), b.terms.begin(), b.terms.end());
    a.opaque.insert(a.opaque.end(), b.opaque.begin(), b.opaque.end());
    return a;
}

Match port(U128 first, U128 last) { return term(Field::dport, ValueSet::range(first, last)); }
Match limit(std::uint32_t at) { return {{}, {}, {{"limit", true, false, Span{0, at, at + 1}}}}; }
Match pure(std::string text, bool negated = false) { return {{}, {}, {{std::move(text), false, negated, {}}}}; }

// Chain 0 is a base chain at input, the others are called.
Ruleset ruleset_of(std::vector<std::vector<Rule>> chains) {
    Ruleset ruleset;
    for (auto& rules : chains) {
        Chain chain;
        chain.name = "c" + std::to_string(ruleset.chains.size());
        if (ruleset.chains.empty()) chain.hook = Hook{};
        chain.policy = Drop{};
        chain.rules = std::move(rules);
        ruleset.chains.push_back(std::move(chain));
    }
    return ruleset;
}

std::vector<RuleId> rules_of(Ruleset const& ruleset) {
    std::vector<RuleId> all;
    for (ChainId c = 0; c < ruleset.chains.size(); ++c) {
        for (std::uint32_t r = 0; r < ruleset.chains[c].rules.size(); ++r) all.push_back({c, r});
    }
    return all;
}

std::vector<RuleId> names(std::vector<Blocker> const& blockers) {
    std::vector<RuleId> all;
    for (Blocker const& one : blockers) all.push_back(one.rule);
    return all;
}

// Unordered fields, ordered ones, and both.
ShadowOptions some_options(std::uint32_t choice) {
    ShadowOptions options;
    options.most_atoms = std::array<std::size_t, 3>{63, 4, 1}[choice % 3];
    return options;
}

using Ids = std::vector<RuleId>;

} // namespace

TEST_CASE("a rule is dead by one earlier rule, or by several together, and the witness of another is its own") {
    Ruleset const ruleset =
        ruleset_of({{rule(source("10.0.0.0/25"), Drop{}), rule(source("10.0.0.128/25"), Drop{}),
                     rule(source("10.0.0.0/24"), Accept{}), rule(source("10.0.0.0/23"), Accept{}),
                     rule(source("10.0.0.7/32"), Accept{})}});
    Shadows const shadows(ruleset);
    CHECK(shadows.life({0, 2}) == Life::dead);
    CHECK(names(shadows.cover({0, 2})) == Ids{{0, 0}, {0, 1}});
    CHECK(shadows.cover({0, 2}).front().share == Approx(0.5));
    CHECK(shadows.life({0, 3}) == Life::alive);
    CHECK(shadows.witness({0, 3})->member.packet[Field::src4] >> 8 == 0x0A0001);
    CHECK(names(shadows.cover({0, 4})) == Ids{{0, 0}});
}

TEST_CASE("a cover names a rule of another action where one decides some of the packets") {
    Ruleset const ruleset = ruleset_of({{rule(source("10.0.0.0/26"), Drop{}), rule(source("10.0.0.0/24"), Accept{}),
                                         rule(source("10.0.0.0/25"), Accept{})}});
    std::vector<Blocker> const cover = Shadows(ruleset).cover({0, 2});
    REQUIRE(names(cover) == Ids{{0, 1}, {0, 0}});
    CHECK(cover[0].needed);
    CHECK_FALSE(cover[1].needed);
    CHECK(cover[1].share == Approx(0.5));
}

TEST_CASE("a rule behind a limit makes no other dead, one with a pure match just those with the same") {
    Ruleset const ruleset =
        ruleset_of({{rule(port(22, 22) & limit(1), Accept{}), rule(port(22, 22) & limit(2), Accept{}),
                     rule(pure("string x"), Drop{}), rule(pure("string x") & port(1, 9), Accept{}),
                     rule(pure("string x", true), Drop{}), rule(port(1, 9), Accept{})}});
    Shadows const shadows(ruleset);
    CHECK(shadows.life({0, 1}) == Life::alive);
    CHECK(shadows.life({0, 2}) == Life::alive);
    CHECK(shadows.life({0, 3}) == Life::dead);
    CHECK(shadows.life({0, 4}) == Life::alive);
    CHECK(names(shadows.cover({0, 5})) == Ids{{0, 2}, {0, 4}});
}

TEST_CASE("a return keeps packets from the rest of its chain only") {
    Ruleset const ruleset = ruleset_of(
        {{rule({}, Jump{1, false}), rule(source("10.0.0.0/8"), Drop{}), rule({}, Drop{})},
         {rule(source("10.0.0.0/8"), Return{}), rule(source("10.1.0.0/16"), Accept{}), rule({}, Accept{})}});
    Shadows const shadows(ruleset);
    CHECK(shadows.life({1, 1}) == Life::dead);
    CHECK(shadows.cover({1, 1}).front().action == Action::leave);
    CHECK(shadows.life({0, 1}) == Life::alive);
    CHECK(shadows.life({0, 2}) == Life::dead);
}

TEST_CASE("a return behind a limit lets packets past an accept") {
    Ruleset const ruleset = ruleset_of({{rule({}, Jump{1, false}), rule({}, Reject{})}, {rule(limit(1), Return{}), rule({}, Accept{})}});
    CHECK(Shadows(ruleset).life({0, 1}) == Life::alive);
}

TEST_CASE("what no call lets through is excluded, what contradicts itself is unmatchable") {
    Match const both = port(80, 80) & port(443, 443);
    Ruleset const ruleset = ruleset_of({{rule(port(80, 80), Jump{1, false}), rule(both, Accept{}),
                                         rule(term(Field::oif, ValueSet::single(interface_value("eth0"))), Drop{})},
                                        {rule(port(443, 443), Accept{})},
                                        {rule({}, Drop{})}});
    Shadows const shadows(ruleset);
    CHECK(shadows.life({0, 1}) == Life::unmatchable);
    CHECK(shadows.life({1, 0}) == Life::excluded);
    CHECK(shadows.life({0, 2}) == Life::excluded); // at input nothing has an outgoing interface
    CHECK(shadows.life({2, 0}) == Life::alive);    // a chain that nobody calls is a list of its own
}

TEST_CASE("an address has a family, whatever other rules ask about families") {
    // Neither set tells the families apart.
    for (bool const negated : {false, true}) {
        ValueSet both = ValueSet::range(family_v4, family_v6);
        both.negated = negated;
        Match v6 = term(Field::src6, ValueSet::single(2));
        Ruleset const ruleset = ruleset_of({{rule(term(Field::family, both) & port(80, 80), Drop{}), rule(v6, Accept{})}});
        CHECK(Shadows(ruleset).life({0, 1}) == Life::alive);
    }
}

TEST_CASE("shares say how much of a rule is decided before it, and by what") {
    Ruleset const ruleset =
        ruleset_of({{rule(source("10.0.0.0/9"), Drop{}), rule(source("10.0.0.0/10"), Accept{}),
                     rule(source("10.128.0.0/10"), Accept{}), rule(source("10.0.0.0/8"), Accept{})}});
    auto const taken = Shadows(ruleset).taken({0, 3});
    REQUIRE(taken);
    CHECK((*taken)[Action::deny] == Approx(0.5));
    CHECK((*taken)[Action::permit] == Approx(0.25));
    CHECK(taken->unknown == 0);
    CHECK(taken->by == RuleId{0, 0});
    CHECK(taken->otherwise->member.packet[Field::src4] >> 23 == 0x0A000000U >> 23);
    CHECK(taken->left->member.packet[Field::src4] >> 22 == 0x0AC00000U >> 22);
}

TEST_CASE(
    "conflicts are exceptions, crossings and coverings; a rule is absorbed where nothing contrary stands between") {
    Match const to = term(Field::dst4, ValueSet::single(0xC0000201U));
    Ruleset const ruleset =
        ruleset_of({{rule(source("10.0.0.0/24"), Accept{}), rule(source("10.0.1.0/24"), Accept{}), rule(to, Drop{}),
                     rule(source("10.0.0.0/16"), Accept{}), rule(source("10.0.0.0/25") & to, Accept{}),
                     rule(source("10.2.0.0/16"), Accept{}), rule(source("10.0.0.0/8"), Accept{})}});
    Shadows const shadows(ruleset);
    auto const drops = shadows.conflicts({0, 2});
    REQUIRE(drops.size() == 2);
    CHECK(drops[0].kind == Conflict::Kind::crossing);
    CHECK(shadows.conflicts({0, 3}).size() == 1);
    CHECK(shadows.conflicts({0, 4}).front().kind == Conflict::Kind::covering);
    CHECK_FALSE(shadows.absorbed_by({0, 0}));
    CHECK(shadows.absorbed_by({0, 3}) == RuleId{0, 6});
    CHECK(shadows.absorbed_by({0, 5}) == RuleId{0, 6});
    CHECK(shadows.contains({0, 6}, {0, 3}) == true);
    CHECK(shadows.contains({0, 3}, {0, 6}) == false);
    CHECK_FALSE(shadows.contains({0, 6}, {9, 9}));
}

TEST_CASE("a set of many addresses that several rules ask for is one atom") {
    std::vector<Interval> every_second;
    for (U128 i = 0; i < 3000; ++i) every_second.push_back({0xC0000000 + 2 * i, 0xC0000000 + 2 * i});
    Match const listed = term(Field::src4, ValueSet(IntervalSet::of(every_second)));
    every_second.pop_back();
    Match const fewer = term(Field::src4, ValueSet(IntervalSet::of(every_second)));
    Ruleset const ruleset = ruleset_of({{rule(listed & port(1, 100), Drop{}), rule(fewer & port(50, 60), Accept{}),
                                         rule(source("192.0.0.0/20") & port(1, 100), Accept{}), rule(listed & port(1, 200), Accept{}),
                                         rule(fewer & port(90, 110), Drop{})}});
    for (std::uint32_t choice = 0; choice < 3; ++choice) {
        Shadows const shadows(ruleset, some_options(choice));
        std::vector<Life> lives;
        for (RuleId const id : rules_of(ruleset)) lives.push_back(shadows.life(id));
        CHECK(lives == std::vector{Life::alive, Life::dead, Life::alive, Life::alive, Life::dead});
        CHECK(names(shadows.cover({0, 1})) == Ids{{0, 0}});
        for (std::uint32_t const at : {2U, 3U}) {
            auto const sight = shadows.witness({0, at});
            REQUIRE(sight);
            CHECK(interpret(ruleset, 0, sight->member.packet).main().rule == at);
        }
    }
}

TEST_CASE("a later base chain is asked about what earlier ones let through") {
    Ruleset ruleset = ruleset_of({{rule(port(22, 22), Accept{}), rule(port(0, 99), Drop{})},
                                  {rule(port(22, 22), Drop{}), rule(port(80, 80), Accept{}), rule({}, Drop{})}});
    ruleset.chains[1].hook = Hook{};
    ruleset.chains[0].policy = Accept{};
    Shadows const apart(ruleset);
    CHECK(apart.life({1, 1}) == Life::alive);
    Shadows const together(ruleset, {{{0, 1}, {}}});
    CHECK(together.life({1, 0}) == Life::alive);
    CHECK(together.life({1, 1}) == Life::dead);
    CHECK(names(together.cover({1, 1})) == Ids{{0, 1}});
    CHECK(together.life({1, 2}) == Life::alive);
    CHECK(together.life({0, 0}) == Life::unreached);
}

namespace {

// Rules over three fields with values below 8, and four beyond that stand for all others: masks tell them apart.
class SmallWorld {
  public:
    explicit SmallWorld(std::uint32_t seed) : engine_(seed) {
        constexpr std::array choices{Field::src4,  Field::dst4, Field::src6, Field::protocol, Field::dport,
                                     Field::sport, Field::iif,  Field::ttl,  Field::dscp};
        while (fields_.size() < 3) {
            Field const field = choices[below(choices.size())];
            if (std::find(fields_.begin(), fields_.end(), field) == fields_.end()) fields_.push_back(field);
        }
        ChainId const chains = 1 + below(4);
        std::vector<std::vector<Rule>> all(chains);
        for (ChainId c = 0; c < chains; ++c) {
            std::uint32_t const count = below(9);
            for (std::uint32_t i = 0; i < count; ++i) {
                all[c].push_back(rule(match(c * 100 + i), verdict(c, chains)));
                all[c].back().span = Span{0, c * 100 + i, c * 100 + i + 1};
            }
        }
        ruleset = ruleset_of(std::move(all));
        if (chance(30)) ruleset.chains[0].policy = Accept{};
        if (chance(15)) ruleset.chains[0].hook->v6 = false;
    }

    Ruleset ruleset;

    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }
    bool chance(std::uint32_t percent) { return below(100) < percent; }

    template <class Visit> void each_packet(Visit const& visit) const {
        for (unsigned index = 0; index < 2 * 12 * 12 * 12; ++index) {
            Packet packet;
            packet[Field::family] = index % 2;
            unsigned rest = index / 2;
            for (Field const field : fields_) {
                packet[field] = rest % 12;
                rest /= 12;
            }
            bool seen = packet.family() == Family::v4 || ruleset.chains[0].hook->v6;
            for (Field const field : fields_) {
                // The fields of the other family do not matter: one value of them will do.
                auto const family = info(field).family;
                seen = seen && (!family || *family == packet.family() || packet[field] == 0);
            }
            if (seen) visit(packet);
        }
    }

    // Later fragments too, which have nothing of the transport header.
    template <class Visit> void each_packet_and_fragment(Visit const& visit) const {
        each_packet([&](Packet const& packet) {
            visit(packet);
            bool const plain = std::ranges::all_of(fields_, [&](Field field) { return !info(field).transport || packet[field] == 0; });
            if (!plain) return;
            Packet fragment = packet;
            fragment[Field::fragment] = 1;
            visit(fragment);
        });
    }

  private:
    ValueSet values(Field field) {
        ValueSet set;
        std::vector<Interval> intervals;
        for (std::uint32_t i = chance(60) ? 1 : below(3); i-- > 0;) {
            U128 const a = below(8);
            U128 const b = chance(50) ? 7 - below(4) : a;
            intervals.push_back({std::min(a, b), std::max(a, b)});
        }
        set.intervals = IntervalSet::of(std::move(intervals));
        // Few holes; and, in a wide field, so many that it is no region.
        U128 const all = max_value(info(field).bits);
        if (chance(12)) set.masks.push_back({U128{below(8)} & ~U128{2}, all & ~U128{2}});
        if (chance(6)) set.masks.push_back({U128{below(4)}, 3});
        set.negated = chance(20);
        return set;
    }

    Match match(std::uint32_t at) {
        Match m;
        for (Field const field : fields_) {
            if (chance(45)) m.terms.push_back({field, values(field), {}});
        }
        if (chance(10)) m.terms.push_back({fields_[0], values(fields_[0]), {}});
        if (chance(10)) m.terms.push_back({Field::family, ValueSet::single(below(2)), {}});
        if (chance(15)) {
            Alternatives relation{{fields_[below(3)], fields_[below(3)]}, {}, chance(30), {}};
            for (std::uint32_t i = 0; i <= below(3); ++i) {
                relation.rows.push_back({values(relation.fields[0]), values(relation.fields[1])});
            }
            m.alternatives.push_back(std::move(relation));
        }
        if (chance(15)) m = m & pure("pure", chance(50));
        if (chance(8)) m = m & limit(at);
        if (chance(4)) m.opaque.push_back({"loose " + std::to_string(at), false, chance(50), {}});
        return m;
    }

    Verdict verdict(ChainId chain, ChainId chains) {
        bool const calls = chain + 1 < chains;
        switch (below(calls ? 12 : 8)) {
        case 0:
        case 1:
        case 2: return Accept{};
        case 3:
        case 4: return Drop{};
        case 5: return Reject{};
        case 6: return Return{};
        case 7: return Continue{};
        default: return Jump{chain + 1 + below(chains - chain - 1), chance(30)};
        }
    }

    std::mt19937 engine_;
    std::vector<Field> fields_;
};

// Every free variable that the rules have, by every combination of what they may say, up to four.
std::vector<std::set<std::string>> truths(Ruleset const& ruleset) {
    std::set<std::string> keys;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& one : chain.rules) {
            for (Opaque const& opaque : one.match.opaque) keys.insert(opaque_key(opaque));
        }
    }
    std::vector<std::set<std::string>> all{{}};
    std::size_t varied = 0;
    for (std::string const& key : keys) {
        if (++varied > 4) return {}; // too many for this world
        std::size_t const before = all.size();
        for (std::size_t i = 0; i < before; ++i) {
            all.push_back(all[i]);
            all.back().insert(key);
        }
    }
    return all;
}

// The rules that a packet comes to and matches.
std::set<RuleId> met(Ruleset const& ruleset, Packet const& packet, Truth const& truth) {
    std::set<RuleId> rules;
    for (Step const& step : interpret(ruleset, 0, packet, truth, Detail::steps).steps) {
        if (step.rule && step.outcome != "no match")
            rules.insert({step.chain, static_cast<std::uint32_t>(*step.rule)});
    }
    return rules;
}

bool is_no(Life life) { return life == Life::dead || life == Life::excluded || life == Life::unmatchable; }

} // namespace

TEST_CASE("index, diagrams and all packets agree on which rules are dead") {
    std::size_t dead = 0;
    std::size_t alive = 0;
    for (std::uint32_t seed = 1; seed <= seeds(250); ++seed) {
        SmallWorld world(seed);
        Ruleset const& ruleset = world.ruleset;
        auto const all_truths = truths(ruleset);
        if (all_truths.empty()) continue;
        INFO("seed " << seed << '\n' << to_text(ruleset));
        ShadowOptions options = some_options(world.below(3));
        options.threads = 1 + world.below(2);
        RuleList const list{{0}, {}};
        Shadows const shadows(ruleset, {list}, options);
        REQUIRE(shadows.complete());

        std::set<RuleId> found;
        world.each_packet_and_fragment([&](Packet const& packet) {
            for (auto const& yes : all_truths) {
                auto const rules =
                    met(ruleset, packet, [&](Opaque const& o) { return yes.contains(opaque_key(o)); });
                found.insert(rules.begin(), rules.end());
            }
        });
        Space space;
        Match const family =
            term(Field::family, ruleset.chains[0].hook->v6 ? ValueSet(IntervalSet(0, 1)) : ValueSet::single(0));
        PacketSet const question = space.of(family);
        Reach reach(space, ruleset, question);
        CallOrder const order = call_order(ruleset, 0);
        for (RuleId const id : rules_of(ruleset)) {
            INFO("chain " << id.chain << " rule " << id.rule);
            Life const life = shadows.life(id);
            bool const called = std::find(order.chains.begin(), order.chains.end(), id.chain) != order.chains.end();
            REQUIRE(called == (life != Life::unreached));
            if (!called) continue;
            REQUIRE((life == Life::alive) == found.contains(id));
            REQUIRE(is_no(life) == !found.contains(id));
            REQUIRE(reach.hits({{Marks{}, question}}, 0, id.chain, id.rule).empty() == is_no(life));
            if (life == Life::unmatchable) REQUIRE(space.of(ruleset.chains[id.chain].rules[id.rule].match).empty());
            (life == Life::alive ? alive : dead) += 1;
            auto const sight = shadows.witness(id);
            REQUIRE(sight.has_value() == (life == Life::alive));
            if (sight) {
                auto const rules =
                    met(ruleset, sight->member.packet, [&](Opaque const& o) { return sight->member.truth(o); });
                REQUIRE(rules.contains(id));
                continue;
            }
            if (life != Life::dead || ruleset.chains.size() > 1) continue;
            // Every packet of a dead rule is in a rule that the cover needs.
            PacketSet rest = space.of(ruleset.chains[0].rules[id.rule].match) & question;
            std::vector<Blocker> const cover = shadows.cover(id);
            REQUIRE_FALSE(cover.empty());
            for (Blocker const& blocker : cover) {
                REQUIRE(blocker.rule < id);
                if (blocker.needed) rest -= space.of(ruleset.chains[0].rules[blocker.rule.rule].match);
            }
            REQUIRE(rest.empty());
        }
    }
    CHECK(dead > 100);
    CHECK(alive > 100);
}

namespace {

// Rules over fields of few values, all of which are tried: shares can be counted.
class CountedWorld {
  public:
    explicit CountedWorld(std::uint32_t seed, bool calls) : engine_(seed) {
        ChainId const chains = calls ? 1 + below(3) : 1;
        std::vector<std::vector<Rule>> all(chains);
        for (ChainId c = 0; c < chains; ++c) {
            std::uint32_t const count = 1 + below(8);
            for (std::uint32_t i = 0; i < count; ++i) all[c].push_back(rule(match(), verdict(c, chains)));
        }
        ruleset = ruleset_of(std::move(all));
    }

    Ruleset ruleset;
    std::uint32_t below(std::uint32_t n) { return static_cast<std::uint32_t>(engine_() % n); }

    static std::vector<Packet> packets() {
        std::vector<Packet> all(1);
        for (Field const field : fields) {
            std::vector<Packet> more;
            for (Packet packet : all) {
                for (U128 value = 0; value <= info(field).largest; ++value) {
                    packet[field] = value;
                    more.push_back(packet);
                }
            }
            all = std::move(more);
        }
        return all;
    }

  private:
    static constexpr std::array fields{Field::family, Field::ct_state, Field::fragment, Field::packet_type,
                                       Field::ct_direction};

    ValueSet values(Field field) {
        auto const largest = static_cast<std::uint32_t>(info(field).largest);
        U128 const first = below(largest + 1);
        ValueSet set = ValueSet::range(first, first + below(largest + 1 - static_cast<std::uint32_t>(first)));
        if (below(4) == 0) set.intervals = set.intervals.united(IntervalSet::single(below(largest + 1)));
        set.negated = below(5) == 0;
        return set;
    }
    Match match() {
        Match m;
        for (Field const field : fields) {
            if (below(100) < 40) m.terms.push_back({field, values(field), {}});
        }
        if (below(6) == 0) {
            Alternatives relation{{Field::ct_state, Field::packet_type}, {}, below(3) == 0, {}};
            for (std::uint32_t i = 0; i <= below(3); ++i) {
                relation.rows.push_back({values(Field::ct_state), values(Field::packet_type)});
            }
            m.alternatives.push_back(std::move(relation));
        }
        return m;
    }
    Verdict verdict(ChainId chain, ChainId chains) {
        if (chain + 1 < chains && below(3) == 0) return Jump{chain + 1 + below(chains - chain - 1), below(4) == 0};
        switch (below(7)) {
        case 0:
        case 1:
        case 2: return Accept{};
        case 3: return Reject{};
        case 4: return Return{};
        case 5: return Continue{};
        default: return Drop{};
        }
    }

    std::mt19937 engine_;
};

} // namespace

TEST_CASE("shares are those of all packets, counted") {
    std::vector<Packet> const packets = CountedWorld::packets();
    std::size_t partly = 0;
    for (std::uint32_t seed = 1; seed <= seeds(400); ++seed) {
        CountedWorld world(seed, true);
        INFO("seed " << seed << '\n' << to_text(world.ruleset));
        std::vector<Rule> const& rules = world.ruleset.chains[0].rules;
        Shadows const shadows(world.ruleset, {{{0}, {}}}, some_options(seed));
        for (std::uint32_t r = 0; r < rules.size(); ++r) {
            INFO("rule " << r);
            if (shadows.life({0, r}) != Life::alive) continue;
            std::array<double, action_count> expected{};
            double own = 0;
            for (Packet const& packet : packets) {
                if (matches(rules[r].match, packet) != true) continue;
                ++own;
                if (met(world.ruleset, packet, {}).contains({0, r})) continue;
                Fate const fate = interpret(world.ruleset, 0, packet).main().fate;
                expected[static_cast<std::size_t>(fate == Fate::accept ? Action::permit : Action::deny)] += 1;
            }
            auto const taken = shadows.taken({0, r});
            REQUIRE(taken);
            REQUIRE(taken->unknown == 0);
            for (std::size_t a = 0; a < action_count; ++a)
                REQUIRE(taken->shares[a] == Approx(expected[a] / own).margin(1e-9));
            REQUIRE(taken->left);
            REQUIRE(met(world.ruleset, taken->left->member.packet, {}).contains({0, r}));
            if (!taken->otherwise) continue;
            ++partly;
            Packet const& other = taken->otherwise->member.packet;
            REQUIRE(matches(rules[r].match, other) == true);
            REQUIRE_FALSE(met(world.ruleset, other, {}).contains({0, r}));
            REQUIRE(met(world.ruleset, other, {}).contains(*taken->by));
        }
    }
    CHECK(partly > 100);
}

TEST_CASE("conflicts are the pairs that packets show, and an absorbed rule can go") {
    std::vector<Packet> const packets = CountedWorld::packets();
    std::size_t absorbed = 0;
    std::size_t left_to_policy = 0;
    for (std::uint32_t seed = 1; seed <= seeds(400); ++seed) {
        CountedWorld world(seed, seed % 2 == 0);
        INFO("seed " << seed << '\n' << to_text(world.ruleset));
        Shadows const shadows(world.ruleset, {{{0}, {}}}, some_options(seed));
        auto const can_go = [&](RuleId id) {
            Ruleset without = world.ruleset;
            auto& rules = without.chains[id.chain].rules;
            rules.erase(rules.begin() + id.rule);
            return std::all_of(packets.begin(), packets.end(), [&](Packet const& packet) {
                return interpret(without, 0, packet).main().fate == interpret(world.ruleset, 0, packet).main().fate;
            });
        };
        for (RuleId const id : rules_of(world.ruleset)) {
            bool const denies = std::holds_alternative<Drop>(world.ruleset.chains[id.chain].rules[id.rule].verdict);
            if (denies && !shadows.contrary_later(id)) { // the policy drops what is left
                ++left_to_policy;
                REQUIRE(can_go(id));
            }
            auto const later = shadows.absorbed_by(id);
            if (!later) continue;
            INFO(id.chain << '/' << id.rule << " by " << later->chain << '/' << later->rule);
            ++absorbed;
            REQUIRE(can_go(id));
        }
        if (world.ruleset.chains.size() > 1) continue;
        std::vector<Rule> const& rules = world.ruleset.chains[0].rules;
        auto const has = [&](std::uint32_t r, Packet const& packet) {
            return matches(rules[r].match, packet) == true;
        };
        auto const is_decision = [&](std::uint32_t r) {
            return !std::holds_alternative<Continue>(rules[r].verdict);
        };
        auto const accepts = [&](std::uint32_t r) { return std::holds_alternative<Accept>(rules[r].verdict); };
        for (std::uint32_t b = 0; b < rules.size(); ++b) {
            std::vector<std::pair<RuleId, Conflict::Kind>> expected;
            bool contested = false;
            for (std::uint32_t a = 0; a < b && is_decision(b); ++a) {
                if (!is_decision(a) || accepts(a) == accepts(b) || is_no(shadows.life({0, a}))) continue;
                auto const some = [&](auto const& holds) {
                    return std::any_of(packets.begin(), packets.end(), holds);
                };
                if (!some([&](Packet const& p) { return has(a, p) && has(b, p); })) continue;
                bool const a_alone = some([&](Packet const& p) { return has(a, p) && !has(b, p); });
                bool const b_alone = some([&](Packet const& p) { return !has(a, p) && has(b, p); });
                contested = true;
                expected.emplace_back(RuleId{0, a}, !b_alone  ? Conflict::Kind::covering
                                                    : a_alone ? Conflict::Kind::crossing
                                                              : Conflict::Kind::exception);
            }
            std::vector<std::pair<RuleId, Conflict::Kind>> found;
            for (Conflict const& one : shadows.conflicts({0, b}, 100)) {
                found.emplace_back(one.earlier, one.kind);
                REQUIRE(has(one.earlier.rule, one.shared.member.packet));
                REQUIRE(has(b, one.shared.member.packet));
            }
            INFO("rule " << b);
            REQUIRE(found == expected);
            if (is_decision(b)) REQUIRE(shadows.contested({0, b}) == contested);
        }
    }
    CHECK(absorbed > seeds(400) / 8);
    CHECK(left_to_policy > seeds(400) / 8);
}

TEST_CASE("answers are the same however many threads there are") {
    Ruleset ruleset = ruleset_of({{}});
    std::mt19937 random(7);
    for (std::uint32_t i = 0; i < 20000; ++i) {
        U128 const from = random() % 4000 * 256;
        U128 const to = random() % 40000;
        Match match = term(Field::src4, ValueSet::range(from, from + random() % 65536));
        match = match & port(to, to + random() % 20000);
        ruleset.chains[0].rules.push_back(
            rule(std::move(match), random() % 2 == 0 ? Verdict(Accept{}) : Verdict(Drop{})));
    }
    ShadowOptions several;
    several.threads = 4;
    Shadows const one(ruleset);
    Shadows const four(ruleset, several);
    std::size_t dead = 0;
    for (std::uint32_t r = 0; r < 20000; ++r) {
        REQUIRE(one.life({0, r}) == four.life({0, r}));
        dead += one.life({0, r}) == Life::dead ? 1 : 0;
        if (r % 500 != 0) continue;
        auto const witness = one.witness({0, r});
        REQUIRE(witness.has_value() == four.witness({0, r}).has_value());
        if (witness) REQUIRE(witness->member.packet == four.witness({0, r})->member.packet);
        REQUIRE(names(one.cover({0, r})) == names(four.cover({0, r})));
    }
    CHECK(dead > 1000);
    CHECK(dead < 19900);
}

TEST_CASE("marks that rules set are followed, whatever the length of the list") {
    Rule sets = rule(source("10.0.0.0/8"), Continue{});
    sets.effects.assignments.push_back({.value = 1});
    Ruleset const ruleset =
        ruleset_of({{sets, rule(term(Field::mark, ValueSet::single(1)), Drop{}),
                     rule(source("10.1.0.0/16"), Accept{}), rule(source("11.0.0.0/8"), Accept{})}});
    Shadows const shadows(ruleset);
    CHECK(shadows.life({0, 2}) == Life::dead);
    CHECK(shadows.life({0, 3}) == Life::alive);
    CHECK(shadows.witness({0, 3})->member.packet[Field::mark] != 1);
    CHECK_FALSE(shadows.absorbed_by({0, 3}));
}

TEST_CASE("chains that call each other in a million ways end, by diagrams") {
    std::vector<std::vector<Rule>> chains;
    for (ChainId c = 0; c < 30; ++c) {
        Match const some = term(Field::ttl, ValueSet::range(c, 200));
        chains.push_back({rule(some, Jump{c + 1, false}), rule({}, Jump{c + 1, false})});
    }
    chains.push_back({rule(port(22, 22), Accept{}), rule(port(22, 22), Drop{})});
    Shadows const shadows(ruleset_of(std::move(chains)), {{{0}, {}}}, {.most_lines = 10000});
    CHECK(shadows.life({30, 0}) == Life::alive);
    CHECK(shadows.life({30, 1}) == Life::dead);
}
