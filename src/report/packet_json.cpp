#include "report/packet_json.hpp"

namespace portcullis {

Json witness_json(Witness const& witness) {
    Packet const& p = witness.packet;
    U128 const protocol = p[Field::protocol];
    bool const ports = port_protocols().contains(protocol);
    bool const icmp = protocol == number(Protocol::icmp) || protocol == number(Protocol::icmpv6);
    auto const value = [&](Field field, bool present) { return present ? Json(low64(p[field])) : Json(); };
    Json flags;
    if (protocol == number(Protocol::tcp)) {
        flags = Json::array();
        for (unsigned bit = 0; bit < 8; ++bit) {
            unsigned const flag = 1U << bit;
            if ((p[Field::tcp_flags] & flag) != 0) flags.push_back(value_text(Field::tcp_flags, flag));
        }
    }
    Json json{{"family", p.family() == Family::v4 ? 4 : 6},
            {"src", to_string(p.source())},
            {"dst", to_string(p.destination())},
            {"protocol", value_text(Field::protocol, protocol)},
            {"sport", value(Field::sport, ports)},
            {"dport", value(Field::dport, ports)},
            {"icmp_type", value(Field::icmp_type, icmp)},
            {"icmp_code", value(Field::icmp_code, icmp)},
            {"tcp_flags", std::move(flags)},
            {"ct_state", value_text(Field::ct_state, p[Field::ct_state])},
            {"iif", name_or_null(interface_name(p[Field::iif]))},
            {"oif", name_or_null(interface_name(p[Field::oif]))},
            {"hook", to_string(witness.hook)},
            {"verdict", witness.verdict}};
    // What packets have seldom.
    for (auto const& [key, field] : {std::pair("mark", Field::mark), std::pair("ct_mark", Field::ct_mark), std::pair("ct_status", Field::ct_status)})
        if (p[field] != 0) json[key] = value_text(field, p[field]);
    if (witness.became) {
        Packet const& now = *witness.became;
        json["became"] = {{"src", to_string(now.source())},
                          {"dst", to_string(now.destination())},
                          {"sport", ports ? Json(low64(now[Field::sport])) : Json()},
                          {"dport", ports ? Json(low64(now[Field::dport])) : Json()}};
    }
    return json;
}

} // namespace portcullis
