// The engine and the interpreter agree: on every ruleset of up to three rules over a tiny world and all of its packets,
// and on thousands of larger random ones.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/agreement.hpp"
#include "engine/random_rules.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"
#include "portcullis/engine/reach.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

Match term(Field field, ValueSet values) { return {{{field, std::move(values), {}}}, {}, {}}; }

// Every rule's hits and every fate, against the interpreter, for every packet and truth.
void check(Ruleset const& ruleset, Choice const& choice) {
    if (auto const packet = disagreement(ruleset, choice)) FAIL(to_text(ruleset) << to_text(*packet));
}

std::vector<Packet> tiny_packets() {
    std::vector<Packet> packets;
    for (U128 const source : {1, 2}) {
        for (U128 const port : {22, 23}) {
            Packet packet;
            packet[Field::src4] = source;
            packet[Field::protocol] = 6;
            packet[Field::dport] = port;
            packets.push_back(packet);
        }
    }
    Packet v6;
    v6[Field::family] = family_v6;
    v6[Field::src6] = 1;
    v6[Field::protocol] = 6;
    v6[Field::dport] = 22;
    packets.push_back(v6);
    return packets;
}

std::vector<Match> tiny_matches() {
    Match pure;
    pure.opaque.push_back(opaque("pure", false, false, 0));
    Match not_pure;
    not_pure.opaque.push_back(opaque("pure", false, true, 0));
    Match limit = term(Field::src4, ValueSet::single(1));
    limit.opaque.push_back(opaque("limit", true, false, 7));
    return {Match{},
            term(Field::src4, ValueSet::single(1)),
            term(Field::src4, ValueSet::single(1).complement()),
            term(Field::dport, ValueSet::range(22, 22)),
            pure,
            not_pure,
            limit};
}

} // namespace

TEST_CASE("engine and interpreter agree on every small ruleset with calls") {
    Choice const choice{tiny_packets(), {{false, false}, {false, true}, {true, false}, {true, true}}};
    auto const matches = tiny_matches();
    std::vector<Verdict> const verdicts{Accept{}, Drop{}, Reject{}, Return{}, Continue{}, Jump{1, false}, Jump{1, true}};
    std::vector<Verdict> const inner{Accept{}, Drop{}, Return{}, Continue{}};
    std::size_t count = 0;
    // All pairs of rules in the base chain, each with every single rule in the called chain.
    for (Match const& m1 : matches) {
        for (Verdict const& v1 : verdicts) {
            for (Match const& m2 : matches) {
                for (Verdict const& v2 : {verdicts[0], verdicts[1], verdicts[3], verdicts[5]}) {
                    bool const calls = std::holds_alternative<Jump>(v1) || std::holds_alternative<Jump>(v2);
                    for (Match const& m3 : matches) {
                        for (Verdict const& v3 : inner) {
                            check(world({{rule(m1, v1), rule(m2, v2)}, {rule(m3, v3)}}, count % 2 == 0), choice);
                            ++count;
                            if (!calls) break;
                        }
                        if (!calls) break;
                    }
                }
            }
        }
    }
    CHECK(count > 10000);
    // All triples of rules in a chain without calls.
    std::vector<Rule> single;
    for (Match const& m : matches) {
        for (Verdict const& v : {verdicts[0], verdicts[1], verdicts[3], verdicts[4]}) single.push_back(rule(m, v));
    }
    for (Rule const& a : single) {
        for (Rule const& b : single) {
            for (Rule const& c : single) check(world({{a, b, c}}, ++count % 2 == 0), choice);
        }
    }
}

