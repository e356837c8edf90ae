// A list of rules flattened over its calls: one line for each rule and each way of calls that leads to it. What a
// line takes, it keeps from the lines up to the end of its scope; an accept keeps it from all, a return from the
// rest of its chain only.
#pragma once
#include <cstdint>
#include <deque>
#include <vector>

#include "portcullis/engine/shadow.hpp"

namespace portcullis {

struct Line {
    static constexpr std::uint32_t never_ends = ~std::uint32_t{0};
    RuleId rule;
    std::uint32_t path = 0;  // the calls that lead here, of Lines::paths
    std::uint32_t until = 0; // the last line that it keeps packets from; 0: it takes none
    Action action = Action::none;
    bool asked = true; // false: a policy, the way back of a goto, or a rule of an earlier base chain
};

// The matches that a packet has passed on its way to a line, innermost first.
struct CallPath {
    std::uint32_t caller = 0; // 0 ends the way
    Match const* match = nullptr;
};

struct Lines {
    std::vector<Line> lines;
    std::vector<CallPath> paths{1}; // the first is the empty one
    std::deque<Match> own;          // matches that no rule has: what the hook sees, the families of a chain
    // Every match that a packet must have to come to the line, of those that lead there.
    template <class Visit> void each_call(Line const& line, Visit const& visit) const {
        for (std::uint32_t at = line.path; at != 0; at = paths[at].caller) visit(*paths[at].match);
    }
    // … and to be taken by it.
    template <class Visit> void each_match(Ruleset const& ruleset, Line const& line, Visit const& visit) const {
        each_call(line, visit);
        if (line.rule.rule != RuleId::policy) visit(ruleset.chains[line.rule.chain].rules[line.rule.rule].match);
    }
};

Action action_of(Verdict const& verdict);
constexpr std::uint8_t bit_of(Action action) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(action));
}
// Throws BudgetExceeded beyond `most` lines.
Lines flatten(Ruleset const& ruleset, RuleList const& list, std::size_t most);

} // namespace portcullis
