// The lives of a list's rules by decision diagrams, where regions do not serve: what a rule matches depends on the
// marks that earlier ones have set, or chains call each other in more ways than lines can be written down.
#pragma once
#include <memory>
#include <optional>

#include "portcullis/engine/reach.hpp"
#include "portcullis/engine/shadow.hpp"

namespace portcullis {

class DiagramList {
  public:
    DiagramList(Ruleset const& ruleset, RuleList const& list);

    // Whether the last base chain reaches the chain.
    bool has(ChainId chain) const;
    Life life(RuleId rule);
    std::optional<Member> witness(RuleId rule);

  private:
    PacketSet hits(RuleId rule);

    Ruleset const& ruleset_;
    ChainId base_;
    Space space_;
    PacketSet seen_;
    std::vector<ChainId> chains_;
    std::optional<Reach> reach_;
    Worlds coming_; // to the base chain
    bool failed_ = false;
};

// Whether a rule on the list sees what another one has made of the marks, or states before there are any.
bool passes_marks(Ruleset const& ruleset, RuleList const& list);

} // namespace portcullis
