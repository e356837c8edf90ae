#include "portcullis/engine/path.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <tuple>

namespace portcullis {

namespace {

struct Way {
    Path::Kind kind;
    std::string_view name;
    HookPoint main;
    std::array<std::optional<HookPoint>, 5> points; // in order
};

constexpr std::array ways{
    Way{Path::Kind::to_host, "to-host", HookPoint::input, {HookPoint::ingress, HookPoint::prerouting, HookPoint::input}},
    Way{Path::Kind::through, "through", HookPoint::forward,
        {HookPoint::ingress, HookPoint::prerouting, HookPoint::forward, HookPoint::postrouting, HookPoint::egress}},
    Way{Path::Kind::from_host, "from-host", HookPoint::output,
        {HookPoint::output, HookPoint::postrouting, HookPoint::egress}},
};

} // namespace

std::vector<ChainId> chains_at(Ruleset const& ruleset, HookPoint point) {
    std::vector<ChainId> found;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        auto const& hook = ruleset.chains[id].hook;
        if (hook && hook->point == point && (hook->v4 || hook->v6)) found.push_back(id);
    }
    auto const key = [&](ChainId id) {
        Hook const& hook = *ruleset.chains[id].hook;
        bool const nat = hook.type == ChainType::nat;
        bool const early = point == HookPoint::prerouting || point == HookPoint::output;
        return std::tuple(nat ? (early ? -100 : 100) : hook.priority, nat ? hook.priority : 0);
    };
    std::stable_sort(found.begin(), found.end(), [&](ChainId a, ChainId b) { return key(a) < key(b); });
    return found;
}

namespace {

std::vector<Path> hook_paths(Ruleset const& ruleset, bool only_filtered) {
    std::vector<Path> paths;
    for (Way const& way : ways) {
        if (only_filtered && chains_at(ruleset, way.main).empty()) continue;
        Path path{way.kind, std::string(way.name), way.main, {}};
        for (auto const& point : way.points) {
            if (!point) continue;
            auto const more = chains_at(ruleset, *point);
            path.chains.insert(path.chains.end(), more.begin(), more.end());
        }
        if (!path.chains.empty()) paths.push_back(std::move(path));
    }
    return paths;
}

} // namespace

std::vector<Path> find_ways(Ruleset const& ruleset) {
    return chains_at(ruleset, HookPoint::list).empty() ? hook_paths(ruleset, false) : find_paths(ruleset);
}

std::vector<Path> find_paths(Ruleset const& ruleset) {
    std::vector<Path> paths = hook_paths(ruleset, true);
    for (ChainId const id : chains_at(ruleset, HookPoint::list)) {
        Chain const& chain = ruleset.chains[id];
        if (chain.implicit && std::holds_alternative<Drop>(chain.policy)) continue; // no line of the text to judge
        if (!chain.filters || (ruleset.has_interfaces && chain.bindings.empty())) continue;
        paths.push_back({Path::Kind::list, chain.name, HookPoint::list, {id}});
    }
    return paths;
}

PacketSet packets_at(Space& space, HookPoint point) {
    auto const without = [&](Field interface) { return space.of(interface, ValueSet::single(0)); };
    switch (point) {
    case HookPoint::ingress:
    case HookPoint::prerouting:
    case HookPoint::input: return without(Field::oif);
    case HookPoint::output: return without(Field::iif);
    case HookPoint::list: return without(Field::iif) & without(Field::oif);
    default: return space.all();
    }
}

PacketSet unmarked(Space& space, Ruleset const& ruleset) {
    auto const any_rule = [&](auto const& says) {
        return std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [&](Chain const& chain) {
            return std::any_of(chain.rules.begin(), chain.rules.end(), says);
        });
    };
    PacketSet set = space.all();
    for (Field const mark : {Field::mark, Field::ct_mark}) {
        bool const is_set = any_rule([&](Rule const& rule) {
            return std::any_of(rule.effects.assignments.begin(), rule.effects.assignments.end(),
                               [&](Assignment const& a) { return a.field == mark; });
        });
        bool const is_read = any_rule([&](Rule const& rule) { return asks_about(rule.match, mark); });
        if (is_set && is_read) set &= space.of(mark, ValueSet::single(0));
    }
    // What no rule looks at is left open, so that it does not stand in every answer.
    if (!any_rule([](Rule const& rule) { return asks_about(rule.match, Field::ct_status); })) return set;
    for (auto const& [destination, bit] : {std::pair(false, 4U), std::pair(true, 5U)}) {
        bool const translates_it = any_rule([is_one = destination](Rule const& rule) {
            auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
            return rewrite != nullptr && is_destination(rewrite->kind) == is_one;
        });
        if (!translates_it) continue;
        set -= space.of(Field::ct_status, ValueSet::masked(U128{1} << bit, U128{1} << bit)) &
               space.of(Field::ct_state, ValueSet::single(ct_state::new_));
    }
    return set;
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

