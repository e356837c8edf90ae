// A match becomes rows (conjunctions over single fields) by multiplying out, kept apart for addresses, service and
// header as long as no relation mixes them. Rows of services are then sorted by what they say of later fragments.
#include "dialect/cisco_write_demand.hpp"

#include <algorithm>
#include <array>

namespace portcullis::cisco {
namespace {

constexpr std::size_t most_rows = 4096;
constexpr std::size_t most_intervals = 4096;

enum class Part : std::uint8_t { addresses, service, header, none };

Part part_of(Field field) {
    switch (field) {
    case Field::family:
    case Field::src4:
    case Field::dst4:
    case Field::src6:
    case Field::dst6: return Part::addresses;
    case Field::protocol:
    case Field::sport:
    case Field::dport:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::tcp_flags:
    case Field::fragment: return Part::service;
    case Field::dscp:
    case Field::ecn:
    case Field::exthdr:
    case Field::rt_type:
    case Field::ttl:
    case Field::length: return Part::header;
    default: return Part::none;
    }
}

using Rows = std::vector<Row>; // one of them holds

bool is_nothing(ValueSet const& set, unsigned bits) {
    return set.negated ? set.complement().is_all(bits) : set.intervals.empty() && set.masks.empty();
}

// Nothing where the two cannot be told in intervals.
std::optional<ValueSet> both(ValueSet const& a, ValueSet const& b, unsigned bits) {
    if (a == b || b.is_all(bits)) return a;
    if (a.is_all(bits)) return b;
    auto const x = a.as_intervals(bits, most_intervals);
    auto const y = b.as_intervals(bits, most_intervals);
    if (!x || !y) return std::nullopt;
    return ValueSet(x->intersected(*y));
}

struct TooMuch {};  // a product of alternatives beyond the bounds
struct NoPacket {}; // a row that contradicts itself

// Throws NoPacket, TooMuch.
void meet(Row& row, Field field, ValueSet values) {
    auto const at = std::lower_bound(row.begin(), row.end(), field, [](Cell const& a, Field b) { return a.field < b; });
    if (at == row.end() || at->field != field) {
        if (is_nothing(values, info(field).bits)) throw NoPacket{};
        row.insert(at, {field, std::move(values)});
        return;
    }
    auto met = both(at->values, values, info(field).bits);
    if (!met) throw TooMuch{};
    if (is_nothing(*met, info(field).bits)) throw NoPacket{};
    at->values = std::move(*met);
}

// A condition with what it implies: packets of the other family do not have the field, nor later fragments one of the
// transport header.
void add_condition(Row& row, Field field, ValueSet const& values) {
    FieldInfo const& about = info(field);
    if (about.transport) meet(row, Field::fragment, ValueSet::single(0));
    if (about.family) meet(row, Field::family, ValueSet::single(family_value(*about.family)));
    if (!values.is_all(about.bits)) meet(row, field, values);
}

Rows product(Rows const& a, Rows const& b) {
    if (b.size() == 1 && b.front().empty()) return a;
    if (a.size() * b.size() > most_rows) throw TooMuch{};
    Rows result;
    for (Row const& left : a) {
        for (Row const& right : b) {
            try {
                Row row = left;
                for (Cell const& cell : right) meet(row, cell.field, cell.values);
                result.push_back(std::move(row));
            } catch (NoPacket const&) {
            }
        }
    }
    return result;
}

Rows rows_of(std::vector<Field> const& fields, std::vector<ValueSet> const& cells) {
    try {
        Row row;
        for (std::size_t i = 0; i < fields.size(); ++i)
            if (!cells[i].is_all(info(fields[i]).bits)) add_condition(row, fields[i], cells[i]);
        return {std::move(row)};
    } catch (NoPacket const&) {
        return {};
    }
}

// Everything that the row does not hold for.
Rows none_of(std::vector<Field> const& fields, std::vector<ValueSet> const& cells) {
    Rows result;
    for (std::size_t i = 0; i < fields.size(); ++i) {
        FieldInfo const& about = info(fields[i]);
        if (cells[i].is_all(about.bits)) continue;
        if (about.transport) result.push_back({{Field::fragment, ValueSet::single(1)}});
        if (about.family)
            result.push_back({{Field::family, ValueSet::single(*about.family == Family::v4 ? family_v6 : family_v4)}});
        auto const rest = rows_of({fields[i]}, {cells[i].complement()});
        result.insert(result.end(), rest.begin(), rest.end());
    }
    return result;
}

// A match, multiplied out as far as it has to be.
struct Product {
    Rows addresses{Row{}};
    Rows service{Row{}};
    Row header;
};

class Factors {
  public:
    // Throws NoPacket, TooMuch.
    explicit Factors(Match const& match) {
        for (Term const& term : match.terms) {
            Row row;
            add_condition(row, term.field, term.values);
            add({std::move(row)});
        }
        for (Alternatives const& relation : match.alternatives) {
            if (relation.negated) {
                for (auto const& cells : relation.rows) add(none_of(relation.fields, cells));
                continue;
            }
            Rows rows;
            for (auto const& cells : relation.rows) {
                auto more = rows_of(relation.fields, cells);
                rows.insert(rows.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
            }
            add(std::move(rows));
        }
    }

    std::vector<Product> products() const {
        std::vector<Product> result;
        for (Row const& row : mixed_) {
            try {
                Product one{addresses_, service_, header_};
                std::array<Row, 2> own; // of addresses, of the service
                for (Cell const& cell : row) {
                    Part const part = part_of(cell.field);
                    if (part == Part::header)
                        meet(one.header, cell.field, cell.values);
                    else
                        own[part == Part::service].push_back(cell);
                }
                one.addresses = product(one.addresses, {own[0]});
                one.service = product(one.service, {own[1]});
                result.push_back(std::move(one));
            } catch (NoPacket const&) {
            }
        }
        return result;
    }

  private:
    void add(Rows rows) {
        std::array<bool, 4> parts{};
        for (Row const& row : rows)
            for (Cell const& cell : row) parts[static_cast<std::size_t>(part_of(cell.field))] = true;
        bool const addresses = parts[0], service = parts[1], header = parts[2];
        if (rows.size() == 1 && header && !addresses && !service) {
            for (Cell& cell : rows.front()) meet(header_, cell.field, std::move(cell.values));
        } else if (header || (addresses && service)) {
            mixed_ = product(mixed_, rows);
        } else if (addresses) {
            addresses_ = product(addresses_, rows);
        } else {
            service_ = product(service_, rows);
        }
    }

    Rows addresses_{Row{}};
    Rows service_{Row{}};
    Rows mixed_{Row{}};
    Row header_;
};

// --- Addresses ---

std::optional<Ends> ends_of(Row const& row, Family family) {
    U128 const number = family_value(family);
    if (ValueSet const* of = find(row, Field::family); of && !of->contains(number)) return std::nullopt;
    unsigned const bits = address_bits(family);
    auto const side = [&](Field field) {
        ValueSet const* set = find(row, field);
        return set ? *set : ValueSet(IntervalSet::all(bits));
    };
    return Ends{side(src_field(family)), side(dst_field(family))};
}

// --- Services ---

// Numbers of a field of eight bits, one by one.
std::vector<std::optional<U128>> each(Row const& row, Field field) {
    ValueSet const* set = find(row, field);
    if (!set) return {std::nullopt};
    std::vector<std::optional<U128>> result;
    auto const values = set->as_intervals(8);
    for (Interval const& interval : values->intervals())
        for (U128 value = interval.first; value <= interval.last; ++value) result.emplace_back(value);
    return result;
}

std::optional<ValueSet> value_of(Row const& row, Field field) {
    ValueSet const* set = find(row, field);
    return set ? std::optional(*set) : std::nullopt;
}

bool asks_about_segment(Carried const& one) { return one.sport || one.dport || one.type || one.code || one.flags; }

std::string impossible(Carried const& one, ListTraits const& list) {
    auto const is = [&](Protocol protocol) { return one.protocol == number(protocol); };
    if ((one.sport || one.dport) && !is(Protocol::tcp) && !is(Protocol::udp) && !is(Protocol::sctp))
        return "an access list knows ports of tcp, udp and sctp only";
    if ((one.type || one.code) && !is(Protocol::icmp) && !is(Protocol::icmpv6))
        return "message types are of icmp alone";
    if (one.type && ((is(Protocol::icmp) && !list.v4) || (is(Protocol::icmpv6) && !list.v6)))
        return "message types are asked for in lists of their family alone";
    if (one.code && !one.type) return "an access list has no word for a code without a type";
    if (one.flags && !is(Protocol::tcp)) return "flags are of tcp alone";
    return {};
}

// What the row lets a packet carry, protocol by protocol. Throws TooMuch.
std::vector<Carried> carried_by(Row const& row) {
    std::vector<Carried> result;
    for (auto const& protocol : each(row, Field::protocol)) {
        for (auto const& type : each(row, Field::icmp_type)) {
            for (auto const& code : each(row, Field::icmp_code)) {
                result.push_back({protocol, value_of(row, Field::sport), value_of(row, Field::dport), type, code,
                                  value_of(row, Field::tcp_flags)});
                if (result.size() > most_rows) throw TooMuch{};
            }
        }
    }
    return result;
}

struct Services {
    std::vector<Carried> of_all;   // whole packets, and later fragments as lines of the platform take them along
    std::vector<Carried> of_later; // later fragments alone
};

class Sorter {
  public:
    Sorter(Rows const& rows, bool permit, ListTraits const& list, Share share, Demands& demands)
        : permit_(permit), list_(list), share_(share), demands_(demands) {
        for (Row const& row : rows) {
            ValueSet const* fragment = find(row, Field::fragment);
            for (Carried& one : carried_by(row)) {
                if (!fragment)
                    both_.push_back(std::move(one));
                else if (fragment->contains(0))
                    first_.push_back(std::move(one));
                else
                    later_.push_back(std::move(one));
            }
        }
    }

