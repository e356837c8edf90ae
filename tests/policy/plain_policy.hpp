// What a policy says of one packet, read off its statements one by one: the referee of the packet sets and the rules.
#pragma once
#include "portcullis/engine/path.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

enum class Passes { never, at_a_rate, always };
// What publishes the packet, if anything does.
Publish const* publication_of(Policy const& policy, Packet const& packet);
Passes plainly(Policy const& policy, Path::Kind kind, Packet packet);

// A policy, as text, that uses all of the language, and a packet that meets its boundaries often.
std::string random_policy(unsigned seed);
Packet random_packet(unsigned seed, Path::Kind kind);

} // namespace portcullis
