#include "dialect/nftables_meaning.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "grammars/nftables/selectors.hpp"
#include "portcullis/catalogue/names.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::nft {

using nftables::Selector;
using nftables::selector_index;
using nftables::selector_table;

namespace {

struct FieldRow {
    std::string_view header;
    std::string_view key;
    Field field;
    U128 protocol = 0; // whose port names are meant
    unsigned bits = 0; // where the model's field is narrower or wider than nft's number
};

constexpr U128 tcp = number(Protocol::tcp), udp = number(Protocol::udp), udplite = number(Protocol::udplite),
               sctp = number(Protocol::sctp), dccp = number(Protocol::dccp);

// "ip6 nexthdr" is only the first of the headers: see first_header().
constexpr FieldRow field_rows[] = {
    {"ip", "saddr", Field::src4},
    {"ip", "daddr", Field::dst4},
    {"ip6", "saddr", Field::src6},
    {"ip6", "daddr", Field::dst6},
    {"ip", "protocol", Field::protocol},
    {"ip6", "nexthdr", Field::protocol},
    {"meta", "l4proto", Field::protocol},
    {"tcp", "sport", Field::sport, tcp},
    {"tcp", "dport", Field::dport, tcp},
    {"udp", "sport", Field::sport, udp},
    {"udp", "dport", Field::dport, udp},
    {"udplite", "sport", Field::sport, udplite},
    {"udplite", "dport", Field::dport, udplite},
    {"sctp", "sport", Field::sport, sctp},
    {"sctp", "dport", Field::dport, sctp},
    {"dccp", "sport", Field::sport, dccp},
    {"dccp", "dport", Field::dport, dccp},
    {"th", "sport", Field::sport},
    {"th", "dport", Field::dport},
    {"icmp", "type", Field::icmp_type},
    {"icmp", "code", Field::icmp_code},
    {"icmpv6", "type", Field::icmp_type},
    {"icmpv6", "code", Field::icmp_code},
    {"tcp", "flags", Field::tcp_flags},
    {"ct", "state", Field::ct_state},
    {"ct", "status", Field::ct_status},
    {"ct", "direction", Field::ct_direction, 0, 1},
    {"ct", "l3proto", Field::family},
    {"ct", "mark", Field::ct_mark},
    {"meta", "mark", Field::mark},
    {"meta", "nfproto", Field::family},
    {"meta", "protocol", Field::family},
    {"ether", "type", Field::family},
    {"meta", "iif", Field::iif, 0, 128},
    {"meta", "iifname", Field::iif},
    {"meta", "oif", Field::oif, 0, 128},
    {"meta", "oifname", Field::oif},
    {"meta", "iifgroup", Field::iif_group},
    {"meta", "oifgroup", Field::oif_group},
    {"meta", "pkttype", Field::packet_type, 0, 2},
    {"meta", "length", Field::length, 0, 16},
    {"ip", "length", Field::length},
    {"ip", "ttl", Field::ttl},
    {"ip6", "hoplimit", Field::ttl},
    {"ip", "dscp", Field::dscp},
    {"ip6", "dscp", Field::dscp},
    {"ether", "saddr", Field::src_mac},
    {"meta", "skuid", Field::skuid},
    {"meta", "skgid", Field::skgid},
    {"ip", "ecn", Field::ecn},
    {"ip6", "ecn", Field::ecn},
    {"ah", "spi", Field::ah_spi},
    {"esp", "spi", Field::esp_spi},
};
// Opaque ones that may differ between two looks at the same packet.
constexpr Selector stateful_selectors[] = {
    {"meta", "random"}, {"meta", "time"},     {"meta", "day"}, {"meta", "hour"},  {"meta", "cpu"}, {"ct", "helper"},
    {"ct", "label"},    {"ct", "expiration"}, {"ct", "bytes"}, {"ct", "packets"}, {"ct", "avgpkt"}};

struct RequirementRow {
    std::string_view header;
    std::optional<Family> family;
    unsigned protocol = 0; // 0: any
};
constexpr unsigned any_with_ports = 256;
constexpr RequirementRow requirement_rows[] = {
    {"ip", Family::v4},
    {"ip6", Family::v6},
    {"icmp", Family::v4, 1},
    {"icmpv6", Family::v6, 58},
    {"igmp", Family::v4, 2},
    {"tcp", {}, 6},
    {"udp", {}, 17},
    {"dccp", {}, 33},
    {"gre", {}, 47},
    {"gretap", {}, 47},
    {"vxlan", {}, 17},
    {"geneve", {}, 17},
    {"esp", {}, 50},
    {"ah", {}, 51},
    {"comp", {}, 108},
    {"sctp", {}, 132},
    {"udplite", {}, 136},
    {"th", {}, any_with_ports},
    // The extension headers of IPv6.
    {"frag", Family::v6},
    {"hbh", Family::v6},
    {"dst", Family::v6},
    {"mh", Family::v6},
    {"srh", Family::v6},
    {"exthdr", Family::v6},
    {"rt0", Family::v6},
    {"rt2", Family::v6},
};

Requirement make_requirement(std::string_view header) {
    Requirement requirement;
    requirement.no_packet = header == "arp";
    for (RequirementRow const& row : requirement_rows) {
        if (row.header != header) continue;
        requirement.family = row.family;
        if (row.protocol == any_with_ports)
            requirement.protocols = port_protocols();
        else if (row.protocol != 0)
            requirement.protocols = IntervalSet::single(row.protocol);
    }
    return requirement;
}

// Values of the field, and the number that nft has for each.
struct Code {
    U128 field;
    U128 raw;
};
constexpr Code ct_state_codes[] = {{ct_state::new_, 8},
                                   {ct_state::established, 2},
                                   {ct_state::related, 4},
                                   {ct_state::invalid, 1},
                                   {ct_state::untracked, 64}};
constexpr Code nfproto_codes[] = {{family_v4, 2}, {family_v6, 10}};
constexpr Code ether_type_codes[] = {{family_v4, 0x0800}, {family_v6, 0x86dd}};
std::span<Code const> codes_of(Type type) {
    switch (type) {
    case Type::ct_state: return ct_state_codes;
    case Type::nfproto: return nfproto_codes;
    case Type::ether_type: return ether_type_codes;
    default: return {};
    }
}

} // namespace

