// A Cisco configuration as far as packet filters go, statement by statement in the order of the text and nothing
// judged yet: whether a second address is a wildcard or a netmask, what a name stands for and which list an
// interface has at the end is the reader's business. Every node has its `text`, a view into what was parsed:
// Config::span_of makes a span.
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "grammars/common/syntax_error.hpp"
#include "portcullis/base/interval_set.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::cisco {

enum class Platform : std::uint8_t { ios, asa, nxos, xr };

// "any4", "host 192.0.2.1", "192.0.2.0 0.0.0.255", "2001:db8::/32", "object-group SERVERS", "interface outside".
struct Address {
    enum class Kind : std::uint8_t { any, any4, any6, host, masked, prefix, range, object, group, interface, fqdn };
    Kind kind = Kind::any;
    Ip ip;
    U128 second = 0;           // of masked: the mask, in either sense; of range: the last address
    unsigned length = 0;       // of prefix
    std::string_view name;     // of the object, group, interface or domain; an ASA's `name` in the place of `ip`
    std::string_view identity; // in front of it: "user LAB\ann", "security-group tag 5" (ASA)
    std::string_view text;
};

// "eq 80 443", "range 1 1023", "object-group WEB-PORTS".
struct Comparison {
    enum class Kind : std::uint8_t { none, eq, neq, lt, gt, range, group };
    Kind kind = Kind::none;
    std::vector<std::string_view> values; // numbers and names as they stand there
    std::string_view text;
    explicit operator bool() const { return kind != Kind::none; }
};

// What a packet carries, in an entry or as a member of a group: a protocol with its ports or its message.
struct Service {
    enum class Kind : std::uint8_t { unspecified, protocol, object, group };
    Kind kind = Kind::unspecified;
    std::string_view name; // "tcp", "89", "tcp-udp"; of the object or group
    Comparison source;
    Comparison destination;
    std::vector<std::string_view> message; // ICMP or IGMP type, and code
    std::string_view text;
};

// A word after the addresses with its arguments: "established", "dscp ef", "match-all +syn -ack", "log 6 interval
// 60".
struct Option {
    enum class Kind : std::uint8_t {
        established,
        flag,      // "syn"
        match_all, // "+syn -ack"
        match_any,
        fragments,
        dscp,
        precedence,
        tos,
        header,       // an IPv6 extension header that is there: "routing"
        routing_type, // of the routing header
        ttl,
        length,
        packet,   // a property of the packet's IP header that no field has
        segment,  // likewise, of its transport header
        schedule, // "time-range NAME": more than the packet decides
        log,
        inactive,
        effect,    // does something besides: "reflect NAME", "capture"
        annotation // output of a show command: "(12 matches)"
    };
    Kind kind = Kind::annotation;
    Comparison argument; // "dscp ef" is eq
    std::string_view text;
};

// One line of an access list.
struct Entry {
    enum class Action : std::uint8_t { none /* "no 10" */, permit, deny, remark, evaluate };
    Action action = Action::none;
    bool negated = false;                  // "no permit …", "no 10"
    std::optional<std::uint32_t> sequence; // the number in front, or ASA's "line N"
    std::string_view name;                 // of a remark: what it says; of evaluate: the reflexive list
    std::string_view dynamic;              // the name of a lock-and-key entry
    Service service;                       // unspecified in standard lists
    Address source;
    Address destination;
    std::vector<Option> options;
    std::string_view text; // the line
    std::string_view body; // from the number or action on
};

// Consecutive entries of one access list, or the order to remove it.
struct AccessList {
    enum class Kind : std::uint8_t {
        standard,
        extended,
        ipv6,
        foreign /* MAC, ethertype, IPX …: not of IP packets */
    };
    Kind kind = Kind::extended;
    bool negated = false;    // "no access-list 101", "clear configure access-list"
    bool incomplete = false; // some of the entries are errors
    std::string_view name;   // empty: all lists, for a removal
    std::vector<std::string_view> misfits; // entries, or the name itself, of the other kind: standard, or extended

    std::deque<Entry> entries;
    std::string_view text; // its first line
};

// "ip access-list resequence EDGE 10 10": the entries so far get new numbers.
struct Resequence {
    bool ipv6 = false;
    std::string_view name;
    std::uint32_t start = 10;
    std::uint32_t step = 10;
    std::string_view text;
};

struct GroupReference {
    bool is_object = false;
    std::string_view name;
};

using Member = std::variant<Address, Service, GroupReference>;

// An `object-group`, or an ASA's `object`, which is a group of one.
struct Group {
    struct Line {
        bool negated = false;
        Member member;
        std::string_view text;
    };
    bool is_object = false;
    bool negated = false;
    std::string_view kind; // "network", "service", "ip address", …
    std::string_view name;
    std::string_view protocol; // of "object-group service NAME tcp-udp"
    std::vector<Line> members;
    bool incomplete = false; // some of the members are errors
    std::string_view text;   // its first line
};

// "ip access-group EDGE in" on an interface, "access-group OUT in interface outside" of an ASA.
struct AccessGroup {
    bool negated = false;
    bool ipv6 = false;
    std::vector<std::string_view> lists; // several with "common" (IOS-XR)
    std::string_view interface;          // "global" on all of them (ASA)
    bool inbound = true;
    std::string_view qualifier; // "port" (NX-OS) and "control-plane" (ASA) lists stand beside the interface's own
    std::string_view text;
};

