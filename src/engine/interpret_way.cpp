// A packet on its whole way through the box, hook by hook.
#include <algorithm>

#include "engine/walk.hpp"
#include "portcullis/engine/interpret_many.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis {

using namespace walk;

namespace {

// A packet on its way from hook to hook.
class Journey {
  public:
    Journey(Asked const& asked, IsLocal const& is_local) : asked_(asked), is_local_(is_local) {}

    Front run() {
        Packet const& packet = asked_.packet;
        if (packet[Field::iif] == 0 && packet[Field::oif] != 0) return pass({HookPoint::output, HookPoint::postrouting, HookPoint::egress}, at_start(packet));
        Front const front = pass({HookPoint::ingress, HookPoint::prerouting}, at_start(packet));
        Front host, onward, all;
        for (std::size_t i = 0; i < front.ends.size(); ++i) {
            End const& end = front.ends[i];
            if (end.outcome.fate != Fate::accept) {
                add(all, end, i == front.main);
                continue;
            }
            auto const local = goes_to_host(end.state);
            if (local != true) add(onward, end, i == front.main);
            if (local != false) add(host, end, i == front.main);
        }
        // Where both are possible, the way through the box is the main one.
        bool const main_on = contains_main(onward, front);
        bool const main_in = !main_on && contains_main(host, front);
        if (!host.ends.empty()) merge(all, pass({HookPoint::input}, host), main_in);
        if (!onward.ends.empty()) {
            asked_.way_out_unknown = asked_.packet[Field::oif] == 0;
            merge(all, pass({HookPoint::forward, HookPoint::postrouting, HookPoint::egress}, onward), main_on);
        }
        return all;
    }

  private:
    static void add(Front& to, End const& end, bool main) {
        std::size_t const place = place_of(to.ends, end);
        if (main) to.main = place;
    }
    static bool contains_main(Front const& some, Front const& all) {
        auto const& main = all.ends[all.main];
        return std::any_of(some.ends.begin(), some.ends.end(),
                           [&](End const& e) { return e.outcome == main.outcome && e.state == main.state; });
    }
    static void merge(Front& into, Front const& from, bool main) {
        for (std::size_t i = 0; i < from.ends.size(); ++i) add(into, from.ends[i], main && i == from.main);
    }

    std::optional<bool> goes_to_host(State const& state) const {
        if (state.rewritten.to_host) return true;
        Packet const now = as_rewritten(asked_.packet, state.rewritten);
        if (is_local_)
            if (auto const known = is_local_(now)) return known;
        if (asked_.packet[Field::oif] != 0) return false;
        if (now.destination() == asked_.packet.destination()) return true;
        return std::nullopt;
    }

    Front pass(std::vector<HookPoint> const& points, Front front) {
        for (HookPoint const point : points) {
            asked_.hook = point;
            for (End& end : front.ends)
                if (end.outcome.fate == Fate::accept) end.outcome.hook = point;
            if (asked_.index != nullptr)
                for (ChainId const base : asked_.index->at[static_cast<std::size_t>(point)]) front = through(asked_, base, front);
            else
                for (ChainId const base : chains_at(asked_.ruleset, point)) front = through(asked_, base, front);
        }
        return front;
    }

    Asked asked_;
    IsLocal const& is_local_;
};

} // namespace

Decision interpret_way(Ruleset const& ruleset, Packet const& packet, Truth const& truth, Detail detail,
                       IsLocal const& is_local) {
    Decision decision;
    Packet const arrived = arriving(packet);
    Asked const asked{ruleset, arrived, truth, detail == Detail::steps ? &decision.steps : nullptr};
    Front const front = Journey(asked, is_local).run();
    decision.outcomes = outcomes_of(front);
    return decision;
}

struct ManyPackets::Impl {
    Ruleset const& ruleset;
    Index index;
};

ManyPackets::ManyPackets(Ruleset const& ruleset) : impl_(new Impl{ruleset, Index(ruleset)}) {}
ManyPackets::~ManyPackets() = default;

Decision ManyPackets::decide(std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth) const {
    Packet const arrived = arriving(packet);
    Front front = at_start(arrived);
    for (ChainId const base : bases) {
        HookPoint const point = impl_->ruleset.chains[base].hook->point;
        front = through({impl_->ruleset, arrived, truth, nullptr, false, point, &impl_->index}, base, front);
    }
    return {outcomes_of(front), {}};
}

Decision ManyPackets::decide(ChainId base, Packet const& packet, Truth const& truth) const {
    HookPoint const point = impl_->ruleset.chains[base].hook->point;
    Asked const asked{impl_->ruleset, packet, truth, nullptr, false, point, &impl_->index, false};
    return {outcomes_of(through(asked, base, at_start(packet))), {}};
}

Decision ManyPackets::decide_way(Packet const& packet) const {
    Truth const nothing;
    IsLocal const unknown;
    Packet const arrived = arriving(packet);
    Front const front = Journey({impl_->ruleset, arrived, nothing, nullptr, false, {}, &impl_->index}, unknown).run();
    return {outcomes_of(front), {}};
}

} // namespace portcullis