TEST_CASE("engine and interpreter agree on random rulesets") {
    std::uint32_t const count = seeds(3000);
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        ChainId const chains = 1 + random.below(4);
        std::vector<std::vector<Rule>> rules(chains);
        // Some rulesets are long enough for the ways of long chains: an index, rules of one shape together, runs of one verdict.
        std::uint32_t const most = seed % 50 == 0 ? 3000 : seed % 10 == 0 ? 120 : 12;
        for (ChainId c = 0; c < chains; ++c) {
            for (std::uint32_t i = 0; i < random.below(most); ++i) {
                Match match = most > 100 && random.chance(80) ? random.host_match() : random.match();
                rules[c].push_back(rule(std::move(match), random.verdict(c, chains)));
                // The texts of rules differ, and so do the values that they compute.
                rules[c].back().span = Span{0, c * 10000 + i + 100, c * 10000 + i + 101};
                bool const marks = seed % 3 == 0 && random.chance(most > 100 ? 1 : 25);
                if (!marks) continue;
                Assignment const change = random.assignment();
                rules[c].back().effects.assignments.push_back(change);
                rules[c].back().effects.sets.push_back( // for messages
                    std::string(info(change.field).name) + " = mark & " + Random::hex(change.mark_keep) + " ^ ct mark & " +
                    Random::hex(change.ct_mark_keep) + " ^ " + Random::hex(change.value) + (change.known ? "" : " (unknown)"));
            }
        }
        Choice choice{{}, {{random.chance(50), random.chance(50)}}};
        for (int i = 0; i < 20; ++i) choice.packets.push_back(random.packet());
        check(world(std::move(rules), random.chance(50)), choice);
    }
}

TEST_CASE("marks that one base chain sets are what the next one sees") {
    for (std::uint32_t seed = 1; seed <= 600; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        std::vector<std::vector<Rule>> rules(3);
        for (ChainId c = 0; c < 3; ++c) {
            for (std::uint32_t i = 0; i <= random.below(6); ++i) {
                Match match = random.match();
                if (random.chance(50)) match.terms = {{Field::mark, random.values(Field::mark), {}}};
                Verdict const verdict = c < 2 && random.chance(20) ? Verdict(Jump{2, random.chance(30)})
                                                                   : random.verdict(2, 3);
                rules[c].push_back(rule(std::move(match), c == 0 && random.chance(50) ? Verdict(Continue{}) : verdict));
                rules[c].back().span = Span{0, c * 10000 + i + 100, c * 10000 + i + 101};
                Assignment change = random.assignment();
                change.known = true;
                if (random.chance(60)) rules[c].back().effects.assignments.push_back(change);
                rules[c].back().effects.notrack = random.chance(20);
            }
        }
        Ruleset ruleset = world(std::move(rules), true);
        ruleset.chains[0].hook->point = HookPoint::prerouting;
        if (random.chance(40)) ruleset.chains[0].hook->priority = -300; // no state of a connection yet
        ruleset.chains[1].hook = Hook{};
        ruleset.chains[1].policy = Drop{};
        Space space;
        Path const path = find_paths(ruleset).front();
        REQUIRE(path.chains == std::vector<ChainId>{0, 1});
        PathReach reach(space, ruleset, path, space.all());
        std::pair<bool, bool> const truth{random.chance(50), random.chance(50)};
        for (int i = 0; i < 20; ++i) {
            Packet const packet = random.packet();
            Decision const decision =
                interpret(ruleset, path.chains, packet, [&](Opaque const& o) { return say(o, truth); });
            REQUIRE(decision.outcomes.size() == 1);
            PacketSet const accepted = fixed(reach.accepted(packet.family()), space, truth, 7);
            if (accepted.contains(packet) != (decision.main().fate == Fate::accept)) {
                FAIL(to_text(ruleset) << to_text(packet));
            }
        }
    }
}

TEST_CASE("engine and interpreter agree on long chains that call and go to others") {
    std::uint32_t const count = seeds(600);
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        // Few packets meet a rule, so that the last rules of the chain still decide some; what comes back from a call does, too.
        std::vector<std::vector<Rule>> rules(3);
        for (std::uint32_t i = 0; i < 40 + random.below(40); ++i) {
            Match match = random.host_match();
            match.terms[0].values = ValueSet::single(random.below(9));
            // All values of a field are those packets that have it.
            if (random.chance(10)) match.terms[0].values = ValueSet(IntervalSet::all(32));
            if (random.chance(10)) match.terms = {{Field::dport, ValueSet(IntervalSet::all(16)), {}}, {Field::src4, ValueSet::range(0, 4), {}}};
            bool const calls = random.chance(seed % 2 == 0 ? 30 : 80);
            rules[0].push_back(rule(std::move(match), calls ? Verdict(Jump{1 + random.below(2), random.chance(60)}) : random.verdict(0, 1)));
        }
        for (ChainId c = 1; c < 3; ++c) {
            // All that a chain keeps may have one fate: neighbours that call such chains are taken together.
            std::optional<Verdict> const fate = random.chance(60) ? std::optional(random.verdict(0, 1)) : std::nullopt;
            for (std::uint32_t i = 0; i < random.below(4); ++i)
                rules[c].push_back(rule(random.match(), random.chance(40) ? Verdict(Return{}) : fate ? *fate : random.verdict(c, 3)));
        }
        Choice choice{{}, {{random.chance(50), random.chance(50)}}};
        for (int i = 0; i < 40; ++i) choice.packets.push_back(random.packet());
        check(world(std::move(rules), random.chance(50)), choice);
    }
}

