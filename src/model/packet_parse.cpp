// Packets as people type them on a command line.
#include <charconv>
#include <fmt/format.h>
#include <vector>

#include "model/packet_words.hpp"
#include "portcullis/model/packet.hpp"
#include "portcullis/model/tracking.hpp"

namespace portcullis {

namespace {

std::optional<U128> digits(std::string_view text, U128 largest) {
    int base = 10;
    if (text.starts_with("0x")) {
        base = 16;
        text.remove_prefix(2);
    }
    std::uint64_t value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    if (error != std::errc{} || end != text.data() + text.size() || value > largest) return std::nullopt;
    return value;
}

// "00:00:5e:00:53:01"
std::optional<U128> mac_digits(std::string_view text) {
    U128 value = 0;
    constexpr std::size_t pairs = 6;
    if (text.size() != 3 * pairs - 1) return std::nullopt;
    for (std::size_t i = 0; i < pairs; ++i) {
        unsigned byte = 0;
        char const* const pair = text.data() + 3 * i;
        if (std::from_chars(pair, pair + 2, byte, 16).ptr != pair + 2) return std::nullopt;
        if (i > 0 && pair[-1] != ':') return std::nullopt;
        value = value << 8U | byte;
    }
    return value;
}

std::vector<std::string_view> words(std::string_view text) {
    std::vector<std::string_view> all;
    for (std::size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
        std::size_t const end = std::min(text.find_first_of(" \t", at), text.size());
        all.push_back(text.substr(at, end - at));
        at = end;
    }
    return all;
}

struct Endpoint {
    Ip address;
    std::optional<U128> port;
};

std::optional<Endpoint> parse_endpoint(std::string_view text) {
    std::string_view address = text;
    std::string_view port;
    if (text.starts_with('[')) {
        std::size_t const close = text.find(']');
        if (close == std::string_view::npos) return std::nullopt;
        address = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) return std::nullopt;
        if (!port.empty()) port.remove_prefix(1);
    } else if (std::size_t const colon = text.find(':'); colon != std::string_view::npos && text.rfind(':') == colon) {
        address = text.substr(0, colon);
        port = text.substr(colon + 1);
    }
    auto const ip = parse_ip(address);
    if (!ip) return std::nullopt;
    if (port.empty()) return Endpoint{*ip, std::nullopt};
    auto const number = digits(port, 65535);
    if (!number) return std::nullopt;
    return Endpoint{*ip, number};
}

class Parser {
  public:
    ParsedPacket parse(std::string_view text) {
        packet_[Field::ttl] = 64;
        packet_[Field::length] = 60;
        packet_[Field::src_type] = route_type::unicast;
        packet_[Field::skuid] = packet_[Field::skgid] = no_socket;
        auto const all = words(text);
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i] == ">") {
                if (i == 0 || i + 1 == all.size()) return fail("'>' needs an address on either side");
                if (!endpoints(all[i - 1], all[i + 1])) return fail(error_);
            }
        }
        if (!has_addresses_) return fail("a packet needs 'SOURCE > DESTINATION'");
        for (std::size_t i = 0; i < all.size(); ++i) {
            bool const address = all[i] == ">" || (i + 1 < all.size() && all[i + 1] == ">") || (i > 0 && all[i - 1] == ">");
            if (!address && !word(all[i])) return fail(error_);
        }
        return finish();
    }

  private:
    ParsedPacket fail(std::string message) { return {std::nullopt, {}, {}, std::move(message)}; }
    bool refuse(std::string message) {
        error_ = std::move(message);
        return false;
    }

    bool endpoints(std::string_view from, std::string_view to) {
        auto const source = parse_endpoint(from);
        auto const destination = parse_endpoint(to);
        if (!source) return refuse(fmt::format("'{}' is no address", from));
        if (!destination) return refuse(fmt::format("'{}' is no address", to));
        if (source->address.family != destination->address.family) return refuse("source and destination are of different families");
        Family const family = source->address.family;
        packet_[Field::family] = family_value(family);
        packet_[src_field(family)] = source->address.value;
        packet_[dst_field(family)] = destination->address.value;
        packet_[Field::sport] = source->port.value_or(0);
        packet_[Field::dport] = destination->port.value_or(0);
        has_addresses_ = true;
        return true;
    }

    bool word(std::string_view text) {
        std::size_t const equals = text.find('=');
        if (equals == std::string_view::npos) {
            if (text == "later-fragment") {
                packet_[Field::fragment] = 1;
                return true;
            }
            auto const protocol = value_by_name(Field::protocol, text);
            if (!protocol) return refuse(fmt::format("'{}' is no protocol, and no word of the form key=value", text));
            packet_[Field::protocol] = *protocol;
            has_protocol_ = true;
            return true;
        }
        for (PacketWord const& key : packet_words) {
            if (key.name != text.substr(0, equals)) continue;
            auto const value = value_by_name(key.field, text.substr(equals + 1));
            if (!value) return refuse(fmt::format("'{}' is no value for '{}'", text.substr(equals + 1), key.name));
            packet_[key.field] = *value;
            has_flags_ = has_flags_ || key.field == Field::tcp_flags;
            has_state_ = has_state_ || key.field == Field::ct_state;
            has_destination_type_ = has_destination_type_ || key.field == Field::dst_type;
            if (key.field == Field::iif) in_ = text.substr(equals + 1);
            if (key.field == Field::oif) out_ = text.substr(equals + 1);
            return true;
        }
        std::string known;
        for (PacketWord const& key : packet_words) known += (known.empty() ? "" : ", ") + std::string(key.name);
        return refuse(fmt::format("unknown key '{}'; known are {}", text.substr(0, equals), known));
    }

    ParsedPacket finish() {
        if (!has_protocol_) return fail("a packet needs a protocol, such as tcp, udp or icmp");
        if (!has_state_ && is_never_tracked(packet_)) packet_[Field::ct_state] = ct_state::untracked;
        bool const is_new = packet_[Field::ct_state] == ct_state::new_;
        if (packet_[Field::protocol] == number(Protocol::tcp) && !has_flags_) {
            packet_[Field::tcp_flags] = is_new ? tcp_flag::syn : tcp_flag::ack;
        }
        if (!has_destination_type_) packet_[Field::dst_type] = usual_destination_type(packet_);
        return {packet_, in_, out_, {}};
    }

    Packet packet_;
    std::string in_;
    std::string out_;
    std::string error_;
    bool has_addresses_ = false;
    bool has_protocol_ = false;
    bool has_flags_ = false;
    bool has_state_ = false;
    bool has_destination_type_ = false;
};

} // namespace

