// The table of iptables' options, one block an extension. Names, limits and which options may be negated or must be
// given are those of the shared objects of iptables 1.8.9, read out of their own option tables.
#include "grammars/iptables/extensions.hpp"

#include <algorithm>
#include <array>
#include <unordered_map>

namespace portcullis::iptables {
namespace {

constexpr std::uint8_t N = OptionInfo::negatable, R = OptionInfo::required, M = OptionInfo::repeatable;
constexpr std::uint8_t A = OptionInfo::group_a, B = OptionInfo::group_b;
constexpr std::uint8_t W = OptionInfo::negates_match;

constexpr OptionInfo addrtype_match[] = {
    {"dst-type", Key::dst_type, Shape::address_types, N},
    {"limit-iface-in", Key::limit_interface, Shape::none, A},
    {"limit-iface-out", Key::limit_interface, Shape::none, A},
    {"src-type", Key::src_type, Shape::address_types, N},
};
constexpr OptionInfo ah_match[] = {
    {"ahlen", Key::other, Shape::number, N},
    {"ahres"},
    {"ahspi", Key::header_spi, Shape::number_range, N},
};
constexpr OptionInfo bpf_match[] = {
    {"bytecode", Key::other, Shape::word},
    {"object-pinned", Key::other, Shape::word},
};
constexpr OptionInfo cgroup_match[] = {
    {"cgroup", Key::other, Shape::number, N},
    {"path", Key::other, Shape::word, N},
};
constexpr OptionInfo cluster_match[] = {
    {"cluster-hash-seed", Key::other, Shape::number, R},
    {"cluster-local-node", Key::other, Shape::number, N | W, 1, 32},
    {"cluster-local-nodemask", Key::other, Shape::number, N | W, 1, 32},
    {"cluster-total-nodes", Key::other, Shape::number, R, 1, 32},
};
constexpr OptionInfo comment_match[] = {
    {"comment", Key::comment, Shape::word, R},
};
constexpr OptionInfo connbytes_match[] = {
    {"connbytes", Key::other, Shape::number_range, N | W | R, 0, 0xffffffffffffffffULL},
    {"connbytes-dir", Key::other, Shape::choice, R, 0, 0, "original reply both"},
    {"connbytes-mode", Key::other, Shape::choice, R, 0, 0, "packets bytes avgpkt"},
};
constexpr OptionInfo connlabel_match[] = {
    {"label", Key::other, Shape::word, N | W | R},
    {"set"},
};
constexpr OptionInfo connlimit_match[] = {
    {"connlimit-above", Key::other, Shape::number, N | W | A},
    {"connlimit-daddr", Key::other, Shape::none, B},
    {"connlimit-mask", Key::other, Shape::word},
    {"connlimit-saddr", Key::other, Shape::none, B},
    {"connlimit-upto", Key::other, Shape::number, N | W | A},
};
constexpr OptionInfo connmark_match[] = {
    {"mark", Key::ct_mark, Shape::masked_number, N | R},
};
constexpr OptionInfo conntrack_match[] = {
    {"ctdir", Key::ct_direction, Shape::direction},   {"ctexpire", Key::other, Shape::number_range, N},
    {"ctorigdst", Key::orig_dst, Shape::networks, N},
    {"ctorigdstport", Key::orig_dport, Shape::port_range, N},
    {"ctorigsrc", Key::orig_src, Shape::networks, N},
    {"ctorigsrcport", Key::orig_sport, Shape::port_range, N},
    {"ctproto", Key::ct_protocol, Shape::word, N},
    {"ctrepldst", Key::reply_dst, Shape::networks, N},
    {"ctrepldstport", Key::reply_dport, Shape::port_range, N},
    {"ctreplsrc", Key::reply_src, Shape::networks, N},
    {"ctreplsrcport", Key::reply_sport, Shape::port_range, N},
    {"ctstate", Key::ct_state, Shape::states, N},
    {"ctstatus", Key::ct_status, Shape::statuses, N},
};
constexpr OptionInfo cpu_match[] = {
    {"cpu", Key::other, Shape::number, N | W | R},
};
constexpr OptionInfo dccp_match[] = {
    {"dccp-option", Key::other, Shape::number, N, 1, 255},  {"dccp-types", Key::other, Shape::word, N},
    {"destination-port", Key::dport, Shape::port_range, N}, {"dport", Key::dport, Shape::port_range, N},
    {"source-port", Key::sport, Shape::port_range, N},      {"sport", Key::sport, Shape::port_range, N},
};
constexpr OptionInfo devgroup_match[] = {
    {"dst-group", Key::dst_group, Shape::word, N},
    {"src-group", Key::src_group, Shape::word, N},
};
constexpr OptionInfo dscp_match[] = {
    {"dscp", Key::dscp, Shape::number, N | A, 0, 63},
    {"dscp-class", Key::dscp_class, Shape::word, N | A},
};
constexpr OptionInfo dst_match[] = {
    {"dst-len", Key::other, Shape::number, N},
    {"dst-opts", Key::other, Shape::word},
};
constexpr OptionInfo ecn_match[] = {
    {"ecn-ip-ect", Key::ecn_bits, Shape::number, N, 0, 3},
    {"ecn-tcp-cwr", Key::ecn_cwr, Shape::none, N},
    {"ecn-tcp-ece", Key::ecn_ece, Shape::none, N},
};
constexpr OptionInfo esp_match[] = {
    {"espspi", Key::header_spi, Shape::number_range, N},
};
constexpr OptionInfo frag_match[] = {
    {"fragfirst", Key::frag_first},
    {"fragid", Key::frag_id, Shape::number_range, N},
    {"fraglast", Key::frag_more, Shape::none, A},
    {"fraglen", Key::other, Shape::number, N},
    {"fragmore", Key::frag_more, Shape::none, A},
    {"fragres"},
};
constexpr OptionInfo hashlimit_match[] = {
    {"hashlimit", Key::other, Shape::word, N | W | A},
    {"hashlimit-burst", Key::other, Shape::word},
    {"hashlimit-htable-expire", Key::other, Shape::number},
    {"hashlimit-htable-gcinterval", Key::other, Shape::number},
    {"hashlimit-htable-max", Key::other, Shape::number},
    {"hashlimit-htable-size", Key::other, Shape::number},
    {"hashlimit-mode", Key::other, Shape::choices, 0, 0, 0, "srcip srcport dstip dstport"},
    {"hashlimit-name", Key::other, Shape::word, R},
    {"hashlimit-above", Key::other, Shape::word, N | W | A},
    {"hashlimit-dstmask", Key::other, Shape::word},
    {"hashlimit-rate-interval", Key::other, Shape::word},
    {"hashlimit-rate-match"},
    {"hashlimit-srcmask", Key::other, Shape::word},
    {"hashlimit-upto", Key::other, Shape::word, N | W | A},
};
constexpr OptionInfo hbh_match[] = {
    {"hbh-len", Key::other, Shape::number, N},
    {"hbh-opts", Key::other, Shape::word},
};
constexpr OptionInfo helper_match[] = {
    {"helper", Key::other, Shape::word, N | W | R},
};
constexpr OptionInfo hl_match[] = {
    {"hl", Key::ttl_eq, Shape::number, A, 0, 255},
    {"hl-eq", Key::ttl_eq, Shape::number, N | A, 0, 255},
    {"hl-gt", Key::ttl_gt, Shape::number, A, 0, 255},
    {"hl-lt", Key::ttl_lt, Shape::number, A, 0, 255},
};
constexpr OptionInfo icmp_match[] = {
    {"icmp-type", Key::icmp_type, Shape::icmp_type, N | R},
};
constexpr OptionInfo icmp6_match[] = {
    {"icmpv6-type", Key::icmp_type, Shape::icmp_type, N | R},
};
constexpr OptionInfo ipcomp_match[] = {
    {"compres"},
    {"ipcompspi", Key::other, Shape::number_range, N | W},
};
constexpr OptionInfo iprange_match[] = {
    {"dst-range", Key::dst_range, Shape::address_range, N},
    {"src-range", Key::src_range, Shape::address_range, N},
};
constexpr OptionInfo ipv6header_match[] = {
    {"header", Key::extension_headers, Shape::word, N | R},
    {"soft", Key::of_another},
};
constexpr OptionInfo ipvs_match[] = {
    {"ipvs", Key::other, Shape::none, N},
    {"vaddr", Key::other, Shape::word, N},
    {"vdir", Key::other, Shape::choice, 0, 0, 0, "ORIGINAL REPLY"},
    {"vmethod", Key::other, Shape::word, N},
    {"vport", Key::other, Shape::word, N},
    {"vportctl", Key::other, Shape::word, N},
    {"vproto", Key::other, Shape::word, N},
};
constexpr OptionInfo length_match[] = {
    {"length", Key::length, Shape::number_range, N | R, 0, 65535},
};
constexpr OptionInfo limit_match[] = {
    {"limit", Key::other, Shape::word},
    {"limit-burst", Key::other, Shape::number, 0, 0, 10000},
};
constexpr OptionInfo mac_match[] = {
    {"mac-source", Key::mac_source, Shape::mac, N | R},
};
constexpr OptionInfo mark_match[] = {
    {"mark", Key::mark, Shape::masked_number, N | R},
};
constexpr OptionInfo mh_match[] = {
    {"mh-type", Key::other, Shape::word, N | W},
};
constexpr OptionInfo multiport_match[] = {
    {"destination-ports", Key::dports, Shape::port_list, N | A},
    {"dports", Key::dports, Shape::port_list, N | A},
    {"ports", Key::ports, Shape::port_list, N | A},
    {"source-ports", Key::sports, Shape::port_list, N | A},
    {"sports", Key::sports, Shape::port_list, N | A},
};
constexpr OptionInfo nfacct_match[] = {
    {"nfacct-name", Key::other, Shape::word, R},
};
constexpr OptionInfo osf_match[] = {
    {"genre", Key::other, Shape::word, N | W | R},
    {"log", Key::other, Shape::number, 0, 0, 2},
    {"ttl", Key::other, Shape::number, 0, 0, 2},
};
constexpr OptionInfo owner_match[] = {
    {"gid-owner", Key::group, Shape::word, N},
    {"socket-exists", Key::socket_exists, Shape::none, N},
    {"suppl-groups", Key::of_another},
    {"uid-owner", Key::user, Shape::word, N},
    {"pid-owner", Key::other, Shape::number, N, 0, 0x7fffffff},
    {"sid-owner", Key::other, Shape::number, N, 0, 0x7fffffff},
    {"cmd-owner", Key::other, Shape::word, N},
};
constexpr OptionInfo physdev_match[] = {
    {"physdev-in", Key::phys_in, Shape::word, N},       {"physdev-is-bridged", Key::is_bridged, Shape::none, N},
    {"physdev-is-in", Key::is_phys_in, Shape::none, N}, {"physdev-is-out", Key::is_phys_out, Shape::none, N},
    {"physdev-out", Key::phys_out, Shape::word, N},
};
constexpr OptionInfo pkttype_match[] = {
    {"pkt-type", Key::packet_type, Shape::packet_type, N | R},
};
constexpr OptionInfo policy_match[] = {
    {"dir", Key::other, Shape::choice, 0, 0, 0, "in out"},
    {"mode", Key::other, Shape::choice, N | M, 0, 0, "tunnel transport"},
    {"next", Key::other, Shape::none, M},
    {"pol", Key::other, Shape::choice, 0, 0, 0, "ipsec none"},
    {"proto", Key::other, Shape::word, N | M},
    {"reqid", Key::other, Shape::number, N | M},
    {"spi", Key::other, Shape::number, N | M},
    {"strict"},
    {"tunnel-dst", Key::other, Shape::word, N | M},
    {"tunnel-src", Key::other, Shape::word, N | M},
};
constexpr OptionInfo quota_match[] = {
    {"quota", Key::other, Shape::number, N | W | R, 0, 0xffffffffffffffffULL},
};
constexpr OptionInfo rateest_match[] = {
    {"rateest", Key::other, Shape::word, N | W},
    {"rateest-bps", Key::other, Shape::optional_word, N | W},
    {"rateest-bps1", Key::other, Shape::optional_word, N | W},
    {"rateest-bps2", Key::other, Shape::optional_word, N | W},
    {"rateest-delta", Key::other, Shape::none, N | W},
    {"rateest-eq", Key::other, Shape::none, N | W},
    {"rateest-gt", Key::other, Shape::none, N | W},
    {"rateest-lt", Key::other, Shape::none, N | W},
    {"rateest-pps", Key::other, Shape::optional_word, N | W},
    {"rateest-pps1", Key::other, Shape::optional_word, N | W},
    {"rateest-pps2", Key::other, Shape::optional_word, N | W},
    {"rateest1", Key::other, Shape::word, N | W},
    {"rateest2", Key::other, Shape::word, N | W},
};
constexpr OptionInfo realm_match[] = {
    {"realm", Key::other, Shape::word, N | W | R},
};
constexpr OptionInfo recent_match[] = {
    {"hitcount", Key::other, Shape::number},
    {"name", Key::other, Shape::word},
    {"rcheck", Key::other, Shape::none, N | W | A},
    {"rdest"},
    {"reap"},
    {"remove", Key::other, Shape::none, N | W | A},
    {"rsource"},
    {"rttl"},
    {"seconds", Key::other, Shape::number, 0, 1, 0xffffffff},
    {"set", Key::other, Shape::none, N | W | A},
    {"update", Key::other, Shape::none, N | W | A},
    {"mask", Key::other, Shape::word},
};
constexpr OptionInfo rpfilter_match[] = {
    {"accept-local"},
    {"invert"},
    {"loose"},
    {"validmark"},
};
constexpr OptionInfo rt_match[] = {
    {"rt-0-addrs", Key::other, Shape::word},
    {"rt-0-not-strict"},
    {"rt-0-res"},
    {"rt-len", Key::other, Shape::number, N},
    {"rt-segsleft", Key::rt_segments, Shape::number_range, N},
    {"rt-type", Key::rt_type, Shape::number, N},
};
constexpr OptionInfo sctp_match[] = {
    {"chunk-types", Key::other, Shape::two_words, N}, {"destination-port", Key::dport, Shape::port_range, N},
    {"dport", Key::dport, Shape::port_range, N}, {"source-port", Key::sport, Shape::port_range, N},
    {"sport", Key::sport, Shape::port_range, N},
};
constexpr OptionInfo set_match[] = {
    {"bytes-eq", Key::other, Shape::word, N},
    {"bytes-gt", Key::other, Shape::word},
    {"bytes-lt", Key::other, Shape::word},
    {"match-set", Key::other, Shape::two_words, N | W | A},
    {"packets-eq", Key::other, Shape::word, N},
    {"packets-gt", Key::other, Shape::word},
    {"packets-lt", Key::other, Shape::word},
    {"return-nomatch", Key::other, Shape::none, N},
    {"set", Key::other, Shape::two_words, N | W | A},
    {"update-counters", Key::other, Shape::none, N},
    {"update-subcounters", Key::other, Shape::none, N},
};
constexpr OptionInfo socket_match[] = {
    {"nowildcard"},
    {"restore-skmark"},
    {"transparent"},
};
constexpr OptionInfo srh_match[] = {
    {"srh-hdr-len-eq", Key::other, Shape::number, N, 0, 255},
    {"srh-hdr-len-gt", Key::other, Shape::number, N, 0, 255},
    {"srh-hdr-len-lt", Key::other, Shape::number, N, 0, 255},
    {"srh-last-entry-eq", Key::other, Shape::number, N, 0, 255},
    {"srh-last-entry-gt", Key::other, Shape::number, N, 0, 255},
    {"srh-last-entry-lt", Key::other, Shape::number, N, 0, 255},
    {"srh-lsid", Key::other, Shape::word, N},
    {"srh-next-hdr", Key::other, Shape::number, N, 0, 255},
    {"srh-nsid", Key::other, Shape::word, N},
    {"srh-psid", Key::other, Shape::word, N},
    {"srh-segs-left-eq", Key::other, Shape::number, N, 0, 255},
    {"srh-segs-left-gt", Key::other, Shape::number, N, 0, 255},
    {"srh-segs-left-lt", Key::other, Shape::number, N, 0, 255},
    {"srh-tag", Key::other, Shape::number, N, 0, 65535},
};
constexpr OptionInfo state_match[] = {
    {"state", Key::ct_state, Shape::states, N | R},
};
constexpr OptionInfo statistic_match[] = {
    {"every", Key::other, Shape::number, N, 1, 0xffffffff},
    {"mode", Key::other, Shape::choice, R, 0, 0, "random nth"},
    {"packet", Key::other, Shape::number},
    {"probability", Key::other, Shape::word, N},
};
constexpr OptionInfo string_match[] = {
    {"algo", Key::other, Shape::word, R},
    {"from", Key::other, Shape::number, 0, 0, 65535},
    {"hex-string", Key::other, Shape::word, N | W | A},
    {"icase"},
    {"string", Key::other, Shape::word, N | W | A},
    {"to", Key::other, Shape::number, 0, 0, 65535},
};
constexpr OptionInfo tcp_match[] = {
    {"destination-port", Key::dport, Shape::port_range, N},
    {"dport", Key::dport, Shape::port_range, N},
    {"source-port", Key::sport, Shape::port_range, N},
    {"sport", Key::sport, Shape::port_range, N},
    {"syn", Key::syn, Shape::none, N},
    {"tcp-flags", Key::tcp_flags, Shape::tcp_flags, N},
    {"tcp-option", Key::tcp_option, Shape::number, N, 1, 255},
};
constexpr OptionInfo tcpmss_match[] = {
    {"mss", Key::other, Shape::number_range, N | W | R, 0, 65535},
};
constexpr OptionInfo time_match[] = {
    {"contiguous"},
    {"datestart", Key::other, Shape::word},
    {"datestop", Key::other, Shape::word},
    {"kerneltz"},
    {"localtz"},
    {"monthdays", Key::other, Shape::word, N},
    {"timestart", Key::other, Shape::word},
    {"timestop", Key::other, Shape::word},
    {"utc"},
    {"weekdays", Key::other, Shape::word, N},
};
constexpr OptionInfo tos_match[] = {
    {"tos", Key::tos, Shape::word, N | R},
};
constexpr OptionInfo ttl_match[] = {
    {"ttl", Key::ttl_eq, Shape::number, A, 0, 255},
    {"ttl-eq", Key::ttl_eq, Shape::number, N | A, 0, 255},
    {"ttl-gt", Key::ttl_gt, Shape::number, A, 0, 255},
    {"ttl-lt", Key::ttl_lt, Shape::number, A, 0, 255},
};
constexpr OptionInfo u32_match[] = {
    {"u32", Key::other, Shape::word, N | W | R},
};
constexpr OptionInfo udp_match[] = {
    {"destination-port", Key::dport, Shape::port_range, N},
    {"dport", Key::dport, Shape::port_range, N},
    {"source-port", Key::sport, Shape::port_range, N},
    {"sport", Key::sport, Shape::port_range, N},
};
constexpr OptionInfo audit_target[] = {
    {"type", Key::other, Shape::choice, R, 0, 0, "accept drop reject"},
};
constexpr OptionInfo checksum_target[] = {
    {"checksum-fill", Key::other, Shape::none, R},
};
constexpr OptionInfo classify_target[] = {
    {"set-class", Key::other, Shape::word, R},
};
constexpr OptionInfo clusterip_target[] = {
    {"clustermac", Key::other, Shape::mac},
    {"hash-init", Key::other, Shape::number},
    {"hashmode", Key::other, Shape::choice, 0, 0, 0, "sourceip sourceip-sourceport sourceip-sourceport-destport"},
    {"local-node", Key::other, Shape::number, 0, 0, 16},
    {"new"},
    {"total-nodes", Key::other, Shape::number, 0, 0, 16},
};
constexpr OptionInfo connmark_target[] = {
    {"and-mark", Key::other, Shape::number, A},
    {"ctmask", Key::other, Shape::number},
    {"left-shift-mark", Key::other, Shape::number, 0, 0, 32},
    {"mask", Key::other, Shape::number},
    {"nfmask", Key::other, Shape::number},
    {"or-mark", Key::other, Shape::number, A},
    {"restore-mark", Key::other, Shape::none, A},
    {"right-shift-mark", Key::other, Shape::number, 0, 0, 32},
    {"save-mark", Key::other, Shape::none, A},
    {"set-mark", Key::other, Shape::masked_number, A},
    {"set-xmark", Key::other, Shape::masked_number, A},
    {"xor-mark", Key::other, Shape::number, A},
};
constexpr OptionInfo connsecmark_target[] = {
    {"restore"},
    {"save"},
};
constexpr OptionInfo ct_target[] = {
    {"ctevents", Key::other, Shape::choices, 0, 0, 0,
     "new related destroy reply assured protoinfo helper mark natseqinfo secmark"},
    {"expevents", Key::other, Shape::choices, 0, 0, 0, "new"},
    {"helper", Key::other, Shape::word},
    {"notrack", Key::notrack},
    {"timeout", Key::other, Shape::word},
    {"zone", Key::other, Shape::word},
    {"zone-orig", Key::other, Shape::word},
    {"zone-reply", Key::other, Shape::word},
};
constexpr OptionInfo dnat_target[] = {
    {"persistent"},
    {"random"},
    {"to-destination", Key::to_destination, Shape::nat, R},
};
constexpr OptionInfo dnpt_target[] = {
    {"dst-pfx", Key::other, Shape::word, R},
    {"src-pfx", Key::other, Shape::word, R},
};
constexpr OptionInfo dscp_target[] = {
    {"set-dscp", Key::other, Shape::number, A, 0, 63},
    {"set-dscp-class", Key::other, Shape::word, A},
};
constexpr OptionInfo ecn_target[] = {
    {"ecn-ip-ect", Key::other, Shape::number, 0, 0, 3},
    {"ecn-tcp-cwr", Key::other, Shape::number, 0, 0, 1},
    {"ecn-tcp-ece", Key::other, Shape::number, 0, 0, 1},
    {"ecn-tcp-remove"},
};
constexpr OptionInfo hl_target[] = {
    {"hl-dec", Key::other, Shape::number, A, 1, 255},
    {"hl-inc", Key::other, Shape::number, A, 1, 255},
    {"hl-set", Key::other, Shape::number, A, 0, 255},
};
constexpr OptionInfo hmark_target[] = {
    {"hmark-dport", Key::other, Shape::number, 0, 0, 65535},
    {"hmark-dport-mask", Key::other, Shape::number, 0, 0, 65535},
    {"hmark-dst-prefix", Key::other, Shape::word},
    {"hmark-mod", Key::other, Shape::number, R, 1, 0xffffffff},
    {"hmark-offset", Key::other, Shape::number},
    {"hmark-proto-mask", Key::other, Shape::number, 0, 0, 65535},
    {"hmark-rnd", Key::other, Shape::number},
    {"hmark-spi", Key::other, Shape::number},
    {"hmark-spi-mask", Key::other, Shape::number},
    {"hmark-sport", Key::other, Shape::number, 0, 0, 65535},
    {"hmark-sport-mask", Key::other, Shape::number, 0, 0, 65535},
    {"hmark-src-prefix", Key::other, Shape::word},
    {"hmark-tuple", Key::other, Shape::word},
};
constexpr OptionInfo idletimer_target[] = {
    {"alarm"},
    {"label", Key::other, Shape::word, R},
    {"timeout", Key::other, Shape::number, R},
};
constexpr OptionInfo led_target[] = {
    {"led-always-blink"},
    {"led-delay", Key::other, Shape::word},
    {"led-trigger-id", Key::other, Shape::word, R},
};
constexpr OptionInfo log_target[] = {
    {"log-ip-options"},  {"log-level", Key::other, Shape::word},
    {"log-macdecode"},   {"log-prefix", Key::other, Shape::word},
    {"log-tcp-options"}, {"log-tcp-sequence"},
    {"log-uid"},
};
constexpr OptionInfo mark_target[] = {
    {"and-mark", Key::other, Shape::number, A},        {"or-mark", Key::other, Shape::number, A},
    {"set-mark", Key::other, Shape::masked_number, A}, {"set-xmark", Key::other, Shape::masked_number, A},
    {"xor-mark", Key::other, Shape::number, A},
};
constexpr OptionInfo masquerade_target[] = {
    {"random"},
    {"random-fully"},
    {"to-ports", Key::to_ports, Shape::nat_ports},
};
constexpr OptionInfo netmap_target[] = {
    {"to", Key::netmap_to, Shape::networks, R},
};
constexpr OptionInfo nflog_target[] = {
    {"nflog-group", Key::other, Shape::number, 0, 0, 65535},
    {"nflog-prefix", Key::other, Shape::word},
    {"nflog-range", Key::other, Shape::number},
    {"nflog-size", Key::other, Shape::number},
    {"nflog-threshold", Key::other, Shape::number, 0, 0, 65535},
};
constexpr OptionInfo nfqueue_target[] = {
    {"queue-balance", Key::other, Shape::number_range, A, 0, 65534},
    {"queue-bypass"},
    {"queue-cpu-fanout"},
    {"queue-num", Key::other, Shape::number, A, 0, 65535},
};
constexpr OptionInfo rateest_target[] = {
    {"rateest-ewmalog", Key::other, Shape::word, R},
    {"rateest-interval", Key::other, Shape::word, R},
    {"rateest-name", Key::other, Shape::word, R},
};
constexpr OptionInfo redirect_target[] = {
    {"random"},
    {"to-ports", Key::to_ports, Shape::nat_ports},
};
constexpr OptionInfo reject_target[] = {
    {"reject-with", Key::reject_with, Shape::word},
};
constexpr OptionInfo secmark_target[] = {
    {"selctx", Key::other, Shape::word, R},
};
constexpr OptionInfo set_target[] = {
    {"add-set", Key::other, Shape::two_words},
    {"del-set", Key::other, Shape::two_words},
    {"exist"},
    {"map-mark"},
    {"map-prio"},
    {"map-queue"},
    {"map-set", Key::other, Shape::two_words},
    {"timeout", Key::other, Shape::word},
};
constexpr OptionInfo snat_target[] = {
    {"persistent"},
    {"random"},
    {"random-fully"},
    {"to-source", Key::to_source, Shape::nat, R},
};
constexpr OptionInfo snpt_target[] = {
    {"dst-pfx", Key::other, Shape::word, R},
    {"src-pfx", Key::other, Shape::word, R},
};
constexpr OptionInfo synproxy_target[] = {
    {"ecn"},       {"mss", Key::other, Shape::number},    {"sack-perm"},
    {"timestamp"}, {"wscale", Key::other, Shape::number},
};
constexpr OptionInfo tcpmss_target[] = {
    {"clamp-mss-to-pmtu"},
    {"set-mss", Key::other, Shape::number, 0, 0, 65515},
};
constexpr OptionInfo tcpoptstrip_target[] = {
    {"strip-options", Key::other, Shape::word},
};
constexpr OptionInfo tee_target[] = {
    {"gateway", Key::other, Shape::word, R},
    {"oif", Key::other, Shape::word},
};
constexpr OptionInfo tos_target[] = {
    {"and-tos", Key::other, Shape::number, A, 0, 255},
    {"or-tos", Key::other, Shape::number, A, 0, 255},
    {"set-tos", Key::other, Shape::word, A},
    {"xor-tos", Key::other, Shape::number, A, 0, 255},
};
constexpr OptionInfo tproxy_target[] = {
    {"on-ip", Key::other, Shape::word},
    {"on-port", Key::other, Shape::word, R},
    {"tproxy-mark", Key::other, Shape::masked_number},
};
constexpr OptionInfo ttl_target[] = {
    {"ttl-dec", Key::other, Shape::number, A, 1, 255},
    {"ttl-inc", Key::other, Shape::number, A, 1, 255},
    {"ttl-set", Key::other, Shape::number, A, 0, 255},
};
constexpr OptionInfo ulog_target[] = {
    {"ulog-cprange", Key::other, Shape::number, 0, 0, 0xffffffffffffffffULL},
    {"ulog-nlgroup", Key::other, Shape::number, 0, 1, 32},
    {"ulog-prefix", Key::other, Shape::word},
    {"ulog-qthreshold", Key::other, Shape::number, 0, 1, 50},
};

constexpr Role match = Role::match, target = Role::target;
constexpr Nature modelled = Nature::modelled, conditions = Nature::conditions, pure = Nature::pure,
                 stateful = Nature::stateful;
constexpr Programs v4 = Programs::iptables, v6 = Programs::ip6tables;
constexpr std::span<OptionInfo const> none;

// No match and target share a name. The number is the protocol that -p must name.
constexpr Extension extensions[] = {
    {"AUDIT", target, pure, audit_target},
    {"CHECKSUM", target, pure, checksum_target},
    {"CLASSIFY", target, pure, classify_target},
    {"CLUSTERIP", target, pure, clusterip_target, 0, false, v4},
    {"CONNMARK", target, pure, connmark_target, 0, true},
    {"CONNSECMARK", target, pure, connsecmark_target, 0, true},
    {"CT", target, pure, ct_target},
    {"DNAT", target, pure, dnat_target},
    {"DNPT", target, pure, dnpt_target, 0, false, v6},
    {"DSCP", target, pure, dscp_target, 0, true},
    {"ECN", target, pure, ecn_target, 0, true, v4},
    {"HL", target, pure, hl_target, 0, true, v6},
    {"HMARK", target, pure, hmark_target},
    {"IDLETIMER", target, pure, idletimer_target},
    {"LED", target, pure, led_target},
    {"LOG", target, pure, log_target},
    {"MARK", target, pure, mark_target, 0, true},
    {"MASQUERADE", target, pure, masquerade_target},
    {"NETMAP", target, pure, netmap_target},
    {"NFLOG", target, pure, nflog_target},
    {"NFQUEUE", target, pure, nfqueue_target},
    {"NOTRACK", target, pure, none},
    {"RATEEST", target, pure, rateest_target},
    {"REDIRECT", target, pure, redirect_target},
    {"REJECT", target, pure, reject_target},
    {"SECMARK", target, pure, secmark_target},
    {"SET", target, pure, set_target, 0, true},
    {"SNAT", target, pure, snat_target},
    {"SNPT", target, pure, snpt_target, 0, false, v6},
    {"SYNPROXY", target, pure, synproxy_target, 6},
    {"TCPMSS", target, pure, tcpmss_target, 6},
    {"TCPOPTSTRIP", target, pure, tcpoptstrip_target, 6},
    {"TEE", target, pure, tee_target},
    {"TOS", target, pure, tos_target, 0, true},
    {"TPROXY", target, pure, tproxy_target},
    {"TRACE", target, pure, none},
    {"TTL", target, pure, ttl_target, 0, true, v4},
    {"ULOG", target, pure, ulog_target, 0, false, v4},
    {"addrtype", match, conditions, addrtype_match},
    {"ah", match, conditions, ah_match},
    {"bpf", match, pure, bpf_match},
    {"cgroup", match, conditions, cgroup_match},
    {"cluster", match, stateful, cluster_match},
    {"comment", match, modelled, comment_match},
    {"connbytes", match, stateful, connbytes_match},
    {"connlabel", match, stateful, connlabel_match},
    {"connlimit", match, stateful, connlimit_match, 0, true},
    {"connmark", match, modelled, connmark_match},
    {"conntrack", match, conditions, conntrack_match},
    {"cpu", match, pure, cpu_match},
    {"dccp", match, modelled, dccp_match, 33},
    {"devgroup", match, modelled, devgroup_match, 0, true},
    {"dscp", match, modelled, dscp_match, 0, true},
    {"dst", match, conditions, dst_match, 0, false, v6},
    {"ecn", match, modelled, ecn_match, 0, true},
    {"esp", match, modelled, esp_match, 50},
    {"eui64", match, pure, none, 0, false, v6},
    {"frag", match, conditions, frag_match, 0, false, v6},
    {"hashlimit", match, stateful, hashlimit_match, 0, true},
    {"hbh", match, conditions, hbh_match, 0, false, v6},
    {"helper", match, stateful, helper_match},
    {"hl", match, modelled, hl_match, 0, true, v6},
    {"icmp", match, modelled, icmp_match, 1, false, v4},
    {"icmp6", match, modelled, icmp6_match, 58, false, v6},
    {"ipcomp", match, pure, ipcomp_match, 108},
    {"iprange", match, modelled, iprange_match},
    {"ipv6header", match, modelled, ipv6header_match, 0, false, v6},
    {"ipvs", match, conditions, ipvs_match},
    {"length", match, modelled, length_match},
    {"limit", match, stateful, limit_match},
    {"mac", match, modelled, mac_match},
    {"mark", match, modelled, mark_match},
    {"mh", match, pure, mh_match, 135, false, v6},
    {"multiport", match, modelled, multiport_match, 0, true},
    {"nfacct", match, stateful, nfacct_match},
    {"osf", match, pure, osf_match, 6},
    {"owner", match, modelled, owner_match, 0, true},
    {"physdev", match, modelled, physdev_match, 0, true},
    {"pkttype", match, modelled, pkttype_match},
    {"policy", match, pure, policy_match},
    {"quota", match, stateful, quota_match},
    {"rateest", match, stateful, rateest_match},
    {"realm", match, pure, realm_match, 0, false, v4},
    {"recent", match, stateful, recent_match, 0, true},
    {"rpfilter", match, pure, rpfilter_match},
    {"rt", match, conditions, rt_match, 0, false, v6},
    {"sctp", match, modelled, sctp_match, 132},
    {"set", match, pure, set_match},
    {"socket", match, pure, socket_match},
    {"srh", match, conditions, srh_match, 0, false, v6},
    {"state", match, modelled, state_match},
    {"statistic", match, stateful, statistic_match},
    {"string", match, pure, string_match},
    {"tcp", match, modelled, tcp_match, 6},
    {"tcpmss", match, pure, tcpmss_match, 6},
    {"time", match, stateful, time_match},
    {"tos", match, modelled, tos_match},
    {"ttl", match, modelled, ttl_match, 0, true, v4},
    {"u32", match, pure, u32_match},
    {"udp", match, modelled, udp_match, 17},
};

// iptables(8). Foreign commands are those that only list or check.
constexpr OptionInfo generic[] = {
    {"append", Key::append, Shape::action},
    {"insert", Key::insert, Shape::action},
    {"delete", Key::remove, Shape::action},
    {"replace", Key::replace, Shape::action},
    {"flush", Key::flush, Shape::action},
    {"zero", Key::zero, Shape::action},
    {"new-chain", Key::new_chain, Shape::action},
    {"delete-chain", Key::delete_chain, Shape::action},
    {"rename-chain", Key::rename_chain, Shape::action},
    {"policy", Key::set_policy, Shape::action},
    {"source", Key::source, Shape::networks, N},
    {"src", Key::source, Shape::networks, N},
    {"destination", Key::destination, Shape::networks, N},
    {"dst", Key::destination, Shape::networks, N},
    {"protocol", Key::protocol, Shape::protocol, N},
    {"in-interface", Key::in_interface, Shape::word, N},
    {"out-interface", Key::out_interface, Shape::word, N},
    {"fragments", Key::fragment, Shape::none, N},
    {"match", Key::match, Shape::extension, M},
    {"jump", Key::jump, Shape::target, A},
    {"goto", Key::go_to, Shape::target, A},
    {"set-counters", Key::counters, Shape::two_words},
    {"ipv4", Key::ipv4},
    {"ipv6", Key::ipv6},
    {"verbose", Key::verbose, Shape::none, M},
    {"table", Key::not_in_restore},
    {"list", Key::foreign_command, Shape::action},
    {"list-rules", Key::foreign_command, Shape::action},
    {"check", Key::foreign_command, Shape::action},
    {"numeric", Key::not_in_restore},
    {"exact", Key::not_in_restore},
    {"wait", Key::not_in_restore},
    {"wait-interval", Key::not_in_restore},
    {"line-numbers", Key::not_in_restore},
    {"modprobe", Key::not_in_restore},
    {"version", Key::foreign_command, Shape::action},
    {"help", Key::foreign_command, Shape::action},
};

struct Letter {
    char letter;
    std::string_view name;
};
constexpr Letter letters[] = {
    {'A', "append"},       {'I', "insert"},       {'D', "delete"},        {'R', "replace"},
    {'F', "flush"},        {'Z', "zero"},         {'N', "new-chain"},     {'X', "delete-chain"},
    {'E', "rename-chain"}, {'P', "policy"},       {'s', "source"},        {'d', "destination"},
    {'p', "protocol"},     {'i', "in-interface"}, {'o', "out-interface"}, {'f', "fragments"},
    {'m', "match"},        {'j', "jump"},         {'g', "goto"},          {'c', "set-counters"},
    {'4', "ipv4"},         {'6', "ipv6"},         {'v', "verbose"},       {'t', "table"},
    {'L', "list"},         {'S', "list-rules"},   {'C', "check"},         {'n', "numeric"},
    {'x', "exact"},        {'w', "wait"},         {'W', "wait-interval"}, {'M', "modprobe"},
    {'V', "version"},      {'h', "help"},
};

// xtables-translate of `-p X` to a match: xtables_find_proto and the extensions' own names.
struct ProtocolMatch {
    std::string_view protocol;
    std::string_view extension;
};
constexpr ProtocolMatch protocol_matches[] = {
    {"tcp", "tcp"},         {"6", "tcp"},       {"udp", "udp"},       {"17", "udp"},
    {"sctp", "sctp"},       {"132", "sctp"},    {"dccp", "dccp"},     {"33", "dccp"},
    {"icmp", "icmp"},       {"1", "icmp"},      {"icmpv6", "icmp6"},  {"58", "icmp6"},
    {"ipv6-icmp", "icmp6"}, {"icmp6", "icmp6"}, {"ah", "ah"},         {"51", "ah"},
    {"esp", "esp"},         {"50", "esp"},      {"ipcomp", "ipcomp"}, {"108", "ipcomp"},
    {"mh", "mh"}, // neither 135 nor its other names load it
};

constexpr OptionInfo unknown{"", Key::unknown, Shape::rest, N | M};

} // namespace

Extension const* find_extension(std::string_view name, Role role) {
    static auto const by_name = [] {
        std::unordered_map<std::string_view, Extension const*> map;
        for (Extension const& extension : extensions) map.emplace(extension.name, &extension);
        return map;
    }();
    auto const found = by_name.find(name);
    return found != by_name.end() && found->second->role == role ? found->second : nullptr;
}

std::span<Extension const> all_extensions() { return extensions; }

Extension const* protocol_extension(std::string_view protocol) {
    auto const found = std::ranges::find(protocol_matches, protocol, &ProtocolMatch::protocol);
    return found == std::end(protocol_matches) ? nullptr : find_extension(found->extension, Role::match);
}

std::span<OptionInfo const> generic_options() { return generic; }

OptionInfo const* short_option(char letter) {
    static auto const by_letter = [] {
        std::array<OptionInfo const*, 128> map{};
        for (auto const& [c, name] : letters)
            map[static_cast<unsigned char>(c)] = std::ranges::find(generic, name, &OptionInfo::name);
        return map;
    }();
    auto const index = static_cast<unsigned char>(letter);
    return index < by_letter.size() ? by_letter[index] : nullptr;
}

OptionInfo const& unknown_option() { return unknown; }

} // namespace portcullis::iptables
