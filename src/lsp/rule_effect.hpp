// What one rule of the text does, in the words of answers to queries.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "lsp/snapshot.hpp"

namespace portcullis::lsp {

// The rules of the model that one rule of the text has become, in one chain.
struct TextRule {
    ChainId chain = 0;
    std::vector<std::size_t> rules; // places in the chain, ascending
};
// The one whose text has the place; the narrowest, where several do.
std::optional<TextRule> rule_at(Ruleset const& ruleset, SourceId source, std::size_t offset);
// Those of a piece of the text: the elements of a map are rules of their own, wherever the map is.
std::optional<TextRule> rules_within(Ruleset const& ruleset, Span text);

// The packets that a rule decides on one path, or in its chain where that is on none.
struct Effect {
    std::string path;                 // "to-host"; empty for the chain alone
    bool new_connections = true;      // of these it is told; false: it decides nothing of them, but other packets
    std::vector<std::string> traffic; // lines; none: no packet is left to it
    bool more = false;                // not all of it is told
};

struct RuleEffect {
    std::vector<std::string> matches; // what it asks for, as lines
    bool more_matches = false;
    std::vector<Effect> effects;
};

// BudgetExceeded where that takes too much.
RuleEffect effect_of(Ruleset const& ruleset, Config const& config, TextRule const& rule);

// Rules that jump to the chain, with their chains.
std::vector<std::pair<ChainId, std::size_t>> callers_of(Ruleset const& ruleset, ChainId chain);

} // namespace portcullis::lsp
