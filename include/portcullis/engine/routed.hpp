// What routing says of a packet on its way: the type of its destination.
#pragma once
#include "portcullis/engine/packet_set.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// What packets at a hook have of the types of destinations that routing decides by, where a rule asks for them: those for the
// host are local, broadcast, anycast or multicast there, those that go through it are not local. Those that a rule may
// translate on the way are left open, and at input all where a rule diverts packets to a socket (tproxy).
PacketSet routed(Space& space, Ruleset const& ruleset, HookPoint point);

} // namespace portcullis
