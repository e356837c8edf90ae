#include "policy/plain_policy.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <random>

namespace portcullis {
namespace {

bool within(std::string_view prefix, Ip ip) {
    Prefix const block = parse_prefix(prefix).value();
    return block.ip.family == ip.family && block.first() <= ip.value && ip.value <= block.last();
}

bool has(Addresses const& set, Ip ip) { return set.of(ip.family).contains(ip.value); }

bool is_forged(Policy const& policy, Path::Kind kind, Packet const& packet) {
    Ip const source = packet.source();
    if (packet[Field::iif] == interface_value("lo")) return false;
    if (kind == Path::Kind::to_host && (source.value == 0 || within("fe80::/10", source))) return false;
    bool known = false, trusted = false, unbounded = false, own = false, elsewhere = false;
    for (PolicyZone const& zone : policy.zones) {
        if (!zone.has_interfaces) continue;
        bool const here = zone.place.interfaces.contains(packet[Field::iif]);
        bool const inside = zone.has_networks && has(zone.place.addresses, source);
        known = known || here;
        trusted = trusted || (here && zone.trusted);
        unbounded = unbounded || (here && !zone.has_networks);
        own = own || (here && inside);
        elsewhere = elsewhere || (!here && inside);
    }
    if (policy.harden.anti_spoofing) {
        if (known && !unbounded && !own) return true;
        if ((!known || unbounded) && elsewhere && !own) return true;
    }
    if (!policy.harden.bogons) return false;
    for (std::string_view const block : {"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4", "::/128", "::1/128", "fe80::/10", "ff00::/8"})
        if (within(block, source)) return true;
    if (!known || trusted || own) return false;
    for (std::string_view const block : {"10.0.0.0/8", "100.64.0.0/10", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
                                         "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
                                         "203.0.113.0/24", "100::/64", "2001:2::/48", "2001:db8::/32", "::ffff:0:0/96", "fc00::/7"})
        if (within(block, source)) return true;
    return false;
}

bool is_traffic(Traffic const& traffic, Packet const& packet) {
    if (traffic.protocol && packet[Field::protocol] != *traffic.protocol) return false;
    bool const whole = packet[Field::fragment] == 0;
    if (traffic.ports) return whole && traffic.ports->contains(packet[Field::dport]);
    if (!traffic.type) return true;
    bool const of_family = (*traffic.protocol == 1) == (packet.family() == Family::v4);
    return of_family && whole && packet[Field::icmp_type] == *traffic.type &&
           (!traffic.code || packet[Field::icmp_code] == *traffic.code);
}

bool is_about(Statement const& statement, Path::Kind kind, Packet const& packet) {
    auto const is_from = [&](Place const& place) {
        return place.interfaces.contains(packet[Field::iif]) && has(place.addresses, packet.source());
    };
    auto const is_to = [&](Place const& place) {
        return place.interfaces.contains(packet[Field::oif]) && has(place.addresses, packet.destination());
    };
    bool const from = kind == Path::Kind::from_host ? statement.from.self : std::ranges::any_of(statement.from.places, is_from);
    bool const to = kind == Path::Kind::to_host ? statement.to.self : std::ranges::any_of(statement.to.places, is_to);
    return from && to && std::ranges::any_of(statement.traffic, [&](Traffic const& each) { return is_traffic(each, packet); });
}

bool is_neighbour(Packet const& packet) {
    if (packet.family() != Family::v6 || packet[Field::protocol] != 58 || packet[Field::fragment] != 0) return false;
    U128 const type = packet[Field::icmp_type];
    if (type >= 133 && type <= 136) return packet[Field::ttl] == 255;
    return (type == 143 || (type >= 130 && type <= 132)) && (within("fe80::/10", packet.source()) || packet.source().value == 0);
}

} // namespace

Publish const* publication_of(Policy const& policy, Packet const& packet) {
    if (packet[Field::ct_state] != ct_state::new_ || packet[Field::iif] == interface_value("lo") || packet[Field::fragment] != 0) return nullptr;
    for (Publish const& publish : policy.publications) {
        bool const from = std::ranges::any_of(publish.from.places, [&](Place const& place) {
            return place.interfaces.contains(packet[Field::iif]) && has(place.addresses, packet.source());
        });
        bool const at = publish.any_own ? packet[Field::dst_type] == 2 : has(publish.at, packet.destination());
        bool const service = std::ranges::any_of(publish.traffic, [&](Traffic const& each) { return is_traffic(each, packet); });
        bool const there = packet.destination() == publish.host && publish.port.value_or(static_cast<std::uint16_t>(packet[Field::dport])) == packet[Field::dport];
        if (publish.host.family == packet.family() && !there && from && at && service) return &publish;
    }
    return nullptr;
}

Passes plainly(Policy const& policy, Path::Kind kind, Packet packet) {
    Publish const* const publish = kind == Path::Kind::through ? publication_of(policy, packet) : nullptr;
    if (publish != nullptr) {
        packet[dst_field(packet.family())] = publish->host.value;
        if (publish->port) packet[Field::dport] = *publish->port;
    }
    Harden const& harden = policy.harden;
    U128 const state = packet[Field::ct_state];
    U128 const type = packet[Field::icmp_type];
    bool const v4 = packet.family() == Family::v4;
    bool const at_host = kind != Path::Kind::through;
    U128 const interface = packet[kind == Path::Kind::to_host ? Field::iif : Field::oif];
    if (harden.loopback && at_host && interface == interface_value("lo")) return Passes::always;
    if (kind != Path::Kind::from_host && is_forged(policy, kind, packet)) return Passes::never;
    if (harden.neighbour_discovery && at_host && is_neighbour(packet)) return Passes::always;
    if (harden.invalid && state == ct_state::invalid) return Passes::never;
    if (harden.fragments && v4 && packet[Field::fragment] == 1) return Passes::never;
    if (harden.established && (state == ct_state::established || state == ct_state::related)) return Passes::always;
    bool const message = packet[Field::fragment] == 0;
    if (harden.icmp && v4 && message && packet[Field::protocol] == 1 && (type == 3 || type == 11 || type == 12)) return Passes::always;
    if (harden.icmpv6 && !v4 && message && packet[Field::protocol] == 58 && ((type >= 1 && type <= 4) || type == 128))
        return Passes::always;
    if (state != ct_state::new_) return Passes::never;
    Passes passes = publish != nullptr ? Passes::always : Passes::never;
    for (Statement const& statement : policy.statements) {
        if (!is_about(statement, kind, packet)) continue;
        if (statement.deny) return Passes::never;
        if (!statement.rate)
            passes = Passes::always;
        else if (passes == Passes::never)
            passes = Passes::at_a_rate;
    }
    return passes;
}

namespace {

// The packet that this one answers, if it looks like an answer.
std::optional<Packet> asked_by(Packet packet) {
    Family const family = packet.family();
    std::swap(packet[src_field(family)], packet[dst_field(family)]);
    std::swap(packet[Field::iif], packet[Field::oif]);
    std::swap(packet[Field::sport], packet[Field::dport]);
    if (packet[Field::fragment] != 0) return std::nullopt;
    U128 const protocol = packet[Field::protocol];
    if (protocol == 6 && (packet[Field::tcp_flags] & (tcp_flag::ack | tcp_flag::rst)) == 0) return std::nullopt;
    if (protocol == 1 || protocol == 58) {
        constexpr std::pair<unsigned, unsigned> replies[] = {{0, 8}, {14, 13}, {18, 17}, {129, 128}};
        for (auto const& [reply, request] : replies) {
            bool const of_family = (request == 128) == (family == Family::v6) && (protocol == 1) == (family == Family::v4);
            if (!of_family || packet[Field::icmp_type] != reply) continue;
            packet[Field::icmp_type] = request;
            return packet;
        }
        return std::nullopt;
    }
    return packet;
}

} // namespace

Passes plainly_by_lists(Policy policy, Path::Kind kind, Packet const& packet, bool keeps_connections) {
    for (Statement& statement : policy.statements) // no list counts
        if (statement.rate_optional) statement.rate.reset();
    Passes passes = plainly(policy, kind, packet);
    if (passes == Passes::always || !policy.harden.established || is_forged(policy, kind, packet)) return passes;
    auto const asked = asked_by(packet);
    U128 const protocol = packet[Field::protocol];
    bool const message = protocol == 1 || protocol == 58;
    if (!asked || (keeps_connections && !message)) return passes;
    Path::Kind const back = kind == Path::Kind::to_host ? Path::Kind::from_host : Path::Kind::through;
    for (Statement const& statement : policy.statements) {
        if (statement.deny || (kind == Path::Kind::to_host && !statement.from.self)) continue;
        Statement each = statement;
        std::erase_if(each.traffic, [&](Traffic const& traffic) { // answers of all ports cannot be told
            return !message && protocol != 6 && (!traffic.ports || traffic.ports->is_all(16));
        });
        for (Traffic& traffic : each.traffic) traffic.code.reset();
        if (!is_about(each, back, *asked)) continue;
        if (!statement.rate) return Passes::always;
        passes = Passes::at_a_rate;
    }
    return passes;
}

bool is_later_segment(Policy const& policy, Packet const& packet) {
    bool const later = packet[Field::protocol] == 6 && packet[Field::fragment] == 0 &&
                       (packet[Field::tcp_flags] & (tcp_flag::ack | tcp_flag::rst)) != 0;
    if (!later || is_forged(policy, Path::Kind::to_host, packet)) return false;
    for (Statement each : policy.statements) {
        if (each.deny || (each.rate && !each.rate_optional)) continue;
        for (auto* places : {&each.from.places, &each.to.places})
            for (Place& place : *places) place.interfaces = IntervalSet::all(128);
        if (is_about(each, Path::Kind::through, packet)) return true;
        if (policy.harden.established && is_about(each, Path::Kind::through, *asked_by(packet))) return true;
    }
    return false;
}

// ---- at random

namespace {

class Dice {
  public:
    explicit Dice(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t count) { return engine_() % count; }
    bool one_in(std::size_t count) { return below(count) == 0; }
    template <class List> auto const& pick(List const& list) { return list[below(std::size(list))]; }
    // "a", "b": one to three of them.
    template <class List> std::string some(List const& list) {
        std::string text;
        for (std::size_t left = 1 + below(3); left > 0; --left) text += fmt::format("{}\"{}\"", text.empty() ? "" : ", ", pick(list));
        return text;
    }

