#include "portcullis/engine/connection.hpp"

#include <algorithm>

namespace portcullis {

PacketSet first_packets(Space& space, HookPoint point) {
    PacketSet const tcp = space.of(Field::protocol, ValueSet::single(number(Protocol::tcp)));
    return space.of(Field::fragment, ValueSet::single(0)) & space.of(Field::ct_direction, ValueSet::single(0)) &
           (tcp.complement() | space.of(Field::tcp_flags, ValueSet::single(tcp_flag::syn))) & packets_at(space, point);
}

PacketSet to_one_host(Space& space) {
    IntervalSet const multicast4 = IntervalSet::of({{0xE0000000U, 0xEFFFFFFFU}, {0xFFFFFFFFU, 0xFFFFFFFFU}});
    IntervalSet const multicast6 = IntervalSet::of(Prefix{*parse_ipv6("ff00::"), 8});
    return space.of(Field::dst4, multicast4.complement(32)) | space.of(Field::dst6, multicast6.complement(128));
}

PacketSet unmarked(Space& space, Ruleset const& ruleset) {
    PacketSet set = space.all();
    for (Field const mark : {Field::mark, Field::ct_mark}) {
        auto const is_set_by = [&](Rule const& rule) {
            return std::any_of(rule.effects.assignments.begin(), rule.effects.assignments.end(),
                               [&](Assignment const& a) { return a.field == mark; });
        };
        bool const is_set = std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [&](Chain const& chain) {
            return std::any_of(chain.rules.begin(), chain.rules.end(), is_set_by);
        });
        if (is_set) set &= space.of(mark, ValueSet::single(0));
    }
    return set;
}

} // namespace portcullis
