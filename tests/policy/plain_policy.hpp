// What a policy says of one packet, read off its statements one by one: the referee of the packet sets and the rules.
#pragma once
#include "portcullis/engine/path.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

enum class Passes { never, at_a_rate, always };
// What publishes the packet, if anything does.
Publish const* publication_of(Policy const& policy, Packet const& packet);
Passes plainly(Policy const& policy, Path::Kind kind, Packet packet);

// … where the box knows no connections, but by what answers look like; or keeps those that it knows by itself, and
// is asked about new ones.
Passes plainly_by_lists(Policy policy, Path::Kind kind, Packet const& packet, bool keeps_connections);

// Of TCP, with ACK or RST, and of a connection that some permit names, or an answer to it, by other interfaces perhaps.
bool is_later_segment(Policy const& policy, Packet const& packet);

// A policy, as text, that uses all of the language, and a packet that meets its boundaries often. Access lists need
// interfaces by name and addresses of the device.
enum class Interfaces { any, of_lists };
std::string random_policy(unsigned seed, Interfaces interfaces = Interfaces::any);
Packet random_packet(unsigned seed, Path::Kind kind);
// … that lists may meet: with interfaces of such a policy, to the device or not as the way is, sometimes an answer.
Packet random_listed_packet(unsigned seed, Path::Kind kind);

} // namespace portcullis
