// Random rulesets in the words of another firewall of Linux: proved equal, and the interpreter, which knows no proof, finds no
// packet that fares differently. The kernel is not asked.
#include <catch2/catch.hpp>

#include "kernel/comparison.hpp"
#include "kernel/random.hpp"
#include "kernel/random_iptables.hpp"
#include "kernel/random_probes.hpp"
#include "portcullis/dialect/convert.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

// One truth of the opaque matches: of the same text the same.
std::optional<bool> holds(Opaque const& opaque) { return std::hash<std::string>{}(opaque.text) % 2 == 0; }

std::optional<Path> path_like(Ruleset const& ruleset, Path const& wanted) {
    for (Path& path : find_paths(ruleset))
        if (path.kind == wanted.kind) return std::move(path);
    return std::nullopt;
}

struct Counts {
    std::size_t equal = 0, rules = 0, lost = 0, packets = 0;
};

// Without the rules and base chains that the losses name.
std::size_t take_out(Ruleset& ruleset, Findings const& losses) {
    std::size_t taken = 0;
    for (Finding const& loss : losses.all())
        for (Chain& chain : ruleset.chains) {
            taken += std::erase_if(chain.rules, [&](Rule const& rule) { return rule.span == loss.span; });
            if (!chain.hook || !(chain.span == loss.span)) continue;
            chain.hook.reset();
            chain.rules.clear();
            ++taken;
        }
    return taken;
}

void check(RandomRuleset const& random_rules, Dialect from, Dialect to, std::uint32_t seed, Counts& tally) {
    Sources sources;
    Reading before = read(sources, sources.add("before", random_rules.text), from);
    Conversion converted = convert(sources, before.ruleset, to);
    while (!converted.losses.empty()) {
        std::size_t const taken = take_out(before.ruleset, converted.losses);
        tally.lost += taken;
        if (taken == 0) return;
        converted = convert(sources, before.ruleset, to);
    }
    tally.rules += rule_count(before.ruleset);
    INFO(random_rules.text << "\nconverted\n" << converted.text);
    for (Finding const& finding : converted.reading.findings.all())
        if (is_unread(finding)) FAIL(sources.text(finding.span) << ": " << finding.args.begin()->second);
    for (auto const& comparison : converted.comparisons)
        for (Difference const& difference : comparison->differences())
            for (PacketSet const* packets : {&difference.added, &difference.removed, &difference.retranslated})
                if (!packets->empty()) UNSCOPED_INFO(difference.name << ": " << to_text(packets->member()->packet));
    REQUIRE(converted.equal());
    ++tally.equal;
    Ruleset const& after = converted.reading.ruleset;
    Random random(seed);
    for (Path const& path : find_paths(before.ruleset)) {
        auto const other = path_like(after, path);
        for (Probe& probe : random_probes(random_rules, seed, 30)) {
            Packet& packet = probe.packet;
            if (!before.ruleset.governs(packet.family()) || !after.governs(packet.family())) continue;
            packet[Field::iif] = path.kind == Path::Kind::from_host ? U128{0} : interface_value(random.chance(50) ? "eth0" : "eth1");
            packet[Field::oif] = path.kind == Path::Kind::to_host ? U128{0} : interface_value(random.chance(50) ? "eth0" : "wan0");
            packet[Field::ct_state] = random.below(5);
            Decision const one = interpret(before.ruleset, path.chains, packet, [](Opaque const& each) { return holds(each); });
            if (!one.certain()) continue;
            bool const passes = one.main().fate == Fate::accept;
            bool const then = !other || interpret(after, other->chains, packet, [](Opaque const& each) { return holds(each); }).main().fate == Fate::accept;
            ++tally.packets;
            if (passes != then) FAIL(path.name << ": " << to_text(packet));
        }
    }
}

} // namespace

TEST_CASE("random rulesets of iptables are the same in nft, and back, or the loss is told") {
    Counts there, back;
    for (std::uint32_t seed = 1; seed <= seeds(50); ++seed) {
        INFO("seed " << seed);
        RandomIptables const rules = random_iptables(seed);
        Dialect const dialect = rules.family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
        check(rules, dialect, Dialect::nftables, seed, there);
        RandomRuleset const nft = random_ruleset(seed);
        for (Dialect const to : {Dialect::iptables, Dialect::ip6tables}) {
            try {
                check(nft, Dialect::nftables, to, seed, back);
            } catch (NotConvertible const&) {
                CHECK(nft.family.has_value());
            }
        }
    }
    for (auto const& [name, counts] : {std::pair("to nft", there), std::pair("to iptables", back)}) {
        WARN(name << ": " << counts.equal << " rulesets and " << counts.rules << " rules, without " << counts.lost << " that were lost, "
                  << counts.packets << " packets");
        CHECK(counts.rules > counts.lost / 2);
        CHECK(counts.packets > seeds(50));
    }
}