    Services run() {
        for (Carried const& one : first_)
            if (auto why = impossible(one, list_); !why.empty()) demands_.why = std::move(why);
        if (!list_.sees_fragments()) return assembled();
        if (share_ == Share::first) return of_first();
        if (share_ == Share::later) return of_later();
        return whole();
    }

  private:
    // The device puts fragments together before it looks.
    Services assembled() {
        Services result{both_, {}};
        result.of_all.insert(result.of_all.end(), first_.begin(), first_.end());
        if (result.of_all.empty() && !later_.empty())
            demands_.why = "an ASA puts fragments together before its lists see them";
        return result;
    }

    Services of_first() {
        Services result = {first_, {}};
        result.of_all.insert(result.of_all.end(), both_.begin(), both_.end());
        return result;
    }

    Services of_later() {
        Services result = {{}, later_};
        result.of_later.insert(result.of_later.end(), both_.begin(), both_.end());
        return result;
    }

    // The rows in their order. A permit that asks about the segment takes the later fragments of its protocol along, a
    // deny does not.
    Services whole() {
        Services result;
        std::vector<bool> used(later_.size(), false);
        auto const is_covered = [&](Carried const& one) {
            for (Carried const& other : both_)
                if (!asks_about_segment(other) && (!other.protocol || other.protocol == one.protocol)) return true;
            bool found = false;
            for (std::size_t i = 0; i < later_.size(); ++i) {
                if (later_[i].protocol && later_[i].protocol != one.protocol) continue;
                if (later_[i].protocol == one.protocol) used[i] = true;
                found = true;
            }
            return found;
        };
        for (Carried const& one : first_) {
            bool const takes_later = !asks_about_segment(one) || permit_;
            if (takes_later && !is_covered(one)) demands_.needs_split = true;
            result.of_all.push_back(one);
        }
        result.of_all.insert(result.of_all.end(), both_.begin(), both_.end());
        for (std::size_t i = 0; i < later_.size(); ++i)
            if (!used[i]) result.of_later.push_back(later_[i]);
        return result;
    }

