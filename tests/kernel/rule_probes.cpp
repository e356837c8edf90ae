#include "kernel/rule_probes.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <tuple>
#include <utility>

#include "kernel/random.hpp"
#include "portcullis/engine/interpret.hpp"
#include "portcullis/engine/path.hpp"

namespace portcullis::kernel {

namespace {

constexpr std::size_t most_values = 12; // of one field of one rule

// What a packet on the wire may have of a field, within what the laboratory can send; nothing for what it cannot choose.
std::optional<Interval> sendable(Field field) {
    switch (field) {
    case Field::src4:
    case Field::dst4:
    case Field::src6:
    case Field::dst6:
    case Field::protocol:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::tcp_flags:
    case Field::dscp:
    case Field::ecn:
    case Field::src_mac:
    case Field::esp_spi:
    case Field::ah_spi: return Interval{0, max_value(info(field).bits)};
    case Field::sport:
    case Field::dport: return Interval{1, 65535};
    case Field::ttl: return Interval{2, 255};
    case Field::length: return Interval{60, 400};
    case Field::packet_type: return Interval{0, 2};
    default: return std::nullopt;
    }
}

// The values at both sides of where a set begins and ends.
std::vector<U128> boundaries(ValueSet const& values, Interval within) {
    std::vector<U128> all;
    auto const put = [&](U128 value) {
        if (value >= within.first && value <= within.last && all.size() < most_values) all.push_back(value);
    };
    for (Masked const& masked : values.masks) {
        put(masked.value);
        put(masked.value | (~masked.mask & within.last));
        put(masked.value ^ (masked.mask & -masked.mask));
    }
    for (Interval const& interval : values.intervals.intervals()) {
        put(interval.first);
        put(interval.last);
        if (interval.first > 0) put(interval.first - 1);
        if (interval.last < within.last) put(interval.last + 1);
    }
    return all;
}

// Addresses that can stand in a routing table beside the laboratory's own.
bool is_routable(Ip const& address) {
    if (address.family == Family::v6) {
        U128 const head = address.value >> 112U;
        return head >= 0x2000 && head < 0xfe80;
    }
    U128 const head = address.value >> 24U;
    return head > 0 && head < 224 && head != 127 && (address.value >> 16U) != 0x0aff;
}

class Probes {
  public:
    Probes(Ruleset const& ruleset, std::vector<std::string> const& devices, std::uint32_t seed)
        : ruleset_(ruleset), devices_(devices), random_(seed) {
        for (std::string const& device : devices)
            device_values_ = device_values_.united(IntervalSet::single(interface_value(device)));
    }

    std::vector<RuleProbe> run() {
        for (Family const family : {Family::v4, Family::v6})
            if (ruleset_.governs(family))
                for (Path const& path : find_ways(ruleset_))
                    if (path.kind != Path::Kind::list) of_path(path, family);
        return std::move(probes_);
    }

  private:
    void of_path(Path const& path, Family family) {
        Space space;
        PacketSet const question = sent(space, path, family);
        PathReach reach(space, ruleset_, path, question);
        Reach rules(space, ruleset_, question, path.chains);
        for (ChainId const base : path.chains) {
            if (!ruleset_.chains[base].hook->sees(family)) continue;
            Worlds const& coming = reach.coming_to(family, base);
            for (ChainId const chain : called_by(ruleset_, {base})) {
                for (std::size_t i = 0; i < ruleset_.chains[chain].rules.size(); ++i) {
                    Match const& match = ruleset_.chains[chain].rules[i].match;
                    PacketSet hits = rules.hits(coming, base, chain, i);
                    if (hits.empty()) hits = question & space.of(match); // no packet comes to it
                    if (!hits.empty()) of_rule(space, path, match, hits);
                }
            }
        }
    }

    // What the laboratory can send on the path.
    PacketSet sent(Space& space, Path const& path, Family family) {
        PacketSet set = space.of(Field::family, ValueSet::single(family_value(family)));
        auto const is = [&](Field field, IntervalSet values) { set &= space.of(field, ValueSet(std::move(values))); };
        IntervalSet const nowhere = IntervalSet::single(0), loopback = IntervalSet::single(interface_value("lo"));
        is(Field::fragment, IntervalSet::single(0));
        is(Field::packet_type, {0, 2});
        if (family == Family::v6) is(Field::exthdr, IntervalSet::single(0));
        bool const out = path.kind == Path::Kind::from_host, through = path.kind == Path::Kind::through;
        is(Field::iif, out ? nowhere : through ? device_values_ : device_values_.united(loopback));
        is(Field::oif, path.kind == Path::Kind::to_host ? nowhere : through ? device_values_ : device_values_.united(loopback));
        return set;
    }

    // The members that have this too, where some do.
    static void prefer(PacketSet& set, PacketSet const& wish) {
        PacketSet const both = set & wish;
        if (!both.empty()) set = both;
    }

