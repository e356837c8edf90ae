// A word in Rewrite::flags that iptables alone has: "base=7000", of "--to-destination :9000-9010/7000". Ports keep their distance
// from it: 7001 becomes 9001. The engine takes any port of the range.
#pragma once
#include <string_view>

namespace portcullis {

inline constexpr std::string_view port_base = "base=";

} // namespace portcullis
