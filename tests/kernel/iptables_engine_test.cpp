// The engine and the interpreter say the same about every packet on every way through the box, for random rulesets
// of iptables; the kernel is not asked.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "kernel/comparison.hpp"
#include "kernel/random.hpp"
#include "kernel/random_iptables.hpp"
#include "kernel/random_probes.hpp"
#include "portcullis/engine/path.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

// What the box, and not the sender, adds to a packet: anything.
void fill_in(Packet& packet, Path const& path, Random& random) {
    constexpr std::string_view names[] = {"eth0", "eth1", "eth10", "wan0", "lo"};
    auto const interface = [&](bool there) { return there ? interface_value(random.of(names)) : U128{0}; };
    packet[Field::iif] = interface(path.kind != Path::Kind::from_host);
    packet[Field::oif] = interface(path.kind != Path::Kind::to_host);
    packet[Field::ct_state] = random.below(5);
    packet[Field::ct_status] = random.below(16);
    packet[Field::ct_direction] = random.below(2);
    packet[Field::src_type] = random.below(9);
    packet[Field::dst_type] = random.below(9);
    if (random.chance(50)) packet[Field::mark] = random.below(8);
    if (random.chance(50)) packet[Field::ct_mark] = random.below(8);
}

// One of the truths of the ruleset's opaque matches: half of them hold.
bool holds(Opaque const& opaque, std::size_t truth) {
    return std::hash<std::string>{}(opaque_key(opaque) + std::to_string(truth)) % 2 == 0;
}

Match all_opaque(Ruleset const& ruleset, std::size_t truth) {
    Match said;
    for (Chain const& chain : ruleset.chains) {
        for (Rule const& rule : chain.rules) {
            for (Opaque opaque : rule.match.opaque) {
                opaque.negated = !holds(opaque, truth);
                said.opaque.push_back(std::move(opaque));
            }
        }
    }
    return said;
}

} // namespace

TEST_CASE("engine and interpreter agree on random rulesets of iptables") {
    std::uint32_t const count = seeds(200);
    constexpr std::size_t packets = 100, truths = 4;
    std::size_t asked = 0;
    for (std::uint32_t seed = 1; seed <= count; ++seed) {
        RandomIptables const random_rules = random_iptables(seed);
        INFO("seed " << seed);
        Dialect const dialect = random_rules.family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
        Ours const ours("rules", random_rules.text, dialect);
        REQUIRE(ours.complaint() == "");
        Ruleset const& ruleset = ours.ruleset();
        Random random(seed);
        for (Path const& path : find_paths(ruleset)) {
            Space space;
            PathReach reach(space, ruleset, path, space.all());
            std::vector<PacketSet> accepted; // by the truth
            for (std::size_t t = 0; t < truths; ++t)
                accepted.push_back(reach.accepted(*random_rules.family) & space.of(all_opaque(ruleset, t)));
            for (Probe& probe : random_probes(random_rules, seed, packets)) {
                fill_in(probe.packet, path, random);
                std::size_t const truth = random.below(truths);
                Decision const decision = interpret(ruleset, path.chains, probe.packet,
                                                    [&](Opaque const& opaque) { return holds(opaque, truth); });
                REQUIRE(decision.certain());
                ++asked;
                if (accepted[truth].contains(probe.packet) == (decision.main().fate == Fate::accept)) continue;
                FAIL(random_rules.text << path.name << ": " << to_text(probe.packet));
            }
        }
    }
    CHECK(asked > std::size_t{count} * packets); // nearly all rulesets stand on three ways
}
