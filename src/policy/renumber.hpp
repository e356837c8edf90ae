// Addresses and interfaces numbered anew, for the proof: those that no set of a policy or a ruleset tells apart are one class, and
// classes are blocks that the first bits of a value tell. A set of classes takes a fraction of the nodes that its values take,
// and two sets are equal where their classes are.
#pragma once
#include <array>
#include <optional>
#include <vector>

#include "portcullis/model/ruleset.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

class Renumbering {
  public:
    // The sets that it has to tell apart. Then, `number`.
    void add(Field field, IntervalSet const& set);
    void number();
    // The same set in new numbers. Throws std::logic_error where it is none of those that were added, nor made of them.
    IntervalSet of(Field field, IntervalSet const& set) const;

  private:
    struct Numbers {
        std::vector<U128> starts; // of the classes, in order
        unsigned shift = 0;       // a class's number stands in the bits from here on
    };
    static std::size_t index(Field field);
    std::array<Numbers, 6> numbers_;
};

// What the ruleset asks for. Whether it can be numbered anew: without translation, masks with holes, and chains of devices.
bool add_values(Ruleset const& ruleset, Renumbering& numbers);
Ruleset renumbered(Ruleset ruleset, Renumbering const& numbers);
// … and what the policy's meaning asks for.
void add_values(Policy const& policy, Renumbering& numbers);

} // namespace portcullis
