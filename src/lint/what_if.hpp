// What a small change of the ruleset would do: the change is made in a copy, and both are asked about the same
// packets.
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

    // The packets that a base chain accepts in the one and not in the other, of those that its hook can see.
    PacketSet decided_otherwise(ChainId base);
    // Before the change: the packets that come to a rule of a base chain and match it.
    PacketSet hits_now(ChainId base, std::size_t rule) { return now_.hits(base, rule); }
    // After the change: the packets of the base chain that come to the rule and match it.
    PacketSet hits(ChainId base, ChainId chain, std::size_t rule);
    // After the change: what the base chain accepts.
    PacketSet accepted(ChainId base);

  private:
    Context const& ctx_;
    Ruleset changed_;
    Reach now_;
    Reach then_;
};

// The ruleset for packets of which a field is known: a match on it holds always, or never.
Ruleset assuming(Ruleset ruleset, Field field, U128 value);

// A rule of a base chain that sends packets to the policy, which would fare otherwise if they went on instead.
struct EarlyEnd {
    ChainId chain = 0;
    std::size_t rule = 0;
    PacketSet packets;
};

// `instead`: the verdict with which packets would go on; nothing for rules that are not asked about.
std::vector<EarlyEnd> early_ends(Context const& ctx,
                                 std::function<std::optional<Verdict>(Rule const&)> const& instead);
// Args {policy}, {otherwise}: accept and drop, or the reverse.
Finding& report(Context const& ctx, Findings& out, EarlyEnd const& end);

} // namespace portcullis
