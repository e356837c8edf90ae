// The words that stand for fields in a packet's notation: "in=eth0". What is read and what is written share them.
#pragma once
#include "portcullis/model/packet.hpp"

namespace portcullis {

// The routing type of a packet's destination where nothing says it: by its address, or local without a way out.
U128 usual_destination_type(Packet const& packet);

struct PacketWord {
    std::string_view name;
    Field field;
    U128 absent = 0;    // the value of a packet that lacks it
    bool told = false;  // written where it is there; the others have their own place, or are left out
};
constexpr PacketWord packet_words[] = {
    {"in", Field::iif},
    {"out", Field::oif},
    {"flags", Field::tcp_flags},
    {"state", Field::ct_state},
    {"type", Field::icmp_type},
    {"code", Field::icmp_code},
    {"mark", Field::mark},
    {"ct-mark", Field::ct_mark},
    {"status", Field::ct_status},
    {"direction", Field::ct_direction},
    {"orig-src4", Field::orig_src4, 0, true},
    {"orig-dst4", Field::orig_dst4, 0, true},
    {"orig-src6", Field::orig_src6, 0, true},
    {"orig-dst6", Field::orig_dst6, 0, true},
    {"orig-sport", Field::orig_sport, 0, true},
    {"orig-dport", Field::orig_dport, 0, true},
    {"reply-src4", Field::reply_src4, 0, true},
    {"reply-dst4", Field::reply_dst4, 0, true},
    {"reply-src6", Field::reply_src6, 0, true},
    {"reply-dst6", Field::reply_dst6, 0, true},
    {"reply-sport", Field::reply_sport, 0, true},
    {"reply-dport", Field::reply_dport, 0, true},
    {"ct-protocol", Field::ct_protocol, 0, true},
    {"ttl", Field::ttl},
    {"length", Field::length},
    {"dscp", Field::dscp},
    {"ecn", Field::ecn, 0, true},
    {"mac", Field::src_mac},
    {"pkttype", Field::packet_type},
    {"src-type", Field::src_type},
    {"dst-type", Field::dst_type},
    {"physin", Field::phys_iif, 0, true},
    {"physout", Field::phys_oif, 0, true},
    {"exthdr", Field::exthdr, 0, true},
    {"frag-id", Field::frag_id, 0, true},
    {"rt-type", Field::rt_type, 0, true},
    {"rt-left", Field::rt_segments, 0, true},
    {"ah-spi", Field::ah_spi, 0, true},
    {"esp-spi", Field::esp_spi, 0, true},
    {"uid", Field::skuid, no_socket, true},
    {"gid", Field::skgid, no_socket, true},
};

} // namespace portcullis
