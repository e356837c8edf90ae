// The ways through the box, and what all base chains on one way do together. A packet passes where each of them accepts
// it. Packets are described as they arrive, or as the box sends them: what address translation makes of them on the way
// is a part of their world (engine/marks.hpp). Packets of established connections and answers are described as the
// filter sees them, since the kernel translates them by what it has done with the first one, before any rule asks.
// Where a translated packet goes, to the host or through it, depends on addresses that nobody here knows: both ways are
// followed, but for a redirect, which leads to the host.
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

// All paths of a ruleset that some base chain filters, at the path's own hook. Access lists that select something else than packets to pass
// are none; nor is, in a device configuration, a list that no interface has.
std::vector<Path> find_paths(Ruleset const& ruleset);
// … and those that a chain of another hook stands on: where nothing is filtered, but translated.
std::vector<Path> find_ways(Ruleset const& ruleset);

// The base chains at one point, by priority; equal priorities keep the order of the text. Those of type nat run
// together, whatever their own priorities are beyond their order among themselves: at -100 before routing and 100 behind
// it (NF_IP_PRI_NAT_DST and _SRC in netfilter_ipv4.h).
std::vector<ChainId> chains_at(Ruleset const& ruleset, HookPoint point);

// The marks at the start of a path: nothing has been done.
Marks at_start(Ruleset const& ruleset, Path const& path);

// Packets as a hook sees them: without an outgoing interface before routing, without an incoming one where the box itself
// sends, without either in an access list.
PacketSet packets_at(Space& space, HookPoint point);

// What all packets have that arrive, or that the box sends, by what the ruleset does itself: no mark that it sets, and new
// ones no status of a translation. Where it sets none, marks come from elsewhere and may be anything, and so for the
// status.
PacketSet unmarked(Space& space, Ruleset const& ruleset);

// Whether the chain, or one that it calls, can end a packet. One that cannot decides nothing on a path.
bool can_drop(Ruleset const& ruleset, ChainId base);

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
    // that it calls, or because of the decisive chain's policy; with what has become of them at the end.
    Worlds accepted_by(Family family, ChainId chain, std::size_t rule);
    Worlds accepted_by_policy(Family family);
    // All that pass.
    PacketSet accepted(Family family);
    Worlds accepted_worlds(Family family);
    // Those that come to a base chain of the path, with what the chains before it have made of them.
    Worlds const& coming_to(Family family, ChainId base);

    // The packets of the question that belong to the family.
    PacketSet of_family(Family family);

  private:
    // From one place on the path to another, by the chains that accept them.
    Worlds passing(Family family, Worlds worlds, std::size_t from, std::size_t to);
    Worlds behind(Family family, Worlds worlds, ChainId base);
    std::size_t place_of(ChainId base) const;

    Space& space_;
    Ruleset const& ruleset_;
    Path const& path_;
    PacketSet question_;
    Reach reach_;
    Marks at_start_;
    bool translates_ = false; // some rule on the path does
    std::map<std::pair<Family, ChainId>, Worlds> coming_;
};

} // namespace portcullis
