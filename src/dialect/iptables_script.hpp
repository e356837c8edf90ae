// A shell script of iptables and ip6tables commands as a Ruleset: the script is run, as far as it says itself what
// it does, on empty tables, and what stands at its end is lowered. What the shell hides is named.
#pragma once
#include "portcullis/dialect/read.hpp"

namespace portcullis {

Reading read_iptables_script(Sources const& sources, SourceId source, ReadOptions const& options = {});

} // namespace portcullis
