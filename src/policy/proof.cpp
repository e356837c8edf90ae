#include "portcullis/policy/proof.hpp"

#include <algorithm>

namespace portcullis {
namespace {

// Packets that come there: by interfaces that have names.
PacketSet packets_of(Space& space, Path const& path) {
    PacketSet packets = packets_at(space, path.hook);
    PacketSet const nowhere = space.of(Field::iif, ValueSet::single(0));
    if (path.kind != Path::Kind::from_host) packets -= nowhere;
    if (path.kind != Path::Kind::to_host) packets -= space.of(Field::oif, ValueSet::single(0));
    return packets;
}

} // namespace

bool is_comparable(Ruleset const& ruleset) {
    return std::ranges::none_of(ruleset.chains, [](Chain const& chain) { return chain.hook && chain.hook->point == HookPoint::list; }) &&
           !ruleset.has_interfaces;
}

std::vector<Gap> find_gaps(Space& space, Policy const& policy, Ruleset const& ruleset) {
    std::vector<Path> const paths = find_paths(ruleset);
    Meaning meaning(space, policy);
    PacketSet governed = space.all();
    if (!ruleset.governs_v4) governed -= space.of(Field::family, ValueSet::single(family_v4));
    if (!ruleset.governs_v6) governed -= space.of(Field::family, ValueSet::single(family_v6));
    PacketSet const question = governed & unmarked(space, ruleset);
    std::vector<Gap> gaps;
    for (Path way : {Path{Path::Kind::to_host, "to-host", HookPoint::input, {}},
                     Path{Path::Kind::through, "through", HookPoint::forward, {}},
                     Path{Path::Kind::from_host, "from-host", HookPoint::output, {}}}) {
        auto const found = std::ranges::find(paths, way.kind, &Path::kind);
        if (found != paths.end()) way = *found;
        PacketSet asked = question & packets_of(space, way);
        if (way.kind == Path::Kind::to_host) asked -= meaning.published();
        PacketSet accepted = space.none();
        PathReach reach(space, ruleset, way, asked);
        for (Family const family : {Family::v4, Family::v6}) accepted |= reach.accepted(family);
        Allowed const allowed = meaning.allowed(way.kind);
        // Marks and matches that are not modelled being what they may be: what some of them let pass, and what all do.
        PacketSet const may = accepted.possibly();
        PacketSet const must = may - (asked - accepted).possibly();
        PacketSet beyond = ((may - allowed.possibly) | (must - allowed.certainly)) & asked;
        PacketSet within = ((allowed.certainly - must) | (allowed.possibly - may)) & asked;
        if (!beyond.empty() || !within.empty()) gaps.push_back({std::move(way), std::move(beyond), std::move(within)});
    }
    return gaps;
}

} // namespace portcullis