Meaning const& meaning_of(std::uint16_t selector) {
    static auto const table = [] {
        std::array<Meaning, selector_table.size()> meanings{};
        for (FieldRow const& row : field_rows) {
            std::uint16_t const at = selector_index(row.header, row.key);
            Typed const typed = selector_type(at);
            meanings[at] = {typed.type, row.field, row.bits == 0 ? typed.bits : row.bits, false, row.protocol};
        }
        for (Selector const& row : stateful_selectors)
            meanings[selector_index(row.header, row.key)].stateful = true;
        return meanings;
    }();
    return table[selector];
}

bool is_stateful_computed(std::string_view text) { return text.starts_with("numgen"); }

Meaning meaning_of_computed(std::string_view text, ast::TableFamily table) {
    struct Row {
        std::string_view text;
        Field field;
        Type type;
        unsigned bits;
        std::optional<ast::TableFamily> only{}; // the tables whose family it leaves unsaid
    };
    using enum ast::TableFamily;
    constexpr Row rows[] = {
        {"fib daddr type", Field::dst_type, Type::route_type, 4},
        {"fib saddr type", Field::src_type, Type::route_type, 4},
        {"ct original ip saddr", Field::orig_src4, Type::ipv4, 32},
        {"ct original ip daddr", Field::orig_dst4, Type::ipv4, 32},
        {"ct original ip6 saddr", Field::orig_src6, Type::ipv6, 128},
        {"ct original ip6 daddr", Field::orig_dst6, Type::ipv6, 128},
        {"ct original saddr", Field::orig_src4, Type::ipv4, 32, ip},
        {"ct original daddr", Field::orig_dst4, Type::ipv4, 32, ip},
        {"ct original saddr", Field::orig_src6, Type::ipv6, 128, ip6},
        {"ct original daddr", Field::orig_dst6, Type::ipv6, 128, ip6},
        {"ct original proto-src", Field::orig_sport, Type::port, 16},
        {"ct original proto-dst", Field::orig_dport, Type::port, 16},
        {"ct original protocol", Field::ct_protocol, Type::protocol, 8},
        {"ct reply ip saddr", Field::reply_src4, Type::ipv4, 32},
        {"ct reply ip daddr", Field::reply_dst4, Type::ipv4, 32},
        {"ct reply ip6 saddr", Field::reply_src6, Type::ipv6, 128},
        {"ct reply ip6 daddr", Field::reply_dst6, Type::ipv6, 128},
        {"ct reply saddr", Field::reply_src4, Type::ipv4, 32, ip},
        {"ct reply daddr", Field::reply_dst4, Type::ipv4, 32, ip},
        {"ct reply saddr", Field::reply_src6, Type::ipv6, 128, ip6},
        {"ct reply daddr", Field::reply_dst6, Type::ipv6, 128, ip6},
        {"ct reply proto-src", Field::reply_sport, Type::port, 16},
        {"ct reply proto-dst", Field::reply_dport, Type::port, 16},
        {"ct reply protocol", Field::ct_protocol, Type::protocol, 8},
    };
    for (Row const& row : rows)
        if (row.text == text && row.only.value_or(table) == table) return {row.type, row.field, row.bits};
    return {.stateful = is_stateful_computed(text)};
}