TEST_CASE("marks go through chains that only call others, whatever the order of the chains") {
    // The chain that looks at the mark comes first, and so does each before its caller; twice called, it sees either mark.
    auto const mark_is = [](U128 value) { return term(Field::mark, ValueSet::single(value)); };
    auto const sets = [](U128 value) {
        Rule rule = portcullis::rule({}, Continue{});
        rule.effects.assignments.push_back({.value = value});
        return rule;
    };
    Ruleset ruleset = world({{rule(mark_is(2), Accept{})},
                             {rule({}, Jump{0, false})},
                             {rule({}, Jump{1, false})},
                             {sets(1), rule({}, Jump{2, false}), sets(2), rule({}, Jump{2, false})}},
                            false);
    ruleset.chains[3].hook = std::exchange(ruleset.chains[0].hook, std::nullopt);
    Packet const packet;
    CHECK(interpret(ruleset, 3, packet).main().fate == Fate::accept);
    Space space;
    CHECK(Reach(space, ruleset, space.all()).verdicts(3).accepted.contains(packet));
}

TEST_CASE("an address that the question fixes is still none of the other family") {
    // In a chain that is long enough to be looked up in an index. What the field of the other family says means nothing there.
    std::vector<Rule> rules(40, rule(term(Field::protocol, ValueSet::single(200)), Drop{}));
    rules.push_back(rule(term(Field::src4, ValueSet::range(0, 9)), Accept{}));
    Ruleset const ruleset = world({std::move(rules)}, false);
    Space space;
    PacketSet const question = space.of(Cube{{{Field::src4, IntervalSet::single(5)}, {Field::protocol, IntervalSet::single(6)}}, {}});
    PacketSet const v6 = space.of(Field::family, ValueSet::single(family_v6));
    CHECK_FALSE((question & v6).empty());
    PacketSet const accepted = Reach(space, ruleset, question).verdicts(0).accepted;
    CHECK((accepted & v6).empty());
    CHECK((accepted == question - v6));
}

TEST_CASE("a question narrows the answers and changes none") {
    // The same chain, asked about everything and about new connections: within these, the hits are the same.
    for (std::uint32_t seed = 1; seed <= 60; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        std::vector<std::vector<Rule>> rules(1);
        for (std::uint32_t i = 0; i < 400; ++i) {
            Match match = random.chance(60) ? random.host_match() : random.match();
            if (random.chance(50)) match.terms.push_back({Field::ct_state, random.values(Field::ct_state), {}});
            if (random.chance(30)) {
                // A port, or a later fragment of any.
                Alternatives relation{{Field::fragment, Field::dport}, {}, random.chance(20), {}};
                relation.rows.push_back({ValueSet::single(0), ValueSet::single(random.below(9))});
                relation.rows.push_back({ValueSet::single(1), ValueSet(IntervalSet::all(16))});
                match.alternatives.push_back(std::move(relation));
            }
            rules[0].push_back(rule(std::move(match), random.verdict(0, 1)));
        }
        Ruleset const ruleset = world(std::move(rules), false);
        Space space;
        PacketSet const fresh = space.of(Field::ct_state, ValueSet::single(0)) & space.of(Field::fragment, ValueSet::single(0));
        Reach everything(space, ruleset, space.all());
        Reach narrowed(space, ruleset, fresh);
        for (std::size_t i = 0; i < 400; i += 7) CHECK((narrowed.hits(0, i) == (everything.hits(0, i) & fresh)));
    }
}

