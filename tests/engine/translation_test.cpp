// The engine and the interpreter agree about packets that are translated on their way: whether they pass, and what they
// have become. Whatever a rule leaves open, the packet picks.
#include <catch2/catch.hpp>
#include <cstdlib>

#include "engine/random_translations.hpp"
#include "portcullis/engine/interpret_many.hpp"
#include "portcullis/engine/path.hpp"
#include "seeds.hpp"

using namespace portcullis;

namespace {

// Of the packet as it is now, whatever it was.
Match exactly(Packet const& packet) {
    Match match;
    Family const family = packet.family();
    for (Field const field : {dst_field(family), src_field(family), Field::ct_status, Field::dst_type})
        match.terms.push_back({field, ValueSet::single(packet[field]), {}});
    if (packet[Field::fragment] == 0)
        for (Field const field : {Field::dport, Field::sport}) match.terms.push_back({field, ValueSet::single(packet[field]), {}});
    return match;
}

} // namespace

TEST_CASE("engine and interpreter agree about translated packets on whole paths") {
    std::size_t translated = 0, passed = 0, asked = 0;
    std::uint32_t const count = seeds(1000);
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        INFO("seed " << seed);
        RandomTranslations rules(seed);
        Ruleset const ruleset = rules.ruleset();
        for (Path const& path : find_paths(ruleset)) {
            Space space;
            PathReach reach(space, ruleset, path, space.all());
            std::array const worlds{reach.accepted_worlds(Family::v4), reach.accepted_worlds(Family::v6)};
            std::array const accepted{reach.accepted(Family::v4), reach.accepted(Family::v6)};
            for (int i = 0; i < 30; ++i) {
                Packet const packet = rules.packet();
                std::size_t const family = packet.family() == Family::v4 ? 0 : 1;
                Decision const decision = interpret(ruleset, path, packet);
                REQUIRE(decision.outcomes.size() == 1);
                Outcome const& outcome = decision.main();
                bool const passes = outcome.fate == Fate::accept;
                ++asked;
                if (accepted[family].contains(packet) != passes) FAIL(path.name << '\n' << to_text(ruleset) << to_text(packet));
                if (!passes) continue;
                ++passed;
                std::size_t worlds_with_it = 0;
                for (World const& world : worlds[family]) {
                    if (!world.packets.contains(packet)) continue;
                    ++worlds_with_it;
                    Packet const now = as_rewritten(packet, outcome.rewritten);
                    bool const same = world.marks.destination.done == outcome.rewritten.destination &&
                                      world.marks.source.done == outcome.rewritten.source &&
                                      space.of(exactly(now), world.marks).contains(packet);
                    if (!same) FAIL(path.name << '\n' << to_text(ruleset) << to_text(packet) << "\n becomes " << to_text(now));
                    translated += outcome.rewritten.destination || outcome.rewritten.source ? 1 : 0;
                }
                REQUIRE(worlds_with_it == 1);
            }
        }
    }
    CHECK(translated * 4 > passed);
    CHECK(passed * 4 > asked);
}

namespace {

Packet to_port(U128 destination, U128 port) {
    Packet packet;
    packet[Field::src4] = 0xcb007109;
    packet[Field::dst4] = destination;
    packet[Field::protocol] = 6;
    packet[Field::tcp_flags] = tcp_flag::syn;
    packet[Field::dport] = port;
    packet[Field::iif] = interface_value("eth0");
    return packet;
}

Chain base(HookPoint point, ChainType type, int priority, std::vector<Rule> rules, Verdict policy) {
    Chain chain;
    chain.hook = Hook{point, type, priority, true, false, {}};
    chain.rules = std::move(rules);
    chain.policy = std::move(policy);
    return chain;
}

Match port_is(U128 port) { return {{{Field::dport, ValueSet::single(port), {}}}, {}, {}}; }

} // namespace

TEST_CASE("a port-forward is followed to the host behind it") {
    constexpr U128 inner = 0x0a000005, outer = 0xc0000201;
    Ruleset ruleset;
    ruleset.chains.push_back(base(HookPoint::prerouting, ChainType::nat, -100,
                                  {rule(port_is(2323), Rewrite{Rewrite::Kind::dnat, Interval{inner, inner}, Interval{23, 23}})},
                                  Accept{}));
    ruleset.chains.push_back(base(HookPoint::forward, ChainType::filter, 0, {rule(port_is(23), Accept{})}, Drop{}));
    ruleset.chains.push_back(base(HookPoint::input, ChainType::filter, 0, {rule(port_is(22), Accept{})}, Drop{}));
    Decision const forwarded = interpret_way(ruleset, to_port(outer, 2323));
    // Whether the inner address is the host's own, nobody here knows: it takes both ways.
    CHECK(forwarded.main().fate == Fate::accept);
    CHECK(forwarded.main().hook == HookPoint::egress);
    CHECK(forwarded.main().rewritten.dst == inner);
    CHECK(forwarded.main().rewritten.dport == U128{23});
    CHECK(forwarded.outcomes.size() == 2);
    CHECK_FALSE(forwarded.certain());
    Decision const known = interpret_way(ruleset, to_port(outer, 2323), {}, Detail::outcomes,
                                         [](Packet const& p) { return std::optional(p[Field::dst4] != inner); });
    CHECK(known.certain());
    CHECK(known.main().chain == 1);
    // What is not translated goes to the host.
    CHECK(interpret_way(ruleset, to_port(outer, 22)).main().chain == 2);
    Decision const other = interpret_way(ruleset, to_port(outer, 23));
    CHECK(other.certain());
    CHECK(other.main().fate == Fate::drop);
}

