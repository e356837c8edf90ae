// The slow, plain, obviously right way to decide one packet: rule by rule, first match. The engine and the kernel must
// agree with it.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

enum class Fate : std::uint8_t { accept, drop, reject };
std::string_view to_string(Fate fate);

// What an opaque match says about the packet; nothing where that is not known, which is the default.
using Truth = std::function<std::optional<bool>(Opaque const&)>;

// One rule that was looked at, or a policy.
struct Step {
    ChainId chain = 0;
    std::optional<std::size_t> rule; // none: the policy of the chain
    std::string outcome;             // "no match", "accept", "jump", "may match: drop", …
};

// A way that the packet may end, and what ends it.
struct Outcome {
    Fate fate = Fate::accept;
    ChainId chain = no_chain;        // no_chain: no base chain sees the packet
    std::optional<std::size_t> rule; // none: the policy
    friend bool operator==(Outcome const&, Outcome const&) = default;
};

struct Decision {
    // Every way that the packet may end, by what unknown matches may say; the first is the one where they say no.
    std::vector<Outcome> outcomes;
    std::vector<Step> steps; // where asked for
    // All ways lead to one fate.
    bool certain() const;
    Outcome const& main() const { return outcomes.front(); }
};

// Whether the match holds; nothing where it depends on an unknown.
std::optional<bool> matches(Match const& match, Packet const& packet, Truth const& truth = {});

enum class Detail : std::uint8_t { outcomes, steps };

// The fate of a packet in one base chain (or access list).
Decision interpret(Ruleset const& ruleset, ChainId base, Packet const& packet, Truth const& truth = {},
                   Detail detail = Detail::outcomes);
// … and in several that it passes in this order: all have to accept it. Chains that do not see its family are skipped.
Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet,
                   Truth const& truth = {}, Detail detail = Detail::outcomes);

} // namespace portcullis
