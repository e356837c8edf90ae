// Configurations of IOS, ASA, NX-OS and IOS-XR as a Ruleset: every access list is a chain, with the interfaces that
// it is applied to as its bindings.
#pragma once
#include "grammars/cisco/ast.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis {

namespace cisco {
// Of a Cisco dialect: whose syntax it has.
Platform platform_of(Dialect dialect);
} // namespace cisco

// For the dialects cisco_ios, cisco_asa, cisco_nxos and cisco_xr.
Reading read_cisco(Sources const& sources, SourceId source, Dialect dialect);

} // namespace portcullis
