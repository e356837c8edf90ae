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
    if (auto const time = source_date()) return floor<days>(*time);
    return floor<days>(std::chrono::system_clock::now());
}

std::optional<std::chrono::sys_seconds> source_date() {
    char const* const epoch = std::getenv("SOURCE_DATE_EPOCH");
    if (epoch == nullptr) return std::nullopt;
    std::string_view const text = epoch;
    constexpr std::int64_t year_10000 = 253402300800;
    std::int64_t seconds = -1;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (error != std::errc() || end != text.data() + text.size() || seconds < 0 || seconds >= year_10000)
        throw UsageError(fmt::format("SOURCE_DATE_EPOCH is '{}', which is no number of seconds since 1970", text));
    return std::chrono::sys_seconds(std::chrono::seconds(seconds));
}

std::string time_text(std::chrono::sys_seconds time) {
    auto const midnight = std::chrono::floor<std::chrono::days>(time);
    std::chrono::year_month_day const day = midnight;
    std::chrono::hh_mm_ss const clock(time - midnight);
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                       static_cast<unsigned>(day.day()), clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

} // namespace portcullis::app
