// Days of the calendar as people write them in comments and on command lines.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace portcullis {

// "2026-11-29" (ISO 8601) and nothing else; nothing for days that the calendar does not have.
std::optional<std::chrono::year_month_day> parse_date(std::string_view text);
std::string to_string(std::chrono::year_month_day date);

} // namespace portcullis
