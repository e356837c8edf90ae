// How the interpreter walks a packet through base chains: what has become of it, and every way that it may end by what
// unknown matches may say.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "engine/box.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/marks.hpp"

namespace portcullis::walk {

// What has become of the packet by the time it comes to a rule.
struct State {
    Marks marks;
    Rewritten rewritten{};
    friend bool operator==(State const&, State const&) = default;
    friend auto operator<=>(State const&, State const&) = default;
};

// One way that a packet may end, with what has become of it by then.
struct End {
    Outcome outcome;
    State state;
};

// Which rules a packet can match, by their outlines; and the base chains of each hook.
struct Index {
    std::vector<std::optional<BoxTree>> trees; // by chain; short ones have none
    std::array<std::vector<ChainId>, 8> at;    // by hook

    explicit Index(Ruleset const& ruleset);
};

// The packet, and what is asked about it.
struct Asked {
    Ruleset const& ruleset;
    Packet const& packet; // as it arrived, or was sent
    Truth const& truth;
    std::vector<Step>* steps; // null where nobody asked for them
    bool way_out_unknown = false;
    HookPoint hook{};
    Index const* index = nullptr; // null: every rule is asked
    bool whole_way = true;        // false: one chain, to which the packet comes as it is
};

// On a whole way, the packet with what conntrack keeps of a connection that it begins.
Packet arriving(Packet packet);

// How far the packet has come, by what unknown matches may say.
struct Front {
    std::vector<End> ends;
    std::size_t main = 0;
};

Front at_start(Packet const& packet);
// Through one more base chain: what accepted so far gives way to what it says.
Front through(Asked const& asked, ChainId base, Front const& front);
// The outcomes without their marks, the main one first.
std::vector<Outcome> outcomes_of(Front const& front);
std::size_t place_of(std::vector<End>& all, End const& end);

} // namespace portcullis::walk
