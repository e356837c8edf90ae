// The lists of a device on one way, plainly by what stands at its interfaces.
#pragma once
#include "portcullis/engine/path.hpp"

namespace portcullis {

// In the order of the packet; to the device where `out` is empty.
inline Path way_of(Ruleset const& ruleset, std::string const& in, std::string const& out) {
    Path path{out.empty() ? Path::Kind::to_host : Path::Kind::through, in + out, HookPoint::forward, {}};
    bool const own = out.empty() && ruleset.dialect == Dialect::cisco_asa;
    for (bool const inbound : {true, false})
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            for (Binding const& binding : ruleset.chains[id].bindings)
                if (!own && binding.inbound == inbound && binding.interface == (inbound ? in : out)) path.chains.push_back(id);
            for (Use const& use : ruleset.chains[id].uses)
                if (own && inbound && use.what == "control-plane of " + in) path.chains.push_back(id);
        }
    return path;
}

} // namespace portcullis
