// Pairs of rules that tell something about each other: which order decides between them, which could go for the
// other. As PC204, PC205, PC206 and PC207 report them, no pair twice.
#pragma once
#include <string>
#include <vector>

#include "lint/text_rules.hpp"
#include "portcullis/engine/shadow.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

class Context;

// A rule of which earlier ones decide much in the other way, by the new connections that it matches.
struct PartlyTaken {
    RuleId rule;
    RuleId by;                // the rule that takes most of it
    double share = 0;         // that is decided in the other way
    bool by_most = false;     // what takes it matches most of all packets, and so most of every rule
    Witness otherwise;
    std::string left;         // a packet that is left to it
};

// A rule and earlier ones with which it shares new connections that they decide in the other way.
struct OrderMatters {
    RuleId later;
    std::vector<RuleId> earlier;
    bool more = false; // there may be others
    std::optional<Witness> witness; // decided by one of them
};

// A rule that a later one makes needless.
struct Absorbed {
    RuleId rule;
    RuleId later;
};

std::vector<PartlyTaken> find_partly_taken(Context const& ctx, double least);

struct Orders {
    std::vector<OrderMatters> crossings;  // neither rule lies within the other
    std::vector<OrderMatters> exceptions; // the earlier ones lie within the later one
};
// Without the pairs in `told`.
Orders find_orders(Context const& ctx, std::vector<PartlyTaken> const& told);

// "an earlier one", "3 earlier ones".
std::string counted(OrderMatters const& order);
// Names the earlier rules in the finding, with the packet that shows one of them.
void relate_earlier(Context const& ctx, OrderMatters const& order, Finding& finding);

std::vector<Absorbed> find_absorbed(Context const& ctx);

// Whether removing the rule would be noticed by nothing but the packets that it decides: no log, no counter of its own.
bool is_silent(Rule const& rule);
// Packets that go on from the rule to the end of its chain are noticed by no rule but by its verdict.
bool is_quiet_after(Ruleset const& ruleset, RuleId rule);

} // namespace portcullis
