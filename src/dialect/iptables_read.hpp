// iptables-save and ip6tables-save files as a Ruleset: the file's commands are run, as iptables-restore would run
// them on an empty machine, and what stands then is lowered.
#pragma once
#include "portcullis/dialect/read.hpp"

namespace portcullis {

// For Dialect::iptables and Dialect::ip6tables.
Reading read_iptables(Sources const& sources, SourceId source, Dialect dialect, ReadOptions const& options = {});

} // namespace portcullis
