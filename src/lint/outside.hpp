// The ways by which packets come in from where nobody vouches for them: interfaces that lead outside by what the user, the
// configuration or their names say.
#pragma once
#include <string>
#include <vector>

#include "portcullis/base/interval_set.hpp"
#include "portcullis/engine/packet_set.hpp"

namespace portcullis {

class Context;

struct OutsideWay {
    std::size_t path = 0;      // of Context::paths()
    std::string interface;     // "wan0", "GigabitEthernet0/0"
    std::string why;           // "security level 0"; empty where the list itself shows it, by letting anybody in
    IntervalSet interfaces;    // values of Field::iif; empty for an access list, which sees no interface
};

// Context::outside_ways() has them: of the paths to the host and through it, with interfaces that the rules name, and of the access lists that such
// interfaces apply to what arrives. A list that lets connections in from most of the Internet counts as applied outside,
// unless its interface is trusted or has private addresses.
std::vector<OutsideWay> find_outside_ways(Context const& ctx);

// What the path's hook sees of packets that come in on this way.
PacketSet arriving(Context const& ctx, OutsideWay const& way);

// Why the interface is one to the outside; empty where nothing says so. Zones of the user are asked first.
std::string outside_for(Context const& ctx, Interface const& interface);

// Lists name an interface as it is called, or on an ASA by its nameif.
bool is_of(Binding const& binding, Interface const& interface);
// Whether the list is applied to what arrives at the interface, or leaves by it.
bool is_bound(Chain const& chain, std::string const& interface, bool inbound);
bool is_bound(Chain const& chain, Interface const& interface, bool inbound);

// False for an ASA whose interfaces have addresses, and none of the family: it passes none of its packets, though its lists ask about both.
bool passes_family(Ruleset const& ruleset, Family family);

} // namespace portcullis
