// What a finding is known by from one run to the next: 16 hexadecimal digits of the rule, the file, the chain or list, the
// service, and the texts of the culprits as a set. Blanks, counters and numbers of entries do not count in a text, nor does
// where anything stands: a line may move, and others change, and the finding is still the same.
#pragma once
#include <string>
#include <vector>

#include "portcullis/lint/lint.hpp"

namespace portcullis {

// Gives the findings, which are in their order, their fingerprints. Of equal ones the second and later have their number
// among them in it, so that no two are the same. `file` is the name of the file.
void set_fingerprints(std::vector<Diagnostic>& findings, Sources const& sources, std::string const& file);

// A text without what a device or a dump changes by itself.
std::string lasting_text(std::string_view text);

// "filter/INPUT" of "filter/INPUT/2", since the number of a rule is where it stands.
std::string chain_of(std::string const& where);

} // namespace portcullis
