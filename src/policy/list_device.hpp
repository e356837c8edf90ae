// What a device with access lists sees of a policy: interfaces by their names, packets to the device itself by its
// addresses, and answers by what they look like, since most such devices keep no connections.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "portcullis/model/ruleset.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

// Why no lists can be made of the policy, or compared with it; a sentence.
std::optional<std::string> why_no_lists(Policy const& policy, Dialect platform);

// An ASA keeps connections, puts fragments together, and asks other lists ("control-plane") about packets to itself.
constexpr bool keeps_connections(Dialect platform) { return platform == Dialect::cisco_asa; }

// The interfaces of the device, as values of Field::iif, in the order of the policy.
std::vector<U128> interfaces_of(Policy const& policy);

// Destinations of packets that go to the device: its own addresses, and those that no router forwards to (RFC 4291 2.5.6
// and 2.7, RFC 5771 4, RFC 919 7).
Addresses device_destinations(Policy const& policy);
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

// "Gi0/1" and "GigabitEthernet0/1" are one interface: devices take a name by its first letters.
bool same_interface(std::string_view a, std::string_view b);

} // namespace portcullis
