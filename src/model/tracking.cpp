#include "portcullis/model/tracking.hpp"

namespace portcullis {

bool is_never_tracked(Packet const& packet) {
    constexpr U128 listener_query = 130, neighbour_advertisement = 136, listener_report = 143; // and all between the first two
    U128 const type = packet[Field::icmp_type];
    return packet.family() == Family::v6 && packet[Field::protocol] == number(Protocol::icmpv6) &&
           ((type >= listener_query && type <= neighbour_advertisement) || type == listener_report);
}

} // namespace portcullis
