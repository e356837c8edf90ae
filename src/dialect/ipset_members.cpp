// A set looks for the most specific network that has the packet, and lets its entry decide: so networks are swept
// from left to right with those around them on a stack, and every stretch gets what its innermost network says.
#include "dialect/ipset_members.hpp"

#include <algorithm>
#include <map>

namespace portcullis {

namespace {

// More boxes than this would cost the analysis more than anybody waits for.
constexpr std::size_t most_rows = 4'000;

bool is_address(IpsetPart part) { return part == IpsetPart::ip || part == IpsetPart::net; }

struct Network {
    U128 first = 0;
    U128 last = 0;
    friend auto operator<=>(Network const& a, Network const& b) {
        if (a.first != b.first)
            return a.first < b.first ? std::strong_ordering::less : std::strong_ordering::greater;
        // The outer one of two that begin together comes first.
        if (a.last != b.last) return a.last > b.last ? std::strong_ordering::less : std::strong_ordering::greater;
        return std::strong_ordering::equal;
    }
};

Network network_of(IpsetEntry const& entry, std::size_t part, Family family) {
    Prefix const prefix{{family, entry.value[part]}, entry.length[part]};
    return {prefix.first(), prefix.last()};
}

// Cuts the networks, each within or outside of any other, into stretches. `enter(outer, said)` makes the value of a
// network from that of the one around it, which may be null, and from what was said of it.
template <class Value, class Said, class Enter, class Emit>
void sweep(std::map<Network, Said> const& networks, Enter const& enter, Emit const& emit) {
    struct Open {
        U128 last;
        Value value;
    };
    std::vector<Open> open;
    U128 at = 0;
    bool ended = false; // the largest address is done
    auto const close = [&] {
        Open const& inner = open.back();
        if (!ended && at <= inner.last) {
            emit(Interval{at, inner.last}, inner.value);
            ended = inner.last == ~U128{0};
            at = inner.last + 1;
        }
        open.pop_back();
    };
    for (auto const& [network, said] : networks) {
        while (!open.empty() && open.back().last < network.first) close();
        if (!open.empty() && at < network.first) emit(Interval{at, network.first - 1}, open.back().value);
        at = network.first;
        open.push_back({network.last, enter(open.empty() ? nullptr : &open.back().value, said)});
    }
    while (!open.empty()) close();
}

// Any order of sets, and of lists of them.
struct Less {
    bool operator()(Interval const& a, Interval const& b) const {
        return a.first != b.first ? a.first < b.first : a.last < b.last;
    }
    bool operator()(IntervalSet const& a, IntervalSet const& b) const {
        return (*this)(a.intervals(), b.intervals());
    }
    template <class T> bool operator()(std::vector<T> const& a, std::vector<T> const& b) const {
        return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(), *this);
    }
};

// The addresses of entries that are alike otherwise: rows of one set of addresses a part.
using AddressRows = std::vector<std::vector<IntervalSet>>;

// One set, whose entries are all known.
class Membership {
  public:
    Membership(Ipset const& set, std::vector<bool> const& from_source, Family family)
        : set_(set), from_source_(from_source), family_(family) {
        for (std::size_t i = 0; i < set.type->parts.size(); ++i) {
            if (is_address(set.type->parts[i]))
                address_parts_.push_back(i);
            else
                other_ = i;
        }
        exceptions_ = std::ranges::any_of(set.entries, &IpsetEntry::nomatch);
    }

    // Nothing where it takes too many rows, or is about what no field tells.
    std::optional<std::vector<IpsetRow>> rows() {
        if (!is_told()) return std::nullopt;
        if (has(IpsetPart::interface))
            by_interface();
        else
            by_other_part();
        if (rows_.size() > most_rows) return std::nullopt;
        return std::move(rows_);
    }

  private:
    bool has(IpsetPart part) const { return std::ranges::find(set_.type->parts, part) != set_.type->parts.end(); }

    bool is_told() const {
        // The MAC address of the receiver is no field, nor is the port of a bridge.
        if (has(IpsetPart::mac) && !from_source_[other_]) return false;
        if (std::ranges::any_of(set_.entries, &IpsetEntry::bridge_port)) return false;
        // Of wildcards that overlap, the one that the kernel happens to find first decides.
        return !exceptions_ || std::ranges::none_of(set_.entries, &IpsetEntry::prefix_of_name);
    }

    // ---- addresses

    AddressRows addresses(std::vector<IpsetEntry const*> const& entries) const {
        if (address_parts_.empty()) return {{}};
        return address_parts_.size() == 1 ? AddressRows{{one_part(entries, address_parts_[0])}}
                                          : two_parts(entries);
    }

