// A ruleset as a reader sees it before any judgement: its chains, and its rules in the order of the text. It holds what
// reports draw, so that they need not keep the ruleset.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Another chain that rules of a chain lead to.
struct OutlineCall {
    std::size_t chain = 0; // of Outline::chains
    bool is_goto = false;
    friend auto operator<=>(OutlineCall const&, OutlineCall const&) = default;
};

struct OutlineChain {
    std::string title; // "filter/INPUT", "EDGE"
    std::optional<Hook> hook;
    bool drops = false; // its policy, where it has a hook
    std::size_t rules = 0;
    std::vector<OutlineCall> calls; // each once
    std::vector<std::string> interfaces; // that an access list is applied to: "GigabitEthernet0/1 in"
};

// A rule of the text. What the model has in several rules of one origin, as a verdict map, is one here.
struct OutlineRule {
    enum class Fate : std::uint8_t { accept, drop, other };
    Span span;
    bool is_part = false;    // the span is that of its elements, which stand within a statement
    std::size_t chain = 0;   // of Outline::chains
    std::size_t number = 0;  // in its chain, from 1
    std::string verdict;     // "accept", "jump filter/WEB"
    Fate fate = Fate::other; // accept: also with a translation; drop: also with an answer
    bool modelled = true;    // nothing of its match is opaque
    bool active = true;      // false: it is written and switched off
};

struct Outline {
    std::vector<OutlineChain> chains; // in the order of the text
    std::vector<OutlineRule> rules;   // by source and place
};

// Without what no line of the text says.
Outline outline_of(Ruleset const& ruleset);

} // namespace portcullis
