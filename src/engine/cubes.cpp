// Greedy: a member grows field by field into a maximal product, which is taken away from what is left to cover. What a
// reader looks at first, ports and addresses, grows last, so that everything else has become "any" where it can.
#include "portcullis/engine/cubes.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace portcullis {

namespace {

constexpr std::array grown_last{Field::ct_state, Field::protocol, Field::sport, Field::iif,  Field::oif, Field::src4,
                                Field::src6,     Field::dst4,     Field::dst6,  Field::dport};

// Products that have more intervals than this together, as the ports do that a long list leaves over, say nothing that anybody reads,
// and each takes as long as the set is large. A few are told in any case.
constexpr std::size_t most_intervals = 100'000;
constexpr std::size_t always_told = 10;

std::size_t interval_count(Cube const& cube) {
    std::size_t count = 0;
    for (auto const& [field, values] : cube.fields) count += values.intervals().size();
    return count;
}

// The fields on which the set depends; all others may have any value.
std::vector<Field> growing_order(PacketSet const& set, Family family) {
    std::vector<Field> const deciding = set.deciding_fields(family);
    std::vector<Field> order;
    auto const is_last = [](Field field) {
        return std::find(grown_last.begin(), grown_last.end(), field) != grown_last.end();
    };
    for (FieldInfo const& row : fields()) {
        if (row.field != Field::family && !is_last(row.field)) order.push_back(row.field);
    }
    order.insert(order.end(), grown_last.begin(), grown_last.end());
    std::erase_if(order, [&](Field field) { return std::find(deciding.begin(), deciding.end(), field) == deciding.end(); });
    return order;
}

// The product of one packet.
Cube point(Member const& member, std::vector<Field> const& order) {
    Cube cube;
    cube.fields.emplace_back(Field::family, IntervalSet::single(member.packet[Field::family]));
    for (Field const field : order) cube.fields.emplace_back(field, IntervalSet::single(member.packet[field]));
    cube.assumptions = member.assumptions;
    return cube;
}

// Every value that the field can take while the product stays in the set; as it was where that cannot be told.
void grow(Space& space, PacketSet const& set, IntervalSet& values, Cube const& cube, Field field) {
    IntervalSet const every(0, info(field).largest);
    IntervalSet const before = std::exchange(values, every);
    auto const outside = (space.of(cube) - set).project(field);
    values = outside ? every.minus(*outside) : before;
}

Cube maximal_around(Space& space, PacketSet const& set, Member const& member, std::vector<Field> const& order) {
    Cube cube = point(member, order);
    for (std::size_t i = cube.assumptions.size(); i-- > 0;) {
        Cube without = cube;
        without.assumptions.erase(without.assumptions.begin() + static_cast<std::ptrdiff_t>(i));
        if (space.of(without).subset_of(set)) cube = std::move(without);
    }
    for (auto& [field, values] : cube.fields) {
        if (field != Field::family) grow(space, set, values, cube, field);
    }
    return cube;
}

// `sets`: those of the cubes.
void leave_out_needless(Space& space, PacketSet const& part, std::vector<Cube>& cubes, std::vector<PacketSet> const& sets) {
    std::vector<PacketSet> before{space.none()}; // the unions of the first ones
    for (PacketSet const& set : sets) before.push_back(before.back() | set);
    PacketSet behind = space.none(); // … and of the last ones that stay
    for (std::size_t i = cubes.size(); i-- > 0 && cubes.size() > 1;) {
        if ((sets[i] & part).subset_of(before[i] | behind)) cubes.erase(cubes.begin() + static_cast<std::ptrdiff_t>(i));
        else behind |= sets[i];
    }
}

// Fields that may have any value are not named.
void forget_free_fields(Cube& cube) {
    std::erase_if(cube.fields, [](auto const& named) {
        return named.second.contains(IntervalSet(0, info(named.first).largest));
    });
}

} // namespace

Cover maximal_cubes(Space& space, PacketSet const& set, std::size_t most) {
    return maximal_cubes(space, set, set, most);
}

Cover maximal_cubes(Space& space, PacketSet const& set, PacketSet const& part, std::size_t most) {
    Cover cover;
    PacketSet rest = part;
    std::vector<PacketSet> sets; // of the cubes
    std::map<Family, std::vector<Field>> orders;
    std::size_t intervals = 0;
    while (!rest.empty()) {
        if (cover.cubes.size() == most || (cover.cubes.size() >= always_told && intervals > most_intervals)) {
            cover.complete = false;
            break;
        }
        Member const member = *rest.member();
        auto const [order, is_new] = orders.try_emplace(member.packet.family());
        if (is_new) order->second = growing_order(set, member.packet.family());
        cover.cubes.push_back(maximal_around(space, set, member, order->second));
        intervals += interval_count(cover.cubes.back());
        sets.push_back(space.of(cover.cubes.back()));
        rest -= sets.back();
    }
    leave_out_needless(space, part, cover.cubes, sets);
    for (Cube& cube : cover.cubes) forget_free_fields(cube);
    return cover;
}

} // namespace portcullis
