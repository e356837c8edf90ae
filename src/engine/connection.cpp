#include "portcullis/engine/connection.hpp"

namespace portcullis {

PacketSet first_packets(Space& space, HookPoint point) {
    PacketSet const tcp = space.of(Field::protocol, ValueSet::single(number(Protocol::tcp)));
    Match const first{{{Field::fragment, ValueSet::single(0), {}}, {Field::ct_direction, ValueSet::single(0), {}}}, {}, {}};
    // Interfaces come last in the order, and with them most of what the set takes.
    return space.of(first) & (tcp.complement() | space.of(Field::tcp_flags, ValueSet::single(tcp_flag::syn))) & packets_at(space, point);
}

PacketSet to_one_host(Space& space) {
    IntervalSet const multicast4 = IntervalSet::of({{0xE0000000U, 0xEFFFFFFFU}, {0xFFFFFFFFU, 0xFFFFFFFFU}});
    IntervalSet const multicast6 = IntervalSet::of(Prefix{*parse_ipv6("ff00::"), 8});
    return space.of(Field::dst4, multicast4.complement(32)) | space.of(Field::dst6, multicast6.complement(128));
}

} // namespace portcullis
