// The units of rates that iptables and nft share.
#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <string_view>

namespace portcullis {

struct RateUnit {
    std::string_view name;
    std::string_view saved; // as iptables-save prints it
    std::uint64_t seconds;
};
inline constexpr RateUnit rate_units[] = {{"second", "sec", 1}, {"minute", "min", 60}, {"hour", "hour", 3600}, {"day", "day", 86400}};

// iptables takes every beginning of a name (libxt_limit.c, parse_rate); null where it is none.
inline RateUnit const* rate_unit_that_begins(std::string_view with) {
    auto const found = std::ranges::find_if(rate_units, [&](RateUnit const& unit) { return !with.empty() && unit.name.starts_with(with); });
    return found == std::end(rate_units) ? nullptr : found;
}

} // namespace portcullis
