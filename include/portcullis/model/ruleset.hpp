// The intermediate form: what every dialect becomes. Chains of rules; a rule is a match and a verdict. Nothing here
// knows the dialect's syntax; spans lead back to it.
#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "portcullis/base/source.hpp"
#include "portcullis/model/field.hpp"

namespace portcullis {

// x is in it if (x & mask) == value: a Cisco wildcard with holes, a masked mark, a discontiguous netmask.
struct Masked {
    U128 value = 0;
    U128 mask = 0;
    friend bool operator==(Masked const&, Masked const&) = default;
};

// A set of values of one field: the union of intervals and masks, complemented where `negated`.
struct ValueSet {
    IntervalSet intervals;
    std::vector<Masked> masks;
    bool negated = false;

    ValueSet() = default;
    ValueSet(IntervalSet set) : intervals(std::move(set)) {} // NOLINT: a set of intervals is a set of values
    static ValueSet single(U128 value) { return {IntervalSet::single(value)}; }
    static ValueSet range(U128 first, U128 last) { return {IntervalSet(first, last)}; }
    static ValueSet masked(U128 value, U128 mask);

    bool contains(U128 value) const;
    ValueSet complement() const;
    // The smallest interval that has every member below 2^bits; the full range where negated or masked widely.
    // first > last for an empty set.
    Interval hull(unsigned bits) const;
    // The same set without masks and negation, or nothing where that takes more than `most` intervals.
    std::optional<IntervalSet> as_intervals(unsigned bits, std::size_t most = 4096) const;
    bool is_all(unsigned bits) const;
    friend bool operator==(ValueSet const&, ValueSet const&) = default;
};

// "field is one of values"; a negation in the text is folded into the values.
struct Term {
    Field field{};
    ValueSet values;
    Span span;
};

// A relation over several fields: some row holds (all of its cells), or none where `negated`. Concatenated sets,
// service groups, groups of IPv4 and IPv6 addresses, "port 80, or a later fragment".
struct Alternatives {
    std::vector<Field> fields;
    std::vector<std::vector<ValueSet>> rows; // a cell per field
    bool negated = false;
    Span span;
};

// A match that is readable but not modelled: a free variable of the analysis. The same pure text is the same variable
// everywhere in a ruleset; a stateful one (limit, recent, a dynamic set) is a fresh one at each occurrence.
struct Opaque {
    std::string text; // canonical: without the negation, single blanks
    bool stateful = false;
    bool negated = false;
    Span span;
    bool rate = false; // it holds (if not negated) while a rate is kept: limit, hashlimit
    bool excess = false; // … while one is exceeded: hashlimit-above, and a limit "over" a rate in an update of a set
    std::optional<std::chrono::year_month_day> until{}; // it holds no more after this day: a time range with an end
};

// Equal for occurrences that are the same free variable.
std::string opaque_key(Opaque const& opaque);

// The conjunction of all of its parts; empty matches every packet.
struct Match {
    std::vector<Term> terms;
    std::vector<Alternatives> alternatives;
    std::vector<Opaque> opaque;
};

// Whether a term or a relation of the match is about the field.
bool asks_about(Match const& match, Field field);
bool asks_about(Alternatives const& relation, Field field);

using ChainId = std::uint32_t;
constexpr ChainId no_chain = ~ChainId{0};

struct Accept { friend bool operator==(Accept const&, Accept const&) = default; };   // ends this base chain only
struct Drop { friend bool operator==(Drop const&, Drop const&) = default; };         // ends the packet
struct Reject { friend bool operator==(Reject const&, Reject const&) = default; };   // ends the packet, with an answer
struct Return { friend bool operator==(Return const&, Return const&) = default; };   // to the caller; the policy in a base chain
struct Continue { friend bool operator==(Continue const&, Continue const&) = default; }; // only counts, logs or sets
// To another chain. `chain` is no_chain where the named one does not exist (a PC401 finding of its own); such a rule
// decides nothing. A goto does not come back: where its chain ends, the caller of the chain with the goto goes on.
struct Jump {
    ChainId chain = no_chain;
    bool is_goto = false;
    friend bool operator==(Jump const&, Jump const&) = default;
};
// Address translation; it accepts within its base chain.
struct Rewrite {
    enum class Kind : std::uint8_t { dnat, snat, masquerade, redirect } kind = Kind::dnat;
    std::optional<Interval> address; // of the packet's family
    std::optional<Interval> port;
    // "random,persistent": how ports and addresses are chosen; "netmap": each address becomes the one at its place in
    // the prefix; "base=7000": ports keep their distance from that one (iptables alone, dialect/nat_flags.hpp).
    std::string flags{};
    friend bool operator==(Rewrite const&, Rewrite const&) = default;
};
using Verdict = std::variant<Accept, Drop, Reject, Return, Continue, Jump, Rewrite>;

// A mark that a rule changes: bit by bit, field = (mark & mark_keep) ^ (ct_mark & ct_mark_keep) ^ value, of the marks as
// they were before; or a value that nobody knows here.
struct Assignment {
    Field field = Field::mark; // mark or ct_mark
    U128 mark_keep = 0;
    U128 ct_mark_keep = 0;
    U128 value = 0;
    bool known = true;
    friend bool operator==(Assignment const&, Assignment const&) = default;
};

// What a rule does besides its verdict.
struct Effects {
    bool log = false;
    bool counter = false;
    bool notrack = false;
    std::string log_options;             // in the dialect's words: "prefix \"in: \" level info"
    std::string answer;                  // of a reject, in the dialect's words: "tcp reset"; empty: as the dialect does
    std::vector<std::string> sets;       // what it changes, in the dialect's words: "meta mark set 0x1"
    std::vector<Assignment> assignments; // … and those of it that later rules can see
    std::string helper; // the kind of connection tracking helper that it attaches: "ftp"
};

struct Rule {
    Match match;
    Verdict verdict = Continue{};
    Effects effects;
    Span span;               // of the rule's text, without indentation and end of line
    std::string comment;     // of the rule itself, or the remark before it
    std::uint32_t origin = 0; // rules made of one rule of the text (a verdict map) share it; unique within a chain
    bool implicit = false;    // the device's own, which no line says: neighbour discovery before the implicit deny
    std::uint32_t sequence = 0; // its number in a Cisco access list, where the text says it; else 0
};

enum class HookPoint : std::uint8_t { ingress, prerouting, input, forward, output, postrouting, egress, list };
std::string_view to_string(HookPoint point); // "input"
enum class ChainType : std::uint8_t { filter, nat, route };

// Where a base chain stands on a packet's way. `list` is an access list, which is bound to interfaces instead.
struct Hook {
    HookPoint point = HookPoint::input;
    ChainType type = ChainType::filter;
    int priority = 0; // ascending order of evaluation at one point
    bool v4 = true;   // the families that it sees
    bool v6 = true;
    std::string device; // of ingress and egress chains
    bool sees(Family family) const { return family == Family::v4 ? v4 : v6; }
};

// An interface that an access list is applied to.
struct Binding {
    std::string interface;
    bool inbound = true;
    Span span;
    bool by_global = false; // by the one line for all interfaces that have no list of their own (ASA); "global" where no such interface is known
};

// Something else that asks an access list: a service by which the box is managed, where permitted sources may talk to
// it, or whatever selects packets, routes or translations by it.
struct Use {
    enum class Kind : std::uint8_t { management, selection } kind = Kind::selection;
    std::string what; // "line vty 0 4", "snmp-server community", "route-map"
    Span span;
};

struct Chain {
    std::string table;          // "filter", "inet filter"; empty for access lists
    std::string name;
    std::optional<Hook> hook;   // none: reached by jumps only
    Verdict policy = Accept{};  // Accept or Drop; what a packet gets that no rule decides
    bool explicit_policy = false; // the text names the policy
    std::vector<Rule> rules;
    Span span;                  // where it is declared
    Span policy_span;           // where its policy is; the declaration where the text leaves it out
    std::vector<Binding> bindings;
    bool filters = true;        // false: an access list that only has other uses than filtering what interfaces pass
    std::vector<Use> uses{};
    bool implicit = false;      // no line declares it: what an ASA's security levels let pass; a list that is applied and missing
    std::vector<Rule> inactive{}; // written but switched off; its origin is its place among the rules
    bool standard = false;        // a Cisco list that has words for the source alone
    std::vector<std::uint32_t> remark_sequences{}; // the numbers that remarks of a Cisco list take up
    // "filter/INPUT", "inet filter/input", "EDGE"
    std::string title() const { return table.empty() ? name : table + '/' + name; }
};

enum class Dialect : std::uint8_t {
    iptables, ip6tables, iptables_script, nftables, nft_json, cisco_ios, cisco_asa, cisco_nxos, cisco_xr
};
std::string_view to_string(Dialect dialect); // as --dialect spells it: "cisco-ios"
std::optional<Dialect> dialect_by_name(std::string_view name);
bool is_cisco(Dialect dialect);

// A piece of text that the form cannot express; nothing is skipped in silence.
struct Unmodelled {
    std::string text;
    Span span;
    std::uint32_t count = 1;
    std::string table{}; // of a declaration within one, "inet filter": its text is the whole declaration
};

// An interface of a whole device configuration.
struct Interface {
    std::string name;
    std::string zone; // the name that an ASA's lists know it by (nameif), or the zone of a zone-based firewall
    std::string description;
    std::optional<unsigned> security_level; // ASA
    std::vector<Prefix> addresses;          // of its own, with the lengths of their networks
    bool has_dynamic_address = false;       // from DHCP or PPP; of an ASA also from a delegated prefix, or from the link alone
    bool shutdown = false;
    bool inspects = false; // stateful inspection stands beside its lists
    Span span;
};

// A service by which the box itself is managed, and who may talk to it.
struct Management {
    enum class Kind : std::uint8_t { terminal, snmp, web, time } kind = Kind::terminal;
    std::string what;                    // "line vty 0 4", "ip http server", "snmp-server community"; a name that all know: "… public"
    std::vector<std::string> transports; // "telnet", "ssh", "all", "http", "https"; none: whatever the release has by default
    std::string interface;               // where it is offered, if not everywhere: an interface (ASA), a VRF (IOS-XR)
    std::vector<std::string> lists;      // access lists that sources have to pass, whether they exist or not
    ValueSet sources4 = IntervalSet::all(32); // sources that the line itself names (ASA)
    ValueSet sources6 = IntervalSet::all(128);
    bool writes = false; // an SNMP community that may change the configuration
    Span span;
};

// A named group of addresses.
struct AddressGroup {
    std::string name;
    ValueSet v4;
    ValueSet v6;
    bool used = false; // by a list, a translation or another group
    Span span;
};

struct Ruleset {
    Dialect dialect = Dialect::iptables;
    std::vector<Chain> chains; // in the order of the text; ids are indices
    std::vector<Unmodelled> unmodelled; // statements without effect on matching that are kept by name only
    bool governs_v4 = true;  // packets of a family that it does not govern belong to another ruleset
    bool governs_v6 = true;
    bool governs(Family family) const { return family == Family::v4 ? governs_v4 : governs_v6; }
    bool has_interfaces = false; // a whole device configuration, so that an access list without a binding has no effect
    std::vector<Interface> interfaces{};
    std::vector<Management> management{};
    std::vector<AddressGroup> groups{};
};

// The rulesets of one host as one, which packets pass together: the chains of `b` behind those of `a`. Both keep the names
// of their tables, so whoever joins rulesets of two families names the tables apart.
Ruleset join(Ruleset a, Ruleset b);

// The share of rules whose match is wholly modelled, 0 to 1; 1 for no rules.
double modelled_share(Ruleset const& ruleset);
std::size_t rule_count(Ruleset const& ruleset);
// The ruleset in one plain notation of our own, the same for all dialects; for tests and for reading.
std::string to_text(Ruleset const& ruleset);
// The same tables, chains and rules in the same order, whatever dialect they were written in and however many of the
// rules stood in one rule of the text. Tables are compared each by itself: their order says nothing.
bool same_meaning(Ruleset const& a, Ruleset const& b);
std::string to_text(Match const& match);
std::string to_text(Verdict const& verdict, Ruleset const& ruleset);

} // namespace portcullis
