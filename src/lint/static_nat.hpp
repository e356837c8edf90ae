// What static translations of a Cisco do to connections that come in, and which lists these meet: before the
// translation (IOS, and ASA before 8.3) or after it.
#pragma once
#include <string>
#include <vector>

#include "lint/context.hpp"

namespace portcullis {

// A rule that leads connections to another address, or to another port.
struct Translation {
    ChainId chain = 0;
    std::size_t rule = 0;
    std::vector<std::string> interfaces; // that such connections arrive at, as lists name them; empty: nobody knows
    Match before;                        // what arrives, wherever it does
    Match after;                         // the same as it goes on
    bool before_lists = false;           // inbound lists see it as it goes on
};

// Those of the static translations that some interface applies, in their order; none in dialects that have hooks.
std::vector<Translation> static_translations(Ruleset const& ruleset);

// "port 23 of 10.0.0.5", "10.0.0.5": the destination that the match names.
std::string destination_text(Match const& match);

// The lists that packets have to pass which arrive at the interface; none where there is none, and all pass.
std::vector<ChainId> inbound_lists(Ruleset const& ruleset, std::string const& interface);
// The same for packets to an address on the link of an interface, as they leave there.
std::vector<ChainId> lists_towards(Ruleset const& ruleset, Ip address);

} // namespace portcullis
