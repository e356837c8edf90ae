// The one ICMP keyword that Cisco and iptables use differently: IOS's ttl-exceeded is type 11 code 0, iptables' is
// all of type 11.
#pragma once
#include "portcullis/catalogue/names.hpp"

namespace portcullis {

// As icmp_by_name, but where the vendors differ, as Cisco means it.
std::optional<IcmpName> cisco_icmp_by_name(std::string_view name, Family family);

} // namespace portcullis
