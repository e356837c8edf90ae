// What rules have made of a packet's marks by the time it comes to another rule: each mark as a function, bit by bit,
// of both marks at the start, or a value that nobody knows because the rule that set it computed it. And whether
// connection tracking has looked at the packet yet, and what address translation has made of its ends.
#pragma once
#include <compare>
#include <cstdint>

#include "portcullis/engine/translation.hpp"

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
    // What connection tracking has done with it. Before it has looked, the state is invalid to all rules, and after
    // notrack it is untracked, then and later (checked against the kernel).
    enum class Tracking : std::uint8_t { done, before, given_up } tracking = Tracking::done;
    Translated destination{};
    Translated source{};
    // The packets are described as they arrive, or are sent, so that what conntrack keeps of a new connection's ends is
    // known. Not so where one chain is asked about alone.
    bool whole_way = false;

    static Marks constant(U128 mark, U128 ct_mark) { return {.mark = {.value = mark}, .ct_mark = {.value = ct_mark}}; }
    MarkValue const& operator[](Field field) const { return field == Field::mark ? mark : ct_mark; }
    friend bool operator==(Marks const&, Marks const&) = default;
    friend auto operator<=>(Marks const&, Marks const&) = default;
};

// The marks after the rule, its verdict aside.
Marks after(Marks const& marks, Rule const& rule);
// … after a rule that translates packets of the family.
Marks translated(Marks marks, Rewrite const& rewrite, Family family, Span rule);
bool changes_marks(Rule const& rule);
// The marks with which a packet enters the base chain.
Marks entering(Chain const& base, Marks marks);
// A nat chain sees the first packet of a connection alone, and none whose end it would translate has been translated
// already: whether it sees packets with these marks, if they are new.
bool translation_is_open(Chain const& nat, Marks const& marks);
bool is_nat(Chain const& base);

// Whether the match looks at a mark; or at the state of the connection.
bool reads_marks(Match const& match);
bool reads_state(Match const& match);
// The state that rules see, where it is not the packet's own.
std::optional<U128> state_seen(Marks const& marks);
// Base chains at ingress, and at prerouting and output with priorities below -200, run before connection tracking does
// (NF_IP_PRI_CONNTRACK in netfilter_ipv4.h). One at -200 itself runs after it where the file is loaded into a kernel that
// tracked nothing yet, and before it where it did (checked against the kernel); the former is assumed.
bool before_tracking(Chain const& base);
// Whether some rule changes a mark and some rule looks at one.
bool marks_are_passed(Ruleset const& ruleset);
// Whether marks are passed on, or some rule translates, looks at what conntrack keeps of the connection's ends, or at a
// state before there is one; where not, nothing of this needs to be followed.
bool marks_matter(Ruleset const& ruleset);
// … among these chains.
bool marks_matter(Ruleset const& ruleset, std::vector<ChainId> const& chains);

// The match without terms that hold for whatever the packet was translated to; nothing where one cannot hold.
std::optional<Match> within_translation(Match const& match, Marks const& marks);
// The match for a packet with these marks, where they are unknown: what it asks about them is opaque. What is known of
// them stays as it is in the match.
Match with_unknown(Match const& match, Marks const& marks);

} // namespace portcullis
