// The interpreter for many packets: of each chain, only the rules are asked whose outline the packet can meet, which an
// index finds. It says what interpret() says.
#pragma once
#include <memory>

#include "portcullis/engine/interpret.hpp"

namespace portcullis {

class ManyPackets {
  public:
    // The ruleset must outlive it.
    explicit ManyPackets(Ruleset const& ruleset);
    ~ManyPackets();

    // For use by several threads at once.
    Decision decide(std::vector<ChainId> const& bases, Packet const& packet, Truth const& truth = {}) const;
    Decision decide(ChainId base, Packet const& packet, Truth const& truth = {}) const;
    Decision decide_way(Packet const& packet) const;

  private:
    struct Impl;
    std::unique_ptr<Impl const> impl_;
};

} // namespace portcullis
