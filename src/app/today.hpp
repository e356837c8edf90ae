// The day that dates in rules are compared with.
#pragma once
#include <chrono>
#include <string>

namespace portcullis::app {

// That of the flag, "2026-12-31". UsageError for anything else.
std::chrono::year_month_day day_of_flag(std::string const& text);
// That of SOURCE_DATE_EPOCH where it is set (reproducible-builds.org), else that of the clock; in UTC.
std::chrono::year_month_day day_of_clock();

} // namespace portcullis::app
