// The ways through the box, and what all base chains on one way do together. A packet passes where each of them accepts
// it. A packet is described as the filter at the path's own hook sees it, that is after destination NAT; what chains
// before the NAT say counts for it unless the NAT may have led it here, which is a free variable (see nat_assumption).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "portcullis/engine/reach.hpp"

namespace portcullis {

struct Path {
    enum class Kind : std::uint8_t { to_host, through, from_host, list } kind = Kind::to_host;
    std::string name;          // "to-host", "through", "from-host", or the access list's name
    HookPoint hook{};          // where its filtering is done: input, forward, output, list
    std::vector<ChainId> chains; // the base chains on it, in the order of evaluation
};

// All paths of a ruleset that some base chain stands on. Access lists that select something else than packets to pass
// are none; nor is, in a device configuration, a list that no interface has.
std::vector<Path> find_paths(Ruleset const& ruleset);

// The base chains at one point, by priority; equal priorities keep the order of the text.
std::vector<ChainId> chains_at(Ruleset const& ruleset, HookPoint point);

// Packets as a hook sees them: without an outgoing interface before routing, without an incoming one where the box itself
// sends, without either in an access list.
PacketSet packets_at(Space& space, HookPoint point);

// Whether the chain, or one that it calls, can end a packet. One that cannot decides nothing on a path.
bool can_drop(Ruleset const& ruleset, ChainId base);

// "destination NAT leads here": what has to hold for a packet to an address behind NAT that earlier chains would drop.
Opaque const& nat_assumption();
// The chains of the path that see packets before any destination NAT rewrites them, where one does.
std::vector<ChainId> chains_before_nat(Ruleset const& ruleset, Path const& path);

class PathReach {
  public:
    // `question` as for Reach. The ruleset must outlive it.
    PathReach(Space& space, Ruleset const& ruleset, Path const& path, PacketSet const& question);

    // The chain whose accepts let packets of the family pass: the last one on the path that can drop them. Nothing
    // where no chain sees the family, or none that does can drop.
    std::optional<ChainId> decisive(Family family) const;
    // The chain where people expect the filtering: at the path's own hook, of type filter, nearest to priority 0.
    std::optional<ChainId> main(Family family) const;

    // Of the packets of `family`: those that pass the whole path because of this rule, of the decisive chain or one
    // that it calls, or because of the decisive chain's policy.
    PacketSet accepted_by(Family family, ChainId chain, std::size_t rule);
    PacketSet accepted_by_policy(Family family);
    // All that pass.
    PacketSet accepted(Family family);

    // The packets of the question that belong to the family.
    PacketSet of_family(Family family);

  private:
    // Those that come to a base chain of the path, with the marks that the chains before it have made.
    Worlds const& coming_to(Family family, ChainId base);
    PacketSet led_here_by_nat();

    Space& space_;
    Ruleset const& ruleset_;
    Path const& path_;
    PacketSet question_;
    Reach reach_;
    std::map<std::pair<Family, ChainId>, Worlds> coming_;
};

} // namespace portcullis
