#include "portcullis/model/field.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "portcullis/base/list_text.hpp"

namespace portcullis {

std::array<FieldInfo, field_count> const& fields() {
    using enum FieldKind;
    constexpr auto none = std::nullopt;
    static std::array<FieldInfo, field_count> const table{{
        {Field::family, "nfproto", 1, name, none, 1, true},
        {Field::src4, "ip saddr", 32, address, Family::v4, max_value(32), true},
        {Field::dst4, "ip daddr", 32, address, Family::v4, max_value(32), true},
        {Field::src6, "ip6 saddr", 128, address, Family::v6, max_value(128), true},
        {Field::dst6, "ip6 daddr", 128, address, Family::v6, max_value(128), true},
        {Field::protocol, "l4proto", 8, name, none, 255, true},
        {Field::sport, "sport", 16, range, none, 65535, true, true},
        {Field::dport, "dport", 16, range, none, 65535, true, true},
        {Field::icmp_type, "icmp type", 8, range, none, 255, true, true},
        {Field::icmp_code, "icmp code", 8, range, none, 255, true, true},
        {Field::tcp_flags, "tcp flags", 8, flags, none, 255, true, true},
        {Field::ct_state, "ct state", 3, name, none, 4, true},
        {Field::ct_status, "ct status", 10, flags, none, 1023, false},
        {Field::ct_direction, "ct direction", 1, name, none, 1, true},
        {Field::orig_src4, "ct original ip saddr", 32, address, Family::v4, max_value(32), false},
        {Field::orig_dst4, "ct original ip daddr", 32, address, Family::v4, max_value(32), false},
        {Field::orig_src6, "ct original ip6 saddr", 128, address, Family::v6, max_value(128), false},
        {Field::orig_dst6, "ct original ip6 daddr", 128, address, Family::v6, max_value(128), false},
        {Field::orig_sport, "ct original proto-src", 16, range, none, 65535, false},
        {Field::orig_dport, "ct original proto-dst", 16, range, none, 65535, false},
        {Field::reply_src4, "ct reply ip saddr", 32, address, Family::v4, max_value(32), false},
        {Field::reply_dst4, "ct reply ip daddr", 32, address, Family::v4, max_value(32), false},
        {Field::reply_src6, "ct reply ip6 saddr", 128, address, Family::v6, max_value(128), false},
        {Field::reply_dst6, "ct reply ip6 daddr", 128, address, Family::v6, max_value(128), false},
        {Field::reply_sport, "ct reply proto-src", 16, range, none, 65535, false},
        {Field::reply_dport, "ct reply proto-dst", 16, range, none, 65535, false},
        {Field::ct_protocol, "ct original protocol", 8, name, none, 255, false},
        {Field::fragment, "fragment", 1, name, none, 1, true},
        {Field::iif, "iifname", 128, name, none, max_value(128), true},
        {Field::oif, "oifname", 128, name, none, max_value(128), true},
        {Field::iif_group, "iifgroup", 32, range, none, max_value(32), false},
        {Field::oif_group, "oifgroup", 32, range, none, max_value(32), false},
        {Field::phys_iif, "physdev in", 128, name, none, max_value(128), true},
        {Field::phys_oif, "physdev out", 128, name, none, max_value(128), true},
        {Field::packet_type, "pkttype", 2, name, none, 3, true},
        {Field::src_type, "saddr type", 4, name, none, 8, true},
        {Field::dst_type, "daddr type", 4, name, none, 8, true},
        {Field::src_mac, "ether saddr", 48, mac, none, max_value(48), true},
        {Field::dscp, "dscp", 6, range, none, 63, true},
        {Field::ecn, "ecn", 2, name, none, 3, true},
        {Field::ttl, "ttl", 8, range, none, 255, true},
        {Field::length, "length", 16, range, none, 65535, true},
        {Field::exthdr, "exthdr", 5, flags, Family::v6, 31, true},
        {Field::frag_id, "frag id", 32, range, Family::v6, max_value(32), true},
        {Field::rt_type, "rt type", 8, range, Family::v6, 255, true},
        {Field::rt_segments, "rt seg-left", 8, range, Family::v6, 255, true},
        {Field::ah_spi, "ah spi", 32, range, none, max_value(32), true, true},
        {Field::esp_spi, "esp spi", 32, range, none, max_value(32), true, true},
        {Field::skuid, "skuid", 32, range, none, max_value(32), false},
        {Field::skgid, "skgid", 32, range, none, max_value(32), false},
        {Field::mark, "mark", 32, range, none, max_value(32), false},
        {Field::ct_mark, "ct mark", 32, range, none, max_value(32), false},
        {Field::nat_dst, "nat daddr", 128, range, none, max_value(128), false},
        {Field::nat_dport, "nat dport", 16, range, none, 65535, false},
        {Field::nat_dst_type, "nat daddr type", 4, name, none, 8, false},
        {Field::nat_src, "nat saddr", 128, range, none, max_value(128), false},
        {Field::nat_sport, "nat sport", 16, range, none, 65535, false},
    }};
    return table;
}

IntervalSet const& port_protocols() {
    static IntervalSet const set =
        IntervalSet::of({{6, 6}, {17, 17}, {33, 33}, {132, 132}, {136, 136}});
    return set;
}

U128 interface_value(std::string_view name) {
    U128 value = 0;
    for (std::size_t i = 0; i < 16; ++i) {
        value = value << 8 | (i < name.size() ? static_cast<unsigned char>(name[i]) : 0U);
    }
    return value;
}

std::string interface_name(U128 value) {
    std::string name;
    for (int shift = 120; shift >= 0; shift -= 8) {
        char const c = static_cast<char>(value >> shift);
        if (c == '\0') break;
        name += c;
    }
    return name;
}

Interval interface_prefix(std::string_view prefix) {
    std::size_t const length = std::min<std::size_t>(prefix.size(), 16);
    U128 const first = interface_value(prefix);
    return {first, first | max_value(static_cast<unsigned>(128 - 8 * length))};
}

namespace {

using Names = std::initializer_list<std::string_view>;

std::string name_at(Names names, U128 value) {
    return value < names.size() ? std::string(names.begin()[static_cast<std::size_t>(value)])
                                : fmt::format("{}", low64(value));
}

std::string flag_names(Names names, U128 value) {
    if (value == 0) return "none";
    std::string text;
    for (std::size_t bit = 0; bit < names.size(); ++bit) {
        if ((value >> bit & 1U) == 0) continue;
        if (!text.empty()) text += ',';
        text += names.begin()[bit];
    }
    return text;
}

std::string protocol_text(U128 value) {
    switch (static_cast<unsigned>(value)) {
    case 1: return "icmp";
    case 2: return "igmp";
    case 6: return "tcp";
    case 17: return "udp";
    case 33: return "dccp";
    case 47: return "gre";
    case 50: return "esp";
    case 51: return "ah";
    case 58: return "icmpv6";
    case 89: return "ospf";
    case 112: return "vrrp";
    case 132: return "sctp";
    case 136: return "udplite";
    default: return fmt::format("{}", low64(value));
    }
}

std::string hexadecimal(U128 value) {
    return high64(value) == 0 ? fmt::format("{:#x}", low64(value))
                              : fmt::format("{:#x}{:016x}", high64(value), low64(value));
}

std::string mac_text(U128 value) {
    std::string text;
    for (int shift = 40; shift >= 0; shift -= 8) {
        text += fmt::format("{:02x}{}", static_cast<unsigned>(value >> shift) & 0xFFU, shift > 0 ? ":" : "");
    }
    return text;
}

// "eth0", "eth*", or both ends where the interval is no prefix. Past all names that begin with "eth" is past the bytes that
// names have.
std::string interfaces_text(Field field, Interval const& interval) {
    std::string const first = interface_name(interval.first);
    if (interval.first == interval.last) return value_text(field, interval.first);
    if (interval == interface_prefix(first)) return first + '*';
    std::string last = interface_name(interval.last);
    if (last.ends_with('\xff')) last.replace(last.find_last_not_of('\xff') + 1, std::string::npos, "*");
    return fmt::format("{}..{}", first, last);
}

std::string interval_text(Field field, Interval const& interval) {
    if (is_interface(field)) return interfaces_text(field, interval);
    std::string text = value_text(field, interval.first);
    if (interval.first != interval.last) text += '-' + value_text(field, interval.last);
    return text;
}

} // namespace

std::string value_text(Field field, U128 value) {
    if (info(field).kind == FieldKind::address) return to_string(Ip{*info(field).family, value});
    switch (field) {
    case Field::family: return value == family_v4 ? "ipv4" : "ipv6";
    case Field::protocol:
    case Field::ct_protocol: return protocol_text(value);
    case Field::tcp_flags: return flag_names({"fin", "syn", "rst", "psh", "ack", "urg", "ecn", "cwr"}, value);
    case Field::ct_state: return name_at({"new", "established", "related", "invalid", "untracked"}, value);
    case Field::ct_status:
        return flag_names({"expected", "seen-reply", "assured", "confirmed", "snat", "dnat", "seq-adjust",
                           "snat-done", "dnat-done", "dying"}, value);
    case Field::ct_direction: return name_at({"original", "reply"}, value);
    case Field::fragment: return name_at({"no", "yes"}, value);
    case Field::iif:
    case Field::oif: return interface_name(value);
    case Field::phys_iif:
    case Field::phys_oif: return value == 0 ? "none" : interface_name(value);
    case Field::packet_type: return name_at({"host", "broadcast", "multicast", "other"}, value);
    case Field::src_type:
    case Field::dst_type:
    case Field::nat_dst_type:
        return name_at({"unspec", "unicast", "local", "broadcast", "anycast", "multicast", "blackhole", "unreachable",
                        "prohibit"}, value);
    case Field::src_mac: return mac_text(value);
    case Field::ecn: return name_at({"not-ect", "ect1", "ect0", "ce"}, value);
    case Field::exthdr: return flag_names({"hbh", "dst", "rt", "frag", "ah"}, value);
    case Field::skuid:
    case Field::skgid: return value == no_socket ? "none" : fmt::format("{}", low64(value));
    case Field::mark:
    case Field::ct_mark: return hexadecimal(value);
    default: return fmt::format("{}", low64(value));
    }
}

std::vector<std::string> flags_items(Field field, IntervalSet const& values) {
    constexpr U128 most_listed = 8;
    std::vector<std::string> items;
    U128 const every = info(field).largest;
    bool const listed = values.count() <= most_listed;
    IntervalSet rest = values;
    while (!rest.empty()) {
        U128 const one = rest.intervals().front().first;
        U128 free = 0;
        // All that differ from it in free bits alone.
        auto const product = [&](U128 open) {
            std::vector<Interval> members;
            for (U128 part = open;; part = (part - 1) & open) {
                members.push_back({(one & ~open) | part, (one & ~open) | part});
                if (part == 0) return IntervalSet::of(std::move(members));
            }
        };
        for (U128 bit = 1; bit <= every; bit <<= 1)
            if (!listed && values.contains(product(free | bit))) free |= bit;
        rest = rest.minus(product(free));
        U128 const set = one & ~free, clear = ~one & ~free & every;
        if (free == 0) {
            items.push_back(value_text(field, one));
        } else {
            std::string text = set == 0 ? "" : "with " + value_text(field, set);
            if (clear != 0) text += (text.empty() ? "without " : " without ") + value_text(field, clear);
            items.push_back(std::move(text));
        }
    }
    return items;
}

std::string values_text(Field field, IntervalSet const& values, std::size_t most) {
    if (values.is_all(info(field).bits)) return "any";
    if (values.empty()) return "nothing";
    std::vector<std::string> items;
    if (info(field).kind == FieldKind::address) {
        for (Interval const& interval : values.intervals()) {
            // A range that is a few prefixes reads best as prefixes; a ragged one as a range.
            auto const prefixes = to_prefixes(IntervalSet(interval.first, interval.last), *info(field).family);
            if (prefixes.size() > 2) {
                items.push_back(interval_text(field, interval));
                continue;
            }
            for (Prefix const& prefix : prefixes) {
                items.push_back(prefix.length == address_bits(prefix.ip.family) ? to_string(prefix.ip)
                                                                                : to_string(prefix));
            }
        }
    } else if (info(field).kind == FieldKind::flags) {
        return list_text(flags_items(field, values), most);
    } else {
        for (Interval const& interval : values.intervals()) {
            bool const listed = info(field).kind != FieldKind::range && !is_interface(field) &&
                                interval.last - interval.first < 16;
            if (!listed) {
                items.push_back(interval_text(field, interval));
                continue;
            }
            for (U128 value = interval.first;; ++value) {
                items.push_back(value_text(field, value));
                if (value == interval.last) break;
            }
        }
    }
    return list_text(items, most);
}

} // namespace portcullis
