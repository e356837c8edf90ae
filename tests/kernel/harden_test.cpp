// Random rulesets hardened: the proof in it holds, and the interpreter, which knows no proof, finds no packet that passes now and did
// not, but answers and the loopback. The kernel is not asked.
#include <catch2/catch.hpp>

#include "kernel/comparison.hpp"
#include "kernel/random.hpp"
#include "kernel/random_iptables.hpp"
#include "kernel/random_probes.hpp"
#include "portcullis/lint/harden.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

struct Counts {
    std::size_t steps = 0, packets = 0, stopped = 0;
};

bool passes(Ruleset const& ruleset, Path::Kind kind, Packet const& packet) {
    for (Path const& path : find_paths(ruleset)) {
        if (path.kind != kind) continue;
        Decision const decision = interpret(ruleset, path.chains, packet, [](Opaque const& each) { return std::hash<std::string>{}(each.text) % 2 == 0; });
        return decision.main().fate == Fate::accept;
    }
    return true;
}

void check(RandomRuleset const& rules, Dialect dialect, std::uint32_t seed, Counts& counts) {
    auto const sources = std::make_shared<Sources>();
    SourceId const source = sources->add("fw", rules.text);
    Ruleset const before = read(*sources, source, dialect).ruleset;
    Hardened hardened;
    INFO(rules.text);
    try {
        hardened = harden(sources, source, dialect, {}, {});
    } catch (NotHardenable const&) {
        return;
    }
    counts.steps += hardened.steps.size();
    INFO("hardened\n" << hardened.text);
    Ruleset const after = read(*sources, hardened.source, dialect).ruleset;
    Random random(seed);
    for (Path::Kind const kind : {Path::Kind::to_host, Path::Kind::through, Path::Kind::from_host}) {
        for (Probe& probe : random_probes(rules, seed, 40)) {
            Packet& packet = probe.packet;
            packet[Field::iif] = kind == Path::Kind::from_host ? U128{0} : interface_value(random.chance(50) ? "eth0" : random.chance(20) ? "lo" : "wan0");
            packet[Field::oif] = kind == Path::Kind::to_host ? U128{0} : interface_value(random.chance(50) ? "eth0" : "eth1");
            packet[Field::ct_state] = random.below(5);
            bool const was = passes(before, kind, packet), is = passes(after, kind, packet);
            ++counts.packets;
            counts.stopped += was && !is ? 1 : 0;
            bool const answer = packet[Field::ct_state] == ct_state::established || packet[Field::ct_state] == ct_state::related;
            bool const loopback = packet[Field::iif] == interface_value("lo");
            if (is && !was && !answer && !loopback) FAIL_CHECK(to_text(packet));
            if (was && !is && kind == Path::Kind::from_host) FAIL_CHECK(to_text(packet));
        }
    }
}

} // namespace

TEST_CASE("what hardening lets pass of random rulesets passed before, or answers, or is the host's own") {
    Counts counts;
    for (std::uint32_t seed = 1; seed <= seeds(10); ++seed) {
        INFO("seed " << seed);
        RandomIptables const iptables = random_iptables(seed);
        check(iptables, iptables.family == Family::v4 ? Dialect::iptables : Dialect::ip6tables, seed, counts);
        check(random_ruleset(seed), Dialect::nftables, seed, counts);
    }
    WARN(counts.steps << " steps; of " << counts.packets << " packets " << counts.stopped << " pass no more");
    CHECK(counts.steps > seeds(10));
    CHECK(counts.stopped > 0);
}
