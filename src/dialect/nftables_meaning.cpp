#include "dialect/nftables_meaning.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <span>

#include "grammars/nftables/selectors.hpp"
#include "portcullis/catalogue/names.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::nft {

using nftables::selector_index;
using nftables::selector_table;

namespace {

struct MeaningRow {
    std::string_view header;
    std::string_view key;
    Meaning meaning;
};

constexpr U128 tcp = number(Protocol::tcp), udp = number(Protocol::udp), udplite = number(Protocol::udplite),
               sctp = number(Protocol::sctp), dccp = number(Protocol::dccp);
constexpr Meaning port(Field field, U128 protocol) { return {Type::port, field, 16, false, false, protocol}; }
constexpr Meaning stateful{Type::opaque, {}, 0, false, true, 0};

// "ip6 nexthdr" looks at the first header only: a packet with extension headers has another value there than its
// transport protocol. The model has one protocol per packet; nft(8) advises "meta l4proto" for the same reason.
constexpr MeaningRow meaning_rows[] = {
    {"ip", "saddr", {Type::ipv4, Field::src4, 32}},
    {"ip", "daddr", {Type::ipv4, Field::dst4, 32}},
    {"ip6", "saddr", {Type::ipv6, Field::src6, 128}},
    {"ip6", "daddr", {Type::ipv6, Field::dst6, 128}},
    {"ip", "protocol", {Type::protocol, Field::protocol, 8}},
    {"ip6", "nexthdr", {Type::protocol, Field::protocol, 8}},
    {"meta", "l4proto", {Type::protocol, Field::protocol, 8}},
    {"tcp", "sport", port(Field::sport, tcp)},
    {"tcp", "dport", port(Field::dport, tcp)},
    {"udp", "sport", port(Field::sport, udp)},
    {"udp", "dport", port(Field::dport, udp)},
    {"udplite", "sport", port(Field::sport, udplite)},
    {"udplite", "dport", port(Field::dport, udplite)},
    {"sctp", "sport", port(Field::sport, sctp)},
    {"sctp", "dport", port(Field::dport, sctp)},
    {"dccp", "sport", port(Field::sport, dccp)},
    {"dccp", "dport", port(Field::dport, dccp)},
    {"th", "sport", port(Field::sport, 0)},
    {"th", "dport", port(Field::dport, 0)},
    {"icmp", "type", {Type::icmp_type, Field::icmp_type, 8}},
    {"icmp", "code", {Type::icmp_code, Field::icmp_code, 8}},
    {"icmpv6", "type", {Type::icmpv6_type, Field::icmp_type, 8}},
    {"icmpv6", "code", {Type::icmpv6_code, Field::icmp_code, 8}},
    {"tcp", "flags", {Type::tcp_flags, Field::tcp_flags, 8, true}},
    {"ct", "state", {Type::ct_state, Field::ct_state, 32, true}},
    {"ct", "status", {Type::ct_status, Field::ct_status, 32, true}},
    {"ct", "direction", {Type::ct_direction, Field::ct_direction, 1}},
    {"ct", "mark", {Type::number, Field::ct_mark, 32}},
    {"meta", "mark", {Type::number, Field::mark, 32}},
    {"meta", "nfproto", {Type::nfproto, Field::family, 8}},
    {"meta", "protocol", {Type::ether_type, Field::family, 16}},
    {"ether", "type", {Type::ether_type, Field::family, 16}},
    {"meta", "iif", {Type::interface, Field::iif, 128}},
    {"meta", "iifname", {Type::interface, Field::iif, 128}},
    {"meta", "oif", {Type::interface, Field::oif, 128}},
    {"meta", "oifname", {Type::interface, Field::oif, 128}},
    {"meta", "iifgroup", {Type::group, Field::iif_group, 32}},
    {"meta", "oifgroup", {Type::group, Field::oif_group, 32}},
    {"meta", "pkttype", {Type::packet_type, Field::packet_type, 2}},
    {"meta", "length", {Type::number, Field::length, 16}},
    {"ip", "length", {Type::number, Field::length, 16}},
    {"ip", "ttl", {Type::number, Field::ttl, 8}},
    {"ip6", "hoplimit", {Type::number, Field::ttl, 8}},
    {"ip", "dscp", {Type::dscp, Field::dscp, 6}},
    {"ip6", "dscp", {Type::dscp, Field::dscp, 6}},
    {"ether", "saddr", {Type::mac, Field::src_mac, 48}},
    {"meta", "random", stateful},
    {"meta", "time", stateful},
    {"meta", "day", stateful},
    {"meta", "hour", stateful},
    {"meta", "cpu", stateful},
    {"ct", "helper", stateful},
    {"ct", "label", stateful},
    {"ct", "expiration", stateful},
    {"ct", "bytes", stateful},
    {"ct", "packets", stateful},
    {"ct", "avgpkt", stateful},
};

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

struct Word {
    std::string_view text;
    U128 value;
};
using Words = std::span<Word const>;

// The kernel's numbers: nf_conntrack_common.h, nfnetlink.h, if_ether.h, if_packet.h, rtnetlink.h; RFC 9293, RFC
// 2474 …
constexpr Word tcp_flag_words[] = {{"fin", 1},  {"syn", 2},  {"rst", 4},  {"psh", 8},
                                   {"ack", 16}, {"urg", 32}, {"ecn", 64}, {"cwr", 128}};
constexpr Word ct_state_words[] = {
    {"invalid", 1}, {"established", 2}, {"related", 4}, {"new", 8}, {"untracked", 64}};
constexpr Word ct_status_words[] = {{"expected", 1}, {"seen-reply", 2}, {"assured", 4}, {"confirmed", 8},
                                    {"snat", 16},    {"dnat", 32},      {"dying", 512}};
constexpr Word direction_words[] = {{"original", 0}, {"reply", 1}};
constexpr Word nfproto_words[] = {{"ipv4", 2}, {"ipv6", 10}};
constexpr Word ether_type_words[] = {{"ip", 0x0800},   {"arp", 0x0806},   {"ip6", 0x86dd},
                                     {"vlan", 0x8100}, {"8021q", 0x8100}, {"8021ad", 0x88a8}};
constexpr Word group_words[] = {{"default", 0}}; // others are in the machine's own /etc/iproute2/group
constexpr Word packet_type_words[] = {
    {"host", 0}, {"unicast", 0}, {"broadcast", 1}, {"multicast", 2}, {"other", 3}};
constexpr Word route_type_words[] = {{"unspec", 0},    {"unicast", 1},     {"local", 2},
                                     {"broadcast", 3}, {"anycast", 4},     {"multicast", 5},
                                     {"blackhole", 6}, {"unreachable", 7}, {"prohibit", 8}};
constexpr Word dscp_words[] = {{"cs0", 0},   {"cs1", 8},   {"cs2", 16},  {"cs3", 24},  {"cs4", 32},
                               {"cs5", 40},  {"cs6", 48},  {"cs7", 56},  {"df", 0},    {"be", 0},
                               {"lephb", 1}, {"af11", 10}, {"af12", 12}, {"af13", 14}, {"af21", 18},
                               {"af22", 20}, {"af23", 22}, {"af31", 26}, {"af32", 28}, {"af33", 30},
                               {"af41", 34}, {"af42", 36}, {"af43", 38}, {"va", 44},   {"ef", 46}};
constexpr Word icmp_code_words[] = {{"net-unreachable", 0},  {"host-unreachable", 1}, {"prot-unreachable", 2},
                                    {"port-unreachable", 3}, {"frag-needed", 4},      {"net-prohibited", 9},
                                    {"host-prohibited", 10}, {"admin-prohibited", 13}};
constexpr Word icmpv6_code_words[] = {{"no-route", 0},         {"admin-prohibited", 1}, {"addr-unreachable", 3},
                                      {"port-unreachable", 4}, {"policy-fail", 5},      {"reject-route", 6}};

Words words_of(Type type) {
    switch (type) {
    case Type::tcp_flags: return tcp_flag_words;
    case Type::ct_state: return ct_state_words;
    case Type::ct_status: return ct_status_words;
    case Type::ct_direction: return direction_words;
    case Type::nfproto: return nfproto_words;
    case Type::ether_type: return ether_type_words;
    case Type::group: return group_words;
    case Type::packet_type: return packet_type_words;
    case Type::route_type: return route_type_words;
    case Type::dscp: return dscp_words;
    case Type::icmp_code: return icmp_code_words;
    case Type::icmpv6_code: return icmpv6_code_words;
    default: return {};
    }
}

std::optional<U128> parse_mac(std::string_view text) {
    U128 value = 0;
    int groups = 0;
    for (std::size_t begin = 0; begin <= text.size(); ++groups) {
        std::size_t const end = std::min(text.find(':', begin), text.size());
        if (end == begin || end - begin > 2) return std::nullopt;
        std::optional<U128> const group = parse_number("0x" + std::string(text.substr(begin, end - begin)));
        if (!group) return std::nullopt;
        value = value << 8 | *group;
        begin = end + 1;
    }
    return groups == 6 ? std::optional(value) : std::nullopt;
}

std::optional<Interval> parse_interface(std::string_view text) {
    if (text.empty()) return std::nullopt;
    if (text.ends_with("\\*")) {
        std::string const plain = std::string(text.substr(0, text.size() - 2)) + '*';
        return Interval{interface_value(plain), interface_value(plain)};
    }
    if (text.ends_with('*')) return interface_prefix(text.substr(0, text.size() - 1));
    return Interval{interface_value(text), interface_value(text)};
}

std::optional<U128> parse_port(std::string_view text, U128 protocol) {
    // nft takes a name of any protocol (getaddrinfo(3) without one): "udp dport rsync" is 873.
    for (U128 const choice : {protocol, tcp, udp}) {
        if (choice == 0) continue;
        if (std::optional<std::uint16_t> const found = port_number(text, choice, Vocabulary::linux_names))
            return found;
    }
    return std::nullopt;
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
        for (MeaningRow const& row : meaning_rows) meanings[selector_index(row.header, row.key)] = row.meaning;
        return meanings;
    }();
    return table[selector];
}

