// portcullis and the Linux kernel say the same about whole ways through the box: where a packet ends, and with which
// addresses and ports, whoever has loaded the rules.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "kernel/comparison.hpp"
#include "kernel/journey.hpp"
#include "kernel/random_translations.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

Ruleset read_all(RandomTranslations const& random, std::string const& loader) {
    auto const rules = [](std::string const& text, Dialect dialect) {
        Ours const ours("rules", text, dialect);
        REQUIRE(ours.complaint() == "");
        return ours.ruleset();
    };
    Dialect const iptables = random.family == Family::v4 ? Dialect::iptables : Dialect::ip6tables;
    if (loader == "nft") return rules(random.nft, Dialect::nftables);
    if (loader == "both") return join(rules(random.iptables, iptables), rules(random.nft, Dialect::nftables));
    return rules(random.iptables, iptables);
}

// "iptables-legacy" beside nft: "both".
std::string load(Laboratory& lab, RandomTranslations const& random, std::string const& loader) {
    if (loader == "nft") return lab.load(random.nft, Tracking::on);
    if (loader == "both") return lab.load_iptables("legacy", random.family, random.iptables, Tracking::on, random.nft);
    return lab.load_iptables(loader.substr(loader.find('-') + 1), random.family, random.iptables, Tracking::on);
}

void compare_with(std::string const& loader) {
    Laboratory* const lab = laboratory();
    if (lab == nullptr) return;
    std::uint32_t const count = seeds(40);
    constexpr std::size_t packets = 200, most_told = 3;
    std::size_t differences = 0;
    Told told;
    for (std::uint32_t seed = 1; seed <= count && differences < most_told; ++seed) {
        INFO(loader << ", seed " << seed);
        RandomTranslations const random = random_translations(seed, packets, loader == "both" ? Spread::together : Spread::alike);
        std::string const text = (loader == "nft" ? "" : random.iptables) + (loader == "nft" || loader == "both" ? random.nft : "");
        INFO(text);
        Ruleset const ruleset = read_all(random, loader);
        REQUIRE(load(*lab, random, loader) == "");
        for (Journey const& journey : journeys(lab->send(random.probes), packets)) {
            if (journey.sightings.empty()) continue; // the kernel discards it before any hook
            std::string const difference = compare(ruleset, journey, told);
            if (difference.empty()) continue;
            FAIL_CHECK("they differ");
            fmt::print(stderr, "{}seed {}, {}", text, seed, difference);
            if (++differences == most_told) break;
        }
    }
    WARN(loader << ": " << told.asked << " packets, " << told.dropped << " dropped, " << told.delivered << " to the host, "
                << told.forwarded << " sent on, " << told.translated << " translated");
    if (differences > 0 || count < 40) return;
    CHECK(told.translated > told.asked / 10);
    for (std::size_t const some : {told.dropped, told.delivered, told.forwarded}) CHECK(some > told.asked / 20);
}

} // namespace

TEST_CASE("nft and portcullis agree on whole ways with translations") { compare_with("nft"); }
TEST_CASE("iptables-legacy and portcullis agree on whole ways with translations") { compare_with("iptables-legacy"); }
TEST_CASE("iptables-nft and portcullis agree on whole ways with translations") { compare_with("iptables-nft"); }
TEST_CASE("nft beside iptables-legacy: the kernel and portcullis agree on whole ways") { compare_with("both"); }

TEST_CASE("what comes by the loopback device is not asked about at prerouting again") {
    Laboratory* const lab = laboratory();
    if (lab == nullptr) return;
    std::string const text = "table ip t { chain pre { type nat hook prerouting priority -100; tcp dport 8080 redirect to :80; }\n"
                             "chain in { type filter hook input priority 0; }\n }\n";
    Ours const ours("rules.nft", text, Dialect::nftables);
    REQUIRE(ours.complaint() == "");
    REQUIRE(lab->load(text, Tracking::on) == "");
    auto const sightings = lab->send({probe_of("out=lo tcp 10.1.0.1:4000 > 10.1.0.2:8080"),
                                      probe_of("in=eth0 tcp 192.0.2.9:4001 > 10.1.0.2:8080")});
    for (auto const& [probe, port] : {std::pair(0U, 8080U), std::pair(1U, 80U)}) {
        auto const at = [&, sent = probe](HookPoint hook) {
            return std::find_if(sightings.begin(), sightings.end(), [&](Sighting const& s) { return s.probe == sent && s.hook == hook; });
        };
        auto const arrived = at(HookPoint::prerouting), delivered = at(HookPoint::input);
        REQUIRE(arrived != sightings.end());
        REQUIRE(delivered != sightings.end());
        CHECK(delivered->packet[Field::dport] == port);
        Decision const decision = interpret_way(ours.ruleset(), arrived->packet);
        CHECK(as_rewritten(arrived->packet, decision.main().rewritten)[Field::dport] == port);
    }
}
