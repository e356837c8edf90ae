#include "kernel/packet_bytes.hpp"

#include <algorithm>

namespace portcullis::kernel {

namespace {

constexpr std::size_t ipv4_header = 20, ipv6_header = 40, options_header = 8;
constexpr U128 ipv6_options = 60;  // IANA: the destination options header
constexpr Tag no_tag = 0; // of what is quoted
constexpr U128 later_offset = 185; // of a later fragment, in units of 8 bytes

bool is(Packet const& packet, Protocol protocol) { return packet[Field::protocol] == number(protocol); }

class Writer {
  public:
    Writer& put(U128 value, unsigned bytes) {
        for (unsigned i = bytes; i-- > 0;) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
        return *this;
    }
    void pad_to(std::size_t size) { bytes_.resize(std::max(bytes_.size(), size)); }
    void set16(std::size_t at, U128 value) {
        bytes_[at] = static_cast<std::uint8_t>(value >> 8);
        bytes_[at + 1] = static_cast<std::uint8_t>(value);
    }
    Bytes& bytes() { return bytes_; }

  private:
    Bytes bytes_;
};

// RFC 1071: the complement of the sum in ones' complement.
std::uint64_t sum_of(std::span<std::uint8_t const> bytes) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) sum += i % 2 == 0 ? std::uint64_t{bytes[i]} << 8 : bytes[i];
    return sum;
}
U128 checksum(std::uint64_t sum) {
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
    return ~sum & 0xffff;
}

// The source and destination address, length and protocol that the checksums of TCP and UDP cover (RFC 9293, RFC
// 8200).
std::uint64_t pseudo_header(Packet const& packet, std::size_t length) {
    Writer w;
    unsigned const width = packet.family() == Family::v4 ? 4 : 16;
    w.put(packet.source().value, width).put(packet.destination().value, width);
    w.put(length, 4).put(packet[Field::protocol], 4);
    return sum_of(w.bytes());
}

// Where the protocol has its checksum; nothing for one without, or with another kind.
std::optional<std::size_t> checksum_at(Packet const& packet) {
    if (is(packet, Protocol::tcp)) return 16;
    if (is(packet, Protocol::udp) || is(packet, Protocol::udplite)) return 6;
    if (is(packet, Protocol::icmp) || is(packet, Protocol::icmpv6)) return 2;
    return std::nullopt;
}

void append(Bytes& to, Bytes const& from) { to.insert(to.end(), from.begin(), from.end()); }

// The transport header, what it quotes, and a payload of zeros, `length` bytes where the header fits into them.
Bytes transport(Probe const& probe, std::size_t length) {
    Packet const& packet = probe.packet;
    Writer w;
    if (port_protocols().contains(packet[Field::protocol]))
        w.put(packet[Field::sport], 2).put(packet[Field::dport], 2);
    if (is(packet, Protocol::tcp)) {
        w.put(1, 4).put(0, 4).put(5 << 4, 1).put(packet[Field::tcp_flags], 1).put(1024, 2).put(0, 4);
    } else if (is(packet, Protocol::icmp) || is(packet, Protocol::icmpv6)) {
        w.put(packet[Field::icmp_type], 1).put(packet[Field::icmp_code], 1).put(0, 2).put(0, 4);
        if (probe.quoted) append(w.bytes(), to_wire({*probe.quoted}, no_tag));
    } else if (is(packet, Protocol::dccp)) {
        w.put(4, 1).put(0, 11); // its header is four words long
    } else if (is(packet, Protocol::esp)) {
        w.put(packet[Field::esp_spi], 4);
    } else if (is(packet, Protocol::ah)) {
        w.put(0, 4).put(packet[Field::ah_spi], 4).pad_to(16);
    } else if (is(packet, Protocol::udplite)) {
        w.put(0, 4); // the checksum covers all of it (RFC 3828)
    }
    w.pad_to(8);
    if (is(packet, Protocol::sctp)) w.pad_to(16);
    w.pad_to(length);
    if (is(packet, Protocol::udp)) w.set16(4, w.bytes().size());
    if (auto const at = checksum_at(packet)) {
        bool const covers_addresses = !is(packet, Protocol::icmp);
        std::uint64_t const pseudo = covers_addresses ? pseudo_header(packet, w.bytes().size()) : 0;
        U128 const sum = checksum(sum_of(w.bytes()) + pseudo);
        w.set16(*at, sum == 0 && !is(packet, Protocol::icmp) ? U128{0xffff} : sum);
    }
    return w.bytes();
}

std::size_t left_of(Packet const& packet, std::size_t headers) {
    auto const wanted = static_cast<std::size_t>(packet[Field::length]);
    return wanted > headers ? wanted - headers : 0;
}