    // The addresses that the most specific network lets in.
    IntervalSet one_part(std::vector<IpsetEntry const*> const& entries, std::size_t part) const {
        return decided(entries, part).first;
    }

    // Those that are let in, and those that are kept out.
    std::pair<IntervalSet, IntervalSet> decided(std::vector<IpsetEntry const*> const& entries,
                                                std::size_t part) const {
        std::vector<Interval> in;
        std::vector<Interval> out;
        if (!exceptions_) {
            for (IpsetEntry const* entry : entries) {
                Network const network = network_of(*entry, part, family_);
                in.push_back({network.first, network.last});
            }
            return {IntervalSet::of(std::move(in)), {}};
        }
        std::map<Network, bool> networks;
        for (IpsetEntry const* entry : entries)
            networks.emplace(network_of(*entry, part, family_), !entry->nomatch);
        sweep<bool>(
            networks, [](bool const*, bool lets_in) { return lets_in; },
            [&](Interval stretch, bool lets_in) { (lets_in ? in : out).push_back(stretch); });
        return {IntervalSet::of(std::move(in)), IntervalSet::of(std::move(out))};
    }

    // The first network goes before the second: where its most specific entries say nothing, wider ones are asked.
    AddressRows two_parts(std::vector<IpsetEntry const*> const& entries) const {
        std::map<Network, std::vector<IpsetEntry const*>> by_first;
        for (IpsetEntry const* entry : entries)
            by_first[network_of(*entry, address_parts_[0], family_)].push_back(entry);
        std::map<IntervalSet, std::vector<Interval>, Less> by_second;
        if (!exceptions_) {
            for (auto const& [first, group] : by_first)
                by_second[one_part(group, address_parts_[1])].push_back({first.first, first.last});
        } else {
            sweep<IntervalSet>(
                by_first,
                [&](IntervalSet const* outer, std::vector<IpsetEntry const*> const& group) {
                    auto const [in, out] = decided(group, address_parts_[1]);
                    return outer == nullptr ? in : outer->minus(out).united(in);
                },
                [&](Interval stretch, IntervalSet const& second) { by_second[second].push_back(stretch); });
        }
        AddressRows rows;
        for (auto& [second, first] : by_second)
            if (!second.empty()) rows.push_back({IntervalSet::of(std::move(first)), second});
        return rows;
    }

    void add_addresses(IpsetRow& row, std::vector<IntervalSet> const& sets) const {
        for (std::size_t i = 0; i < sets.size(); ++i)
            row.emplace_back(from_source_[address_parts_[i]] ? src_field(family_) : dst_field(family_), sets[i]);
    }

    // ---- ports, MAC addresses, marks

    // A part that is no address, in two: a protocol (with the type of an icmp message), and a port (or its code).
    using Kind = std::pair<std::uint8_t, std::uint8_t>;

    std::pair<Kind, U128> split(IpsetEntry const& entry) const {
        U128 const value = address_parts_.size() < set_.type->parts.size() ? entry.value[other_] : 0;
        if (!has(IpsetPart::port)) return {{}, value};
        auto const protocol = static_cast<std::uint8_t>(value >> 16U);
        if (!is_icmp(protocol)) return {{protocol, 0}, value & 0xffff};
        return {{protocol, static_cast<std::uint8_t>(value >> 8U & 0xff)}, value & 0xff};
    }
    static bool is_icmp(std::uint8_t protocol) {
        return protocol == number(Protocol::icmp) || protocol == number(Protocol::icmpv6);
    }

    // Entries that differ in the port alone are one row, and so are those that differ in the addresses alone.
    void by_other_part() {
        std::map<std::pair<Kind, U128>, std::vector<IpsetEntry const*>> alike;
        for (IpsetEntry const& entry : set_.entries) alike[split(entry)].push_back(&entry);
        std::map<Kind, std::map<AddressRows, std::vector<Interval>, Less>> merged;
        for (auto const& [key, entries] : alike)
            merged[key.first][addresses(entries)].push_back({key.second, key.second});
        for (auto& [kind, by_addresses] : merged) {
            for (auto& [addresses, values] : by_addresses) {
                IntervalSet const ends = IntervalSet::of(std::move(values));
                for (std::vector<IntervalSet> const& sets : addresses) {
                    if (std::ranges::any_of(sets, &IntervalSet::empty)) continue;
                    IpsetRow row;
                    add_addresses(row, sets);
                    add_other_part(row, kind, ends);
                    rows_.push_back(std::move(row));
                }
            }
        }
    }