Requirement const& requirement_of(std::string_view header) {
    static Requirement const none;
    static auto const table = [] {
        std::vector<std::pair<std::string_view, Requirement>> rows;
        for (RequirementRow const& row : requirement_rows)
            rows.emplace_back(row.header, make_requirement(row.header));
        rows.emplace_back("arp", make_requirement("arp"));
        return rows;
    }();
    auto const at = std::find_if(table.begin(), table.end(), [&](auto const& row) { return row.first == header; });
    return at == table.end() ? none : at->second;
}

Requirement const& requirement_of(std::string_view header, std::string_view key) {
    static Requirement const connection{{}, {}, false, true};
    static Requirement const connection4{Family::v4, {}, false, true};
    static Requirement const connection6{Family::v6, {}, false, true};
    if (header != "ct" || key == "state") return requirement_of(header);
    if (key.find(" ip ") != key.npos) return connection4; // of one direction
    return key.find(" ip6 ") != key.npos ? connection6 : connection;
}

Requirement const& requirement_of(std::uint16_t selector) {
    static auto const table = [] {
        std::array<Requirement const*, selector_table.size()> requirements{};
        for (std::size_t i = 0; i < requirements.size(); ++i)
            requirements[i] = &requirement_of(selector_table[i].header, selector_table[i].key);
        // "rt" is the routing header of IPv6, and also what the kernel knows about the packet's route.
        static Requirement const routing_header = make_requirement("exthdr");
        for (std::string_view const key : {"nexthdr", "hdrlength", "type", "seg-left"})
            requirements[selector_index("rt", key)] = &routing_header;
        return requirements;
    }();
    return *table[selector];
}

IntervalSet const& tracked_states() {
    static IntervalSet const states(ct_state::new_, ct_state::related);
    return states;
}

void add_required(Requirement const& requirement, bool any_family, Span span, std::vector<Term>& terms) {
    auto const implied = [&](Field field, IntervalSet const& values) {
        return std::any_of(terms.begin(), terms.end(), [&](Term const& term) {
            return term.field == field && !term.values.negated && term.values.masks.empty() &&
                   values.contains(term.values.intervals);
        });
    };
    // In the tables of one family nft adds no test of it, not even for "icmp" in a table of ip6.
    if (any_family && requirement.no_packet && !implied(Field::family, {}))
        terms.push_back({Field::family, ValueSet{}, span});
    if (any_family && requirement.family) {
        IntervalSet const family = IntervalSet::single(family_value(*requirement.family));
        if (!implied(Field::family, family)) terms.push_back({Field::family, family, span});
    }
    if (!requirement.protocols.empty() && !implied(Field::protocol, requirement.protocols))
        terms.push_back({Field::protocol, requirement.protocols, span});
    if (requirement.tracked && !implied(Field::ct_state, tracked_states()))
        terms.push_back({Field::ct_state, tracked_states(), span});
}

std::optional<ValueSet> to_field(Meaning const& meaning, IntervalSet const& raw, U128 mask, U128 flip,
                                 bool negated) {
    U128 const all = max_value(meaning.bits);
    auto const holds = [&](U128 value) { return raw.contains((value & mask) ^ flip) != negated; };
    if (std::span<Code const> const codes = codes_of(meaning.type); !codes.empty()) {
        // An IP packet may be in a VLAN frame: those are neither surely the one nor the other.
        if (meaning.type == Type::ether_type && (holds(0x8100) != holds(0xffff) || holds(0x88a8) != holds(0xffff)))
            return std::nullopt;
        std::vector<Interval> members;
        for (Code const& code : codes)
            if (holds(code.raw)) members.push_back({code.field, code.field});
        return ValueSet(IntervalSet::of(std::move(members)));
    }
    ValueSet values;
    if (mask == all && flip == 0) {
        values = ValueSet(raw);
    } else {
        for (Interval const& interval : raw.intervals()) {
            if (interval.first != interval.last) return std::nullopt;
            U128 const value = interval.first ^ flip;
            if ((value & ~mask) == 0) values.masks.push_back({value, mask}); // else no packet has it
        }
    }
    // Nothing is asked of a packet that comes from no socket, and so nothing holds (nft_meta.c).
    bool const of_socket = meaning.field == Field::skuid || meaning.field == Field::skgid;
    IntervalSet const none = IntervalSet::single(no_socket);
    if (of_socket && meaning.type != Type::opaque)
        values.intervals =
            negated ? values.intervals.united(none) : values.intervals.minus(none);
    if (meaning.type == Type::ct_status) { // ten of its bits are modelled
        U128 const modelled = max_value(info(Field::ct_status).bits);
        for (Masked& m : values.masks) {
            if ((m.value & ~modelled) != 0) return std::nullopt;
            m.mask &= modelled;
        }
    }
    return negated ? values.complement() : values;
}

