// What address translation has made of one end of a packet, for the engine: a function of the packet as it was sent, so
// that sets of packets stay sets of what is sent, however their destination changes on the way.
#pragma once
#include <compare>
#include <optional>

#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct Translated {
    bool done = false;
    Family family = Family::v4;
    std::optional<Interval> address; // the new one; of several, that which the packet's Field::nat_dst or nat_src picks
    std::optional<Interval> port;    // likewise; none: as it was
    bool keeps_host = false;         // netmap: the bits that the range leaves open stay as they were
    bool to_host = false;            // a redirect: the new destination is the host itself
    Span rule{};                     // that did it

    friend bool operator==(Translated const&, Translated const&) = default;
    friend std::strong_ordering operator<=>(Translated const& a, Translated const& b);
};

// Which end of a packet a rewrite is about.
constexpr bool is_destination(Rewrite::Kind kind) {
    return kind == Rewrite::Kind::dnat || kind == Rewrite::Kind::redirect;
}
// What the rule makes of that end of packets of the family.
Translated translation_by(Rewrite const& rewrite, Family family, Span rule);
// The same addresses and ports, whatever rule they are from.
bool same_target(Translated const& a, Translated const& b);
// "10.0.0.5:23", "this host:8080", "any of 10.0.0.5-10.0.0.9", "port 8080".
std::string to_text(Translated const& translation);

// The first packet of a connection, as it arrives or is sent, is what conntrack keeps of the original direction; the
// answers that it expects have the ends of what the packet has become so far, the other way round (checked against the
// kernel). Nothing is known so of later packets, nor of what comes by the loopback device, which was translated before;
// and of ports only where the protocol has some.
bool begins_connection(Packet const& packet);
void put_original(Packet& arriving);
void put_reply(Packet& now); // of one that begins a connection
bool reads_tuple(Match const& match);
bool reads_tuples(Ruleset const& ruleset);

// Whether some rule of the chain translates.
bool translates(Chain const& chain);
bool translates(Ruleset const& ruleset);
// Whether the match looks at what translation changes: addresses, their types, ports, or what conntrack keeps of both.
bool reads_ends(Match const& match);

} // namespace portcullis
