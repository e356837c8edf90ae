// portcullis and the Linux kernel say the same about whole ways through the box: where a packet ends, and with which
// addresses and ports, whoever has loaded the rules.
#include <algorithm>
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "kernel/comparison.hpp"
#include "kernel/random_translations.hpp"
#include "seeds.hpp"

using namespace portcullis;
using namespace portcullis::kernel;

namespace {

// What the kernel did with one probe, hook by hook.
struct Journey {
    std::vector<Sighting> sightings;

    Sighting const* at(HookPoint hook) const {
        auto const found = std::find_if(sightings.begin(), sightings.end(), [&](Sighting const& s) { return s.hook == hook; });
        return found == sightings.end() ? nullptr : &*found;
    }
};

// What the interpreter is asked: the packet as it arrived, and what the kernel picked where rules leave it a choice.
Packet question(Journey const& journey) {
    Packet packet = journey.sightings.front().packet;
    // Whether it is tracked, the rules say.
    packet[Field::ct_state] = ct_state::new_;
    Sighting const& last = journey.sightings.back();
    Packet const& now = last.accepted ? last.left : last.packet;
    packet[Field::nat_dst] = now.destination().value;
    packet[Field::nat_dport] = now[Field::dport];
    packet[Field::nat_src] = now.source().value;
    packet[Field::nat_sport] = now[Field::sport];
    // A translation at output may have led it out of another device; no rule here asks.
    if (Sighting const* out = journey.at(HookPoint::postrouting)) packet[Field::oif] = out->packet[Field::oif];
    return packet;
}

std::string ends_text(Packet const& packet) {
    return fmt::format("{}:{} > {}:{}", to_string(packet.source()), low64(packet[Field::sport]),
                       to_string(packet.destination()), low64(packet[Field::dport]));
}

struct Told {
    std::size_t asked = 0, translated = 0, dropped = 0, delivered = 0, forwarded = 0;
};

// Nothing where both say the same.
std::string compare(Ruleset const& ruleset, Journey const& journey, Told& told) {
    Packet const packet = question(journey);
    Sighting const& last = journey.sightings.back();
    bool const to_host = journey.at(HookPoint::input) != nullptr;
    bool const onward = journey.at(HookPoint::forward) != nullptr || journey.at(HookPoint::postrouting) != nullptr;
    // Behind prerouting, and behind forward and output, routing may find no way on.
    bool const ended = last.hook == HookPoint::input || last.hook == HookPoint::postrouting || !last.accepted;
    Decision const ours = interpret_way(ruleset, packet, {}, Detail::steps, [&](Packet const&) {
        return to_host ? std::optional(true) : onward ? std::optional(false) : std::nullopt;
    });
    ++told.asked;
    auto const say = [&](std::string_view what) {
        std::string text = fmt::format("{}: {}\n", what, to_text(packet));
        for (Sighting const& s : journey.sightings)
            text += fmt::format("  kernel {}: {} {}{}\n", to_string(s.hook), ends_text(s.packet), s.accepted ? "accepted" : "stopped",
                                s.accepted ? ", left as " + ends_text(s.left) : "");
        for (Step const& step : ours.steps)
            text += fmt::format("  portcullis {}: {} rule {} {}\n", to_string(step.hook), ruleset.chains[step.chain].title(),
                                step.rule ? std::to_string(*step.rule) : "policy", step.outcome);
        return text + fmt::format("  portcullis: {} at {}, as {}\n", to_string(ours.main().fate), to_string(ours.main().hook),
                                  ends_text(as_rewritten(packet, ours.main().rewritten)));
    };
    Outcome const& main = ours.main();
    if (!ended) return main.fate != Fate::accept && main.hook <= last.hook ? say("stopped too early") : "";
    // What the kernel picked of a range is not seen of a packet that is stopped at the same hook.
    if (!last.accepted && main.rewritten.picked) return "";
    if (!ours.certain()) return say("not certain");
    if ((main.fate == Fate::accept) != last.accepted) return say("another fate");
    if (!last.accepted) {
        ++told.dropped;
        if (main.hook != last.hook) return say("stopped elsewhere");
        // What is stopped was seen before its hook.
        return "";
    }
    ++(to_host ? told.delivered : told.forwarded);
    Packet const now = as_rewritten(packet, main.rewritten);
    if (main.rewritten.destination || main.rewritten.source) ++told.translated;
    bool const same = now.source() == last.left.source() && now.destination() == last.left.destination() &&
                      now[Field::sport] == last.left[Field::sport] && now[Field::dport] == last.left[Field::dport];
    return same ? "" : say("other addresses or ports");
}

std::vector<Journey> journeys(std::vector<Sighting> const& sightings, std::size_t probes) {
    std::vector<Journey> all(probes);
    for (Sighting const& sighting : sightings) {
        Journey& journey = all[sighting.probe];
        // What is sent to the host itself comes in again: a way of its own.
        bool const again = !journey.sightings.empty() && journey.sightings.front().hook == HookPoint::output &&
                           sighting.hook != HookPoint::postrouting;
        if (!again) journey.sightings.push_back(sighting);
    }
    return all;
}

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