  private:
    std::mt19937 engine_;
};

constexpr std::string_view interfaces[] = {"eth0", "eth1", "eth2", "wl*", "tun0"};
constexpr std::string_view blocks[] = {"10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "192.0.2.0/28", "203.0.113.7-203.0.113.9", "8.8.0.0/15",
                                       "fd00::/16",  "fd00:1::/32", "2001:db8::1", "2a00::/12", "2a00::5-2a00::9"};
constexpr std::pair<std::string_view, std::string_view> apart[] = {{"10.0.0.0/8", "fd00::/16"}, {"192.0.2.0/24", "2001:db8::/32"}, {"8.8.0.0/15", "2a00::/12"}};
constexpr std::string_view words[] = {"ssh", "https", "tcp/50000-50010", "udp/53", "udp/53000", "icmp/echo-request", "icmpv6/128",
                                      "icmp/3", "protocol/gre", "protocol/udp", "tcp/22-2443"};

} // namespace

std::string random_policy(unsigned seed, Interfaces kind) {
    Dice dice(seed);
    bool const lists = kind == Interfaces::of_lists;
    std::string text = lists ? "[device]\ninterfaces = [\"eth0\", \"eth1\", \"eth2\"]\naddresses = [\"10.0.0.1\", \"192.0.2.1\", \"fd00::1\"]\n" : "";
    text += "[harden]\n";
    for (std::string_view const key : {"loopback", "established", "invalid", "fragments", "anti-spoofing", "bogons", "icmp", "icmpv6",
                                       "neighbour-discovery", "log-denied"})
        if (dice.one_in(4)) text += fmt::format("{} = false\n", key);
    std::vector<std::string> ends{"any"};
    std::size_t const known = lists ? 3 : std::size(interfaces);
    std::size_t const first = dice.below(known);
    for (std::size_t i = 0, zones = 1 + dice.below(3); i < zones; ++i) {
        ends.push_back(fmt::format("zone{}", i));
        text += fmt::format("[zones.zone{}]\ntrust = \"{}\"\ninterfaces = [\"{}\"]\n", i, dice.one_in(2) ? "trusted" : "untrusted", interfaces[(first + i) % known]);
        if (lists && dice.one_in(2)) // apart, so that sources tell the interface
            text += fmt::format("networks = [\"{}\", \"{}\"]\n", apart[i].first, apart[i].second);
        else if (dice.one_in(2)) text += fmt::format("networks = [{}]\n", dice.some(blocks));
    }
    text += "[objects]\n";
    for (std::size_t i = 0; i < 3; ++i) {
        text += fmt::format("object{} = [\"2001:db8:7::/48\", {}", i, dice.some(blocks)); // never empty
        if (i > 0 && dice.one_in(2)) text += fmt::format(", \"object{}\"", i - 1);
        if (dice.one_in(2)) text += ", \"!10.1.2.3\"";
        text += "]\n";
        ends.push_back(fmt::format("object{}", i));
    }
    text += fmt::format("[services]\nown = [{}]\n", dice.some(words));
    std::vector<std::string> services{"own", "own"};
    services.insert(services.end(), std::begin(words), std::end(words));
    if (dice.one_in(lists ? 12 : 2))
        text += fmt::format("[[nat.publish]]\nname = \"inner\"\nfrom = [{}]\nservices = [\"{}\"]\n{}to = \"{}\"\n[[exception]]\nallow = \"inner\"\n"
                            "services = [\"any\"]\nwho = \"a test\"\nwhy = \"random\"\nuntil = 2099-01-01\n",
                            dice.some(ends), dice.one_in(2) ? "tcp/443-444" : "udp/53", dice.one_in(2) ? "at = [\"203.0.113.10\", \"2001:db8::1\"]\n" : "",
                            dice.pick(std::vector<std::string>{"10.1.2.3", "10.1.2.3:22", "fd00::1", "[fd00::1]:53"}));
    bool rated = false;
    for (std::size_t i = 0, count = 1 + dice.below(6); i < count; ++i) {
        bool const deny = dice.one_in(3);
        std::size_t const side = dice.below(3);
        std::string from = dice.some(ends), to = dice.some(ends);
        if (side == 0) from = dice.one_in(3) ? from + ", \"self\"" : "\"self\"";
        if (side == 1) to = dice.one_in(3) ? to + ", \"self\"" : "\"self\"";
        text += fmt::format("[[{}]]\nname = \"statement {}\"\nfrom = [{}]\nto = [{}]\nservices = [{}]\n", deny ? "deny" : "allow", i, from, to,
                            deny && dice.one_in(3) ? "\"any\"" : dice.some(services));
        if (dice.one_in(4)) text += "log = true\n";
        // One alone: what two rates let pass together cannot be told from what one does.
        if (!deny && !rated && dice.one_in(lists ? 6 : 2)) {
            text += "rate = \"20/second burst 9\"\n";
            if (dice.one_in(2)) text += "rate-optional = true\n";
            rated = true;
        } else if (dice.one_in(5)) text += "direction = \"both\"\n";
        if (!deny) text += fmt::format("[[exception]]\nallow = \"statement {}\"\nservices = [\"any\"]\nwho = \"a test\"\nwhy = \"random\"\nuntil = 2099-01-01\n", i);
    }
    return text;
}

Packet random_packet(unsigned seed, Path::Kind kind) {
    Dice dice(seed * 7919 + 17);
    constexpr std::string_view names[] = {"lo", "eth0", "eth1", "eth2", "wl0", "tun0", "xyz"};
    constexpr std::string_view v4[] = {"10.0.0.1", "10.1.2.3", "10.1.2.4", "192.0.2.1", "192.0.2.16", "203.0.113.7", "203.0.113.10", "8.9.1.1", "8.10.0.0",
                                       "127.0.0.1", "0.0.0.0", "0.0.0.1", "224.0.0.1", "172.16.3.3", "1.1.1.1"};
    constexpr std::string_view v6[] = {"fd00::1", "fd00:1::1", "fd01::1", "2001:db8::1", "2001:db8::2", "2a00::5", "2a0f::a", "2a10::1", "fe80::1", "::", "::1",
                                       "ff02::1"};
    constexpr unsigned protocols[] = {6, 6, 17, 17, 1, 58, 58, 47, 132};
    constexpr unsigned ports[] = {0, 21, 22, 23, 53, 80, 443, 444, 2443, 2444, 49999, 50000, 50010, 50011, 53000};
    constexpr unsigned types[] = {0, 1, 2, 3, 4, 5, 8, 11, 12, 128, 129, 130, 133, 136, 137, 143};
    constexpr unsigned states[] = {0, 0, 0, 0, 0, 1, 2, 3, 4};
    Packet packet;
    bool const is_v6 = dice.one_in(2);
    packet[Field::family] = is_v6 ? family_v6 : family_v4;
    auto const address = [&] { return parse_ip(is_v6 ? dice.pick(v6) : dice.pick(v4))->value; };
    packet[is_v6 ? Field::src6 : Field::src4] = address();
    packet[is_v6 ? Field::dst6 : Field::dst4] = address();
    if (kind != Path::Kind::from_host) packet[Field::iif] = interface_value(dice.pick(names));
    if (kind != Path::Kind::to_host) packet[Field::oif] = interface_value(dice.pick(names));
    packet[Field::protocol] = dice.pick(protocols);
    packet[Field::ct_state] = dice.pick(states);
    packet[Field::ttl] = dice.one_in(2) ? 255 : 64;
    if (kind != Path::Kind::from_host) packet[Field::dst_type] = dice.one_in(2) ? 2 : 1;
    packet[Field::fragment] = dice.one_in(12) ? 1 : 0;
    if (packet[Field::fragment] == 1) return packet;
    if (port_protocols().contains(packet[Field::protocol])) {
        packet[Field::sport] = 40000;
        packet[Field::dport] = dice.pick(ports);
        if (packet[Field::protocol] == 6) packet[Field::tcp_flags] = tcp_flag::syn;
    } else if (packet[Field::protocol] == 1 || packet[Field::protocol] == 58) {
        packet[Field::icmp_type] = dice.pick(types);
    }
    return packet;
}

Packet random_listed_packet(unsigned seed, Path::Kind kind) {
    Packet packet = random_packet(seed, kind);
    Dice dice(seed * 31 + 5);
    constexpr std::string_view names[] = {"eth0", "eth1", "eth2"};
    constexpr std::string_view own4[] = {"10.0.0.1", "192.0.2.1", "224.0.0.5", "255.255.255.255"}, own6[] = {"fd00::1", "fe80::1", "ff02::1"};
    constexpr std::string_view other4[] = {"10.0.0.2", "10.1.2.3", "192.0.2.3", "203.0.113.7", "8.9.1.1", "1.1.1.1", "239.1.1.1"};
    constexpr std::string_view other6[] = {"fd00:1::1", "2001:db8::1", "2a00::5", "2620::1", "ff0e::1"};
    bool const v4 = packet.family() == Family::v4, device = kind == Path::Kind::to_host;
    packet[Field::ct_state] = ct_state::new_;
    packet[Field::iif] = interface_value(dice.pick(names));
    if (!device) packet[Field::oif] = interface_value(dice.pick(names));
    std::string_view const to = v4 ? (device ? dice.pick(own4) : dice.pick(other4)) : device ? dice.pick(own6) : dice.pick(other6);
    packet[dst_field(packet.family())] = parse_ip(to)->value;
    // No router forwards these.
    Field const source = src_field(packet.family());
    if (!device && (packet[source] == 0 || within("fe80::/10", packet.source()))) packet[source] = parse_ip(v4 ? "10.1.2.4" : "fd00::2")->value;
    bool const discovery = !v4 && packet[Field::protocol] == 58 && packet[Field::fragment] == 0 && packet[Field::icmp_type] >= 133 && packet[Field::icmp_type] <= 136;
    if (discovery && device) packet[Field::ttl] = 255;
    if (discovery && !device) packet[Field::icmp_type] = 128;
    if (!dice.one_in(2) || packet[Field::fragment] == 1) return packet;
    if (port_protocols().contains(packet[Field::protocol])) std::swap(packet[Field::sport], packet[Field::dport]);
    if (packet[Field::protocol] == 6) packet[Field::tcp_flags] = tcp_flag::ack;
    return packet;
}

} // namespace portcullis