namespace {

// Numbers of the extension headers that the model knows, and their bits in Field::exthdr.
constexpr std::pair<U128, U128> extension_numbers[] = {{0, extension_header::hbh}, {60, extension_header::dst}, {43, extension_header::rt},
                                                       {44, extension_header::frag}, {51, extension_header::ah}};

} // namespace

std::optional<Alternatives> first_header(ValueSet const& numbers, Span span) {
    U128 asked = 0; // the extension headers that may be the first
    for (auto const& [number, bit] : extension_numbers)
        if (numbers.contains(number)) asked |= bit;
    std::vector<Interval> first;
    for (U128 there = 1; there <= max_value(info(Field::exthdr).bits); ++there) {
        // RFC 8200, 4.1: hop-by-hop options come first; the order of the others is the sender's.
        U128 const candidates = (there & extension_header::hbh) != 0 ? extension_header::hbh : there;
        if ((candidates & asked) == candidates) first.push_back({there, there});
        else if ((candidates & asked) != 0) return std::nullopt;
    }
    Alternatives relation{{Field::exthdr, Field::protocol}, {{ValueSet::single(0), numbers}}, false, span};
    if (!first.empty()) relation.rows.push_back({ValueSet(IntervalSet::of(std::move(first))), ValueSet{}.complement()});
    return relation;
}

std::optional<ValueSet> numbers_of_first_header(Alternatives const& relation) {
    if (relation.negated || relation.fields != std::vector{Field::exthdr, Field::protocol} || relation.rows.empty()) return std::nullopt;
    ValueSet const& protocols = relation.rows[0][1];
    if (!protocols.masks.empty()) return std::nullopt;
    unsigned const bits = info(Field::protocol).bits;
    IntervalSet numbers = protocols.negated ? protocols.intervals.complement(bits) : protocols.intervals;
    for (auto const& [number, bit] : extension_numbers) {
        bool const asked = relation.rows.size() > 1 && relation.rows[1][0].contains(bit);
        numbers = asked ? numbers.united(IntervalSet::single(number)) : numbers.minus(IntervalSet::single(number));
    }
    ValueSet const asked = protocols.negated ? ValueSet(numbers.complement(bits)).complement() : ValueSet(numbers);
    auto const again = first_header(asked, relation.span);
    bool const same = again && to_text(Match{{}, {*again}, {}}) == to_text(Match{{}, {relation}, {}});
    return same ? std::optional(asked) : std::nullopt;
}

namespace {

struct PriorityName {
    std::string_view name;
    int value;
    std::optional<HookPoint> only{}; // the one hook where nft takes the name
};
constexpr PriorityName ip_priorities[] = {{"raw", -300}, {"mangle", -150}, {"dstnat", -100, HookPoint::prerouting},
                                          {"filter", 0}, {"security", 50}, {"srcnat", 100, HookPoint::postrouting}};
constexpr PriorityName bridge_priorities[] = {{"dstnat", -300, HookPoint::prerouting},
                                              {"filter", -200},
                                              {"out", 100, HookPoint::output},
                                              {"srcnat", 300, HookPoint::postrouting}};

std::span<PriorityName const> priorities_of(ast::TableFamily family) {
    if (family == ast::TableFamily::bridge) return bridge_priorities;
    return ip_priorities;
}

} // namespace

std::optional<int> priority_by_name(std::string_view name, ast::TableFamily family) {
    for (PriorityName const& row : priorities_of(family))
        if (row.name == name) return row.value;
    return std::nullopt;
}

std::string priority_text(int priority, ast::TableFamily family, HookPoint point) {
    bool const only_filter = family == ast::TableFamily::arp || family == ast::TableFamily::netdev;
    for (PriorityName const& row : priorities_of(family)) {
        if ((row.only && *row.only != point) || (only_filter && row.name != "filter")) continue;
        std::int64_t const offset = std::int64_t{priority} - row.value;
        if (offset == 0) return std::string(row.name);
        if (offset >= -10 && offset <= 10)
            return std::string(row.name) + (offset > 0 ? " + " : " - ") +
                   std::to_string(offset > 0 ? offset : -offset);
    }
    return std::to_string(priority);
}

std::string_view name_of(ast::TableFamily family) {
    constexpr std::array<std::string_view, 6> names{"ip", "ip6", "inet", "arp", "bridge", "netdev"};
    return names[static_cast<std::size_t>(family)];
}

} // namespace portcullis::nft