TEST_CASE("nothing that is not tracked is translated, and only new packets are") {
    Ruleset ruleset;
    Rule untrack = rule(port_is(80), Continue{});
    untrack.effects.notrack = true;
    Rewrite const redirect{Rewrite::Kind::redirect, {}, Interval{8080, 8080}};
    ruleset.chains.push_back(base(HookPoint::prerouting, ChainType::filter, -300, {untrack}, Accept{}));
    ruleset.chains.push_back(base(HookPoint::prerouting, ChainType::nat, -100, {rule(Match{}, redirect)}, Accept{}));
    ruleset.chains.push_back(base(HookPoint::input, ChainType::filter, 0, {rule(port_is(8080), Accept{})}, Drop{}));
    CHECK(interpret_way(ruleset, to_port(1, 80)).main().fate == Fate::drop);
    CHECK(interpret_way(ruleset, to_port(1, 81)).main().fate == Fate::accept);
    Packet established = to_port(1, 81);
    established[Field::ct_state] = ct_state::established;
    CHECK(interpret_way(ruleset, established).main().fate == Fate::drop);
}

TEST_CASE("a rule can ask for the port that a new connection arrived at, and for the end that its answers come from") {
    Rewrite const redirect{Rewrite::Kind::redirect, {}, Interval{80, 80}};
    Match const arrived{{{Field::orig_dport, ValueSet::single(8080), {}}, {Field::reply_sport, ValueSet::single(80), {}}}, {}, {}};
    Ruleset ruleset;
    ruleset.chains.push_back(base(HookPoint::prerouting, ChainType::nat, -100, {rule(port_is(8080), redirect)}, Accept{}));
    ruleset.chains.push_back(base(HookPoint::input, ChainType::filter, 0, {rule(arrived, Accept{})}, Drop{}));
    Path const path = find_paths(ruleset).front();
    Space space;
    PathReach reach(space, ruleset, path, space.of(Field::ct_state, ValueSet::single(ct_state::new_)));
    PacketSet const accepted = reach.accepted(Family::v4);
    for (auto const& [port, fate] : {std::pair(8080, Fate::accept), std::pair(80, Fate::drop)}) {
        CHECK(interpret_way(ruleset, to_port(1, port)).main().fate == fate);
        CHECK(accepted.contains(to_port(1, port)) == (fate == Fate::accept));
    }
    // Of a connection that it does not begin, the packet does not tell; nor of one chain alone.
    Packet later = to_port(1, 80);
    later[Field::orig_dport] = 8080;
    later[Field::reply_sport] = 80;
    CHECK(interpret(ruleset, 1, later).main().fate == Fate::accept);
    CHECK(interpret_way(ruleset, later).main().fate == Fate::drop);
    later[Field::ct_state] = ct_state::established;
    CHECK(interpret_way(ruleset, later).main().fate == Fate::accept);
}

TEST_CASE("what is decided with an index is what is decided without") {
    for (std::uint32_t seed = 1; seed <= seeds(100); ++seed) {
        INFO("seed " << seed);
        RandomTranslations random(seed);
        Ruleset ruleset = random.ruleset();
        // Chains that are long enough for one.
        Random more(seed);
        for (Chain& chain : ruleset.chains) {
            if (chain.hook && more.chance(50)) continue;
            for (int i = 0; i < 40; ++i) chain.rules.push_back(rule(more.match(), more.verdict(0, 1)));
        }
        ManyPackets const many(ruleset);
        Truth const yes = [](Opaque const&) { return true; };
        for (int i = 0; i < 100; ++i) {
            Packet packet = random.packet();
            packet[Field::oif] = more.chance(50) ? 0 : more.below(9);
            CHECK(many.decide_way(packet).outcomes == interpret_way(ruleset, packet).outcomes);
            std::vector<ChainId> const first{0};
            CHECK(many.decide(first, packet).outcomes == interpret(ruleset, first, packet).outcomes);
            CHECK(many.decide(first, packet, yes).outcomes == interpret(ruleset, first, packet, yes).outcomes);
            CHECK(many.decide(0, packet, yes).outcomes == interpret(ruleset, 0, packet, yes).outcomes);
        }
    }
}