TEST_CASE("a member of a set is in it, and a cube cover is the set") {
    for (std::uint32_t seed = 1; seed <= 500; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        Space space;
        PacketSet set = space.of(random.match());
        for (int i = 0; i < 3; ++i) set -= space.of(random.match());
        auto const member = set.member();
        REQUIRE(member.has_value() == !set.empty());
        if (member) {
            CHECK(set.contains(member->packet));
        }
        auto const cubes = set.cubes();
        REQUIRE(cubes);
        PacketSet rebuilt = space.none();
        for (Cube const& cube : *cubes) {
            Match m;
            for (auto const& [field, values] : cube.fields) m.terms.push_back({field, values, {}});
            for (Assumption const& a : cube.assumptions) m.opaque.push_back(opaque(a.text, a.text == "limit", !a.holds, 7));
            PacketSet const product = space.of(m);
            CHECK((rebuilt & product).empty());
            rebuilt |= product;
        }
        CHECK((rebuilt == set));
    }
}

TEST_CASE("the order of a space's variables changes no set, and sets go from one space into another") {
    auto const made_in = [](Space& space, std::uint32_t seed) {
        Random random(seed);
        PacketSet set = space.of(random.match());
        for (int i = 0; i < 3; ++i) set |= space.of(random.match()) - space.of(random.match());
        return set;
    };
    std::size_t members = 0;
    for (std::uint32_t seed = 1; seed <= seeds(60); ++seed) {
        INFO("seed " << seed);
        Space services, ends(Space::Order::ends);
        PacketSet const plain = made_in(services, seed), set = made_in(ends, seed);
        CHECK((services.of(set) == plain));
        CHECK((ends.of(plain) == set));
        CHECK((services.of(set.possibly()) == plain.possibly()));
        CHECK((services.of(set.certainly()) == plain.certainly()));
        for (Field const field : {Field::sport, Field::dport, Field::src4, Field::dst6}) CHECK(set.project(field) == plain.project(field));
        if (auto const member = set.member()) {
            CHECK(plain.contains(member->packet));
            ++members;
        }
        auto const cubes = set.cubes();
        REQUIRE(cubes);
        PacketSet rebuilt = services.none();
        for (Cube const& cube : *cubes) rebuilt |= services.of(cube);
        CHECK((rebuilt == plain));
    }
    CHECK(members > seeds(60) / 2);
}

TEST_CASE("services and the answers to them by address take room that grows with their number") {
    // With ports first, n² pairs of ports have addresses of their own: millions of nodes.
    Space space(Space::Order::ends, std::size_t{1} << 18U);
    auto const each = [&](Field address, Field port) {
        PacketSet all = space.none();
        for (unsigned host = 0; host < 400; ++host) {
            Match match = term(address, ValueSet::single(0x0a000000U + 7 * host));
            match.terms.push_back({port, ValueSet::single(1000 + 31 * host), {}});
            all |= space.of(match);
        }
        return all;
    };
    PacketSet const any = each(Field::dst4, Field::dport) | each(Field::src4, Field::sport);
    Packet packet;
    packet[Field::src4] = 0x0a000000U + 7 * 5;
    packet[Field::sport] = 1000 + 31 * 5;
    CHECK(any.contains(packet));
    packet[Field::sport] = 1000 + 31 * 6;
    CHECK_FALSE(any.contains(packet));
}

TEST_CASE("certainly and possibly quantify over opaque matches and marks") {
    Space space;
    Match limited = term(Field::dport, ValueSet::single(22));
    limited.opaque.push_back(opaque("limit", true, false, 7));
    PacketSet const set = space.of(limited) | space.of(term(Field::dport, ValueSet::single(80)));
    CHECK((set.certainly() == space.of(term(Field::dport, ValueSet::single(80)))));
    CHECK((set.possibly() == space.of(term(Field::dport, ValueSet(IntervalSet::of({{22, 22}, {80, 80}}))))));
    PacketSet const marked = space.of(Field::mark, ValueSet::single(1));
    CHECK(marked.certainly().empty());
    CHECK((marked.possibly() == space.all()));
}