U128 usual_destination_type(Packet const& packet) {
    bool const v4 = packet.family() == Family::v4;
    U128 const address = packet.destination().value;
    if (v4 && address == 0xFFFFFFFFU) return route_type::broadcast;
    if (address >> (v4 ? 28U : 120U) == (v4 ? 0xEU : 0xFFU)) return route_type::multicast;
    return packet[Field::oif] == 0 ? route_type::local : route_type::unicast;
}

std::optional<U128> value_by_name(Field field, std::string_view text) {
    if (is_interface(field)) {
        if (text.empty()) return std::nullopt;
        bool const no_port = text == "none" && field != Field::iif && field != Field::oif;
        return no_port ? U128{0} : interface_value(text);
    }
    if (info(field).kind == FieldKind::flags) {
        U128 flags = 0;
        while (!text.empty() && text != "none") {
            std::string_view const name = text.substr(0, text.find(','));
            std::optional<U128> found;
            for (unsigned bit = 0; bit < info(field).bits; ++bit) {
                if (value_text(field, U128{1} << bit) == name) found = U128{1} << bit;
            }
            if (!found) return digits(text, info(field).largest);
            flags |= *found;
            text.remove_prefix(std::min(text.size(), name.size() + 1));
        }
        return flags;
    }
    if (info(field).kind == FieldKind::mac) return mac_digits(text);
    if (info(field).kind == FieldKind::address) {
        auto const ip = parse_ip(text);
        return ip && ip->family == info(field).family ? std::optional(ip->value) : std::nullopt;
    }
    if (auto const value = digits(text, info(field).largest)) return value;
    if ((field == Field::skuid || field == Field::skgid) && text == "none") return no_socket;
    if (info(field).bits > 8) return std::nullopt;
    for (U128 value = 0; value <= info(field).largest; ++value) {
        if (value_text(field, value) == text) return value;
    }
    return std::nullopt;
}

ParsedPacket parse_packet(std::string_view text) { return Parser().parse(text); }

} // namespace portcullis