    void add_other_part(IpsetRow& row, Kind kind, IntervalSet const& values) const {
        if (has(IpsetPart::mac)) row.emplace_back(Field::src_mac, values);
        if (has(IpsetPart::mark)) row.emplace_back(Field::mark, marks(values));
        bool const either = has(IpsetPart::tcp_udp_port);
        if (!either && !has(IpsetPart::port)) return;
        Field const port = from_source_[other_] ? Field::sport : Field::dport;
        IntervalSet const tcp_udp =
            IntervalSet::single(number(Protocol::tcp)).united(IntervalSet::single(number(Protocol::udp)));
        row.emplace_back(Field::protocol, either ? tcp_udp : IntervalSet::single(kind.first));
        // ip_set_getport.c: a later fragment has no ports; protocols without ports do not need any. In IPv6 no
        // later fragment has anything.
        bool const has_ports =
            either || (port_protocols().contains(kind.first) && kind.first != number(Protocol::dccp));
        bool const needs_header = has_ports || is_icmp(kind.first);
        if (needs_header || family_ == Family::v6) row.emplace_back(Field::fragment, IntervalSet::single(0));
        if (has_ports) row.emplace_back(port, values);
        if (!is_icmp(kind.first)) return;
        row.emplace_back(Field::icmp_type, IntervalSet::single(kind.second));
        row.emplace_back(Field::icmp_code, values);
    }

    ValueSet marks(IntervalSet const& values) const {
        if (set_.mark_mask == ~std::uint32_t{0}) return values;
        ValueSet masked;
        for (Interval const& interval : values.intervals())
            for (U128 value = interval.first; value <= interval.last; ++value)
                masked.masks.push_back({value, set_.mark_mask});
        return masked;
    }

    // ---- interfaces

    // hash:net,iface alone does not go on to wider networks where the most specific one has entries, though of
    // other interfaces: IP_SET_HASH_WITH_MULTI of ip_set_hash_gen.h, seen with `ipset test` too.
    void by_interface() {
        std::map<Network, std::vector<Interval>> networks;
        for (IpsetEntry const& entry : set_.entries) {
            std::vector<Interval>& names = networks[network_of(entry, 0, family_)];
            if (entry.nomatch) continue;
            Interval const name{entry.value[1], entry.value[1]};
            names.push_back(entry.prefix_of_name ? interface_prefix(interface_name(entry.value[1])) : name);
        }
        std::map<IntervalSet, std::vector<Interval>, Less> by_names;
        sweep<IntervalSet>(
            networks, [](IntervalSet const*, std::vector<Interval> const& names) { return IntervalSet::of(names); },
            [&](Interval stretch, IntervalSet const& names) { by_names[names].push_back(stretch); });
        for (auto& [names, stretches] : by_names) {
            if (names.empty()) continue;
            IpsetRow row;
            add_addresses(row, {IntervalSet::of(std::move(stretches))});
            row.emplace_back(from_source_[1] ? Field::iif : Field::oif, names);
            rows_.push_back(std::move(row));
        }
    }

    Ipset const& set_;
    std::vector<bool> const& from_source_;
    Family family_;
    std::vector<std::size_t> address_parts_;
    std::size_t other_ = 0; // the part that is no address, where there is one
    bool exceptions_ = false;
    std::vector<IpsetRow> rows_;
};

} // namespace

IpsetMembers members(Ipset const& set, Ipsets const& sets, std::vector<bool> const& from_source, Family family) {
    bool const is_list = set.type->parts.front() == IpsetPart::set;
    // ip_set_test: a set of more parts than there are flags, or of another family, has no packet.
    bool const never =
        set.type->parts.size() > from_source.size() || (set.type->has_family && set.family != family);
    if (never) return {true, false, {}};
    if (set.expires || !set.unknown.empty()) return {false, set.expires, {}};
    if (!is_list) {
        auto rows = Membership(set, from_source, family).rows();
        bool const known = rows.has_value();
        return {known, false, known ? std::move(*rows) : std::vector<IpsetRow>{}};
    }
    IpsetMembers all{true, false, {}};
    for (std::string const& name : set.members) {
        auto const member = sets.find(name);
        if (member == sets.end()) continue;
        IpsetMembers some = members(member->second, sets, from_source, family);
        all.known = all.known && some.known;
        all.stateful = all.stateful || some.stateful;
        std::ranges::move(some.rows, std::back_inserter(all.rows));
    }
    all.known = all.known && all.rows.size() <= most_rows;
    return all;
}

} // namespace portcullis