    bool permit_;
    ListTraits list_;
    Share share_;
    Demands& demands_;
    std::vector<Carried> first_;
    std::vector<Carried> both_;
    std::vector<Carried> later_;
};

// --- Together ---

std::string unspeakable(Match const& match, ListTraits const& list) {
    auto const why = [&](Field field) -> std::string {
        std::string const name(info(field).name);
        if (field == Field::ct_state || field == Field::ct_status || field == Field::ct_direction)
            return list.dialect == Dialect::cisco_asa
                       ? "an ASA keeps the state of connections itself, and its lists cannot ask for " + name
                       : "the platform keeps no state of connections, so its lists cannot ask for " + name;
        if (is_interface(field)) return "a list is applied to an interface, and cannot ask for " + name;
        if (part_of(field) == Part::none) return "an access list has no word for " + name;
        return {};
    };
    for (Term const& term : match.terms)
        if (auto text = why(term.field); !text.empty()) return text;
    for (Alternatives const& relation : match.alternatives)
        for (Field const field : relation.fields)
            if (auto text = why(field); !text.empty()) return text;
    return {};
}

void add(std::vector<Demand>& out, Product const& product, Services const& services, ListTraits const& list) {
    std::vector<Ends> v4;
    std::vector<Ends> v6;
    for (Row const& row : product.addresses) {
        if (auto ends = ends_of(row, Family::v4); ends && list.v4) v4.push_back(std::move(*ends));
        if (auto ends = ends_of(row, Family::v6); ends && list.v6) v6.push_back(std::move(*ends));
    }
    for (std::size_t i = 0; i < std::max(v4.size(), v6.size()); ++i) {
        Demand demand;
        if (i < v4.size()) demand.v4 = v4[i];
        if (i < v6.size()) demand.v6 = v6[i];
        demand.header = product.header;
        for (bool const later : {false, true}) {
            demand.services = later ? services.of_later : services.of_all;
            demand.later_fragments = later;
            if (!demand.services.empty()) out.push_back(demand);
        }
    }
}

} // namespace

Demands demands_of(Match const& match, bool permit, ListTraits const& list, Share share) {
    Demands demands;
    demands.why = unspeakable(match, list);
    if (!demands.why.empty()) return demands;
    try {
        for (Product const& product : Factors(match).products())
            add(demands.all, product, Sorter(product.service, permit, list, share, demands).run(), list);
    } catch (NoPacket const&) { // it matches nothing, so it need not be said
    } catch (TooMuch const&) {
        demands.why = "it would take too many lines";
    }
    return demands;
}

} // namespace portcullis::cisco
