// What a small change of the ruleset would do: the change is made in a copy, and the engine is asked about that.
#pragma once
#include <functional>

#include "lint/context.hpp"

namespace portcullis {

class WhatIf {
  public:
    // `changed` is the ruleset of the context with other matches and verdicts in its rules; answers are within
    // `question`.
    WhatIf(Context const& ctx, Ruleset changed, PacketSet const& question);
    WhatIf(WhatIf const&) = delete;
    WhatIf& operator=(WhatIf const&) = delete;

    // The packets of the base chain that come to the rule and match it, of those that its hook can see.
    PacketSet hits(ChainId base, ChainId chain, std::size_t rule);
    // What the base chain accepts.
    PacketSet accepted(ChainId base);

  private:
    Context const& ctx_;
    Ruleset changed_;
    Reach reach_;
};

// The ruleset for packets of which a field is known: a match on it holds always, or never.
Ruleset assuming(Ruleset ruleset, Field field, U128 value);

// The ruleset as the answers to packets meet it: what it asks of an answer's source, it asks here of the packet's
// destination, and so with ports and interfaces.
Ruleset for_answers(Ruleset ruleset);
Packet answer_to(Packet packet);

// A rule of a base chain that sends packets to the policy, which would fare otherwise if they went on instead.
struct EarlyEnd {
    ChainId chain = 0;
    std::size_t rule = 0;
    PacketSet packets;
};

// `instead`: the verdict with which packets would go on; nothing for rules that are not asked about, which are all
// but returns and gotos.
std::vector<EarlyEnd> early_ends(Context const& ctx,
                                 std::function<std::optional<Verdict>(Rule const&)> const& instead);
// Args {policy}, {otherwise}: accept and drop, or the reverse.
Finding& report(Context const& ctx, Findings& out, EarlyEnd const& end);

} // namespace portcullis
