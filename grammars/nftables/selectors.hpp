// The two-word expressions of nft(8), "PAYLOAD EXPRESSIONS" and after: a header and a field of it. The grammar
// recognises them by this table, and a reader gives them meaning by their index in it.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>

namespace portcullis::nftables {

struct Selector {
    std::string_view header;
    std::string_view key;
};

namespace detail {
// A header, and then its keys.
inline constexpr std::string_view selector_groups[] = {
    ("meta length nfproto l4proto protocol priority mark iif iifname iiftype iifkind iifgroup oif oifname oiftype "
     "oifkind oifgroup skuid skgid nftrace rtclassid ibriport obriport ibrname obrname ibridgename obridgename "
     "ibrpvid ibrvproto ibrhwaddr pkttype cpu cgroup ipsec secpath random time day hour secmark sdif sdifname broute"),
    ("ct state direction status mark expiration helper label l3proto protocol saddr daddr proto-src proto-dst bytes "
     "packets avgpkt zone event id secmark timeout expectation"),
    "ip version hdrlength dscp ecn length id frag-off ttl protocol checksum saddr daddr",
    "ip6 version dscp ecn flowlabel length nexthdr hoplimit saddr daddr",
    "tcp sport dport sequence ackseq doff reserved flags window checksum urgptr",
    "udp sport dport length checksum",
    "udplite sport dport csumcov checksum",
    "sctp sport dport vtag checksum",
    "dccp sport dport type",
    "th sport dport",
    "icmp type code checksum id sequence gateway mtu",
    "icmpv6 type code checksum parameter-problem packet-too-big id sequence max-delay mtu taddr daddr",
    "igmp type checksum mrt group",
    "ether saddr daddr type",
    "vlan id dei cfi pcp type",
    "arp htype ptype hlen plen operation",
    "ah nexthdr hdrlength reserved spi sequence",
    "esp spi sequence",
    "comp nexthdr flags cpi",
    "gre version flags protocol",
    "frag nexthdr reserved frag-off reserved2 more-fragments id",
    "hbh nexthdr hdrlength",
    "dst nexthdr hdrlength",
    "mh nexthdr hdrlength type reserved checksum",
    "rt nexthdr hdrlength type seg-left classid nexthop mtu ipsec",
    "srh last-entry flags tag",
    "exthdr hbh rt frag dst mh",
    "socket transparent mark wildcard",
};

constexpr std::size_t count_selectors() {
    std::size_t blanks = 0;
    for (std::string_view const group : selector_groups)
        for (char const c : group) blanks += c == ' ' ? 1U : 0U;
    return blanks;
}

constexpr auto make_selectors() {
    std::array<Selector, count_selectors()> table{};
    std::size_t count = 0;
    for (std::string_view const group : selector_groups) {
        std::size_t const end = group.find(' ');
        for (std::size_t begin = end; begin != std::string_view::npos;) {
            std::size_t const next = group.find(' ', begin + 1);
            std::size_t const length = next == std::string_view::npos ? next : next - begin - 1;
            table[count++] = {group.substr(0, end), group.substr(begin + 1, length)};
            begin = next;
        }
    }
    return table;
}
} // namespace detail

inline constexpr auto selector_table = detail::make_selectors();

constexpr std::uint16_t no_selector = 0xffff;
constexpr std::uint16_t selector_index(std::string_view header, std::string_view key) {
    for (std::size_t i = 0; i < selector_table.size(); ++i)
        if (selector_table[i].header == header && selector_table[i].key == key)
            return static_cast<std::uint16_t>(i);
    return no_selector;
}

// The keys of `meta` that stand without it.
inline constexpr std::string_view bare_meta_keys[] = {
    "mark",  "iif",   "iifname",     "iiftype", "iifgroup",  "oif",      "oifname", "oiftype", "oifgroup",
    "skuid", "skgid", "nftrace",     "pkttype", "cpu",       "cgroup",   "ibrname", "obrname", "ibridgename",
    "time",  "day",   "obridgename", "hour",    "rtclassid", "ibriport", "obriport"};

} // namespace portcullis::nftables
