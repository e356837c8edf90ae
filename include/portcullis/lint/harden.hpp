// A configuration made stricter, in its own text: services that are insecure are closed, and what every firewall should do
// is added where it is missing. Everything else stays as it is, which is proved.
#pragma once
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/compare.hpp"
#include "portcullis/lint/lint.hpp"
#include "portcullis/query/question.hpp"

namespace portcullis {

// What cannot be hardened, or a flow that is to be kept and does not pass, as a sentence.
struct NotHardenable : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

struct HardenOptions {
    // Whoever is in a trusted zone may go on using insecure services.
    Config config;
    // Traffic that has to pass, before, after, and in each state between: phrases without a verb.
    std::vector<Question> keep;
};

// One step: with it and those before it the text is whole, and all that is kept passes.
struct HardenStep {
    std::string what; // "filter/INPUT: drops what connection tracking cannot make sense of"
};

struct Hardened {
    std::string text;
    SourceId source = 0; // of the text
    std::vector<HardenStep> steps;
    std::vector<std::string> notes; // what is left to do, as sentences
    // From the original to the text. Proved: what is newly allowed are answers, the loopback and new packets of what is kept;
    // what is newly denied is what the steps say.
    std::unique_ptr<Comparison> comparison;
};

// Restore files of iptables and ip6tables, rulesets of nftables in blocks, and access lists of Cisco, of which permits of
// insecure services alone are closed. Sources are added for the checks. Throws NotHardenable, BudgetExceeded;
// std::logic_error where the proof fails.
Hardened harden(std::shared_ptr<Sources> const& sources, SourceId source, Dialect dialect, ReadOptions const& read_options,
                HardenOptions const& options);

} // namespace portcullis