Meaning meaning_of_computed(std::string_view text) {
    if (text == "fib daddr type") return {Type::route_type, Field::dst_type, 4};
    if (text == "fib saddr type") return {Type::route_type, Field::src_type, 4};
    Meaning meaning;
    meaning.stateful = text.starts_with("numgen");
    return meaning;
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

Requirement const& requirement_of(std::uint16_t selector) {
    static auto const table = [] {
        std::array<Requirement const*, selector_table.size()> requirements{};
        for (std::size_t i = 0; i < requirements.size(); ++i)
            requirements[i] = &requirement_of(selector_table[i].header);
        // "rt" is the routing header of IPv6, and also what the kernel knows about the packet's route.
        static Requirement const routing_header = make_requirement("exthdr");
        for (std::string_view const key : {"nexthdr", "hdrlength", "type", "seg-left"})
            requirements[selector_index("rt", key)] = &routing_header;
        return requirements;
    }();
    return *table[selector];
}

std::optional<U128> parse_number(std::string_view text) {
    bool const hex = text.size() > 2 && text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    if (hex) text.remove_prefix(2);
    if (text.empty()) return std::nullopt;
    unsigned const base = hex ? 16 : 10;
    U128 value = 0;
    for (char const c : text) {
        unsigned digit = 99;
        if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0');
        else if (c >= 'a' && c <= 'f')
            digit = static_cast<unsigned>(c - 'a') + 10;
        else if (c >= 'A' && c <= 'F')
            digit = static_cast<unsigned>(c - 'A') + 10;
        if (digit >= base || value > (~U128{0} - digit) / base) return std::nullopt;
        value = value * base + digit;
    }
    return value;
}

std::optional<Interval> parse_value(std::string_view text, bool quoted, Meaning const& meaning) {
    auto const single = [](std::optional<U128> value) {
        return value ? std::optional(Interval{*value, *value}) : std::nullopt;
    };
    auto const ip = [](std::optional<Ip> const& address) {
        return address ? std::optional(address->value) : std::nullopt;
    };
    auto const icmp = [&](Family family) -> std::optional<U128> {
        std::optional<IcmpName> const found = icmp_by_name(text, family);
        if (!found || found->code) return std::nullopt;
        return found->type;
    };
    switch (meaning.type) {
    case Type::interface: return parse_interface(text);
    case Type::ipv4:
        if (std::optional<Ip> const address = parse_ipv4(text)) return single(address->value);
        break;
    case Type::ipv6: return single(ip(parse_ipv6(text)));
    case Type::mac: return single(parse_mac(text));
    default: break;
    }
    if (!quoted || meaning.type == Type::number) {
        if (std::optional<U128> const value = parse_number(text))
            return *value <= max_value(meaning.bits) ? single(value) : std::nullopt;
    }
    switch (meaning.type) {
    case Type::protocol: return single(protocol_number(text, Vocabulary::linux_names));
    case Type::port: return single(parse_port(text, meaning.protocol));
    case Type::icmp_type: return single(icmp(Family::v4));
    case Type::icmpv6_type: return single(icmp(Family::v6));
    default: break;
    }
    for (Word const& word : words_of(meaning.type))
        if (word.text == text) return single(word.value);
    return std::nullopt;
}

std::string_view describe(Type type) {
    switch (type) {
    case Type::opaque: return "a value";
    case Type::number: return "a number in range";
    case Type::ipv4: return "an IPv4 address";
    case Type::ipv6: return "an IPv6 address";
    case Type::protocol: return "a protocol";
    case Type::port: return "a port";
    case Type::icmp_type: return "an icmp type";
    case Type::icmp_code: return "an icmp code";
    case Type::icmpv6_type: return "an icmpv6 type";
    case Type::icmpv6_code: return "an icmpv6 code";
    case Type::tcp_flags: return "a tcp flag";
    case Type::ct_state: return "a conntrack state";
    case Type::ct_status: return "a conntrack status";
    case Type::ct_direction: return "original or reply";
    case Type::nfproto: return "ipv4 or ipv6";
    case Type::ether_type: return "an ether type";
    case Type::interface: return "an interface";
    case Type::group: return "a group of interfaces";
    case Type::packet_type: return "a packet type";
    case Type::route_type: return "an address type";
    case Type::mac: return "a link-layer address";
    case Type::dscp: return "a dscp class";
    }
    return "";
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
    if (meaning.type == Type::ct_status) { // ten of its bits are modelled
        U128 const modelled = max_value(info(Field::ct_status).bits);
        for (Masked& m : values.masks) {
            if ((m.value & ~modelled) != 0) return std::nullopt;
            m.mask &= modelled;
        }
    }
    return negated ? values.complement() : values;
}

} // namespace portcullis::nft
