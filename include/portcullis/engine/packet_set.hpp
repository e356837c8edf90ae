// Exact sets of packets. A space is one set of variables (every bit of every field, and one variable for each opaque
// match); packet sets live in a space and combine only within it. Not for use by several threads at once.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "portcullis/engine/marks.hpp"
#include "portcullis/model/packet.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

class Space;

// What an opaque match has to say.
struct Assumption {
    std::string key; // see opaque_key
    std::string text;
    bool stateful = false;
    bool holds = true;
};

// A product: every packet whose fields lie in the given sets. Fields that are not named are free.
struct Cube {
    std::vector<std::pair<Field, IntervalSet>> fields;
    std::vector<Assumption> assumptions;
    // Those of a field that is named; else null.
    IntervalSet const* values(Field field) const;
};

// Values of one field, and all values of another that go with each of them.
struct Row {
    IntervalSet by;
    IntervalSet of;
};

// A member of a set, and what the opaque matches must say for it to be one.
struct Member {
    Packet packet;
    std::vector<Assumption> assumptions;
    // For the interpreter: the assumptions, and "no" for every other opaque match that is asked about.
    std::optional<bool> truth(Opaque const& opaque) const;
};

class PacketSet {
  public:
    PacketSet(PacketSet const& other);
    PacketSet(PacketSet&& other) noexcept;
    PacketSet& operator=(PacketSet other) noexcept;
    ~PacketSet();

    PacketSet operator&(PacketSet const& other) const;
    PacketSet operator|(PacketSet const& other) const;
    PacketSet operator-(PacketSet const& other) const;
    PacketSet& operator&=(PacketSet const& other) { return *this = *this & other; }
    PacketSet& operator|=(PacketSet const& other) { return *this = *this | other; }
    PacketSet& operator-=(PacketSet const& other) { return *this = *this - other; }
    // Within the space's `all`.
    PacketSet complement() const;

    bool empty() const;
    bool operator==(PacketSet const& other) const { return ref_ == other.ref_; }
    bool subset_of(PacketSet const& other) const { return (*this - other).empty(); }

    // The packets that are members whatever the opaque matches, marks and statuses say, and those that are for some.
    PacketSet certainly() const;
    PacketSet possibly() const;
    // Every value that `field` has in some member; nothing where that takes more than `most` intervals, as a mask with
    // many holes does.
    std::optional<IntervalSet> project(Field field, std::size_t most = 65536) const;
    // For each value of `by` the values of `of` that some member has together with it; values of `by` with the same ones are
    // one row, those with none are in no row. Rows are in the order of their first values. For the destination and the source
    // of one family, in this order, and in a space of Order::services. Nothing where it takes more than `most` intervals.
    std::optional<std::vector<Row>> rows(Field by, Field of, std::size_t most = 262144) const;
    // The set as disjoint products, in order; nothing where it takes more than `most`.
    std::optional<std::vector<Cube>> cubes(std::size_t most = 10000) const;
    // The fields of the family on which it depends which of its packets are members.
    std::vector<Field> deciding_fields(Family family) const;
    // A member with usual values where it has some: documentation or private addresses, a high source port, tcp SYN,
    // state new. Nothing for the empty set.
    std::optional<Member> member() const;
    // Whether the packet is in it for some truth of the opaque matches.
    bool contains(Packet const& packet) const;

  private:
    friend class Space;
    PacketSet(Space& space, std::uint32_t ref);
    Space* space_;
    std::uint32_t ref_;
};

class Space {
  public:
    // Which variables come first. It decides how large sets become, and which members `member` and `cubes` show first.
    enum class Order : std::uint8_t {
        services, // ports and interfaces, then addresses: few services, many addresses
        ends      // each address with its port below it: both directions of many services, as lists without state have them
    };

    explicit Space(std::size_t node_limit = std::size_t{1} << 25U) : Space(Order::services, node_limit) {}
    explicit Space(Order order, std::size_t node_limit = std::size_t{1} << 25U);
    ~Space();
    // Begins with all that has been made in the other one, so that it need not be made again; sets of that one are not sets of this one.
    // Several threads may copy one that none of them changes.
    explicit Space(Space const& prepared);
    Space& operator=(Space const&) = delete;

    PacketSet none();
    // Every packet that can exist: all field values up to the largest of the field.
    PacketSet all();
    // Packets of the field's family only, where it has one.
    PacketSet of(Field field, ValueSet const& values);
    PacketSet of(Match const& match);
    // The packets of a product, which names its family; its assumptions are about opaque matches that this space has met.
    PacketSet of(Cube const& cube);
    // The same set, of whatever space.
    PacketSet of(PacketSet const& set);
    Order order() const;
    // The packets that match once rules have made this of their marks.
    PacketSet of(Match const& match, Marks const& marks);

  private:
    friend class PacketSet;
    friend std::unique_ptr<Space> prepared(std::size_t node_limit, std::function<void(Space&)> const& work);
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

} // namespace portcullis
