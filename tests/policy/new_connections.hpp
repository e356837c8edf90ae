// What a ruleset does with new connections on one way, plainly by packet sets.
#pragma once
#include <algorithm>
#include <catch2/catch.hpp>

#include "policy/list_device.hpp"
#include "policy/list_way.hpp"
#include "portcullis/policy/meaning.hpp"

namespace portcullis {

// What opens connections on the way between two interfaces, or to the device. No answers: a list without connections lets these
// through by what they look like.
inline PacketSet question(Space& space, Policy const& policy, std::string const& in, std::string const& out) {
    auto const single = [&](Field field, U128 value) { return space.of(field, ValueSet::single(value)); };
    auto const addresses = [&](Field v4, Field v6, Addresses const& set) { return space.of(v4, set.v4) | space.of(v6, set.v6); };
    PacketSet const tcp = single(Field::protocol, number(Protocol::tcp));
    PacketSet const discovery = single(Field::family, family_v6) & single(Field::protocol, number(Protocol::icmpv6)) & space.of(Field::icmp_type, neighbour_types());
    PacketSet const to_device = addresses(Field::dst4, Field::dst6, device_destinations(policy.own));
    PacketSet packets = single(Field::ct_state, ct_state::new_) & single(Field::fragment, 0) & single(Field::iif, interface_value(in));
    packets &= (tcp & single(Field::tcp_flags, tcp_flag::syn)) | tcp.complement();
    packets -= discovery;
    Path::Kind const kind = out.empty() ? Path::Kind::to_host : Path::Kind::through;
    packets &= out.empty() ? to_device & single(Field::oif, 0)
                           : single(Field::oif, interface_value(out)) - to_device - addresses(Field::src4, Field::src6, never_forged());
    return packets - Meaning(space, policy).answers(kind, false).possibly;
}

inline PacketSet passing(Space& space, Ruleset const& ruleset, Family family, PacketSet const& question, std::string const& in, std::string const& out) {
    if (is_cisco(ruleset.dialect)) return PathReach(space, ruleset, way_of(ruleset, in, out), question).accepted(family);
    auto const paths = find_paths(ruleset);
    auto const path = std::ranges::find(paths, out.empty() ? Path::Kind::to_host : Path::Kind::through, &Path::kind);
    REQUIRE(path != paths.end());
    return PathReach(space, ruleset, *path, question).accepted(family);
}

} // namespace portcullis
