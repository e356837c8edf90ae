// What a policy allows, as sets of packets: worked out from its statements alone, and not through any rule. What is
// generated has to come to the same.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "portcullis/engine/path.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

// Packets that pass always, and those that may: where a statement has a rate, some do. In between are those whose rate may be
// left out. Each set holds the one before it.
struct Allowed {
    PacketSet certainly;
    PacketSet without_limit; // … and what may always pass
    PacketSet possibly;
};

class Renumbering; // src/policy/renumber.hpp

class Meaning {
  public:
    // With addresses and interfaces in other numbers, where these are given.
    Meaning(Space& space, Policy const& policy, Renumbering const* numbers = nullptr)
        : space_(space), policy_(policy), numbers_(numbers) {}

    // On the way to the host, through it or from it (not: a list). Packets are described as they arrive.
    Allowed allowed(Path::Kind kind);
    // The packets that answer those that permits name, by what they look like; for lists, which know no connections.
    // Where the device keeps these itself, messages alone.
    Allowed answers(Path::Kind kind, bool keeps_connections);
    // Segments of TCP that open nothing (ACK or RST), of connections that permits name and answers to them, through the
    // device, by whichever interfaces.
    PacketSet later_segments();
    // The packets that a statement is about there, whatever the others say.
    PacketSet about(Statement const& statement, Path::Kind kind);
    // First packets of connections that lead to an inner host: no way of theirs ends at the firewall itself.
    PacketSet published();

    // The union, of large and small sets alike.
    static PacketSet any_of(Space& space, std::vector<PacketSet> sets);

  private:
    PacketSet any_of(std::vector<PacketSet> sets) { return any_of(space_, std::move(sets)); }
    PacketSet single(Field field, U128 value);
    PacketSet state(IntervalSet const& states);
    PacketSet addresses(Field v4, Field v6, Addresses const& set);
    PacketSet places(std::vector<Place> const& places, bool source);
    PacketSet addresses(std::vector<Place> const& places, bool source);
    PacketSet later();
    PacketSet broken_fragments();
    PacketSet traffic(std::vector<Traffic> const& traffic);
    PacketSet answering(std::vector<Traffic> const& traffic, bool keeps_connections);
    PacketSet neighbours();
    PacketSet forged(Path::Kind kind);
    PacketSet arriving(Publish const& publish);
    PacketSet of(Field field, ValueSet const& values);

    PacketSet wide(Field field, IntervalSet const& set); // of addresses or interfaces

    Space& space_;
    Policy const& policy_;
    Renumbering const* numbers_;
    std::optional<Marks> translated_; // packets are asked about as they are then
};

} // namespace portcullis
