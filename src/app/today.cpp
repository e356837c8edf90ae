#include "app/today.hpp"

#include <charconv>
#include <cstdlib>
#include <fmt/format.h>
#include <string_view>

#include "app/options.hpp"
#include "portcullis/base/date.hpp"

namespace portcullis::app {

std::chrono::year_month_day day_of_flag(std::string const& text) {
    auto const date = parse_date(text);
    if (!date) throw UsageError(fmt::format("--today: '{}' is no day; write it as 2026-12-31", text));
    return *date;
}

std::chrono::year_month_day day_of_clock() {
    using std::chrono::floor, std::chrono::days;
    char const* const epoch = std::getenv("SOURCE_DATE_EPOCH");
    if (epoch == nullptr) return floor<days>(std::chrono::system_clock::now());
    std::string_view const text = epoch;
    constexpr std::int64_t year_10000 = 253402300800;
    std::int64_t seconds = -1;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds >= year_10000)
        throw UsageError(fmt::format("SOURCE_DATE_EPOCH is '{}', which is no number of seconds since 1970", text));
    return floor<days>(std::chrono::sys_seconds(std::chrono::seconds(seconds)));
}

} // namespace portcullis::app
