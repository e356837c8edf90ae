// What the comparison says of two rulesets is what the interpreter says of each, packet by packet.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/random_translations.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/engine/cubes.hpp"
#include "portcullis/engine/interpret.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

Ruleset random_world(Random& random, bool marks) {
    ChainId const chains = 1 + random.below(4);
    std::vector<std::vector<Rule>> rules(chains);
    for (ChainId c = 0; c < chains; ++c) {
        for (std::uint32_t i = 0; i < random.below(12); ++i) {
            rules[c].push_back(rule(random.match(), random.verdict(c, chains)));
            if (!marks || !random.chance(25)) continue;
            Assignment change = random.assignment();
            change.known = true;
            rules[c].back().effects.assignments.push_back(change);
        }
    }
    return world(std::move(rules), random.chance(50));
}

// The same text with a few edits, in another source.
Ruleset edited(Ruleset ruleset, Random& random) {
    auto const chains = static_cast<ChainId>(ruleset.chains.size());
    for (std::uint32_t edits = random.below(4); edits > 0; --edits) {
        ChainId const c = random.below(chains);
        auto& rules = ruleset.chains[c].rules;
        std::uint32_t const at = random.below(static_cast<std::uint32_t>(rules.size()) + 1);
        auto const place = rules.begin() + static_cast<std::ptrdiff_t>(at);
        switch (random.below(5)) {
        case 0: rules.insert(place, rule(random.match(), random.verdict(c, chains))); break;
        case 1:
            if (place != rules.end()) rules.erase(place);
            break;
        case 2:
            if (place != rules.end()) place->verdict = random.verdict(c, chains);
            break;
        case 3:
            if (place != rules.end()) std::swap(*place, rules.front());
            break;
        default:
            if (random.chance(10)) ruleset.chains[0].policy = Drop{};
        }
    }
    for (Chain& chain : ruleset.chains) {
        for (Rule& one : chain.rules) {
            for (Opaque& o : one.match.opaque) o.span.source = 1;
        }
    }
    return ruleset;
}

// All opaque matches of a kind say the same, in both rulesets.
PacketSet fixed(Space& space, PacketSet const& set, bool pure, bool limit) {
    Match said;
    said.opaque.push_back(opaque("pure", false, !pure, 0));
    said.opaque.push_back(opaque("limit", true, !limit, 7));
    Match other;
    other.opaque.push_back(opaque("limit", true, !limit, 7));
    other.opaque.back().span.source = 1;
    return set & space.of(said) & space.of(other);
}

bool passes(Ruleset const& ruleset, Packet const& packet, bool pure, bool limit) {
    auto const truth = [&](Opaque const& o) { return std::optional(o.stateful ? limit : pure); };
    return interpret(ruleset, 0, packet, truth).main().fate == Fate::accept;
}

} // namespace

TEST_CASE("a comparison and two interpreters say the same of every packet") {
    std::uint32_t const count = seeds(2000);
    std::size_t different = 0;
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        bool const marks = seed % 3 == 0;
        Ruleset const before = random_world(random, marks);
        Ruleset const after = edited(before, random);
        Comparison comparison(before, after);
        Space& space = comparison.space();
        auto const& all = comparison.differences();
        REQUIRE(all.size() <= 1);
        different += all.size();
        for (int i = 0; i < 30; ++i) {
            Packet packet = random.packet();
            if (marks) packet[Field::mark] = packet[Field::ct_mark] = 0;
            bool const pure = random.chance(50);
            bool const limit = random.chance(50);
            bool const was = passes(before, packet, pure, limit);
            bool const is = passes(after, packet, pure, limit);
            bool const added = !all.empty() && fixed(space, all[0].added, pure, limit).contains(packet);
            bool const removed = !all.empty() && fixed(space, all[0].removed, pure, limit).contains(packet);
            if (added != (is && !was) || removed != (was && !is))
                FAIL(to_text(before) << "\n" << to_text(after) << "\n" << to_text(packet));
        }
    }
    CHECK(different > count / 10);
}

