// Lists as people read them.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace portcullis {

// The first `most` items with commas, and how many more there are: "eth0, eth1 and 3 more". `none` where there is none.
std::string list_text(std::vector<std::string> const& items, std::size_t most, std::string_view none = {});

} // namespace portcullis
