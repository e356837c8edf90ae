#include "model/packet_words.hpp"
#include "portcullis/model/packet.hpp"

#include <fmt/format.h>
#include <iterator>

namespace portcullis {

std::string to_text(Packet const& packet) {
    std::string text = value_text(Field::protocol, packet[Field::protocol]);
    auto out = std::back_inserter(text);
    bool const ports = port_protocols().contains(packet[Field::protocol]);
    auto const endpoint = [&](Ip address, Field port) {
        if (!ports) return to_string(address);
        bool const bracketed = address.family == Family::v6;
        return fmt::format("{}{}{}:{}", bracketed ? "[" : "", to_string(address), bracketed ? "]" : "",
                           low64(packet[port]));
    };
    fmt::format_to(out, " {} > {}", endpoint(packet.source(), Field::sport), endpoint(packet.destination(), Field::dport));
    bool const icmp = packet[Field::protocol] == number(Protocol::icmp) || packet[Field::protocol] == number(Protocol::icmpv6);
    if (icmp) fmt::format_to(out, " type {} code {}", low64(packet[Field::icmp_type]), low64(packet[Field::icmp_code]));
    if (packet[Field::iif] != 0) fmt::format_to(out, " in={}", interface_name(packet[Field::iif]));
    if (packet[Field::oif] != 0) fmt::format_to(out, " out={}", interface_name(packet[Field::oif]));
    if (packet[Field::protocol] == number(Protocol::tcp)) {
        fmt::format_to(out, " flags={}", value_text(Field::tcp_flags, packet[Field::tcp_flags]));
    }
    fmt::format_to(out, " state={}", value_text(Field::ct_state, packet[Field::ct_state]));
    if (packet[Field::fragment] != 0) text += " later-fragment";
    for (Field const field : {Field::mark, Field::ct_mark, Field::ct_status}) {
        if (packet[field] != 0) fmt::format_to(out, " {}={}", info(field).name, value_text(field, packet[field]));
    }
    for (PacketWord const& word : packet_words) {
        if (word.told && packet[word.field] != word.absent)
            fmt::format_to(out, " {}={}", word.name, value_text(word.field, packet[word.field]));
    }
    return text;
}

} // namespace portcullis