Bytes ipv4(Probe const& probe, Tag tag) {
    Packet const& packet = probe.packet;
    U128 const offset = packet[Field::fragment] != 0 ? later_offset : 0;
    Bytes const content = transport(probe, left_of(packet, ipv4_header));
    Writer w;
    w.put(0x45, 1)
        .put(packet[Field::dscp] << 2 | packet[Field::ecn], 1)
        .put(ipv4_header + content.size(), 2)
        .put(tag, 2);
    w.put(offset, 2).put(packet[Field::ttl], 1).put(packet[Field::protocol], 1).put(0, 2);
    w.put(packet[Field::src4], 4).put(packet[Field::dst4], 4);
    w.set16(10, checksum(sum_of(w.bytes())));
    append(w.bytes(), content);
    return w.bytes();
}

Bytes ipv6(Probe const& probe, Tag tag) {
    Packet const& packet = probe.packet;
    std::size_t const extra = probe.options_header ? options_header : 0;
    Bytes const content = transport(probe, left_of(packet, ipv6_header + extra));
    U128 const protocol = packet[Field::protocol];
    Writer w;
    w.put(U128{6} << 28 | packet[Field::dscp] << 22 | packet[Field::ecn] << 20 | tag, 4)
        .put(extra + content.size(), 2);
    w.put(probe.options_header ? ipv6_options : protocol, 1).put(packet[Field::ttl], 1);
    w.put(packet[Field::src6], 16).put(packet[Field::dst6], 16);
    if (probe.options_header) w.put(protocol, 1).put(0, 1).put(0x0104, 2).put(0, 4); // PadN (RFC 8200)
    append(w.bytes(), content);
    return w.bytes();
}

class Reader {
  public:
    explicit Reader(std::span<std::uint8_t const> bytes) : bytes_(bytes) {}
    U128 at(std::size_t offset, unsigned width) const {
        U128 value = 0;
        for (unsigned i = 0; i < width; ++i)
            value = value << 8 | (offset + i < bytes_.size() ? bytes_[offset + i] : 0U);
        return value;
    }

  private:
    std::span<std::uint8_t const> bytes_;
};

void read_transport(Reader const& in, Decoded& out) {
    Packet& packet = out.packet;
    std::size_t const at = out.payload;
    if (port_protocols().contains(packet[Field::protocol])) {
        packet[Field::sport] = in.at(at, 2);
        packet[Field::dport] = in.at(at + 2, 2);
    }
    if (is(packet, Protocol::esp)) packet[Field::esp_spi] = in.at(at, 4);
    if (is(packet, Protocol::ah)) packet[Field::ah_spi] = in.at(at + 4, 4);
    out.payload += 8;
    if (is(packet, Protocol::tcp)) {
        packet[Field::tcp_flags] = in.at(at + 13, 1);
        out.payload += 12;
    } else if (is(packet, Protocol::icmp) || is(packet, Protocol::icmpv6)) {
        packet[Field::icmp_type] = in.at(at, 1);
        packet[Field::icmp_code] = in.at(at + 1, 1);
    }
}

void read_ipv4(Reader const& in, Decoded& out) {
    Packet& packet = out.packet;
    packet[Field::family] = family_v4;
    packet[Field::dscp] = in.at(1, 1) >> 2;
    packet[Field::ecn] = in.at(1, 1) & 3;
    packet[Field::length] = in.at(2, 2);
    packet[Field::fragment] = (in.at(6, 2) & 0x1fff) != 0 ? 1 : 0;
    packet[Field::ttl] = in.at(8, 1);
    packet[Field::protocol] = in.at(9, 1);
    packet[Field::src4] = in.at(12, 4);
    packet[Field::dst4] = in.at(16, 4);
    out.tag = static_cast<Tag>(in.at(4, 2));
    out.payload = static_cast<std::size_t>(in.at(0, 1) & 15) * 4;
}

void read_ipv6(Reader const& in, Decoded& out) {
    Packet& packet = out.packet;
    packet[Field::family] = family_v6;
    packet[Field::dscp] = in.at(0, 2) >> 6 & 63;
    packet[Field::ecn] = in.at(0, 2) >> 4 & 3;
    packet[Field::length] = in.at(4, 2) + ipv6_header;
    packet[Field::ttl] = in.at(7, 1);
    packet[Field::src6] = in.at(8, 16);
    packet[Field::dst6] = in.at(24, 16);
    out.tag = static_cast<Tag>(in.at(2, 2));
    out.payload = ipv6_header;
    packet[Field::protocol] = in.at(6, 1);
    if (packet[Field::protocol] != ipv6_options) return;
    packet[Field::exthdr] = extension_header::dst;
    packet[Field::protocol] = in.at(out.payload, 1);
    out.payload += options_header;
}

} // namespace

Bytes to_wire(Probe const& probe, Tag tag) {
    return probe.packet.family() == Family::v4 ? ipv4(probe, tag) : ipv6(probe, tag);
}

std::optional<Decoded> from_wire(std::span<std::uint8_t const> bytes) {
    Reader const in(bytes);
    U128 const version = in.at(0, 1) >> 4;
    Decoded out;
    if (version == 4 && bytes.size() >= ipv4_header)
        read_ipv4(in, out);
    else if (version == 6 && bytes.size() >= ipv6_header)
        read_ipv6(in, out);
    else
        return std::nullopt;
    read_transport(in, out);
    return out;
}

} // namespace portcullis::kernel
