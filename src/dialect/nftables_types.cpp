#include "dialect/nftables_types.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "grammars/nftables/selectors.hpp"
#include "portcullis/base/ip.hpp"
#include "portcullis/catalogue/names.hpp"
#include "portcullis/model/field.hpp"

namespace portcullis::nft {
namespace {

using nftables::selector_index;
using nftables::selector_table;

constexpr Datatype datatypes[] = {
    {Type::opaque, "", "a value", 0},
    {Type::number, "integer", "a number", 0},
    {Type::bitmask, "bitmask", "a number", 0, true},
    {Type::string, "string", "a string", 0},
    {Type::boolean, "boolean", "exists or missing", 1},
    {Type::ipv4, "ipv4_addr", "an IPv4 address", 32},
    {Type::ipv6, "ipv6_addr", "an IPv6 address", 128},
    {Type::mac, "ether_addr", "a link-layer address", 48},
    {Type::mac, "ll_addr", "a link-layer address", 48},
    {Type::protocol, "inet_proto", "a protocol", 8},
    {Type::port, "inet_service", "a port", 16},
    {Type::icmp_type, "icmp_type", "an icmp type", 8},
    {Type::icmp_code, "icmp_code", "an icmp code", 8},
    {Type::icmpv6_type, "icmpv6_type", "an icmpv6 type", 8},
    {Type::icmpv6_code, "icmpv6_code", "an icmpv6 code", 8},
    {Type::icmpx_code, "icmpx_code", "an icmpx code", 8},
    {Type::igmp_type, "igmp_type", "an igmp type", 8},
    {Type::mh_type, "mh_type", "a type of mobility header", 8},
    {Type::dccp_type, "dccp_pkttype", "a type of dccp packet", 4},
    {Type::tcp_flags, "tcp_flag", "a tcp flag", 8, true},
    {Type::ct_state, "ct_state", "a conntrack state", 32, true},
    {Type::ct_status, "ct_status", "a conntrack status", 32, true},
    {Type::ct_direction, "ct_dir", "original or reply", 8},
    {Type::ct_event, "ct_event", "a conntrack event", 32, true},
    {Type::ct_label, "ct_label", "a conntrack label", 128, true},
    {Type::nfproto, "nf_proto", "ipv4 or ipv6", 8},
    {Type::ether_type, "ether_type", "an ether type", 16},
    {Type::arp_operation, "arp_op", "an arp operation", 16},
    {Type::interface, "ifname", "an interface", 128},
    {Type::interface_index, "iface_index", "an interface", 32},
    {Type::interface_type, "iface_type", "a type of interface", 16},
    {Type::interface_group, "devgroup", "a group of interfaces", 32},
    {Type::packet_type, "pkt_type", "a packet type", 8},
    {Type::route_type, "fib_addrtype", "an address type", 32},
    {Type::dscp, "dscp", "a dscp class", 6},
    {Type::ecn, "ecn", "an ecn codepoint", 2},
    {Type::mark, "mark", "a mark", 32},
    {Type::user, "uid", "a user", 32},
    {Type::group, "gid", "a group", 32},
    {Type::realm, "realm", "a routing realm", 32},
    {Type::class_id, "classid", "a traffic class", 32},
    {Type::cgroup, "cgroupsv2", "a cgroup", 64},
    {Type::time, "time", "a time", 64},
    {Type::hour, "hour", "an hour of the day", 32},
    {Type::day, "day", "a day of the week", 8},
    {Type::verdict, "verdict", "a verdict", 0},
};

// ---- the types of selectors

struct SelectorRow {
    std::string_view header;
    std::string_view keys;
    Type type;
    unsigned bits; // 0: as the datatype has it
};
constexpr SelectorRow selector_rows[] = {
    {"meta", "length cpu cgroup random secmark", Type::number, 32},
    {"meta", "mark", Type::mark, 0},
    {"meta", "nfproto", Type::nfproto, 0},
    {"meta", "l4proto", Type::protocol, 0},
    {"meta", "protocol ibrvproto", Type::ether_type, 0},
    {"meta", "priority", Type::class_id, 0},
    {"meta", "iif oif sdif", Type::interface_index, 0},
    {"meta", "iifname oifname iifkind oifkind sdifname ibrname obrname ibriport obriport ibridgename obridgename",
     Type::interface, 0},
    {"meta", "iiftype oiftype", Type::interface_type, 0},
    {"meta", "iifgroup oifgroup", Type::interface_group, 0},
    {"meta", "skuid", Type::user, 0},
    {"meta", "skgid", Type::group, 0},
    {"meta", "nftrace broute", Type::number, 1},
    {"meta", "rtclassid", Type::realm, 0},
    {"meta", "ibrpvid", Type::number, 16},
    {"meta", "ibrhwaddr", Type::mac, 0},
    {"meta", "pkttype", Type::packet_type, 0},
    {"meta", "ipsec secpath", Type::boolean, 0},
    {"meta", "time", Type::time, 0},
    {"meta", "day", Type::day, 0},
    {"meta", "hour", Type::hour, 0},
    {"ct", "state", Type::ct_state, 0},
    {"ct", "direction", Type::ct_direction, 0},
    {"ct", "status", Type::ct_status, 0},
    {"ct", "mark", Type::mark, 0},
    {"ct", "expiration", Type::time, 32},
    {"ct", "helper timeout expectation", Type::string, 128},
    {"ct", "label", Type::ct_label, 0},
    {"ct", "l3proto", Type::nfproto, 0},
    {"ct", "protocol", Type::protocol, 0},
    {"ct", "proto-src proto-dst", Type::port, 0},
    {"ct", "bytes packets avgpkt", Type::number, 64},
    {"ct", "zone", Type::number, 16},
    {"ct", "event", Type::ct_event, 0},
    {"ct", "id secmark", Type::number, 32},
    {"ip", "version hdrlength", Type::number, 4},
    {"ip", "dscp", Type::dscp, 0},
    {"ip", "ecn", Type::ecn, 0},
    {"ip", "length id frag-off checksum", Type::number, 16},
    {"ip", "ttl", Type::number, 8},
    {"ip", "protocol", Type::protocol, 0},
    {"ip", "saddr daddr", Type::ipv4, 0},
    {"ip6", "version", Type::number, 4},
    {"ip6", "dscp", Type::dscp, 0},
    {"ip6", "ecn", Type::ecn, 0},
    {"ip6", "flowlabel", Type::number, 20},
    {"ip6", "length", Type::number, 16},
    {"ip6", "nexthdr", Type::protocol, 0},
    {"ip6", "hoplimit", Type::number, 8},
    {"ip6", "saddr daddr", Type::ipv6, 0},
    {"tcp", "sport dport", Type::port, 0},
    {"tcp", "sequence ackseq", Type::number, 32},
    {"tcp", "doff reserved", Type::number, 4},
    {"tcp", "flags", Type::tcp_flags, 0},
    {"tcp", "window checksum urgptr", Type::number, 16},
    {"udp", "sport dport", Type::port, 0},
    {"udp", "length checksum", Type::number, 16},
    {"udplite", "sport dport", Type::port, 0},
    {"udplite", "csumcov checksum", Type::number, 16},
    {"sctp", "sport dport", Type::port, 0},
    {"sctp", "vtag checksum", Type::number, 32},
    {"dccp", "sport dport", Type::port, 0},
    {"dccp", "type", Type::dccp_type, 0},
    {"th", "sport dport", Type::port, 0},
    {"icmp", "type", Type::icmp_type, 0},
    {"icmp", "code", Type::icmp_code, 0},
    {"icmp", "checksum id sequence mtu", Type::number, 16},
    {"icmp", "gateway", Type::number, 32},
    {"icmpv6", "type", Type::icmpv6_type, 0},
    {"icmpv6", "code", Type::icmpv6_code, 0},
    {"icmpv6", "checksum id sequence max-delay", Type::number, 16},
    {"icmpv6", "parameter-problem packet-too-big mtu", Type::number, 32},
    {"icmpv6", "taddr daddr", Type::ipv6, 0},
    {"igmp", "type", Type::igmp_type, 0},
    {"igmp", "checksum", Type::number, 16},
    {"igmp", "mrt", Type::number, 8},
    {"igmp", "group", Type::number, 32},
    {"ether", "saddr daddr", Type::mac, 0},
    {"ether", "type", Type::ether_type, 0},
    {"vlan", "id", Type::number, 12},
    {"vlan", "dei cfi", Type::number, 1},
    {"vlan", "pcp", Type::number, 3},
    {"vlan", "type", Type::ether_type, 0},
    {"arp", "htype", Type::number, 16},
    {"arp", "ptype", Type::ether_type, 0},
    {"arp", "hlen plen", Type::number, 8},
    {"arp", "operation", Type::arp_operation, 0},
    {"ah", "nexthdr", Type::protocol, 0},
    {"ah", "hdrlength", Type::number, 8},
    {"ah", "reserved", Type::number, 16},
    {"ah", "spi sequence", Type::number, 32},
    {"esp", "spi sequence", Type::number, 32},
    {"comp", "nexthdr", Type::protocol, 0},
    {"comp", "flags", Type::bitmask, 8},
    {"comp", "cpi", Type::number, 16},
    {"gre", "version", Type::number, 3},
    {"gre", "flags", Type::number, 5},
    {"gre", "protocol", Type::ether_type, 0},
    {"frag", "nexthdr", Type::protocol, 0},
    {"frag", "reserved", Type::number, 8},
    {"frag", "frag-off", Type::number, 13},
    {"frag", "reserved2", Type::number, 2},
    {"frag", "more-fragments", Type::number, 1},
    {"frag", "id", Type::number, 32},
    {"hbh", "nexthdr", Type::protocol, 0},
    {"hbh", "hdrlength", Type::number, 8},
    {"dst", "nexthdr", Type::protocol, 0},
    {"dst", "hdrlength", Type::number, 8},
    {"mh", "nexthdr", Type::protocol, 0},
    {"mh", "hdrlength reserved", Type::number, 8},
    {"mh", "type", Type::mh_type, 0},
    {"mh", "checksum", Type::number, 16},
    {"rt", "nexthdr", Type::protocol, 0},
    {"rt", "hdrlength type seg-left", Type::number, 8},
    {"rt", "classid", Type::realm, 0},
    {"rt", "mtu", Type::number, 16},
    {"rt", "ipsec", Type::boolean, 0},
    {"srh", "last-entry flags", Type::number, 8},
    {"srh", "tag", Type::number, 16},
    {"exthdr", "hbh rt frag dst mh", Type::boolean, 8},
    {"socket", "transparent wildcard", Type::number, 1},
    {"socket", "mark", Type::mark, 0},
};

// "a" among "b a c".
constexpr bool among(std::string_view word, std::string_view words) {
    for (std::size_t begin = 0; begin <= words.size();) {
        std::size_t const end = std::min(words.find(' ', begin), words.size());
        if (words.substr(begin, end - begin) == word) return true;
        begin = end + 1;
    }
    return false;
}

// ---- options and chunks (nft's tcpopt.c, ipopt.c, sctp_chunk.c)

struct OptionRow {
    std::string_view names;
    std::string_view fields;
};
constexpr OptionRow tcp_options[] = {{"eol nop", ""},
                                     {"maxseg mss", "length size"},
                                     {"window", "length count"},
                                     {"sack-perm sack-permitted md5sig fastopen echo", "length"},
                                     {"sack sack0 sack1 sack2 sack3", "length left right"},
                                     {"timestamp", "length tsval tsecr"},
                                     {"mptcp", "kind length subtype"}};
constexpr OptionRow ip_options[] = {{"lsrr rr ssrr", "type length ptr addr"}, {"ra", "type length value"}};
constexpr OptionRow sctp_chunks[] = {
    {"data", "type flags length tsn stream ssn ppid"},
    {"init init-ack", "type flags length init-tag a-rwnd num-outbound-streams num-inbound-streams initial-tsn"},
    {"sack", "type flags length cum-tsn-ack a-rwnd num-gap-ack-blocks num-dup-tsns"},
    {"shutdown", "type flags length cum-tsn-ack"},
    {"ecne cwr", "type flags length lowest-tsn"},
    {"asconf asconf-ack", "type flags length seqno"},
    {"forward-tsn", "type flags length new-cum-tsn"},
    {"heartbeat heartbeat-ack abort shutdown-ack error cookie-echo cookie-ack shutdown-complete",
     "type flags length"},
};
struct FieldWidth {
    std::string_view names;
    unsigned bits;
};
constexpr FieldWidth field_widths[] = {
    {"size value stream ssn num-outbound-streams num-inbound-streams num-gap-ack-blocks num-dup-tsns", 16},
    {"left right tsval tsecr addr tsn ppid init-tag a-rwnd initial-tsn cum-tsn-ack lowest-tsn seqno new-cum-tsn",
     32},
    {"subtype", 4},
};

unsigned field_width(std::string_view field, bool is_chunk) {
    if (is_chunk && field == "length") return 16;
    for (FieldWidth const& row : field_widths)
        if (among(field, row.names)) return row.bits;
    return 8;
}

std::optional<unsigned> small(std::string_view text) {
    std::optional<U128> const value = parse_c_number(text);
    if (!value || *value > 0xffffffffU) return std::nullopt;
    return static_cast<unsigned>(*value);
}

ComputedType option_type(std::span<OptionRow const> options, std::string_view what, std::string_view name,
                         std::string_view field) {
    bool const is_chunk = what == "chunk";
    for (OptionRow const& row : options) {
        if (!among(name, row.names)) continue;
        if (field.empty()) return {{Type::boolean, 1}, {}};
        if (among(field, row.fields)) return {{Type::number, field_width(field, is_chunk)}, {}};
        return {{}, fmt::format("the {} {} has no field {}", what, name, field)};
    }
    return {{}, fmt::format("'{}' is not a {}", name, what)};
}

ComputedType tcp_option_type(std::span<std::string_view const> rest) {
    std::string_view const field = rest.size() > 1 ? rest[1] : std::string_view{};
    if (rest[0] == "@") { // number, offset, length
        std::optional<unsigned> const bits = rest.size() > 5 ? small(rest[5]) : std::nullopt;
        return {{Type::number, bits.value_or(0)}, {}};
    }
    std::optional<unsigned> const kind = small(rest[0]);
    if (!kind) return option_type(tcp_options, "tcp option", rest[0], field);
    if (*kind > 255) return {{}, "a tcp option is a number up to 255"};
    return {field.empty() ? Typed{Type::boolean, 1} : Typed{Type::number, 8}, {}};
}

ComputedType fib_type(std::span<std::string_view const> words) {
    std::array<std::size_t, 5> seen{};
    constexpr std::array<std::string_view, 5> keys{"saddr", "daddr", "iif", "oif", "mark"};
    for (std::string_view const word : words.subspan(1, words.size() - 2)) {
        auto const key = std::find(keys.begin(), keys.end(), word);
        if (key != keys.end())
            ++seen[static_cast<std::size_t>(key - keys.begin())];
        else if (word != ".")
            return {{}, fmt::format("fib looks at saddr, daddr, iif, oif and mark, not at {}", word)};
    }
    if (seen[0] + seen[1] == 0) return {{}, "fib needs saddr or daddr"};
    if (seen[0] > 0 && seen[1] > 0) return {{}, "fib takes saddr or daddr, not both"};
    if (seen[2] > 0 && seen[3] > 0) return {{}, "fib takes iif or oif, not both"};
    if (words.back() == "type") return {{Type::route_type, 32}, {}};
    if (words.back() == "oif") return {{Type::interface_index, 32}, {}};
    if (words.back() == "oifname") return {{Type::interface, 128}, {}};
    return {{}, fmt::format("fib finds type, oif or oifname, not {}", words.back())};
}

// "ct original …" and "ct ip saddr".
ComputedType ct_type(std::span<std::string_view const> words) {
    std::string_view const key = words.back();
    if (words.size() > 3 || words[1] == "ip" || words[1] == "ip6") {
        Type const type = words[words.size() - 2] == "ip" ? Type::ipv4 : Type::ipv6;
        if (key == "saddr" || key == "daddr") return {{type, datatype(type).bits}, {}};
    } else if (among(key, "saddr daddr")) {
        return {{Type::opaque, 0}, {}}; // of the family of the rule
    } else if (among(key, "l3proto protocol proto-src proto-dst bytes packets avgpkt zone")) {
        return {selector_type(selector_index("ct", key)), {}};
    }
    return {{}, fmt::format("'{}' has no direction", key)};
}

// numgen, jhash, symhash: their modulus is what they may not exceed.
ComputedType modulus_type(std::span<std::string_view const> words) {
    auto const mod = std::find(words.begin(), words.end(), "mod");
    std::optional<unsigned> const modulus = words.end() - mod > 1 ? small(mod[1]) : std::nullopt;
    if (!modulus || *modulus == 0) return {{}, "the modulus is a number of 1 to 4294967295"};
    return {{Type::number, 32}, {}};
}

ComputedType raw_type(std::span<std::string_view const> words) {
    if (words.size() < 6) return {};
    if (!among(words[1], "ll nh th ih")) return {{}, fmt::format("'{}' is none of ll, nh, th and ih", words[1])};
    std::optional<unsigned> const bits = small(words[5]);
    if (!bits) return {{}, "a length in bits is needed"};
    // nft keeps 32 bits of it, the kernel takes 65535 bytes (nft_payload.c).
    std::optional<U128> const offset = parse_c_number(words[3]);
    if (!offset || *offset >> 64U != 0 || (*offset & 0xffffffffU) >= 65536U * 8U)
        return {{}, "an offset in bits is needed, of at most 65535 bytes"};
    return {{Type::number, *bits}, {}};
}

// ---- words

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
constexpr Word boolean_words[] = {{"missing", 0}, {"exists", 1}};
constexpr Word ct_event_words[] = {{"new", 1},      {"related", 2},    {"destroy", 4}, {"reply", 8},
                                   {"assured", 16}, {"protoinfo", 32}, {"helper", 64}, {"mark", 128},
                                   {"seqadj", 256}, {"secmark", 512},  {"label", 1024}};
constexpr Word arp_operation_words[] = {{"request", 1},   {"reply", 2},   {"rrequest", 3}, {"rreply", 4},
                                        {"inrequest", 8}, {"inreply", 9}, {"nak", 10}};
constexpr Word interface_type_words[] = {{"ether", 1},      {"ppp", 512}, {"ipip", 768}, {"ipip6", 769},
                                         {"loopback", 772}, {"sit", 776}, {"ipgre", 778}};
constexpr Word dccp_type_words[] = {{"request", 0},  {"response", 1}, {"data", 2},  {"ack", 3},  {"dataack", 4},
                                    {"closereq", 5}, {"close", 6},    {"reset", 7}, {"sync", 8}, {"syncack", 9}};
constexpr Word ecn_words[] = {{"not-ect", 0}, {"ect1", 1}, {"ect0", 2}, {"ce", 3}};
constexpr Word igmp_type_words[] = {{"membership-query", 0x11},
                                    {"membership-report-v1", 0x12},
                                    {"membership-report-v2", 0x16},
                                    {"membership-report-v3", 0x22},
                                    {"leave-group", 0x17}};
constexpr Word mh_type_words[] = {{"binding-refresh-request", 0},
                                  {"home-test-init", 1},
                                  {"careof-test-init", 2},
                                  {"home-test", 3},
                                  {"careof-test", 4},
                                  {"binding-update", 5},
                                  {"binding-acknowledgement", 6},
                                  {"binding-error", 7},
                                  {"fast-binding-update", 8},
                                  {"fast-binding-acknowledgement", 9},
                                  {"fast-binding-advertisement", 10},
                                  {"experimental-mobility-header", 11},
                                  {"home-agent-switch-message", 12}};
constexpr Word icmpx_code_words[] = {
    {"no-route", 0}, {"port-unreachable", 1}, {"host-unreachable", 2}, {"admin-prohibited", 3}};
constexpr Word day_words[] = {{"Sunday", 0},   {"Monday", 1}, {"Tuesday", 2}, {"Wednesday", 3},
                              {"Thursday", 4}, {"Friday", 5}, {"Saturday", 6}};
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

Words symbols(Type type) {
    switch (type) {
    case Type::tcp_flags: return tcp_flag_words;
    case Type::ct_state: return ct_state_words;
    case Type::ct_status: return ct_status_words;
    case Type::ct_direction: return direction_words;
    case Type::nfproto: return nfproto_words;
    case Type::ether_type: return ether_type_words;
    case Type::interface_group: return group_words;
    case Type::packet_type: return packet_type_words;
    case Type::route_type: return route_type_words;
    case Type::dscp: return dscp_words;
    case Type::icmp_code: return icmp_code_words;
    case Type::icmpv6_code: return icmpv6_code_words;
    case Type::icmpx_code: return icmpx_code_words;
    case Type::igmp_type: return igmp_type_words;
    case Type::mh_type: return mh_type_words;
    case Type::dccp_type: return dccp_type_words;
    case Type::ct_event: return ct_event_words;
    case Type::arp_operation: return arp_operation_words;
    case Type::interface_type: return interface_type_words;
    case Type::ecn: return ecn_words;
    case Type::boolean: return boolean_words;
    case Type::day: return day_words;
    default: return {};
    }
}

std::optional<U128> parse_mac(std::string_view text) {
    U128 value = 0;
    int groups = 0;
    for (std::size_t begin = 0; begin <= text.size(); ++groups) {
        std::size_t const end = std::min(text.find(':', begin), text.size());
        if (end == begin || end - begin > 2) return std::nullopt;
        std::optional<U128> const group = parse_c_number("0x" + std::string(text.substr(begin, end - begin)));
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
    for (U128 const choice : {protocol, number(Protocol::tcp), number(Protocol::udp)}) {
        if (choice == 0) continue;
        if (std::optional<std::uint16_t> const found = port_number(text, choice, Vocabulary::linux_names))
            return found;
    }
    return std::nullopt;
}

} // namespace

Datatype const& datatype(Type type) {
    static auto const table = [] {
        std::array<Datatype const*, static_cast<std::size_t>(Type::verdict) + 1> rows{};
        for (Datatype const& row : datatypes)
            if (auto*& place = rows[static_cast<std::size_t>(row.type)]; place == nullptr) place = &row;
        return rows;
    }();
    return *table[static_cast<std::size_t>(type)];
}

Datatype const* datatype(std::string_view name) {
    auto const row = std::find_if(std::begin(datatypes), std::end(datatypes),
                                  [&](Datatype const& each) { return !name.empty() && each.name == name; });
    return row == std::end(datatypes) ? nullptr : row;
}

Typed selector_type(std::uint16_t selector) {
    static auto const table = [] {
        std::array<Typed, selector_table.size()> types{};
        for (std::size_t i = 0; i < types.size(); ++i)
            for (SelectorRow const& row : selector_rows)
                if (row.header == selector_table[i].header && among(selector_table[i].key, row.keys))
                    types[i] = {row.type, row.bits == 0 ? datatype(row.type).bits : row.bits};
        return types;
    }();
    return table[selector];
}

std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n\\";
    constexpr std::string_view signs = ".,@[]";
    std::vector<std::string_view> words;
    for (std::size_t at = 0; at < text.size();) {
        if (blanks.find(text[at]) != blanks.npos) {
            ++at;
        } else if (signs.find(text[at]) != signs.npos) {
            words.push_back(text.substr(at++, 1));
        } else if (text[at] == '#') {
            at = std::min(text.find('\n', at), text.size());
        } else {
            std::size_t const end = std::min(text.find_first_of(" \t\r\n\\.,@[]", at), text.size());
            words.push_back(text.substr(at, end - at));
            at = end;
        }
    }
    return words;
}

bool is_tcp_option(std::string_view name) {
    if (std::optional<U128> const kind = parse_c_number(name)) return *kind <= 255;
    return std::any_of(std::begin(tcp_options), std::end(tcp_options),
                       [&](OptionRow const& row) { return among(name, row.names); });
}

ComputedType computed_type(std::span<std::string_view const> words) {
    if (words.size() < 2) return {};
    std::string_view const first = words[0];
    std::string_view const second = words[1];
    std::string_view const last = words.back();
    if (first == "@") return raw_type(words);
    if (first == "fib") return fib_type(words);
    if (first == "numgen" && second != "inc" && second != "random")
        return {{}, fmt::format("numgen is inc or random, not {}", second)};
    if (first == "numgen" || first == "jhash" || first == "symhash") return modulus_type(words);
    if (second == "option" && words.size() > 2) {
        std::string_view const field = words.size() > 3 ? words[3] : std::string_view{};
        if (first == "tcp") return tcp_option_type(words.subspan(2));
        if (first == "ip") return option_type(ip_options, "ip option", words[2], field);
        return {{Type::boolean, 1}, {}}; // dccp
    }
    if (second == "chunk" && words.size() > 2)
        return option_type(sctp_chunks, "chunk", words[2], words.size() > 3 ? words[3] : std::string_view{});
    if (first == "ct") return ct_type(words);
    if (first == "rt" && words.size() > 2) {
        Type const type = second == "ip" ? Type::ipv4 : Type::ipv6;
        return {{type, datatype(type).bits}, {}};
    }
    if (first == "rt0" || first == "rt2" || first == "srh") return {{Type::ipv6, 128}, {}};
    if (first == "osf" && second == "ttl" && words[2] != "loose" && words[2] != "skip")
        return {{}, fmt::format("the ttl of osf is loose or skip, not {}", words[2])};
    if (first == "osf") return {{Type::string, 128}, {}};
    if (first == "ipsec") {
        if (among(last, "reqid spi")) return {{Type::number, 32}, {}};
        Type const type = words[words.size() - 2] == "ip6" ? Type::ipv6 : Type::ipv4;
        return {{type, datatype(type).bits}, {}};
    }
    if (first == "socket") return {{Type::cgroup, 64}, {}};
    if (first == "arp") {
        Type const type = last == "ip" ? Type::ipv4 : Type::mac;
        return {{type, datatype(type).bits}, {}};
    }
    return {};
}

namespace {

// Of up to twelve digits, which is all that comes here.
std::uint64_t decimal(std::string_view digits) {
    std::uint64_t value = 0;
    for (char const c : digits) value = value * 10 + static_cast<unsigned>(c - '0');
    return value;
}

bool all_digits(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == text.npos;
}

} // namespace

std::optional<std::uint64_t> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        std::uint64_t milliseconds;
    };
    constexpr Unit units[] = {{"ms", 1}, {"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}};
    constexpr std::uint64_t limit = 1'000'000'000'000'000;
    std::uint64_t total = 0;
    if (text.empty()) return std::nullopt;
    while (!text.empty()) {
        std::size_t const digits = std::min(text.find_first_not_of("0123456789"), text.size());
        if (digits == 0 || digits > 12) return std::nullopt;
        std::uint64_t const amount = decimal(text.substr(0, digits));
        text.remove_prefix(digits);
        std::uint64_t scale = 1000;
        if (!text.empty()) {
            auto const unit = std::find_if(std::begin(units), std::end(units),
                                           [&](Unit const& each) { return text.starts_with(each.name); });
            if (unit == std::end(units)) return std::nullopt;
            scale = unit->milliseconds;
            text.remove_prefix(unit->name.size());
        }
        if (amount > limit / scale) return std::nullopt;
        total += amount * scale;
    }
    return total;
}

namespace {

// "17:00" or "17:00:01".
bool is_hour(std::string_view text) {
    int fields = 0;
    for (std::size_t begin = 0; begin <= text.size(); ++fields) {
        std::size_t const end = std::min(text.find(':', begin), text.size());
        std::string_view const field = text.substr(begin, end - begin);
        if (!all_digits(field) || field.size() > 2) return false;
        if (decimal(field) >= (fields == 0 ? 24U : 60U)) return false;
        begin = end + 1;
    }
    return fields == 2 || fields == 3;
}

// "2022-07-01" or "2022-07-01 11:00:00".
bool is_date(std::string_view text) {
    std::size_t const day_end = std::min(text.find(' '), text.size());
    std::string_view const date = text.substr(0, day_end);
    if (date.size() != 10 || date[4] != '-' || date[7] != '-') return false;
    std::string_view const month = date.substr(5, 2);
    std::string_view const day = date.substr(8, 2);
    if (!all_digits(date.substr(0, 4)) || !all_digits(month) || !all_digits(day)) return false;
    auto const within = [](std::string_view digits, unsigned last) {
        std::uint64_t const value = decimal(digits);
        return value >= 1 && value <= last;
    };
    return within(month, 12) && within(day, 31) && (day_end == text.size() || is_hour(text.substr(day_end + 1)));
}

// Names that the machine knows: users, groups, realms, classes, labels. Any word may be one; its number is unknown.
bool is_named_by_machine(Type type) {
    switch (type) {
    case Type::user:
    case Type::group:
    case Type::realm:
    case Type::class_id:
    case Type::cgroup:
    case Type::interface_group:
    case Type::ct_label: return true;
    default: return false;
    }
}

constexpr std::size_t interface_limit = 15; // IFNAMSIZ, without its zero

std::string string_problem(std::string_view text, Typed typed) {
    bool const is_interface = typed.type == Type::interface;
    if (text.empty()) return "an empty string matches nothing";
    if (is_interface && text == "*") return "a pattern needs a character before its '*'";
    std::size_t const limit = is_interface ? interface_limit : typed.bits / 8;
    std::size_t const length = text.size() - (text.ends_with("\\*") ? 1 : 0);
    if (limit != 0 && length > limit) return fmt::format("'{}' is longer than {} characters", text, limit);
    return {};
}

// A name that the resolver may know: nft asks it when it loads the file.
bool is_host_name(std::string_view text) {
    bool letter = false;
    for (char const c : text) {
        letter = letter || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (c == ':' || c == '/' || c == '*') return false;
    }
    return letter;
}

} // namespace

std::string value_problem(std::string_view text, Typed typed) {
    switch (typed.type) {
    case Type::opaque: return {};
    case Type::string:
    case Type::interface: return string_problem(text, typed);
    case Type::interface_index: return {};
    case Type::time:
        if (parse_duration(text) || is_date(text)) return {};
        break;
    case Type::hour:
        if (is_hour(text)) return {};
        break;
    case Type::ipv4:
    case Type::ipv6:
        if (is_host_name(text)) return {};
        break;
    default: break;
    }
    std::optional<U128> const number = parse_c_number(text);
    if (typed.type == Type::day && number && *number > 6) return fmt::format("{} is more than 6", text);
    if (is_named_by_machine(typed.type) && !number) return {};
    if (parse_value(text, typed)) return {};
    if (number && *number > max_value(typed.bits) && typed.type != Type::ipv6)
        return fmt::format("{} is more than {}", text, low64(max_value(typed.bits)));
    return fmt::format("'{}' is not {}", text, datatype(typed.type).what);
}

namespace {

// nft's own words; their numbers are in the table of names.
constexpr std::string_view icmp_type_words[] = {
    "echo-reply", "destination-unreachable", "source-quench", "redirect", "echo-request", "router-advertisement",
    "router-solicitation", "time-exceeded", "parameter-problem", "timestamp-request", "timestamp-reply",
    "info-request", "info-reply", "address-mask-request", "address-mask-reply"};
constexpr std::string_view icmpv6_type_words[] = {
    "destination-unreachable", "packet-too-big", "time-exceeded", "parameter-problem", "echo-request", "echo-reply",
    "mld-listener-query", "mld-listener-report", "mld-listener-done", "nd-router-solicit", "nd-router-advert",
    "nd-neighbor-solicit", "nd-neighbor-advert", "nd-redirect", "router-renumbering", "ind-neighbor-solicit",
    "ind-neighbor-advert", "mld2-listener-report"};

} // namespace

std::string word_of(Type type, U128 value) {
    if (type == Type::icmp_type || type == Type::icmpv6_type) {
        Family const family = type == Type::icmp_type ? Family::v4 : Family::v6;
        std::span<std::string_view const> words = icmpv6_type_words;
        if (family == Family::v4) words = icmp_type_words;
        for (std::string_view const word : words) {
            std::optional<IcmpName> const found = icmp_by_name(word, family);
            if (found && !found->code && found->type == value) return std::string(word);
        }
    }
    for (Word const& word : symbols(type))
        if (word.value == value) return std::string(word.text);
    return {};
}

std::optional<Interval> parse_value(std::string_view text, Typed typed, U128 protocol) {
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
    switch (typed.type) {
    case Type::interface:
    case Type::interface_index: return parse_interface(text);
    case Type::ipv4:
        if (std::optional<Ip> const address = parse_c_ipv4(text)) return single(address->value);
        break;
    case Type::ipv6: return single(ip(parse_ipv6(text)));
    case Type::mac: return single(parse_mac(text));
    default: break;
    }
    if (std::optional<U128> const value = parse_c_number(text))
        return *value <= max_value(typed.bits) ? single(value) : std::nullopt;
    switch (typed.type) {
    case Type::protocol: return single(protocol_number(text, Vocabulary::linux_names));
    case Type::port: // "0080" is no number of C, and getaddrinfo(3) takes it
        if (all_digits(text) && text.size() <= 12 && decimal(text) <= 0xffff) return single(decimal(text));
        return single(parse_port(text, protocol));
    case Type::icmp_type: return single(icmp(Family::v4));
    case Type::icmpv6_type: return single(icmp(Family::v6));
    default: break;
    }
    for (Word const& word : symbols(typed.type))
        if (word.text == text) return single(word.value);
    return std::nullopt;
}

} // namespace portcullis::nft
