// portcullis and the Linux kernel say the same about every packet, whichever of its two implementations of iptables
// has the rules: the same random files are loaded with the tools of both.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "kernel/comparison.hpp"
#include "kernel/random_iptables.hpp"
#include "kernel/random_probes.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

Dialect dialect_of(Family family) { return family == Family::v4 ? Dialect::iptables : Dialect::ip6tables; }

// No packet here has an option of TCP, and none an extension header but for one of empty options.
std::optional<bool> in_the_laboratory(Opaque const& opaque, Sighting const&) {
    for (std::string_view const absent : {"tcp option", "-m frag", "-m rt", "-m hbh", "-m dst"})
        if (opaque.text.starts_with(absent)) return false;
    return std::nullopt;
}

// xt_addrtype holds the first address of a local prefix of IPv6 for LOCAL and ANYCAST at once; the model knows one
// type.
bool has_two_types(Packet const& packet) {
    constexpr U128 anycast = 4;
    return packet.family() == Family::v6 &&
           (packet[Field::src_type] == anycast || packet[Field::dst_type] == anycast);
}

void compare(std::string const& variant) {
    Laboratory* const lab = laboratory();
    if (lab == nullptr) return;
    std::uint32_t const count = seeds(200);
    constexpr std::size_t packets = 500, most_told = 3;
    std::size_t differences = 0;
    Tally tally;
    std::uint32_t checked = 0;
    for (std::uint32_t seed = 1; checked < count && differences < most_told; ++seed) {
        RandomIptables ruleset = random_iptables(seed);
        if (variant == "nft" && ruleset.negates_both_ports) continue;
        if (variant == "legacy") ruleset.misreads_fragments = false;
        ++checked;
        INFO("seed " << seed);
        Ours const ours("rules", ruleset.text, dialect_of(*ruleset.family), in_the_laboratory);
        INFO(ruleset.text);
        REQUIRE(ours.complaint() == "");
        REQUIRE(lab->load_iptables(variant, *ruleset.family, ruleset.text, ruleset.tracking) == "");
        for (Sighting const& sighting : lab->send(random_probes(ruleset, seed, packets))) {
            tally.count(sighting);
            if (has_two_types(sighting.packet) || agree(ours.decide(sighting), sighting)) continue;
            FAIL_CHECK("probe " << sighting.probe << " at " << to_string(sighting.hook));
            // Not through Catch, which would break its lines.
            fmt::print(stderr, "{}seed {}, {}", ruleset.text, seed, difference(ours, sighting));
            if (++differences == most_told) break;
        }
    }
    if (differences == 0 && count >= 100) tally.check(count * packets);
}

} // namespace

TEST_CASE("iptables-legacy and portcullis agree on random rulesets") { compare("legacy"); }

TEST_CASE("iptables-nft and portcullis agree on random rulesets") { compare("nft"); }
