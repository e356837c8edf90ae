#include "kernel/comparison.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <fmt/format.h>

#include "portcullis/engine/path.hpp"

namespace portcullis::kernel {

Laboratory* laboratory() {
    if (auto const why_not = enter_namespace()) {
        WARN("skipped: " << *why_not);
        return nullptr;
    }
    static Laboratory only;
    return &only;
}

Ours::Ours(std::string name, std::string const& text, Dialect dialect, Knowledge knows)
    : reading_(read(*sources_, sources_->add(std::move(name), text), dialect)), knows_(knows) {}

Ours::Ours(std::shared_ptr<Sources> sources, Reading reading, Knowledge knows)
    : sources_(std::move(sources)), reading_(std::move(reading)), knows_(knows) {}

std::string Ours::complaint() const {
    std::string text;
    for (Finding const& finding : reading_.findings.all()) {
        if (finding.rule >= "PC402") continue; // advice, not errors
        Source const& source = (*sources_)[finding.span.source];
        text += fmt::format("{} at {}:{}:", finding.rule, source.path(), source.locate(finding.span.begin).line);
        for (auto const& [name, value] : finding.args) text += fmt::format(" {} {}", name, value);
        text += '\n';
    }
    return text;
}

Decision Ours::decide(Sighting const& sighting, Detail detail) const {
    Truth truth;
    if (knows_ != nullptr) truth = [&](Opaque const& opaque) { return knows_(opaque, sighting); };
    return interpret(ruleset(), chains_at(ruleset(), sighting.hook), sighting.packet, truth, detail);
}

std::string Ours::trace(Sighting const& sighting) const {
    std::string text;
    for (Step const& step : decide(sighting, Detail::steps).steps) {
        Chain const& chain = ruleset().chains[step.chain];
        std::string_view const what = step.rule ? sources_->text(chain.rules[*step.rule].span) : "policy";
        text += fmt::format("    {:<24} {:<16} {}\n", chain.title(), step.outcome, what);
    }
    return text;
}

namespace {

// Whether the kernel would surely answer a reject of this packet: it sends none for ICMP (which may be an error),
// for TCP resets, for what the link layer or the address sends to many, and to sources without a route.
bool surely_answered(Packet const& packet) {
    bool const tcp =
        packet[Field::protocol] == number(Protocol::tcp) && (packet[Field::tcp_flags] & tcp_flag::rst) == 0;
    bool const udp = packet[Field::protocol] == number(Protocol::udp);
    constexpr U128 unicast = 1, local = 2;
    U128 const to = packet[Field::dst_type];
    return (tcp || udp) && packet[Field::fragment] == 0 && packet[Field::packet_type] == 0 &&
           packet[Field::src_type] == unicast && (to == unicast || to == local);
}

} // namespace

std::string_view kernel_says(Sighting const& sighting) {
    return sighting.accepted ? "accept" : sighting.answered ? "reject" : "drop, or reject without an answer";
}

namespace {

bool agree(Fate fate, Sighting const& kernel) {
    if (kernel.accepted || fate == Fate::accept) return kernel.accepted && fate == Fate::accept;
    if (kernel.answered) return fate == Fate::reject;
    return fate == Fate::drop || !surely_answered(kernel.packet);
}

} // namespace

bool agree(Decision const& ours, Sighting const& kernel) { return ours.certain() && agree(ours.main().fate, kernel); }

bool may_agree(Decision const& ours, Sighting const& kernel) {
    return std::any_of(ours.outcomes.begin(), ours.outcomes.end(), [&](Outcome const& outcome) { return agree(outcome.fate, kernel); });
}

std::string difference(Ours const& ours, Sighting const& sighting) {
    std::string text = fmt::format("{}: {}", to_string(sighting.hook), to_text(sighting.packet));
    for (Field const field : {Field::family, Field::ct_direction, Field::packet_type, Field::src_type,
                              Field::dst_type, Field::src_mac, Field::dscp, Field::ttl, Field::length})
        text += fmt::format(" {}={}", info(field).name, value_text(field, sighting.packet[field]));
    Decision const decision = ours.decide(sighting);
    return fmt::format("{}\n  kernel: {}\n  portcullis: {}{}\n{}", text, kernel_says(sighting),
                       to_string(decision.main().fate), decision.certain() ? "" : " (possible only)",
                       ours.trace(sighting));
}

Probe probe_of(std::string_view text) {
    ParsedPacket const parsed = parse_packet(text);
    INFO(text << ": " << parsed.error);
    REQUIRE(parsed.packet);
    return {*parsed.packet, (*parsed.packet)[Field::exthdr] == extension_header::dst};
}

void check(Claim const& claim, Ours const& ours, Laboratory& laboratory) {
    std::vector<Probe> probes;
    for (std::string_view const packet : claim.packets) probes.push_back(probe_of(packet));
    auto const sightings = laboratory.send(probes);
    auto const last = std::find_if(sightings.begin(), sightings.end(), [&](Sighting const& s) {
        return s.probe + 1 == probes.size() && s.hook == claim.hook;
    });
    REQUIRE(last != sightings.end());
    INFO(difference(ours, *last));
    CHECK(last->accepted == (claim.fate == Fate::accept));
    CHECK(last->answered == (claim.fate == Fate::reject));
    CHECK(ours.decide(*last).main().fate == claim.fate);
    CHECK(agree(ours.decide(*last), *last));
}

void Tally::count(Sighting const& sighting) {
    ++seen[sighting.hook];
    ++fates[kernel_says(sighting)];
}

void Tally::check(std::size_t packets) const {
    for (HookPoint const hook :
         {HookPoint::prerouting, HookPoint::input, HookPoint::forward, HookPoint::output, HookPoint::postrouting}) {
        auto const at = seen.find(hook);
        INFO(to_string(hook));
        CHECK((at != seen.end() && at->second > packets / 20));
    }
    CHECK(fates.size() == 3);
    for (auto const& [fate, count] : fates) {
        INFO(fate);
        CHECK(count > packets / 50);
    }
}

} // namespace portcullis::kernel
