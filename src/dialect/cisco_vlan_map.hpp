// VLAN maps (VACLs): what they let through in the VLANs that they are applied to, as chains.
#pragma once
#include <map>
#include <string_view>
#include <utility>

#include "dialect/cisco_objects.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::cisco {

// IPv6 or not, and the name: both kinds of lists have names of their own (IOS-XR; elsewhere they must differ anyhow).
using ListName = std::pair<bool, std::string_view>;
using ListIndex = std::map<ListName, ChainId>;

// Adds a chain "vlan access-map NAME" for each map of the text, applied in both directions to "VlanN", as the
// interface of the VLAN is called; and to the lists, that a map asks them.
void add_vlan_maps(Config const& config, Objects& objects, ListIndex const& lists, Ruleset& ruleset);

} // namespace portcullis::cisco
