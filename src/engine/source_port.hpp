// Source ports that the kernel picks.
#pragma once
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// Whether it may take any source port for what the rule translates, of protocols that have ports: "random", and the rule
// names none.
bool picks_source_port(Rewrite const& rewrite);

} // namespace portcullis
