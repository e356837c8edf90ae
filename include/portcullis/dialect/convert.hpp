// A ruleset in another dialect, with the proof that it does the same: the text is read back and compared.
#pragma once
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/compare.hpp"

namespace portcullis {

// Dialects that have nothing to say to each other, as a sentence.
struct NotConvertible : std::invalid_argument {
    using std::invalid_argument::invalid_argument;
};

struct Conversion {
    std::string text;
    SourceId source = 0; // of the text
    Reading reading;     // what our own reader makes of it
    Findings losses;     // PC002, what the text does not say; spans are of the original
    Findings beside;     // PC002, what else is not kept and no packet depends on: names, comments, and who uses a list
    std::vector<std::string> notes; // what the proof does not speak of, as sentences
    // All ways through the box, or the access lists of each family. Without differences and notes of theirs the two are
    // proved equal.
    std::vector<std::unique_ptr<Comparison>> comparisons;
    bool equal() const;
};

// Rates of `limit` in the words of the other firewall of Linux, so that they are the same variables in both; whatever else stands.
Ruleset with_rates_of(Ruleset ruleset, Dialect to);

// To nftables, iptables, ip6tables, or a Cisco platform. Between firewalls of Linux everything is converted, for iptables what
// is about the target's family; between Cisco platforms all access lists, their groups and interfaces. Between the two kinds
// one list becomes one base chain (at forward, for any interface), or one base chain becomes one list of each family: `chain`
// says which, by name or title, where there are several. Rates of `limit` get the words of the target. The text is added to
// the sources. Throws NotConvertible, BudgetExceeded.
Conversion convert(Sources& sources, Ruleset const& ruleset, Dialect to, std::string const& chain = {});

} // namespace portcullis
