// Waivers that generate writes at entries of access lists.
#pragma once
#include <memory>
#include <vector>

#include "portcullis/policy/generate.hpp"

namespace portcullis {

// Lists that keep no connections tell answers by what senders choose, which lint is right to find (PC125, PC324). Where they come
// of a policy, its statements want them: no statement names the ports of senders, so that all such entries are for answers. The
// reason is the remark above them, which has the statement's name. Likewise, who says that a zone has private networks wants packets from
// these let in by its interfaces (PC311); that no others of the kind are is a matter of bogons in [harden].
std::vector<Remark> policy_waivers(std::shared_ptr<Sources const> sources, SourceId source, Reading const& reading, Policy const& policy);

} // namespace portcullis
