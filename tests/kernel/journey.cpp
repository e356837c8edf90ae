#include "kernel/journey.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/model/tracking.hpp"

namespace portcullis::kernel {

namespace {

// What the interpreter is asked: the packet as it arrived, and what the kernel picked where rules leave it a choice.
Packet question(Journey const& journey) {
    Packet packet = journey.sightings.front().packet;
    // Whether it is tracked, the rules say.
    if (packet[Field::ct_state] == ct_state::untracked && !is_never_tracked(packet)) packet[Field::ct_state] = ct_state::new_;
    Sighting const& last = journey.sightings.back();
    Packet const& now = last.accepted ? last.left : last.packet;
    packet[Field::nat_dst] = now.destination().value;
    packet[Field::nat_dport] = now[Field::dport];
    packet[Field::nat_src] = now.source().value;
    packet[Field::nat_sport] = now[Field::sport];
    // A translation at output may have led it out of another device; no rule here asks.
    for (HookPoint const hook : {HookPoint::input, HookPoint::forward, HookPoint::postrouting}) {
        Sighting const* const later = journey.at(hook);
        if (later == nullptr) continue;
        packet[Field::nat_dst_type] = later->packet[Field::dst_type];
        packet[Field::oif] = later->packet[Field::oif];
    }
    return packet;
}

std::string ends_text(Packet const& packet) {
    return fmt::format("{}:{} > {}:{}", to_string(packet.source()), low64(packet[Field::sport]),
                       to_string(packet.destination()), low64(packet[Field::dport]));
}

// What the kernel did, and what is wrong about an outcome; nothing where both are the same.
class Judge {
  public:
    explicit Judge(Journey const& journey) : journey_(journey), last_(journey.sightings.back()), packet_(question(journey)) {}

    std::string_view fault(Outcome const& ours) const {
        if (!journey_.ended()) return ours.fate != Fate::accept && ours.hook <= last_.hook ? "stopped too early" : "";
        // What the kernel picked of a range is not seen of a packet that is stopped at the same hook.
        if (!last_.accepted && ours.rewritten.picked) return "";
        if ((ours.fate == Fate::accept) != last_.accepted) return "another fate";
        // What is stopped was seen before its hook.
        if (!last_.accepted) return ours.hook != last_.hook ? "stopped elsewhere" : "";
        Packet const now = as_rewritten(packet_, ours.rewritten);
        bool const same = now.source() == last_.left.source() && now.destination() == last_.left.destination() &&
                          now[Field::sport] == last_.left[Field::sport] && now[Field::dport] == last_.left[Field::dport];
        return same ? "" : "other addresses or ports";
    }

    std::string say(std::string_view what, Ruleset const& ruleset, Decision const& ours) const {
        std::string text = fmt::format("{}: {}\n", what, to_text(packet_));
        for (Sighting const& s : journey_.sightings)
            text += fmt::format("  kernel {}: {} {}{}\n", to_string(s.hook), ends_text(s.packet), s.accepted ? "accepted" : "stopped",
                                s.accepted ? ", left as " + ends_text(s.left) : "");
        for (Step const& step : ours.steps)
            text += fmt::format("  portcullis {}: {} rule {} {}\n", to_string(step.hook), ruleset.chains[step.chain].title(),
                                step.rule ? std::to_string(*step.rule) : "policy", step.outcome);
        return text + fmt::format("  portcullis: {} at {}, as {}\n", to_string(ours.main().fate), to_string(ours.main().hook),
                                  ends_text(as_rewritten(packet_, ours.main().rewritten)));
    }

    Packet const& packet() const { return packet_; }

    void count(Outcome const& ours, Told& told) const {
        ++told.asked;
        if (!journey_.ended()) return;
        if (!last_.accepted) {
            ++told.dropped;
            return;
        }
        ++(journey_.at(HookPoint::input) != nullptr ? told.delivered : told.forwarded);
        if (ours.rewritten.destination || ours.rewritten.source) ++told.translated;
    }

  private:
    Journey const& journey_;
    Sighting const& last_;
    Packet packet_;
};

} // namespace

Told& Told::operator+=(Told const& other) {
    for (auto const count :
         {&Told::asked, &Told::translated, &Told::dropped, &Told::delivered, &Told::forwarded, &Told::possible})
        this->*count += other.*count;
    return *this;
}

Sighting const* Journey::at(HookPoint hook) const {
    auto const found = std::find_if(sightings.begin(), sightings.end(), [&](Sighting const& s) { return s.hook == hook; });
    return found == sightings.end() ? nullptr : &*found;
}

bool Journey::ended() const {
    Sighting const& last = sightings.back();
    return last.hook == HookPoint::input || last.hook == HookPoint::postrouting || !last.accepted;
}

std::vector<Journey> journeys(std::vector<Sighting> const& sightings, std::size_t probes) {
    std::vector<Journey> all(probes);
    for (Sighting const& sighting : sightings) {
        Journey& journey = all[sighting.probe];
        bool const again = !journey.sightings.empty() && journey.sightings.front().hook == HookPoint::output &&
                           sighting.hook != HookPoint::postrouting;
        if (!again) journey.sightings.push_back(sighting);
    }
    return all;
}

std::string compare(Ruleset const& ruleset, Journey const& journey, Told& told, Certain certain) {
    Judge const judge(journey);
    bool const to_host = journey.at(HookPoint::input) != nullptr;
    bool const onward = journey.at(HookPoint::forward) != nullptr || journey.at(HookPoint::postrouting) != nullptr;
    Decision const ours = interpret_way(ruleset, judge.packet(), {}, Detail::steps, [&](Packet const&) {
        return to_host ? std::optional(true) : onward ? std::optional(false) : std::nullopt;
    });
    judge.count(ours.main(), told);
    bool const open = ours.outcomes.size() > 1;
    if (certain == Certain::perhaps && open) {
        ++told.possible;
        bool const some = std::any_of(ours.outcomes.begin(), ours.outcomes.end(),
                                      [&](Outcome const& outcome) { return judge.fault(outcome).empty(); });
        return some ? "" : judge.say("none of its fates", ruleset, ours);
    }
    std::string_view const fault = judge.fault(ours.main());
    if (!fault.empty()) return judge.say(fault, ruleset, ours);
    bool const stopped_or_picked = !journey.ended() || (!journey.sightings.back().accepted && ours.main().rewritten.picked);
    return ours.certain() || stopped_or_picked ? "" : judge.say("not certain", ruleset, ours);
}

} // namespace portcullis::kernel