Marks at_start(Ruleset const& ruleset, Path const& path) {
    return {.whole_way = path.kind != Path::Kind::list && reads_tuples(ruleset)};
}

PathReach::PathReach(Space& space, Ruleset const& ruleset, Path const& path, PacketSet const& question)
    : space_(space), ruleset_(ruleset), path_(path), question_(question), reach_(space, ruleset, question, path.chains),
      at_start_(at_start(ruleset, path)) {
    auto const called = called_by(ruleset, path.chains);
    translates_ = std::any_of(called.begin(), called.end(), [&](ChainId id) { return translates(ruleset.chains[id]); });
}

std::optional<ChainId> PathReach::decisive(Family family) const {
    for (auto at = path_.chains.rbegin(); at != path_.chains.rend(); ++at) {
        if (ruleset_.chains[*at].hook->sees(family) && can_drop(ruleset_, *at)) return *at;
    }
    return std::nullopt;
}

std::optional<ChainId> PathReach::main(Family family) const {
    std::optional<ChainId> best;
    for (ChainId const id : path_.chains) {
        Hook const& hook = *ruleset_.chains[id].hook;
        if (hook.point != path_.hook || hook.type != ChainType::filter || !hook.sees(family)) continue;
        if (!best || std::abs(hook.priority) <= std::abs(ruleset_.chains[*best].hook->priority)) best = id;
    }
    return best;
}

PacketSet PathReach::of_family(Family family) {
    return question_ & space_.of(Field::family, ValueSet::single(family_value(family)));
}

std::size_t PathReach::place_of(ChainId base) const {
    return static_cast<std::size_t>(std::find(path_.chains.begin(), path_.chains.end(), base) - path_.chains.begin());
}

Worlds PathReach::passing(Family family, Worlds worlds, std::size_t from, std::size_t to) {
    for (std::size_t i = from; i < to; ++i) {
        Chain const& chain = ruleset_.chains[path_.chains[i]];
        if (chain.hook->sees(family)) worlds = reach_.accepted(worlds, path_.chains[i]);
    }
    // A redirect leads to the host itself, wherever the packet was going to.
    if (path_.kind == Path::Kind::through) std::erase_if(worlds, [](World const& w) { return w.marks.destination.to_host; });
    return worlds;
}

Worlds const& PathReach::coming_to(Family family, ChainId base) {
    if (auto const known = coming_.find({family, base}); known != coming_.end()) return known->second;
    Worlds worlds = passing(family, {{at_start_, of_family(family)}}, 0, place_of(base));
    return coming_.emplace(std::pair{family, base}, std::move(worlds)).first->second;
}

// Through the chains behind the base chain: none of them drops anything, but they may translate.
Worlds PathReach::behind(Family family, Worlds worlds, ChainId base) {
    return translates_ ? passing(family, std::move(worlds), place_of(base) + 1, path_.chains.size()) : std::move(worlds);
}

Worlds PathReach::accepted_by(Family family, ChainId chain, std::size_t rule) {
    auto const own = decisive(family);
    if (!own) return {};
    return behind(family, reach_.hits_by_world(coming_to(family, *own), *own, chain, rule), *own);
}

Worlds PathReach::accepted_by_policy(Family family) {
    auto const own = decisive(family);
    if (!own) return accepted_worlds(family);
    if (!std::holds_alternative<Accept>(ruleset_.chains[*own].policy)) return {};
    return behind(family, reach_.returned(coming_to(family, *own), *own), *own);
}

Worlds PathReach::accepted_worlds(Family family) {
    auto const own = decisive(family);
    if (!own) {
        Worlds all{{at_start_, of_family(family)}};
        return translates_ ? passing(family, std::move(all), 0, path_.chains.size()) : all;
    }
    return behind(family, reach_.accepted(coming_to(family, *own), *own), *own);
}

PacketSet PathReach::accepted(Family family) {
    auto const own = decisive(family);
    if (own && !translates_) return reach_.accepted_packets(coming_to(family, *own), *own);
    return packets_of(space_, accepted_worlds(family));
}

} // namespace portcullis
