// What rules have made of a packet's marks by the time it comes to another rule: each mark as a function, bit by bit,
// of both marks at the start, or a value that nobody knows because the rule that set it computed it.
#pragma once
#include <compare>
#include <cstdint>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// (mark & mark_keep) ^ (ct_mark & ct_mark_keep) ^ value, of the marks at the start.
struct MarkValue {
    U128 mark_keep = 0;
    U128 ct_mark_keep = 0;
    U128 value = 0;
    bool known = true;
    std::uint32_t setter = 0; // unknown: where the text of the rule begins that set it
    friend bool operator==(MarkValue const&, MarkValue const&) = default;
    friend auto operator<=>(MarkValue const&, MarkValue const&) = default;
};

struct Marks {
    MarkValue mark{.mark_keep = max_value(32)};
    MarkValue ct_mark{.ct_mark_keep = max_value(32)};

    static Marks constant(U128 mark, U128 ct_mark) { return {{.value = mark}, {.value = ct_mark}}; }
    MarkValue const& operator[](Field field) const { return field == Field::mark ? mark : ct_mark; }
    friend bool operator==(Marks const&, Marks const&) = default;
    friend auto operator<=>(Marks const&, Marks const&) = default;
};

// The marks after the rule.
Marks after(Marks const& marks, Rule const& rule);

// Whether the match looks at a mark.
bool reads_marks(Match const& match);
// Whether some rule of the ruleset changes a mark and some rule looks at one; where not, marks need not be followed.
bool marks_matter(Ruleset const& ruleset);

// The match for a packet with these marks, where they are unknown: what it asks about them is opaque. What is known of
// them stays as it is in the match.
Match with_unknown(Match const& match, Marks const& marks);

} // namespace portcullis
