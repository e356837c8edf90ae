// What a device with access lists sees of a policy: interfaces by their names, packets to the device itself by its
// addresses, and answers by what they look like, since most such devices keep no connections.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/engine/packet_set.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

// Why no lists can be made of the policy, or compared with it; a sentence.
std::optional<std::string> why_no_lists(Policy const& policy, Dialect platform);

// An ASA keeps connections, puts fragments together, and asks other lists ("control-plane") about packets to itself.
constexpr bool keeps_connections(Dialect platform) { return platform == Dialect::cisco_asa; }

// No list counts: what a policy comes to there, where a rate may be left out.
Policy without_optional_rates(Policy policy);

// The interfaces of the device, as values of Field::iif, in the order of the policy.
std::vector<U128> interfaces_of(Policy const& policy);

// Destinations of packets that go to a device with these addresses: to these, and to those that no router forwards to (RFC 4291
// 2.5.6 and 2.7, RFC 5771 4, RFC 919 7).
Addresses device_destinations(Addresses const& own);
// Packets from these addresses, or to them.
PacketSet addresses_in(Space& space, bool source, Addresses const& set);
// What a router with these addresses forwards (RFC 1812 5.3.7, RFC 4291 2.5.2 and 2.5.6); messages of discovery that were forwarded are
// nobody's (RFC 4861 6.1 and 7.1).
PacketSet forwarded(Space& space, Addresses const& own);
// Messages of neighbour discovery that have come over a router, which every device drops itself (the same).
PacketSet forwarded_discovery(Space& space);
// Sources that an interface takes, for packets through the device.
Addresses proper_sources(Policy const& policy, U128 interface);

// What answers a connection of one kind of traffic, as a list can tell it.
struct AnswerShape {
    Protocol protocol{};
    std::optional<IntervalSet> source_ports;
    std::optional<std::uint8_t> type; // of icmp and icmpv6
    bool established = false;         // of tcp: ACK or RST
};
// None for what cannot be told from new connections: protocols without ports, and all ports of udp. Where the device
// keeps connections, of messages alone.
std::vector<AnswerShape> answers_to(Traffic const& traffic, bool keeps_connections);
// Whether answers of this traffic pass by these and by what the device keeps.
bool is_answered(Traffic const& traffic, bool keeps_connections);

// ---- configurations

// The lists that are asked about what comes in by the interface, or leaves by it: of an ASA the global one where the interface
// has none of its own for what comes in.
std::vector<ChainId> lists_at(Ruleset const& ruleset, std::string_view interface, bool inbound);
// … about what comes in by it for the device itself.
std::vector<ChainId> lists_for_device(Ruleset const& ruleset, std::string_view interface);

// Reflexive entries stand for answers to what a list has let pass: they open nothing.
bool is_reflexive(Rule const& rule);
Ruleset without_reflexive_entries(Ruleset ruleset);

// Whom an ASA's lines for its own services let in by the interface passes, whatever its list says (ASA CLI guide, "Management
// access rules"): a match for each service of a line, and the line.
struct ManagementPermit {
    Match match;
    Span span;
};
std::vector<ManagementPermit> management_permits(Ruleset const& ruleset, std::string_view interface);

// "Gi0/1" and "GigabitEthernet0/1" are one interface: devices take a name by its first letters.
bool same_interface(std::string_view a, std::string_view b);

} // namespace portcullis
