// What somebody wants of a firewall, apart from how any firewall says it: zones, and statements about who may talk to
// whom. docs/policy.md describes the language.
#pragma once
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/interval_set.hpp"
#include "portcullis/base/source.hpp"
#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/catalogue/config_error.hpp"

namespace portcullis {

// Addresses of both families.
struct Addresses {
    IntervalSet v4;
    IntervalSet v6;

    static Addresses all() { return {IntervalSet::all(32), IntervalSet::all(128)}; }
    IntervalSet const& of(Family family) const { return family == Family::v4 ? v4 : v6; }
    bool empty() const { return v4.empty() && v6.empty(); }
    bool is_all() const { return v4.is_all(32) && v6.is_all(128); }
    Addresses united(Addresses const& other) const { return {v4.united(other.v4), v6.united(other.v6)}; }
    Addresses minus(Addresses const& other) const { return {v4.minus(other.v4), v6.minus(other.v6)}; }
    friend bool operator==(Addresses const&, Addresses const&) = default;
};

// Where packets come from or go to: by one of the interfaces, and with one of the addresses.
struct Place {
    IntervalSet interfaces = IntervalSet::all(128); // values of Field::iif
    Addresses addresses = Addresses::all();
    friend bool operator==(Place const&, Place const&) = default;
};

struct PolicyZone {
    std::string name;
    Place place;
    std::vector<std::string> patterns; // of its interfaces: "eth*"; where the device's are named, each is for some of them
    bool has_interfaces = false;
    bool has_networks = false;
    bool trusted = false;
};

// One end of a statement: any of the places, and the firewall itself where `self`.
struct End {
    std::vector<Place> places;
    bool self = false;
    bool trusted = true; // the firewall itself, or zones that are trusted, and nothing else
};

// Packets of one protocol, to some of its ports or with one of its message types.
struct Traffic {
    std::optional<std::uint8_t> protocol; // IANA number; none: everything
    std::optional<IntervalSet> ports;     // destinations
    std::optional<std::uint8_t> type;     // of icmp and icmpv6
    std::optional<std::uint8_t> code;
    friend bool operator==(Traffic const&, Traffic const&) = default;
};

// So many in a time, after that many at once.
struct Rate {
    std::uint32_t count = 10;
    std::string unit = "minute"; // second, minute, hour or day
    std::uint32_t burst = 5;
};

// Who may open connections to whom, or may not; what a connection's later packets need is a matter of Harden.
struct Statement {
    std::string name;
    bool deny = false;
    End from;
    End to;
    std::vector<Traffic> traffic; // the union; ports of one protocol are together
    bool log = false;
    std::optional<Rate> rate;
    bool rate_optional = false; // a target that cannot count leaves the rate out
    std::string owner, ticket, why;
    Span span; // of its name in the text of the policy
};

// What every firewall should do, whatever it is for. Each can be turned off.
struct Harden {
    bool loopback = true;            // the host talks to itself
    bool established = true;         // what belongs to a connection that was allowed passes
    bool invalid = true;             // what connection tracking cannot make sense of is dropped
    bool fragments = true;           // later fragments of IPv4 are dropped
    bool anti_spoofing = true;       // sources of a zone come in by its interfaces only
    bool bogons = true;              // sources that cannot be: nowhere, or not from untrusted zones
    bool icmp = true;                // errors of ICMP pass
    bool icmpv6 = true;              // … and those of ICMPv6, with echo requests, as RFC 4890 asks
    bool neighbour_discovery = true; // IPv6's own ARP, router discovery and multicast listeners, on the link
    bool log_denied = true;
    Rate log_rate{};
};

// Sources become the address of the interface that they leave by.
struct Masquerade {
    std::string name;
    std::vector<Place> from; // of addresses: the interface that a packet came in by is not known when it leaves
    std::vector<Place> to;
    Span span;
};

struct PolicyObject {
    std::string name;
    Addresses addresses;
};

// Connections from some place to ports of the firewall lead to an inner host, and are let through to it.
struct Publish {
    std::string name;
    End from;
    Addresses at;                 // addresses of the firewall that they are sent to; all of both families: any that it has
    bool any_own = true;
    std::vector<Traffic> traffic; // of protocols with ports
    Ip host;                      // where they go
    std::optional<std::uint16_t> port; // … and to which port there; none: the one that they were sent to
    Span span;
};

struct Policy {
    std::string device;
    std::vector<std::string> interfaces; // all that the device has, where the policy says so
    Addresses own;                       // of the device itself, likewise
    std::vector<PolicyZone> zones;
    std::vector<PolicyObject> objects;   // for the names of groups; statements have the addresses themselves
    std::vector<Statement> statements; // those in force, in the order of the text, which says nothing
    Harden harden;
    std::vector<Masquerade> masquerades;
    std::vector<Publish> publications;
    std::vector<std::string> notes; // sentences: which statements have expired
};

struct LoadedPolicy {
    Policy policy;
    std::vector<ConfigError> errors; // with their places; the policy is of use where there are none
};

// `today` decides what has expired: a statement is in force on the day that it names, and not after it. Spans are of
// `source`.
LoadedPolicy load_policy(Sources const& sources, SourceId source, std::chrono::year_month_day today,
                         Catalogue const& catalogue = Catalogue::built_in());

// The sources that packets by an interface may have, and those that they must not: by Harden::anti_spoofing and bogons.
// A part holds for all of its interfaces; together they are all interfaces but the loopback.
struct SourceCheck {
    IntervalSet interfaces;
    Addresses forged;
};
// Sources that are not forged on the way to the host: of a host that has no address yet (DHCP, RFC 2131; duplicate address
// detection, RFC 4862), and IPv6's of the link itself (RFC 4291 2.5.6). No router passes them on.
Addresses const& never_forged();
std::vector<SourceCheck> source_checks(Policy const& policy);

// Messages that Harden lets pass. `host`: from or to the firewall itself; else through it.
std::vector<Traffic> essential_messages(Harden const& harden);
// Types of icmpv6 that neighbours send each other: with hop limit 255 (RFC 4861), and multicast listener discovery from
// link-local sources (RFC 2710, RFC 3810).
IntervalSet neighbour_types();
IntervalSet listener_types();
IntervalSet listener_sources();

} // namespace portcullis
