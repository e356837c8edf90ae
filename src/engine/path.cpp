#include "portcullis/engine/path.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace portcullis {

namespace {

struct Way {
    Path::Kind kind;
    std::string_view name;
    HookPoint main;
    std::array<std::optional<HookPoint>, 3> points; // in order
};

constexpr std::array ways{
    Way{Path::Kind::to_host, "to-host", HookPoint::input, {HookPoint::prerouting, HookPoint::input}},
    Way{Path::Kind::through, "through", HookPoint::forward,
        {HookPoint::prerouting, HookPoint::forward, HookPoint::postrouting}},
    Way{Path::Kind::from_host, "from-host", HookPoint::output, {HookPoint::output, HookPoint::postrouting}},
};

bool sees(Chain const& chain, Family family) { return family == Family::v4 ? chain.hook->v4 : chain.hook->v6; }

} // namespace

std::vector<ChainId> chains_at(Ruleset const& ruleset, HookPoint point) {
    std::vector<ChainId> found;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        auto const& hook = ruleset.chains[id].hook;
        if (hook && hook->point == point && (hook->v4 || hook->v6)) found.push_back(id);
    }
    std::stable_sort(found.begin(), found.end(), [&](ChainId a, ChainId b) {
        return ruleset.chains[a].hook->priority < ruleset.chains[b].hook->priority;
    });
    return found;
}

std::vector<Path> find_paths(Ruleset const& ruleset) {
    std::vector<Path> paths;
    for (Way const& way : ways) {
        if (chains_at(ruleset, way.main).empty()) continue;
        Path path{way.kind, std::string(way.name), way.main, {}};
        for (auto const& point : way.points) {
            if (!point) continue;
            auto const more = chains_at(ruleset, *point);
            path.chains.insert(path.chains.end(), more.begin(), more.end());
        }
        paths.push_back(std::move(path));
    }
    for (ChainId const id : chains_at(ruleset, HookPoint::list)) {
        Chain const& chain = ruleset.chains[id];
        if (chain.implicit && std::holds_alternative<Drop>(chain.policy)) continue; // no line of the text to judge
        if (!chain.filters || (ruleset.has_interfaces && chain.bindings.empty())) continue;
        paths.push_back({Path::Kind::list, chain.name, HookPoint::list, {id}});
    }
    return paths;
}

PacketSet packets_at(Space& space, HookPoint point) {
    PacketSet const no_iif = space.of(Field::iif, ValueSet::single(0));
    PacketSet const no_oif = space.of(Field::oif, ValueSet::single(0));
    switch (point) {
    case HookPoint::ingress:
    case HookPoint::prerouting:
    case HookPoint::input: return no_oif;
    case HookPoint::output: return no_iif;
    case HookPoint::list: return no_iif & no_oif;
    default: return space.all();
    }
}

bool can_drop(Ruleset const& ruleset, ChainId base) {
    auto const ends = [](Rule const& rule) {
        return std::holds_alternative<Drop>(rule.verdict) || std::holds_alternative<Reject>(rule.verdict);
    };
    if (std::holds_alternative<Drop>(ruleset.chains[base].policy)) return true;
    auto const chains = call_order(ruleset, base).chains;
    return std::any_of(chains.begin(), chains.end(), [&](ChainId id) {
        auto const& rules = ruleset.chains[id].rules;
        return std::any_of(rules.begin(), rules.end(), ends);
    });
}

Opaque const& nat_assumption() {
    static Opaque const assumption{"destination NAT leads here", true, false, {}};
    return assumption;
}

namespace {

bool rewrites_destination(Rule const& rule) {
    auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
    return rewrite != nullptr && (rewrite->kind == Rewrite::Kind::dnat || rewrite->kind == Rewrite::Kind::redirect);
}

} // namespace

std::vector<ChainId> chains_before_nat(Ruleset const& ruleset, Path const& path) {
    std::vector<ChainId> before;
    for (ChainId const base : path.chains) {
        auto const called = call_order(ruleset, base).chains;
        bool const nat = std::any_of(called.begin(), called.end(), [&](ChainId id) {
            return std::any_of(ruleset.chains[id].rules.begin(), ruleset.chains[id].rules.end(), rewrites_destination);
        });
        if (nat) return before;
        before.push_back(base);
    }
    return {};
}

