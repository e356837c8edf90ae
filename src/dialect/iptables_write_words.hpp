// Single conditions of the model in the words of iptables: the reverse of what the reader makes of an option.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/ruleset.hpp"

namespace portcullis::iptables {

// Thrown where iptables has no words for a part of a rule; caught where the rule would be written.
struct Unsayable {
    std::string what;
    std::string why;
};

// An option as it stands in a line. Those without a module are iptables' own: -s, -p and the like.
struct Said {
    std::string module;
    std::string option; // "--dport"; empty where `value` is all of its text
    std::string value;
    bool negated = false;
    bool alone = false; // its module's other options must not be joined to it

    std::string text() const; // "! --dport 22"
};

// An argument with the quotes that iptables-save would give it (xtables_save_string). Throws Unsayable for what no
// line of a restore file can hold.
std::string argument(std::string_view text);

// Sets of values whose union is `values`, each of which an option can ask for. `values` are not negated.
std::vector<ValueSet> pieces_of(Field field, ValueSet const& values);
// Whether a rule may ask about the field more than once, so that "none of these" is one `!` after the other.
bool repeatable(Field field);
// Whether no value is in two of the pieces.
bool pieces_are_disjoint(Field field, ValueSet const& values);

// The options for one such set, perhaps negated, in a rule of this family and (single) protocol.
std::vector<Said> words_of(Term const& term, Family family, std::optional<U128> protocol);
// … for a relation that is one option: `--ports`, `--ctstate RELATED,DNAT`, `! --icmp-type 3/1`.
std::optional<Said> words_of(Alternatives const& relation, Family family);
// … for one that an option of conntrack asks beside a --ctstate that packets without a connection may have: nothing of
// those, and a set of values of the others (xt_conntrack.c).
std::optional<Said> words_beside_state(Alternatives const& relation, Family family);
// … for a type and code of ICMP.
Said icmp_words(U128 type, std::optional<U128> code, bool negated, Family family);
// … for what the reader kept of an iptables text.
Said words_of(Opaque const& opaque);
// An address set as `-m iprange`, which a rule may have several of.
std::optional<Said> range_words(Term const& term, Family family);
// A port as `-m multiport`, likewise.
Said multiport_words(Term const& term);

// "new, established or related": what --ctstatus and --ctdir ask by themselves (xt_conntrack.c).
bool is_tracked(Term const& term);

} // namespace portcullis::iptables
