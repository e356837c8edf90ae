// Policy in, text of a target out, proved.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "portcullis/dialect/read.hpp"
#include "portcullis/policy/plan.hpp"
#include "portcullis/policy/proof.hpp"

namespace portcullis {

struct Origin {
    std::string file;    // the policy's, as the header names it
    std::string hash;    // of its text
    std::string version; // of the program
};

// The text, read back. It may be written where nothing is `lost` or `unread`, and there are no gaps.
struct Generated {
    std::string text;
    SourceId source = 0; // of the text
    Reading reading;     // what our own reader makes of it
    // What the target cannot say: findings of PC002 whose spans are those of the statements. The rules are left out.
    Findings losses;
    std::vector<Gap> gaps;
    // Address translation of the text differs from what was planned.
    bool translates_otherwise = false;
};

// What else is to stand at a rule of the text, a line.
struct Remark {
    ChainId chain = no_chain;
    std::size_t rule = 0;
    std::string text;
};
// … asked about access lists, as they are read; they are written again with it.
using Remarks = std::function<std::vector<Remark>(SourceId source, Reading const& reading)>;

// The text is added to the sources; the gaps are sets of the space. Throws BudgetExceeded; std::invalid_argument, a sentence, where
// the policy does not say what lists of the target need.
Generated generate(Space& space, Policy const& policy, Target target, Origin const& origin, Sources& sources,
                   Remarks const& remarks = {});

// The names of the statements whose rate is optional: lists, which cannot count, do not have it.
std::vector<std::string> optional_rates(Policy const& policy);
// … as lines of comments in the text of lists.
std::string rates_text(Policy const& policy);

// Whether reading left something out, so that nothing is proved.
bool is_whole(Reading const& reading);

} // namespace portcullis
