// What each rule really decides: its match without what earlier rules have taken, across jumps, returns and gotos.
// Exact within the set of packets that the question is about.
#pragma once
#include <memory>
#include <vector>

#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

// How the packets that enter a chain leave it; the four are disjoint and together all of them.
struct Fates {
    PacketSet accepted;
    PacketSet dropped;
    PacketSet rejected;
    PacketSet returned; // to the caller, or to the policy of a base chain
};

// The call graph: which chains a base chain can reach, callers first, and which jumps close a cycle.
struct CallOrder {
    std::vector<ChainId> chains;
    bool cyclic = false;
};
CallOrder call_order(Ruleset const& ruleset, ChainId base);
std::vector<ChainId> all_chains(Ruleset const& ruleset);
// Those that some of the base chains can reach, each once.
std::vector<ChainId> called_by(Ruleset const& ruleset, std::vector<ChainId> const& bases);

// Packets, as they were at the start of the path, whose marks have become the same, and which have been translated in the
// same way.
struct World {
    Marks marks;
    PacketSet packets;
};
using Worlds = std::vector<World>;
PacketSet packets_of(Space& space, Worlds const& worlds);
// Those that match by now, after what has become of them.
PacketSet matching(Space& space, Worlds const& worlds, Match const& match);

class Reach {
  public:
    // Answers are within `question`: everything outside is left out from the start, which is what keeps them cheap.
    Reach(Space& space, Ruleset const& ruleset, PacketSet question);
    // … where only these base chains, and what they call, are asked about.
    Reach(Space& space, Ruleset const& ruleset, PacketSet question, std::vector<ChainId> const& bases);
    ~Reach();
    Reach(Reach&&) noexcept;

    // Of the packets that enter the chain: those that come to the rule and match it. Marks are those at its start.
    PacketSet hits(ChainId chain, std::size_t rule);
    // How all packets leave the chain, the policy not applied.
    Fates const& fates(ChainId chain);
    // The packets that enter `chain` on some way from the base chain.
    PacketSet entering(ChainId base, ChainId chain);
    // How all packets leave a base chain, the policy applied: `returned` is empty, and what the policy decides is in
    // `accepted` or `dropped`.
    Fates verdicts(ChainId base);
    // … those that it accepts, which is cheaper.
    PacketSet accepted(ChainId base);

    // The same for packets that come with what earlier base chains have made of them. A nat chain sees new ones alone,
    // and leaves alone what is translated already.
    PacketSet hits(Worlds const& worlds, ChainId base, ChainId chain, std::size_t rule);
    Fates verdicts(Worlds const& worlds, ChainId base);
    PacketSet accepted_packets(Worlds const& worlds, ChainId base);
    Worlds accepted(Worlds const& worlds, ChainId base);
    Worlds returned(Worlds const& worlds, ChainId base); // what the policy decides
    // What hits the rule, as the rule leaves it.
    Worlds hits_by_world(Worlds const& worlds, ChainId base, ChainId chain, std::size_t rule);

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis
