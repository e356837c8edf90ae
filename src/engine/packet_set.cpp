// Packet sets as decision diagrams over the bits of the fields. The usual order of variables: family, the narrow fields and
// ports, interfaces, addresses (destination first, most significant bit first), then one variable for each opaque match.
// Questions are about few services and many addresses, so that the large address parts stand below the small rest and
// are shared. IPv4 and IPv6 share the address variables under the family bit.
// Lists that know no state let n services and the answers to them pass, by destination and by source port: with ports first,
// that is n² pairs of ports, each with addresses of its own. Order::ends has the ports below their addresses, source before
// destination: behind a source and its port, there is left what goes to some destinations, and the same for all others.
#include "portcullis/engine/packet_set.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <map>
#include <span>
#include <unordered_map>
#include <unordered_set>

#include "engine/bdd.hpp"
#include "engine/usual.hpp"
#include "portcullis/engine/prepared.hpp"

namespace portcullis {

namespace {

using Ref = Bdd::Ref;

// The order in which fields are decided. A family's own address field shares the place of the other family's. Fragments
// come before the fields of the transport header, on which nothing depends where there is none. What has values that do
// not occur stands above the addresses: their part of most sets then depends on nothing but them.
constexpr std::array services_order{
    Field::family,    Field::ct_state,    Field::protocol, Field::fragment,   Field::tcp_flags,    Field::ct_direction,
    Field::icmp_type, Field::icmp_code,   Field::dport,    Field::sport,      Field::packet_type,  Field::dst_type,
    Field::nat_dst_type, Field::src_type, Field::iif,      Field::oif,        Field::iif_group,    Field::oif_group,
    Field::phys_iif,  Field::phys_oif,    Field::ct_status, Field::dscp,      Field::ecn,          Field::ttl,
    Field::length,    Field::exthdr,      Field::frag_id,  Field::rt_type,    Field::rt_segments,  Field::ah_spi,
    Field::esp_spi,   Field::skuid,       Field::skgid,    Field::mark,       Field::ct_mark,      Field::src_mac,
    Field::dst6,      Field::src6,        Field::nat_dport, Field::nat_dst,   Field::nat_sport,    Field::nat_src,
    Field::ct_protocol, Field::orig_dport, Field::orig_sport,  Field::orig_dst6, Field::orig_src6,
    Field::reply_dport, Field::reply_sport, Field::reply_dst6, Field::reply_src6,
};
// Addresses of IPv4, and those of IPv6 whose places they share.
constexpr std::array<std::pair<Field, Field>, 6> shared_places{{
    {Field::src4, Field::src6}, {Field::dst4, Field::dst6}, {Field::orig_src4, Field::orig_src6},
    {Field::orig_dst4, Field::orig_dst6}, {Field::reply_src4, Field::reply_src6}, {Field::reply_dst4, Field::reply_dst6},
}};
static_assert(services_order.size() == field_count - shared_places.size(), "every field but those that share a place is ordered");

using Fields = std::array<Field, services_order.size()>;

constexpr Fields ends_order() {
    constexpr std::array ends{Field::src6, Field::sport, Field::dst6, Field::dport};
    auto const is_end = [&](Field field) { return std::ranges::find(ends, field) != ends.end(); };
    Fields fields{};
    auto out = fields.begin();
    for (Field const field : services_order) {
        if (field == Field::dst6) out = std::ranges::copy(ends, out).out;
        if (!is_end(field)) *out++ = field;
    }
    return fields;
}

struct Layout {
    Fields fields;
    std::array<std::uint32_t, field_count> first{}; // the variable of the field's most significant bit
    std::uint32_t count = 0;

    explicit Layout(Fields const& ordered) : fields(ordered) {
        for (Field const field : fields) {
            first[static_cast<std::size_t>(field)] = count;
            count += info(field).bits;
        }
        for (auto const& [v4, v6] : shared_places) first[static_cast<std::size_t>(v4)] = first_variable(v6);
    }

    std::uint32_t first_variable(Field field) const { return first[static_cast<std::size_t>(field)]; }
    Field ordered_field(std::size_t place, Family family) const {
        Field const field = fields[place];
        if (family == Family::v6 || !info(field).family) return field;
        auto const at = std::find_if(shared_places.begin(), shared_places.end(), [&](auto const& pair) { return pair.second == field; });
        return at == shared_places.end() ? field : at->first;
    }
};

Layout const& layout_of(Space::Order order) {
    static Layout const services(services_order), ends(ends_order());
    return order == Space::Order::services ? services : ends;
}

// Neighbouring blocks of one interval come one after the other.
void append(std::vector<Interval>& values, Interval const& interval) {
    if (!values.empty() && values.back().last + 1 == interval.first) values.back().last = interval.last;
    else values.push_back(interval);
}

} // namespace

struct Space::Impl {
    Order order;
    Layout const& layout;
    Bdd bdd;
    Ref universe = Bdd::true_ref;
    Bdd::Chosen free; // opaque matches, and fields that no sender chooses
    std::map<std::vector<Field>, Bdd::Chosen> other; // by fields: all variables but theirs
    std::unordered_map<std::string, std::uint32_t> opaque; // key to variable
    std::vector<Assumption> opaque_names; // by variable, from layout.count on

    // Sets of values of one field are asked for again and again: few of them, all kept.
    struct FieldValues {
        Field field;
        ValueSet values;
        friend bool operator==(FieldValues const&, FieldValues const&) = default;
    };
    struct Hash {
        std::size_t operator()(FieldValues const& asked) const;
    };
    static constexpr std::size_t most_field_sets = 1024;
    std::unordered_map<FieldValues, Ref, Hash> field_sets;

    Impl(Order chosen, std::size_t node_limit)
        : order(chosen), layout(layout_of(chosen)), bdd(node_limit), free(0, fields_off_the_wire()) {
        for (FieldInfo const& row : fields()) {
            if (row.largest < max_value(row.bits)) universe = bdd.conjunction(universe, limit(row.field));
        }
        bdd.keep(universe);
    }

    std::uint32_t first_variable(Field field) const { return layout.first_variable(field); }

    std::vector<bool> fields_off_the_wire() const {
        std::vector<bool> variables(layout.count, false);
        for (FieldInfo const& row : fields()) {
            for (unsigned bit = 0; !row.on_wire && bit < row.bits; ++bit) variables[first_variable(row.field) + bit] = true;
        }
        return variables;
    }

    Ref literal(std::uint32_t variable, bool value) {
        return bdd.node(variable, value ? Bdd::false_ref : Bdd::true_ref, value ? Bdd::true_ref : Bdd::false_ref);
    }

    // Values between `base` and base + 2^bits - 1 that lie in `intervals`, of which all overlap that block, and then
    // `rest`, which depends on later variables.
    Ref build(std::uint32_t variable, unsigned bits, U128 base, std::span<Interval const> intervals, Ref rest) {
        if (intervals.empty()) return Bdd::false_ref;
        if (intervals.front().first <= base && intervals.front().last >= (base | max_value(bits))) return rest;
        U128 const middle = base | U128{1} << (bits - 1); // the first value with the bit set
        auto const split = std::partition_point(intervals.begin(), intervals.end(),
                                                [&](Interval const& i) { return i.first < middle; });
        auto const low_count = static_cast<std::size_t>(split - intervals.begin());
        bool const straddles = low_count > 0 && intervals[low_count - 1].last >= middle;
        Ref const low = build(variable + 1, bits - 1, base, intervals.first(low_count), rest);
        Ref const high =
            build(variable + 1, bits - 1, middle, intervals.subspan(straddles ? low_count - 1 : low_count), rest);
        return bdd.node(variable, low, high);
    }

    Ref interval_set(Field field, IntervalSet const& set, Ref rest = Bdd::true_ref) {
        unsigned const bits = info(field).bits;
        auto const& all = set.intervals();
        // Values beyond the field's bits do not exist.
        auto const end = std::partition_point(all.begin(), all.end(),
                                              [&](Interval const& i) { return i.first <= max_value(bits); });
        return build(first_variable(field), bits, 0, {all.data(), static_cast<std::size_t>(end - all.begin())}, rest);
    }

    Ref masked(Field field, Masked const& m) {
        unsigned const bits = info(field).bits;
        if (m.value > max_value(bits)) return Bdd::false_ref;
        Ref result = Bdd::true_ref;
        for (unsigned bit = 0; bit < bits; ++bit) { // from the least significant, so that `node` sees later variables
            if ((m.mask >> bit & 1U) == 0) continue;
            std::uint32_t const variable = first_variable(field) + bits - 1 - bit;
            bool const set = (m.value >> bit & 1U) != 0;
            result = set ? bdd.node(variable, Bdd::false_ref, result) : bdd.node(variable, result, Bdd::false_ref);
        }
        return result;
    }

    Ref values(Field field, ValueSet const& set) {
        Ref result = interval_set(field, set.intervals);
        for (Masked const& m : set.masks) result = bdd.disjunction(result, masked(field, m));
        if (set.negated) result = Bdd::negation(result);
        if (auto const family = info(field).family) {
            result = bdd.conjunction(literal(first_variable(Field::family), *family == Family::v6), result);
        }
        if (info(field).transport) result = bdd.conjunction(literal(first_variable(Field::fragment), false), result);
        return result;
    }

    void pack() {
        std::vector<std::uint32_t> const places = bdd.pack();
        auto const now = [&](Ref f) { return places[f >> 1U] << 1U | (f & 1U); };
        universe = now(universe);
        for (auto& [asked, set] : field_sets) set = now(set);
    }

    // … within the universe.
    Ref known_values(Field field, ValueSet const& set) {
        constexpr std::size_t longest = 64; // what is longer is compared for long
        if (set.intervals.intervals().size() > longest || set.masks.size() > 1) return bdd.conjunction(universe, values(field, set));
        FieldValues asked{field, set};
        if (auto const at = field_sets.find(asked); at != field_sets.end()) return at->second;
        Ref const made = bdd.conjunction(universe, values(field, set));
        if (field_sets.size() < most_field_sets) {
            bdd.keep(made);
            field_sets.emplace(std::move(asked), made);
        }
        return made;
    }

    Ref relation(Alternatives const& alternatives) {
        Ref any = Bdd::false_ref;
        for (auto const& row : alternatives.rows) {
            Ref all = Bdd::true_ref;
            for (std::size_t cell = 0; cell < row.size(); ++cell) {
                Field const field = alternatives.fields[cell];
                if (row[cell].is_all(info(field).bits)) continue;
                all = bdd.conjunction(all, values(field, row[cell]));
            }
            any = bdd.disjunction(any, all);
        }
        return alternatives.negated ? Bdd::negation(any) : any;
    }

    std::uint32_t opaque_variable(Opaque const& match) { return opaque_variable({opaque_key(match), match.text, match.stateful, true}); }
    std::uint32_t opaque_variable(Assumption const& name) {
        auto const next = static_cast<std::uint32_t>(layout.count + opaque_names.size());
        auto const [at, added] = opaque.emplace(name.key, next);
        if (added) {
            opaque_names.push_back(name);
            free.add(1);
        }
        return at->second;
    }

    // By variable of another space, the literal here that means the same.
    std::vector<Ref> literals_of(Impl const& from) {
        std::vector<Ref> literals(from.layout.count);
        for (Field const field : layout.fields)
            for (unsigned bit = 0; bit < info(field).bits; ++bit)
                literals[from.first_variable(field) + bit] = literal(first_variable(field) + bit, true);
        for (Assumption const& name : from.opaque_names) literals.push_back(literal(opaque_variable(name), true));
        return literals;
    }
    // f of another space; `known` are those that have been made.
    Ref same(Impl const& from, Ref f, std::vector<Ref> const& literals, std::unordered_map<Ref, Ref>& known) {
        if (f == Bdd::true_ref || f == Bdd::false_ref) return f;
        if (auto const at = known.find(f); at != known.end()) return at->second;
        Ref const low = same(from, from.bdd.low(f), literals, known), high = same(from, from.bdd.high(f), literals, known);
        return known[f] = choice(literals[from.bdd.variable(f)], high, low);
    }

    Assumption assumption(std::uint32_t variable, bool holds) const {
        Assumption assumption = opaque_names[variable - layout.count];
        assumption.holds = holds;
        return assumption;
    }

    Ref match(Match const& m) {
        std::array<IntervalSet const*, field_count> plain{}; // a term of intervals for each field
        std::vector<Term const*> others;
        for (Term const& term : m.terms) {
            auto& known = plain[static_cast<std::size_t>(term.field)];
            if (known == nullptr && term.values.masks.empty() && !term.values.negated) known = &term.values.intervals;
            else others.push_back(&term);
        }
        Ref result = product(plain);
        for (Term const* term : others) result = bdd.conjunction(result, values(term->field, term->values));
        for (Alternatives const& a : m.alternatives) result = bdd.conjunction(result, relation(a));
        for (Opaque const& o : m.opaque) result = bdd.conjunction(result, literal(opaque_variable(o), !o.negated));
        return result;
    }

    // The packets whose fields lie in the sets that there are: made from the last variable to the first, so that no
    // node is made which the result does not have.
    Ref product(std::array<IntervalSet const*, field_count> const& sets) {
        bool seen[2] = {false, false}; // by family
        bool transport = false;
        for (FieldInfo const& row : fields()) {
            if (sets[static_cast<std::size_t>(row.field)] == nullptr) continue;
            if (row.family) seen[*row.family == Family::v6 ? 1 : 0] = true;
            transport = transport || row.transport;
        }
        if (seen[0] && seen[1]) return Bdd::false_ref;
        Family const family = seen[0] ? Family::v4 : Family::v6;
        Ref result = Bdd::true_ref;
        for (std::size_t place = layout.fields.size(); place-- > 0;) {
            Field const field = layout.ordered_field(place, family);
            FieldInfo const& row = info(field);
            IntervalSet const* const set = sets[static_cast<std::size_t>(field)];
            bool const limited = row.largest < max_value(row.bits);
            if (set != nullptr) result = interval_set(field, *set, result);
            else if (limited) result = interval_set(field, IntervalSet(0, row.largest), result);
            if (set != nullptr && limited) result = bdd.conjunction(result, limit(field));
            bool const only_zero = field == Field::fragment && transport;
            bool const only_one_family = field == Field::family && (seen[0] || seen[1]);
            if (only_zero || only_one_family)
                result = bdd.conjunction(literal(first_variable(field), only_one_family && seen[1]), result);
        }
        return result;
    }

    // The values of a field that occur.
    Ref limit(Field field) { return interval_set(field, IntervalSet(0, info(field).largest)); }

    // What the bit of a mark has become: a constant, a bit of a mark at the start, or two of them together.
    Ref mark_bit(MarkValue const& mark, unsigned bit) {
        auto const starting = [&](Field field, U128 keep) {
            if ((keep >> bit & 1U) == 0) return Bdd::false_ref;
            return literal(first_variable(field) + info(field).bits - 1 - bit, true);
        };
        Ref const a = starting(Field::mark, mark.mark_keep);
        Ref const b = starting(Field::ct_mark, mark.ct_mark_keep);
        Ref const either = choice(a, Bdd::negation(b), b);
        return (mark.value >> bit & 1U) != 0 ? Bdd::negation(either) : either;
    }

    // The functions that the bits of the fields have become: of marks, of the state before tracking, of what is translated.
    using Substitution = std::vector<std::optional<Ref>>;

    std::uint32_t variable_of(Field field, unsigned bit) const { return first_variable(field) + info(field).bits - 1 - bit; }
    static Ref constant(bool value) { return value ? Bdd::true_ref : Bdd::false_ref; }

    void put_value(Substitution& to, Field field, U128 value) const {
        for (unsigned bit = 0; bit < info(field).bits; ++bit) to[variable_of(field, bit)] = constant((value >> bit & 1U) != 0);
    }
    // What `picked` says, where that is within the interval; its first elsewhere.
    void put_picked(Substitution& to, Field field, Interval interval, Field picked) {
        if (interval.first == interval.last) return put_value(to, field, interval.first);
        Ref const within = interval_set(picked, IntervalSet(interval.first, interval.last));
        for (unsigned bit = 0; bit < info(field).bits; ++bit) {
            Ref const chosen = literal(variable_of(picked, bit), true);
            to[variable_of(field, bit)] = choice(within, chosen, constant((interval.first >> bit & 1U) != 0));
        }
    }
    // Whether the field is not yet what it is translated to. A choice counts as another value.
    Ref differs(Field field, std::optional<Interval> const& interval, bool keeps_host) {
        if (!interval) return Bdd::false_ref;
        bool const choice_of_many = interval->first != interval->last && !keeps_host;
        return choice_of_many ? Bdd::true_ref : Bdd::negation(interval_set(field, IntervalSet(interval->first, interval->last)));
    }
    struct End {
        Field port, picked_address, picked_port;
        unsigned status; // its bit
    };
    void put_translation(Substitution& to, Translated const& translation, Field address, End const& end) {
        if (!translation.done) return;
        Ref const changed = bdd.disjunction(differs(address, translation.address, translation.keeps_host),
                                            differs(end.port, translation.port, false));
        if (translation.address && translation.keeps_host) {
            U128 const open = translation.address->first ^ translation.address->last;
            for (unsigned bit = 0; bit < info(address).bits; ++bit) {
                if ((open >> bit & 1U) == 0) to[variable_of(address, bit)] = constant((translation.address->first >> bit & 1U) != 0);
            }
        } else if (translation.address) {
            put_picked(to, address, *translation.address, end.picked_address);
        }
        if (translation.port) put_picked(to, end.port, *translation.port, end.picked_port);
        std::uint32_t const status = variable_of(Field::ct_status, end.status);
        to[status] = bdd.disjunction(changed, literal(status, true));
    }

    Substitution substitution(Marks const& marks) {
        Substitution to(layout.count);
        Marks const at_start;
        for (Field const mark : {Field::mark, Field::ct_mark}) {
            if (marks[mark] == at_start[mark]) continue;
            for (unsigned bit = 0; bit < info(mark).bits; ++bit) to[variable_of(mark, bit)] = mark_bit(marks[mark], bit);
        }
        if (auto const state = state_seen(marks)) put_value(to, Field::ct_state, *state);
        Translated const& destination = marks.destination;
        put_translation(to, destination, dst_field(destination.family), {Field::dport, Field::nat_dst, Field::nat_dport, 5});
        put_translation(to, marks.source, src_field(marks.source.family), {Field::sport, Field::nat_src, Field::nat_sport, 4});
        if (!destination.done || !destination.address) return to;
        if (destination.to_host) put_value(to, Field::dst_type, route_type::local);
        else
            for (unsigned bit = 0; bit < info(Field::dst_type).bits; ++bit)
                to[variable_of(Field::dst_type, bit)] = literal(variable_of(Field::nat_dst_type, bit), true);
        return to;
    }

    // What conntrack keeps of new connections: the packet as it arrived, and the other way round what it has become by
    // now, which `now` says.
    void put_tuple(Substitution& to, Substitution const& now, bool ports) {
        auto const put = [&](Field kept, Field seen, bool at_start) {
            for (unsigned bit = 0; bit < info(kept).bits; ++bit) {
                std::uint32_t const variable = variable_of(seen, bit);
                to[variable_of(kept, bit)] = at_start || !now[variable] ? literal(variable, true) : now[variable];
            }
        };
        if (ports) {
            put(Field::orig_sport, Field::sport, true);
            put(Field::orig_dport, Field::dport, true);
            put(Field::reply_sport, Field::dport, false);
            put(Field::reply_dport, Field::sport, false);
            return;
        }
        // Addresses of IPv4 share their variables.
        put(Field::orig_src6, Field::src6, true);
        put(Field::orig_dst6, Field::dst6, true);
        put(Field::ct_protocol, Field::protocol, true);
        put(Field::reply_src6, Field::dst6, false);
        put(Field::reply_dst6, Field::src6, false);
    }

    // f of packets that have become what `now` says, where some of it is about what conntrack keeps: of packets that begin no
    // connection, and of ports that a protocol does not have, nothing is known.
    Ref compose_on_way(Ref f, Substitution const& now) {
        Ref const fresh = bdd.conjunction(
            bdd.conjunction(interval_set(Field::ct_state, IntervalSet::single(ct_state::new_)),
                            interval_set(Field::ct_direction, IntervalSet::single(0))),
            Bdd::negation(interval_set(Field::iif, IntervalSet::single(interface_value("lo")))));
        Ref const with_ports = bdd.conjunction(interval_set(Field::protocol, port_protocols()),
                                               interval_set(Field::fragment, IntervalSet::single(0)));
        Substitution known = now;
        put_tuple(known, now, false);
        Ref const without = bdd.compose(f, known);
        put_tuple(known, now, true);
        return choice(fresh, choice(with_ports, bdd.compose(f, known), without), bdd.compose(f, now));
    }

    Ref choice(Ref condition, Ref then, Ref otherwise) {
        return bdd.disjunction(bdd.conjunction(condition, then), bdd.conjunction(Bdd::negation(condition), otherwise));
    }

    // f with the field's variables set to `value`.
    Ref follow(Ref f, Field field, U128 value) const {
        unsigned const bits = info(field).bits;
        std::uint32_t const first = first_variable(field);
        while (bdd.variable(f) >= first && bdd.variable(f) < first + bits) {
            unsigned const bit = first + bits - 1 - bdd.variable(f);
            f = (value >> bit & 1U) != 0 ? bdd.high(f) : bdd.low(f);
        }
        return f;
    }

    // What f says of the fields alone: whether the others can have some values. The fields are of one family, if of any.
    Ref projected(Ref f, std::initializer_list<Field> kept) {
        for (Field const field : kept) {
            if (auto const family = info(field).family)
                f = bdd.conjunction(f, literal(first_variable(Field::family), *family == Family::v6));
        }
        return bdd.exists(f, others(kept));
    }

    Bdd::Chosen const& others(std::vector<Field> const& kept) {
        auto known = other.find(kept);
        if (known == other.end()) {
            std::vector<bool> variables(free.size(), true);
            for (Field const field : kept) {
                for (unsigned bit = 0; bit < info(field).bits; ++bit) variables[first_variable(field) + bit] = false;
            }
            known = other.emplace(kept, Bdd::Chosen(static_cast<std::uint32_t>(other.size() + 1), variables)).first;
        }
        known->second.add(free.size() - known->second.size()); // opaque matches that were met since then
        return known->second;
    }

    // The values of `field` by what remains of f for them: calls visit(interval, rest), in order, for rests other than
    // false; stops early where visit says false.
    template <class Visit> bool partition(Ref f, Field field, Visit const& visit) const {
        return partition(f, first_variable(field), info(field).bits, 0, visit);
    }
    template <class Visit> bool partition(Ref f, std::uint32_t variable, unsigned bits, U128 base, Visit const& visit) const {
        if (f == Bdd::false_ref) return true;
        if (bits == 0 || bdd.variable(f) >= variable + bits) return visit(Interval{base, base | max_value(bits)}, f);
        bool const here = bdd.variable(f) == variable;
        return partition(here ? bdd.low(f) : f, variable + 1, bits - 1, base, visit) &&
               partition(here ? bdd.high(f) : f, variable + 1, bits - 1, base | U128{1} << (bits - 1), visit);
    }
};

std::size_t Space::Impl::Hash::operator()(FieldValues const& asked) const {
    std::uint64_t hash = static_cast<std::uint64_t>(asked.field) << 1U | (asked.values.negated ? 1U : 0U);
    auto const add = [&](U128 value) {
        hash = (hash ^ low64(value) ^ low64(value >> 64U)) * 0x9E3779B97F4A7C15U;
        hash ^= hash >> 32U;
    };
    for (Interval const& interval : asked.values.intervals.intervals()) {
        add(interval.first);
        add(interval.last);
    }
    for (Masked const& masked : asked.values.masks) {
        add(masked.value);
        add(masked.mask);
    }
    return static_cast<std::size_t>(hash);
}

PacketSet::PacketSet(Space& space, std::uint32_t ref) : space_(&space), ref_(ref) { space_->impl_->bdd.keep(ref_); }
PacketSet::PacketSet(PacketSet const& other) : PacketSet(*other.space_, other.ref_) {}
PacketSet::PacketSet(PacketSet&& other) noexcept : space_(other.space_), ref_(std::exchange(other.ref_, Bdd::false_ref)) {
    space_->impl_->bdd.keep(Bdd::false_ref); // the terminal's count, so that `other` can release
}
PacketSet& PacketSet::operator=(PacketSet other) noexcept {
    std::swap(space_, other.space_);
    std::swap(ref_, other.ref_);
    return *this;
}
PacketSet::~PacketSet() { space_->impl_->bdd.release(ref_); }

PacketSet PacketSet::operator&(PacketSet const& other) const {
    Bdd& bdd = space_->impl_->bdd;
    bdd.collect_if_due();
    return {*space_, bdd.conjunction(ref_, other.ref_)};
}

PacketSet PacketSet::operator|(PacketSet const& other) const {
    Bdd& bdd = space_->impl_->bdd;
    bdd.collect_if_due();
    return {*space_, bdd.disjunction(ref_, other.ref_)};
}

PacketSet PacketSet::operator-(PacketSet const& other) const {
    Bdd& bdd = space_->impl_->bdd;
    bdd.collect_if_due();
    return {*space_, bdd.conjunction(ref_, Bdd::negation(other.ref_))};
}

PacketSet PacketSet::complement() const {
    Space::Impl& impl = *space_->impl_;
    return {*space_, impl.bdd.conjunction(impl.universe, Bdd::negation(ref_))};
}

bool PacketSet::empty() const { return ref_ == Bdd::false_ref; }

PacketSet PacketSet::possibly() const {
    Space::Impl& impl = *space_->impl_;
    impl.bdd.collect_if_due();
    return {*space_, impl.bdd.conjunction(impl.universe, impl.bdd.exists(ref_, impl.free))};
}

PacketSet PacketSet::certainly() const {
    Space::Impl& impl = *space_->impl_;
    impl.bdd.collect_if_due();
    // What differs from no member but in what is free; outside the universe nothing exists, and nothing is against it.
    Ref const possible = impl.bdd.conjunction(impl.universe, impl.bdd.exists(ref_, impl.free));
    Ref const against = impl.bdd.conjunction(possible, Bdd::negation(ref_));
    return {*space_, impl.bdd.conjunction(possible, Bdd::negation(impl.bdd.exists(against, impl.free)))};
}

std::optional<IntervalSet> PacketSet::project(Field field, std::size_t most) const {
    Space::Impl& impl = *space_->impl_;
    impl.bdd.collect_if_due();
    std::vector<Interval> values;
    bool const fits = impl.partition(impl.projected(ref_, {field}), field, [&](Interval const& interval, Ref) {
        append(values, interval);
        return values.size() <= most;
    });
    return fits ? std::optional(IntervalSet::of(std::move(values))) : std::nullopt;
}

std::vector<Field> PacketSet::deciding_fields(Family family) const {
    Space::Impl const& impl = *space_->impl_;
    std::vector<bool> decides(impl.free.size(), false); // by variable
    std::unordered_set<Ref> seen;
    std::vector<Ref> open{ref_};
    while (!open.empty()) {
        Ref const f = open.back();
        open.pop_back();
        if (f == Bdd::true_ref || f == Bdd::false_ref || !seen.insert(f).second) continue;
        decides[impl.bdd.variable(f)] = true;
        open.push_back(impl.bdd.low(f));
        open.push_back(impl.bdd.high(f));
    }
    std::vector<Field> found;
    for (std::size_t place = 0; place < impl.layout.fields.size(); ++place) {
        Field const field = impl.layout.ordered_field(place, family);
        auto const first = decides.begin() + impl.first_variable(field);
        if (std::find(first, first + info(field).bits, true) != first + info(field).bits) found.push_back(field);
    }
    return found;
}

std::optional<std::vector<Row>> PacketSet::rows(Field by, Field of, std::size_t most) const {
    Space::Impl& impl = *space_->impl_;
    assert(impl.order == Space::Order::services && impl.first_variable(by) < impl.first_variable(of));
    impl.bdd.collect_if_due();
    std::size_t pieces = 0;
    std::unordered_map<Ref, std::size_t> places; // of what remains for a value, among `groups`
    std::vector<std::pair<Ref, std::vector<Interval>>> groups;
    bool fits = impl.partition(impl.projected(ref_, {by, of}), by, [&](Interval const& interval, Ref rest) {
        auto const [at, added] = places.emplace(rest, groups.size());
        if (added) groups.push_back({rest, {}});
        append(groups[at->second].second, interval);
        return ++pieces <= most;
    });
    std::vector<Row> rows;
    for (auto& [rest, intervals] : groups) {
        if (!fits) return std::nullopt;
        std::vector<Interval> values;
        fits = impl.partition(rest, of, [&](Interval const& interval, Ref) {
            append(values, interval);
            return ++pieces <= most;
        });
        rows.push_back({IntervalSet::of(std::move(intervals)), IntervalSet::of(std::move(values))});
    }
    return fits ? std::optional(std::move(rows)) : std::nullopt;
}

std::optional<std::vector<Cube>> PacketSet::cubes(std::size_t most) const {
    struct Reader {
        Space::Impl const& impl;
        std::size_t most;
        std::vector<Cube> cubes{};
        Cube current{};

        bool opaque(Ref f) {
            if (f == Bdd::false_ref) return true;
            if (f == Bdd::true_ref) {
                if (cubes.size() >= most) return false;
                cubes.push_back(current);
                return true;
            }
            for (bool const value : {false, true}) {
                current.assumptions.push_back(impl.assumption(impl.bdd.variable(f), value));
                bool const fits = opaque(value ? impl.bdd.high(f) : impl.bdd.low(f));
                current.assumptions.pop_back();
                if (!fits) return false;
            }
            return true;
        }

        bool read(Ref f, std::size_t place, Family family) {
            if (place == impl.layout.fields.size()) return opaque(f);
            Field const field = impl.layout.ordered_field(place, family);
            // Values with the same remainder belong together.
            std::map<Ref, std::vector<Interval>> groups;
            std::vector<Ref> appearance;
            std::size_t pieces = 0;
            bool const whole = impl.partition(f, field, [&](Interval const& interval, Ref rest) {
                auto& group = groups[rest];
                if (group.empty()) appearance.push_back(rest);
                group.push_back(interval);
                return ++pieces <= most * 64;
            });
            if (!whole) return false;
            for (Ref const rest : appearance) {
                IntervalSet const values = IntervalSet::of(std::move(groups[rest]));
                bool const named = !values.contains(IntervalSet(0, info(field).largest));
                if (named) current.fields.emplace_back(field, values);
                bool const fits = read(rest, place + 1, family);
                if (named) current.fields.pop_back();
                if (!fits) return false;
            }
            return true;
        }
    };
    Reader reader{*space_->impl_, most};
    // IPv4 and IPv6 apart: the address variables mean different things under each.
    Space::Impl& impl = *space_->impl_;
    for (Family const family : {Family::v4, Family::v6}) {
        U128 const value = family_value(family);
        Ref const rest = impl.follow(ref_, Field::family, value);
        reader.current.fields = {{Field::family, IntervalSet::single(value)}};
        if (!reader.read(rest, 1, family)) return std::nullopt;
    }
    return std::move(reader.cubes);
}

IntervalSet const* Cube::values(Field field) const {
    auto const at = std::find_if(fields.begin(), fields.end(), [field](auto const& named) { return named.first == field; });
    return at == fields.end() ? nullptr : &at->second;
}

std::optional<bool> Member::truth(Opaque const& opaque) const {
    std::string const key = opaque_key(opaque);
    auto const at = std::find_if(assumptions.begin(), assumptions.end(), [&](Assumption const& a) { return a.key == key; });
    return at != assumptions.end() && at->holds;
}

std::optional<Member> PacketSet::member() const {
    if (empty()) return std::nullopt;
    Space::Impl const& impl = *space_->impl_;
    Member member;
    Ref f = ref_;
    for (std::size_t place = 0; place < impl.layout.fields.size(); ++place) {
        Field const field = impl.layout.ordered_field(place, member.packet.family());
        std::optional<U128> chosen;
        for (U128 const value : usual_values(field)) {
            if (impl.follow(f, field, value) == Bdd::false_ref) continue;
            chosen = value;
            break;
        }
        if (!chosen) {
            impl.partition(f, field, [&](Interval const& interval, Ref) {
                chosen = usual_within(field, interval);
                return false;
            });
        }
        member.packet[field] = *chosen;
        f = impl.follow(f, field, *chosen);
    }
    while (f != Bdd::true_ref) {
        bool const value = impl.bdd.low(f) == Bdd::false_ref;
        member.assumptions.push_back(impl.assumption(impl.bdd.variable(f), value));
        f = value ? impl.bdd.high(f) : impl.bdd.low(f);
    }
    // Fields that the protocol does not have are zero, unless the set asks for them all the same.
    Packet plain = member.packet;
    U128 const protocol = plain[Field::protocol];
    bool const later = plain[Field::fragment] != 0;
    if (later || !port_protocols().contains(protocol)) plain[Field::sport] = plain[Field::dport] = 0;
    if (later || protocol != number(Protocol::tcp)) plain[Field::tcp_flags] = 0;
    if (later || (protocol != number(Protocol::icmp) && protocol != number(Protocol::icmpv6))) {
        plain[Field::icmp_type] = plain[Field::icmp_code] = 0;
    }
    if (contains(plain)) member.packet = plain;
    return member;
}

bool PacketSet::contains(Packet const& packet) const {
    Space::Impl const& impl = *space_->impl_;
    Ref f = ref_;
    for (std::size_t place = 0; place < impl.layout.fields.size(); ++place) {
        Field const field = impl.layout.ordered_field(place, packet.family());
        f = impl.follow(f, field, packet[field]);
    }
    return f != Bdd::false_ref;
}

Space::Space(Order order, std::size_t node_limit) : impl_(std::make_unique<Impl>(order, node_limit)) {}
// The copies hoard nothing.
Space::Space(Space const& prepared) : impl_(std::make_unique<Impl>(*prepared.impl_)) {}
Space::~Space() = default;

std::unique_ptr<Space> prepared(std::size_t node_limit, std::function<void(Space&)> const& work) {
    auto space = std::make_unique<Space>(node_limit);
    Space::Impl& impl = *space->impl_;
    impl.bdd.hoard();
    work(*space);
    impl.pack();
    return space;
}

PacketSet Space::none() { return {*this, Bdd::false_ref}; }
PacketSet Space::all() { return {*this, impl_->universe}; }

PacketSet Space::of(Field field, ValueSet const& values) {
    impl_->bdd.collect_if_due();
    return {*this, impl_->known_values(field, values)};
}

PacketSet Space::of(Match const& match) {
    impl_->bdd.collect_if_due();
    return {*this, impl_->match(match)};
}

PacketSet Space::of(Cube const& cube) {
    impl_->bdd.collect_if_due();
    Ref result = impl_->universe;
    for (auto const& [field, values] : cube.fields) {
        result = impl_->bdd.conjunction(result, impl_->interval_set(field, values));
    }
    for (Assumption const& a : cube.assumptions) {
        result = impl_->bdd.conjunction(result, impl_->literal(impl_->opaque.at(a.key), a.holds));
    }
    return {*this, result};
}

PacketSet Space::of(PacketSet const& set) {
    if (set.space_ == this) return set;
    impl_->bdd.collect_if_due();
    Impl const& other = *set.space_->impl_;
    std::unordered_map<Ref, Ref> known;
    return {*this, impl_->same(other, set.ref_, impl_->literals_of(other), known)};
}

Space::Order Space::order() const { return impl_->order; }

PacketSet Space::of(Match const& match, Marks const& marks) {
    bool const tuple = marks.whole_way && reads_tuple(match);
    bool const reads = tuple || reads_marks(match) || (state_seen(marks) && reads_state(match)) ||
                       ((marks.destination.done || marks.source.done) && reads_ends(match));
    if (marks == Marks{} || !reads) return of(match);
    auto const seen = within_translation(match, marks);
    if (!seen) return none();
    impl_->bdd.collect_if_due();
    auto const match_now = impl_->match(with_unknown(*seen, marks));
    auto const now = impl_->substitution(marks);
    return {*this, tuple ? impl_->compose_on_way(match_now, now) : impl_->bdd.compose(match_now, now)};
}

} // namespace portcullis