    void of_rule(Space& space, Path const& path, Match const& match, PacketSet hits) {
        auto const wish = [&](Field field, IntervalSet values) { prefer(hits, space.of(field, ValueSet(std::move(values)))); };
        for (Field const field :
             {Field::mark, Field::ct_mark, Field::ct_state, Field::ct_direction, Field::ct_status, Field::packet_type})
            wish(field, IntervalSet::single(0));
        wish(Field::iif, device_values_);
        wish(Field::oif, device_values_);
        wish(Field::ttl, {2, 255});
        wish(Field::length, {60, 400});
        wish(Field::protocol, IntervalSet::single(random_.chance(70) ? tcp : udp));
        wish(Field::sport, {1024, 65535});
        wish(Field::dport, {1, 65535});
        Family const family = hits.member()->packet.family();
        for (Field const field : {src_field(family), dst_field(family)})
            for (int tries = 0; tries < 4; ++tries) wish(field, IntervalSet::single(address_for(field, path, family)));
        Packet const packet = hits.member()->packet;
        add(packet, path, match);
        for (Term const& term : match.terms) around(packet, path, match, term.field, term.values);
        for (Alternatives const& relation : match.alternatives) {
            std::size_t const rows = std::min<std::size_t>(relation.rows.size(), 6);
            for (std::size_t r = 0; r < rows; ++r) {
                Packet in_row = packet;
                for (std::size_t c = 0; c < relation.fields.size(); ++c) {
                    auto const values = chosen(relation.fields[c], relation.rows[r][c]);
                    if (!values.empty()) in_row[relation.fields[c]] = values.front();
                }
                add(in_row, path, match);
                for (std::size_t c = 0; c < relation.fields.size(); ++c)
                    around(in_row, path, match, relation.fields[c], relation.rows[r][c]);
            }
        }
    }

    // An address of the laboratory's, one of the host itself where the packet is for it.
    U128 address_for(Field field, Path const& path, Family family) {
        bool const own = field == dst_field(family) ? path.kind == Path::Kind::to_host : path.kind == Path::Kind::from_host;
        auto const& all = blocks(family);
        Prefix const block = own ? all.front() : all[1 + random_.below(all.size() - 1)];
        return random_.within({block.first(), block.last()});
    }

    std::vector<U128> chosen(Field field, ValueSet const& values) const {
        if (field == Field::iif || field == Field::oif) {
            std::vector<U128> all;
            for (std::string const& device : devices_) all.push_back(interface_value(device));
            return all;
        }
        auto const within = sendable(field);
        return within ? boundaries(values, *within) : std::vector<U128>{};
    }

    void around(Packet const& packet, Path const& path, Match const& match, Field field, ValueSet const& values) {
        if (auto const family = info(field).family; family && *family != packet.family()) return;
        bool const no_way = (field == Field::iif && packet[Field::iif] == 0) || (field == Field::oif && packet[Field::oif] == 0);
        if (no_way) return;
        for (U128 const value : chosen(field, values)) {
            Packet other = packet;
            other[field] = value;
            add(other, path, match);
        }
    }

    void add(Packet packet, Path const& path, Match const& match) {
        bool const has_ports = port_protocols().contains(packet[Field::protocol]);
        if (has_ports && !asks_about(match, Field::sport)) packet[Field::sport] = 1024 + next_port_++ % 60000;
        // In by the loopback device comes what was sent out of it.
        if (interface_name(packet[Field::iif]) == "lo") {
            packet[Field::oif] = std::exchange(packet[Field::iif], 0);
            Prefix const own = blocks(packet.family()).front();
            packet[src_field(packet.family())] = own.first() + 1;
        }
        if (!connections_.insert(connection(packet)).second) return;
        packet[Field::ct_state] = packet[Field::ct_direction] = packet[Field::mark] = packet[Field::ct_mark] = 0;
        Decision const decision =
            interpret_way(ruleset_, packet, {}, Detail::outcomes, [](Packet const&) { return std::optional(false); });
        Ip const to = as_rewritten(packet, decision.main().rewritten).destination();
        bool const to_host = path.kind == Path::Kind::to_host || interface_name(packet[Field::oif]) == "lo";
        std::string const device = to_host ? "lo" : interface_name(packet[Field::oif]);
        if (path.kind == Path::Kind::through) packet[Field::oif] = 0; // routing chooses it
        probes_.push_back({{packet}, is_routable(to) ? to_string(to) : "", device});
    }

    using Connection = std::tuple<U128, U128, U128, U128, U128, U128>;
    // Equal for both directions.
    static Connection connection(Packet const& packet) {
        auto a = std::pair(packet.source().value, packet[Field::sport]);
        auto b = std::pair(packet.destination().value, packet[Field::dport]);
        if (b < a) std::swap(a, b);
        U128 const kind = port_protocols().contains(packet[Field::protocol]) ? U128{0} : packet[Field::icmp_type];
        return {packet[Field::protocol], kind, a.first, a.second, b.first, b.second};
    }

    Ruleset const& ruleset_;
    std::vector<std::string> const& devices_;
    IntervalSet device_values_;
    Random random_;
    std::vector<RuleProbe> probes_;
    std::set<Connection> connections_;
    std::uint32_t next_port_ = 0;
};

void take_names(std::set<std::string>& names, Field field, ValueSet const& values) {
    if (!is_interface(field)) return;
    for (Interval const& interval : values.intervals.intervals()) {
        std::string name = interface_name(interval.first);
        if (interval.first != interval.last) name += '0';
        bool const plain = std::all_of(name.begin(), name.end(), [](char c) {
            return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_' || c == '.';
        });
        if (plain && !name.empty() && name.size() < 16 && name != "lo") names.insert(name);
    }
}

} // namespace

std::vector<std::string> interfaces_of(Ruleset const& ruleset) {
    std::set<std::string> names;
    for (Chain const& chain : ruleset.chains)
        for (Rule const& rule : chain.rules) {
            for (Term const& term : rule.match.terms) take_names(names, term.field, term.values);
            for (Alternatives const& relation : rule.match.alternatives)
                for (auto const& row : relation.rows)
                    for (std::size_t c = 0; c < row.size(); ++c) take_names(names, relation.fields[c], row[c]);
        }
    return {names.begin(), names.end()};
}

std::vector<RuleProbe> rule_probes(Ruleset const& ruleset, std::vector<std::string> const& devices, std::uint32_t seed) {
    return Probes(ruleset, devices, seed).run();
}

} // namespace portcullis::kernel
