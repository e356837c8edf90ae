// One packet: a value for every field. What a witness is, and what the interpreter decides about.
#pragma once
#include <array>
#include <string>

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

} // namespace portcullis
