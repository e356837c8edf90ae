// What the selectors of nft mean in the model: the field, how its words are numbers, and what else a packet must be
// for the selector to exist. Everything without a row here is opaque.
#pragma once
#include <optional>
#include <string_view>

#include "dialect/nftables_types.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::nft {

struct Meaning {
    Type type = Type::opaque;
    Field field{};
    unsigned bits = 0; // of nft's own numbers, which differ from the field's for ct state, nfproto and ether type
    bool stateful = false; // an opaque one that may differ between two looks at the same packet
    U128 protocol = 0;     // whose port names are meant; 0: any

    // A value alone asks whether one of its bits is set.
    bool bitmask() const { return datatype(type).bitmask; }
    Typed typed() const { return {type, bits}; }
};

Meaning const& meaning_of(std::uint16_t selector);
// Of the expressions of several words: "fib daddr type" and what conntrack keeps of a direction ("ct original ip daddr")
// have one, the others are opaque.
Meaning meaning_of_computed(std::string_view text, ast::TableFamily table);

bool is_stateful_computed(std::string_view text);

// What a packet must be for the headers of a selector to be there.
struct Requirement {
    std::optional<Family> family;
    IntervalSet protocols;  // empty: any
    bool no_packet = false; // a header of ARP: no IP packet has it
    bool tracked = false;   // a key of the connection: invalid and untracked packets have none (checked with the kernel)
};
Requirement const& requirement_of(std::string_view header);
Requirement const& requirement_of(std::string_view header, std::string_view key);
Requirement const& requirement_of(std::uint16_t selector);

// The states of packets that belong to a connection: new, established, related.
IntervalSet const& tracked_states();
// Adds the terms that nft adds for it: those which `terms` do not imply yet, that of the family first. `any_family`:
// the table sees more than one family.
void add_required(Requirement const& requirement, bool any_family, Span span, std::vector<Term>& terms);

// The values of the field that nft's numbers in `raw` (or outside of it) stand for; nothing where some of them may
// be either. Only ct state, nfproto and ether type have numbers of their own.
std::optional<ValueSet> to_field(Meaning const& meaning, IntervalSet const& raw, U128 mask, U128 flip,
                                 bool negated);

// "ip6 nexthdr" is one of the numbers: the protocol of a packet without extension headers, else the first of these. Rows of
// Field::exthdr and Field::protocol; nothing where their order decides.
std::optional<Alternatives> first_header(ValueSet const& numbers, Span span);
// … and back; nothing where it is no such relation.
std::optional<ValueSet> numbers_of_first_header(Alternatives const& relation);

// nft(8), "Standard priority names": those of bridge differ.
std::optional<int> priority_by_name(std::string_view name, ast::TableFamily family);
// As `nft list ruleset` prints it: "filter", "filter + 10", "-400".
std::string priority_text(int priority, ast::TableFamily family, HookPoint point);

std::string_view name_of(ast::TableFamily family);

} // namespace portcullis::nft