PathReach::PathReach(Space& space, Ruleset const& ruleset, Path const& path, PacketSet const& question)
    : space_(space), ruleset_(ruleset), path_(path), question_(question), reach_(space, ruleset, question) {}

std::optional<ChainId> PathReach::decisive(Family family) const {
    for (auto at = path_.chains.rbegin(); at != path_.chains.rend(); ++at) {
        if (sees(ruleset_.chains[*at], family) && can_drop(ruleset_, *at)) return *at;
    }
    return std::nullopt;
}

std::optional<ChainId> PathReach::main(Family family) const {
    std::optional<ChainId> best;
    for (ChainId const id : path_.chains) {
        Hook const& hook = *ruleset_.chains[id].hook;
        if (hook.point != path_.hook || hook.type != ChainType::filter || !sees(ruleset_.chains[id], family)) continue;
        if (!best || std::abs(hook.priority) <= std::abs(ruleset_.chains[*best].hook->priority)) best = id;
    }
    return best;
}

PacketSet PathReach::of_family(Family family) {
    return question_ & space_.of(Field::family, ValueSet::single(family == Family::v4 ? family_v4 : family_v6));
}

Worlds const& PathReach::coming_to(Family family, ChainId base) {
    if (auto const known = coming_.find({family, base}); known != coming_.end()) return known->second;
    Worlds worlds{{Marks{}, of_family(family)}};
    auto const before_nat = chains_before_nat(ruleset_, path_);
    for (ChainId const chain : path_.chains) {
        if (chain == base) break;
        if (!sees(ruleset_.chains[chain], family)) continue;
        Worlds passed = reach_.accepted(worlds, chain);
        if (std::find(before_nat.begin(), before_nat.end(), chain) != before_nat.end()) {
            // What the chain said of another destination does not count.
            PacketSet const led_here = led_here_by_nat();
            Fates const fates = reach_.verdicts(worlds, chain);
            PacketSet const pardoned = led_here & (fates.dropped | fates.rejected);
            for (World const& world : worlds) passed.push_back({world.marks, world.packets & pardoned});
        }
        worlds = std::move(passed);
    }
    return coming_.emplace(std::pair{family, base}, std::move(worlds)).first->second;
}

// Packets whose destination is one that some rule rewrites to, if that is how they came by it.
PacketSet PathReach::led_here_by_nat() {
    PacketSet targets = space_.none();
    for (Chain const& chain : ruleset_.chains) {
        for (Rule const& rule : chain.rules) {
            if (!rewrites_destination(rule)) continue;
            auto const& rewrite = std::get<Rewrite>(rule.verdict);
            PacketSet target = question_;
            if (rewrite.address) {
                bool const v6 = rewrite.address->last > max_value(32);
                target &= space_.of(v6 ? Field::dst6 : Field::dst4, IntervalSet(rewrite.address->first, rewrite.address->last));
            }
            if (rewrite.port) target &= space_.of(Field::dport, IntervalSet(rewrite.port->first, rewrite.port->last));
            targets |= target;
        }
    }
    Match led;
    led.opaque.push_back(nat_assumption());
    return targets & space_.of(led);
}

PacketSet PathReach::accepted_by(Family family, ChainId chain, std::size_t rule) {
    auto const own = decisive(family);
    return own ? reach_.hits(coming_to(family, *own), *own, chain, rule) : space_.none();
}

PacketSet PathReach::accepted_by_policy(Family family) {
    auto const own = decisive(family);
    if (!own) return of_family(family);
    if (!std::holds_alternative<Accept>(ruleset_.chains[*own].policy)) return space_.none();
    return reach_.returned(coming_to(family, *own), *own);
}

PacketSet PathReach::accepted(Family family) {
    auto const own = decisive(family);
    if (!own) return of_family(family);
    return reach_.verdicts(coming_to(family, *own), *own).accepted;
}

} // namespace portcullis
