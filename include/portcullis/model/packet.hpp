// One packet: a value for every field. What a witness is, and what the interpreter decides about.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "portcullis/model/field.hpp"

namespace portcullis {

struct Packet {
    std::array<U128, field_count> values{};

    U128& operator[](Field field) { return values[static_cast<std::size_t>(field)]; }
    U128 operator[](Field field) const { return values[static_cast<std::size_t>(field)]; }
    Family family() const { return (*this)[Field::family] == family_v4 ? Family::v4 : Family::v6; }
    Ip source() const { return {family(), (*this)[src_field(family())]}; }
    Ip destination() const { return {family(), (*this)[dst_field(family())]}; }
    friend bool operator==(Packet const&, Packet const&) = default;
};

// "tcp 203.0.113.9:40000 > 192.0.2.10:22 in=eth0 flags=syn state=new"
std::string to_text(Packet const& packet);

struct ParsedPacket {
    std::optional<Packet> packet;
    std::string in;    // interfaces by their full names, which may be longer than the packet's fields
    std::string out;
    std::string error; // where there is no packet: a sentence
};

// The same notation, as people type it: a protocol by name or number, "SRC[:PORT] > DST[:PORT]" with IPv6 in brackets
// where a port follows, and words in any order: in=, out=, flags=syn,ack, state=established, type=8, code=0, mark=0x1,
// ttl=, length=, mac=, uid= and more (model/packet_words.hpp), later-fragment. A tcp packet without flags and state is a SYN of state new.
ParsedPacket parse_packet(std::string_view text);

// The number of one of a field's value names: "established", "syn,ack". Nothing for unknown words.
std::optional<U128> value_by_name(Field field, std::string_view text);

} // namespace portcullis
