#include "engine/usual.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace portcullis {

namespace {

std::vector<U128> make_values(Field field) {
    auto const ip = [](std::string_view text) { return parse_ip(text)->value; };
    switch (field) {
    case Field::src4:
        return {ip("203.0.113.9"), ip("198.51.100.9"), ip("192.168.1.9"), ip("10.0.0.9"), ip("172.16.0.9")};
    case Field::dst4: return {ip("192.0.2.10"), ip("192.168.1.10"), ip("10.0.0.10"), ip("172.16.0.10")};
    case Field::src6: return {ip("2001:db8:9::9"), ip("fd00::9")};
    case Field::dst6: return {ip("2001:db8::10"), ip("fd00::10")};
    case Field::dport: return {443, 80, 22};
    case Field::sport: return {40000, 1024};
    case Field::protocol: return {6, 17, 1, 58};
    case Field::tcp_flags: return {tcp_flag::syn, tcp_flag::ack};
    case Field::icmp_type: return {8, 128};
    case Field::iif: return {interface_value("eth0"), interface_value("eth1"), 0};
    case Field::oif: return {interface_value("eth1"), interface_value("eth0"), 0};
    case Field::phys_iif: return {0, interface_value("port1")};
    case Field::phys_oif: return {0, interface_value("port2")};
    case Field::src_type: return {route_type::unicast};
    case Field::dst_type: return {route_type::local, route_type::unicast};
    case Field::ttl: return {64};
    case Field::length: return {60};
    case Field::src_mac: return {0x020000000009ULL};
    case Field::skuid:
    case Field::skgid: return {no_socket, 1000};
    default: return {0};
    }
}

} // namespace

std::span<U128 const> usual_values(Field field) {
    static auto const table = [] {
        std::array<std::vector<U128>, field_count> all;
        for (FieldInfo const& row : fields()) all[static_cast<std::size_t>(row.field)] = make_values(row.field);
        return all;
    }();
    return table[static_cast<std::size_t>(field)];
}

U128 usual_within(Field field, Interval interval) {
    U128 value = interval.first;
    if (is_interface(field)) {
        std::string const name = interface_name(value);
        if (!name.empty() && name.size() < 15) value = interface_value(name + '0');
    } else if (info(field).kind == FieldKind::address) {
        value += 9;
    } else if (field == Field::dport || field == Field::sport) {
        value = std::max<U128>(value, 1);
    }
    return value >= interval.first && value <= interval.last ? value : interval.first;
}

} // namespace portcullis
