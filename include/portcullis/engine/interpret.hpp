// The slow, plain, obviously right way to decide one packet: rule by rule, first match. The engine and the kernel must
// agree with it.
#pragma once
#include <compare>
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

// What address translation has made of a packet: the new values of what it wrote. Where a rule leaves a range, the
// packet's own nat fields pick one of it, else its first.
struct Rewritten {
    bool destination = false; // translated, if only to what it was
    bool source = false;
    bool to_host = false;     // the destination is the host itself
    bool picked = false;      // some value is one of many
    std::optional<U128> dst, dport, dst_type, src, sport;
    U128 status = 0; // the bits of Field::ct_status that it set
    friend bool operator==(Rewritten const&, Rewritten const&) = default;
    friend auto operator<=>(Rewritten const&, Rewritten const&) = default;
};
Packet as_rewritten(Packet packet, Rewritten const& rewritten);

// One rule that was looked at, or a policy.
struct Step {
    ChainId chain = 0;
    std::optional<std::size_t> rule; // none: the policy of the chain
    std::string outcome;             // "no match", "accept", "jump", "may match: drop", …
    Rewritten rewritten{};           // by earlier rules, and by this one where it surely matches
    HookPoint hook{};                // that the packet is at
};

// A way that the packet may end, and what ends it.
struct Outcome {
    Fate fate = Fate::accept;
    ChainId chain = no_chain;        // no_chain: no base chain sees the packet
    std::optional<std::size_t> rule; // none: the policy
    Rewritten rewritten{};           // until then
    HookPoint hook{};                // the last one on its way
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

// The fate of a packet in one base chain (or access list), to which it comes as it is.
Decision interpret(Ruleset const& ruleset, ChainId base, Packet const& packet, Truth const& truth = {},
                   Detail detail = Detail::outcomes);
// … and in several that it passes in this order, from where it arrives or is sent: all have to accept it. Chains that do
// not see its family are skipped.
Decision interpret(Ruleset const& ruleset, std::vector<ChainId> const& bases, Packet const& packet,
                   Truth const& truth = {}, Detail detail = Detail::outcomes);
// … and in those of a path. What a redirect leads to the host itself does not go through it: on that way it counts as dropped.
struct Path;
Decision interpret(Ruleset const& ruleset, Path const& path, Packet const& packet, Truth const& truth = {},
                   Detail detail = Detail::outcomes);
// … and on its whole way through the box, hook by hook. The host sends what has an outgoing interface alone; all else
// arrives. One that arrives goes through the box where it has an outgoing interface, or where `is_local` says that its
// destination by then is no address of the host; to the host where it has none, or a redirect leads there. Where
// neither is known of a destination that was rewritten, it takes both ways, and its outgoing interface is unknown.
using IsLocal = std::function<std::optional<bool>(Packet const&)>;
Decision interpret_way(Ruleset const& ruleset, Packet const& packet, Truth const& truth = {},
                       Detail detail = Detail::outcomes, IsLocal const& is_local = {});

} // namespace portcullis