TEST_CASE("a space that begins with what another has made has the same sets as one that begins with nothing") {
    Space prepared;
    Random first(0);
    for (int i = 0; i < 50; ++i) {
        Match match = first.match();
        match.opaque.clear();
        PacketSet const set = prepared.of(match) & prepared.of(Field::ct_state, first.values(Field::ct_state));
        CHECK(set.subset_of(set.possibly())); // whose quantified variables are kept too
        CHECK(set.project(Field::dport));
    }
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        Space copy(prepared);
        Space fresh;
        Match const a = random.match();
        Match const b = random.match();
        Field const field = random.field();
        ValueSet const values = random.values(field);
        auto const asked = [&](Space& space) { return (space.of(a) - space.of(b)) | (space.of(b) & space.of(field, values)); };
        PacketSet const one = asked(copy);
        PacketSet const other = asked(fresh);
        CHECK(fresh.of(one) == other);
        CHECK(fresh.of(one.possibly()) == other.possibly());
        CHECK(fresh.of(one.certainly()) == other.certainly());
        CHECK(one.project(Field::dport) == other.project(Field::dport));
        CHECK(one.project(Field::src4) == other.project(Field::src4));
        CHECK(one.deciding_fields(Family::v4) == other.deciding_fields(Family::v4));
        CHECK(one.member().has_value() == other.member().has_value());
        if (one.member()) CHECK(to_text(one.member()->packet) == to_text(other.member()->packet));
    }
}

TEST_CASE("maximal products cover a set exactly, and none can grow") {
    for (std::uint32_t seed = 1; seed <= 300; ++seed) {
        INFO("seed " << seed);
        Random random(seed);
        Space space;
        PacketSet set = space.none();
        for (std::uint32_t i = 0; i <= random.below(3); ++i) set |= space.of(random.match());
        set -= space.of(random.match());
        Cover const cover = maximal_cubes(space, set, 400);
        PacketSet covered = space.none();
        for (Cube const& cube : cover.cubes) {
            PacketSet const product = space.of(cube);
            CHECK(product.subset_of(set));
            covered |= product;
            for (std::size_t i = 1; i < cube.fields.size(); ++i) {
                Cube wider = cube;
                wider.fields.erase(wider.fields.begin() + static_cast<std::ptrdiff_t>(i));
                CHECK_FALSE(space.of(wider).subset_of(set));
            }
        }
        if (cover.complete) CHECK(covered == set);
    }
}

TEST_CASE("products of very many intervals are cut short, and say so; a few are told in any case") {
    // A product for each source: every port of a remainder of its own, on both sides.
    auto const products = [](Space& space, unsigned sources, unsigned modulus) {
        PacketSet set = space.none();
        for (unsigned i = 0; i < sources; ++i) {
            std::vector<Interval> ports;
            for (unsigned port = i; port <= 0xffff; port += modulus) ports.push_back({port, port});
            ValueSet const values = IntervalSet::of(std::move(ports));
            set |= space.of(Field::src4, ValueSet::single(i)) & space.of(Field::sport, values) & space.of(Field::dport, values);
        }
        return set & space.of(Field::family, ValueSet::single(family_v4));
    };
    struct Case {
        unsigned sources, modulus;
        std::size_t told;
    };
    // Twice 65,536 / modulus intervals each: 49 times 2,048 and 10 times 10,923 are more than a hundred thousand, and 4 times 32,768 are few products.
    for (Case const& each : {Case{20, 1024, 20}, Case{48, 64, 48}, Case{64, 64, 49}, Case{12, 12, 10}, Case{4, 4, 4}}) {
        Space space;
        PacketSet const set = products(space, each.sources, each.modulus);
        Cover const cover = maximal_cubes(space, set, 1000);
        CHECK(cover.cubes.size() == each.told);
        CHECK(cover.complete == (each.told == each.sources));
        PacketSet covered = space.none();
        for (Cube const& cube : cover.cubes) covered |= space.of(cube);
        CHECK(covered.subset_of(set));
        CHECK((covered == set) == cover.complete);
    }
}

TEST_CASE("a change of one rule among many leaves the others out") {
    std::vector<Rule> rules;
    for (std::uint32_t i = 0; i < 5000; ++i) {
        Match match;
        match.terms.push_back({Field::src4, ValueSet::single(0x0A000000U + i), {}});
        rules.push_back(rule(std::move(match), i % 2 == 0 ? Verdict(Accept{}) : Verdict(Drop{})));
    }
    Ruleset const before = world({rules}, false);
    rules[2500].verdict = Drop{};
    Ruleset const after = world({rules}, false);
    Comparison comparison(before, after);
    CHECK(comparison.before().chains[0].rules.size() == 1);
    REQUIRE(comparison.differences().size() == 1);
    Difference const& difference = comparison.differences().front();
    CHECK(difference.added.empty());
    Cover const cover = maximal_cubes(comparison.space(), difference.removed);
    REQUIRE(cover.cubes.size() == 1);
    REQUIRE(cover.cubes[0].fields.size() == 3); // family, source, and no outgoing interface at input
    CHECK(cover.cubes[0].fields[1] == std::pair(Field::oif, IntervalSet::single(0)));
    CHECK(cover.cubes[0].fields[2] == std::pair(Field::src4, IntervalSet::single(0x0A000000U + 2500)));
}

