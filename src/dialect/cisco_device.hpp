// What a configuration says of the device around its access lists, in the form that rules ask about: interfaces,
// management services, what the security levels of an ASA permit, and translations of addresses.
#pragma once
#include "dialect/cisco_objects.hpp"

namespace portcullis::cisco {

// The interfaces of the text and the services by which the box is managed.
void add_interfaces(Config const& config, Ruleset& ruleset);
void add_management(Config const& config, Ruleset& ruleset);

// Whether both see packets of one family.
bool share_family(Hook const& a, Hook const& b);
// Whether a list decides what comes in by the interface, which an ASA knows by its zone, of a family that `of` sees.
bool has_inbound_list(Ruleset const& ruleset, std::string_view interface, Hook const& of);
// The zones of all interfaces that are neither shut down nor for management alone.
std::vector<std::string> zones_that_pass_packets(Config const& config, Ruleset const& ruleset);

// A chain for each interface of an ASA that has a security level and no list of its own: to less secure interfaces
// everything may pass, to equally secure ones where "same-security-traffic" says so (ASA CLI guide, "Interface
// parameters").
void add_security_levels(Config const& config, Ruleset& ruleset);

// Static translations as a nat chain at prerouting, as what they do to connections from the mapped side; the rest
// is kept by name.
void add_translations(Config const& config, Dialect dialect, Objects& objects, Ruleset& ruleset);

// "field is one of these interfaces"; a free variable where a name is longer than the field.
void add_interface_term(Match& match, Field field, std::vector<std::string_view> const& names, Span span);

} // namespace portcullis::cisco
