// Configurations of IOS, ASA, NX-OS and IOS-XR as a Ruleset: every access list is a chain, with the interfaces that
// it is applied to as its bindings.
#pragma once
#include "portcullis/model/finding.hpp"

namespace portcullis {

// For the dialects cisco_ios, cisco_asa, cisco_nxos and cisco_xr.
Reading read_cisco(Sources const& sources, SourceId source, Dialect dialect);

} // namespace portcullis