TEST_CASE("the same limit in both rulesets lets the same packets pass") {
    Match limited;
    limited.terms.push_back({Field::dport, ValueSet::single(22), {}});
    limited.opaque.push_back(opaque("limit", true, false, 7));
    Match web;
    web.terms.push_back({Field::dport, ValueSet::single(80), {}});
    Ruleset const before = world({{rule(limited, Accept{}), rule(web, Drop{})}}, false);
    limited.opaque[0].span = Span{1, 40, 41};
    Ruleset const after = world({{rule(web, Accept{}), rule(limited, Accept{})}}, false);
    Comparison comparison(before, after);
    REQUIRE(comparison.differences().size() == 1);
    CHECK(comparison.differences()[0].removed.empty());
    CHECK(comparison.differences()[0].added.project(Field::dport) == IntervalSet::single(80));
}

TEST_CASE("a mark that only rules outside of the question set is none at the start") {
    Match other;
    other.terms.push_back({Field::dport, ValueSet::single(80), {}});
    Rule marking = rule(other, Continue{});
    marking.effects.assignments.push_back({.field = Field::mark, .value = 1});
    Match marked;
    marked.terms.push_back({Field::dport, ValueSet::single(22), {}});
    marked.terms.push_back({Field::mark, ValueSet::single(1), {}});
    Comparison const comparison(world({{marking}}, false), world({{marking, rule(marked, Accept{})}}, false));
    CHECK(comparison.differences().empty());
}

TEST_CASE("a rule that only marks makes a difference to rules that look at the mark") {
    Rule marking = rule({}, Continue{});
    marking.effects.assignments.push_back({.field = Field::mark, .value = 1});
    Match marked;
    marked.terms.push_back({Field::mark, ValueSet::single(1), {}});
    Comparison const comparison(world({{rule(marked, Accept{})}}, false), world({{marking, rule(marked, Accept{})}}, false));
    REQUIRE(comparison.differences().size() == 1);
    CHECK_FALSE(comparison.differences()[0].added.empty());
    CHECK(comparison.differences()[0].removed.empty());
}

TEST_CASE("what translation makes of a difference is told, packet by packet") {
    std::uint32_t const count = seeds(600);
    std::size_t differing = 0;
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        INFO("seed " << seed);
        RandomTranslations random(seed);
        Ruleset const before = random.ruleset();
        Ruleset const after = random.edited(before);
        Comparison comparison(before, after);
        PacketSet const arriving = unmarked(comparison.space(), before) & unmarked(comparison.space(), after);
        for (Path const& path : find_ways(before)) {
            auto const& all = comparison.differences();
            auto const at = std::find_if(all.begin(), all.end(), [&](Difference const& d) { return d.name == path.name; });
            PacketSet const seen = arriving & packets_at(comparison.space(), path.hook);
            for (int i = 0; i < 40; ++i) {
                Packet packet = random.packet();
                packet[Field::ct_mark] = packet[Field::mark] = 0;
                packet[Field::ct_status] = 0;
                packet[Field::iif] = path.kind == Path::Kind::from_host ? 0 : packet[Field::iif];
                if (!seen.contains(packet)) continue;
                Outcome const old = interpret(before, path, packet).main();
                Outcome const now = interpret(after, path, packet).main();
                bool const was = old.fate == Fate::accept;
                bool const is = now.fate == Fate::accept;
                auto const told = [&](PacketSet Difference::*set) { return at != all.end() && ((*at).*set).contains(packet); };
                bool const agree = told(&Difference::added) == (!was && is) && told(&Difference::removed) == (was && !is);
                bool const moved = was && is && as_rewritten(packet, old.rewritten) != as_rewritten(packet, now.rewritten);
                bool const silent = moved && !told(&Difference::retranslated);
                if (!agree || silent) FAIL(path.name << '\n' << to_text(before) << "-----\n" << to_text(after) << to_text(packet));
                differing += was != is || moved ? 1 : 0;
            }
        }
    }
    CHECK(differing > count / 2);
}
