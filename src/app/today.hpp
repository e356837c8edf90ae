// The day that dates in rules are compared with, and the time that reports have.
#pragma once
#include <chrono>
#include <optional>
#include <string>

namespace portcullis::app {

// That of the flag, "2026-12-31". UsageError for anything else.
std::chrono::year_month_day day_of_flag(std::string const& text);
// That of SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else that of the clock; in UTC.
std::chrono::year_month_day day_of_clock();

// SOURCE_DATE_EPOCH, where it is set.
std::optional<std::chrono::sys_seconds> source_date();
// "2026-12-31T23:59:59", in UTC.
std::string time_text(std::chrono::sys_seconds time);

} // namespace portcullis::app
