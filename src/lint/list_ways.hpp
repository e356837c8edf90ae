// The way of a packet through a router: the list of the interface that it comes in by, then that of the interface that it leaves
// by. What one lets pass is of no matter where no other list lets it come or go on.
#pragma once
#include <map>
#include <optional>
#include <vector>

#include "portcullis/engine/packet_set.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

class ListWays {
  public:
    // Both must outlive it.
    ListWays(Space& space, Ruleset const& ruleset);

    // Packets at the list that have a way: before one for what arrives, those that some interface could send on; behind it, before
    // one for what leaves, those that another interface has let in. An address of a network that an interface is connected to is
    // behind that one; where others are, only the routing table knows, so that each interface may lead there. Nothing where that
    // says nothing of the list: no list stands at the other end, or an interface is no routed one.
    std::optional<PacketSet> packets_with_way(ChainId list);

  private:
    std::vector<ChainId> lists_at(Interface const& interface, bool inbound, Family family) const;
    PacketSet passing(Interface const& interface, bool inbound, Family family);
    PacketSet accepted(ChainId list, Family family);
    PacketSet leaving();
    PacketSet to(Family family, IntervalSet const& destinations) const;

    Space& space_;
    Ruleset const& ruleset_;
    std::vector<Interface const*> routed_;
    std::map<std::pair<ChainId, Family>, PacketSet> accepted_;
    std::optional<PacketSet> leaving_;
};

} // namespace portcullis
