// Why a rule is there, in the words of whoever wrote it.
#pragma once
#include <string>

#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// The rule's own comment, or the remark before it; else the comment behind it on its line; else the comment lines right above
// it. Waivers are no reasons. Empty where nothing is said.
std::string justification_of(Rule const& rule, Sources const& sources, Dialect dialect);

} // namespace portcullis