// "name 192.0.2.10 mail" (ASA).
struct Alias {
    Ip ip;
    std::string_view name;
};

// An interface and what its lines say that matters to filters.
struct Interface {
    std::string_view name;
    std::string_view nameif; // ASA
    std::string_view zone;   // of a zone-based firewall (IOS)
    std::string_view description;
    std::optional<unsigned> security_level; // ASA
    std::vector<Prefix> addresses;
    std::string_view address_name; // an ASA's `name` in the place of an address
    bool has_dynamic_address = false;
    bool shutdown = false;
    bool inspects = false;   // "ip inspect"
    bool is_outside = false; // "ip nat outside"
    bool management_only = false; // ASA
    std::string_view text;   // its first line
};

// "line vty 0 4" with its lines.
struct Terminal {
    bool remote = true; // of sessions over the network; false: a port of the box, which it may lead to
    struct Guard {
        std::string_view list;
        bool ipv6 = false;
        bool inbound = true; // outbound, it says where one may go on to from here
    };
    std::vector<Guard> guards;
    std::vector<std::string_view> transports; // of "transport input": "telnet", "ssh", "all", "none"
    std::string_view text;
};

// A line that offers a service by which the box is managed: "snmp-server community public RO 10", "ip http server",
// an ASA's "ssh 192.0.2.0 255.255.255.0 inside".
struct ManagementLine {
    enum class Kind : std::uint8_t { snmp, http, https, ssh, telnet, http_list, http_enable };
    Kind kind = Kind::snmp;
    bool negated = false;
    bool writes = false;                 // "RW"
    std::vector<std::string_view> lists; // of http_list: for the web servers, wherever these are switched on
    std::optional<Prefix> from;          // ASA
    std::string_view from_name;          // an ASA's `name` in the place of the address
    std::string_view interface;          // ASA; on IOS-XR the VRF
    std::optional<Family> family;        // of the clients, where only one is served (IOS-XR)
    std::string_view community;          // SNMP: a secret
    std::string_view text;
};

// "time-range NIGHT" with the end that its "absolute" names.
struct TimeRange {
    bool negated = false;
    std::string_view name;
    std::optional<std::chrono::year_month_day> end;
    std::string_view text;
};

// A translation of addresses. An ASA's interfaces stand for "(real,mapped)"; IOS says inside and outside.
struct Translation {
    struct Port {
        std::string_view real;
        std::string_view mapped;
    };
    enum class Rank : std::uint8_t { twice, object, after_auto }; // the ASA's sections, in their order
    bool negated = false;
    bool is_static = false;
    bool inactive = false;
    bool unidirectional = false;
    bool before_8_3 = false; // "static (inside,outside) …", which later releases do not have
    Rank rank = Rank::twice;
    std::string_view real_interface;
    std::string_view mapped_interface;
    Address real;
    Address mapped;
    std::optional<Address> mapped_destination; // of the twice NAT: as the real side sees it, and as it is
    std::optional<Address> real_destination;
    std::string_view protocol; // with ports
    Port port;
    Port service; // twice NAT: objects with protocol and ports
    std::string_view text;
};

// An entry of a VLAN map (VACL) with its clauses: "vlan access-map M 10", "match ip address A B", "action drop".
struct VlanMapEntry {
    struct Clause {
        enum class Kind : std::uint8_t { ip, ipv6, frame /* of MAC addresses */ };
        Kind kind = Kind::ip;
        bool negated = false;
        std::vector<std::string_view> lists;
        std::string_view text;
    };
    enum class Action : std::uint8_t { unsaid, forward, drop };
    bool negated = false;                  // "no vlan access-map M 10"; without a number, the whole map
    std::string_view name;
    std::optional<std::uint32_t> sequence; // none: behind the last
    std::vector<Clause> clauses;
    Action action = Action::unsaid;
    bool log = false; // "action drop log"
    std::string_view text; // its first line
};

// "vlan filter M vlan-list 10,20-29": where a VLAN map is applied.
struct VlanFilter {
    bool negated = false;
    std::string_view name;
    IntervalSet vlans; // empty, of a removal: wherever it is
    std::string_view text;
};

// A word that may name an access list, in a line that is about something else.
struct Mention {
    std::string_view word;
    std::string_view line;
    bool management = false; // the list says who may talk to a service of the box
};

using Statement = std::variant<AccessList, Resequence, Group, AccessGroup, Alias, Interface, Terminal, ManagementLine, TimeRange,
                               Translation, VlanMapEntry, VlanFilter>;

struct Config {
    std::string_view text;
    SourceId source = 0;
    std::vector<Statement> statements;
    std::vector<Mention> mentions;
    std::vector<std::string_view> others; // lines that no statement was made of
    bool permits_same_security = false; // an ASA's "same-security-traffic permit inter-interface"
    bool has_interfaces = false;
    std::vector<SyntaxError> errors;

    // The place of a word of the text.
    Span span_of(std::string_view word) const {
        auto const begin = static_cast<std::uint32_t>(word.data() - text.data());
        return {source, begin, begin + static_cast<std::uint32_t>(word.size())};
    }
};

} // namespace portcullis::cisco
