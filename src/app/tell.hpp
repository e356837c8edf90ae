// What is told beside the report, on standard error. None of it throws: a report is written whether or not somebody listens there.
#pragma once
#include <string_view>

namespace portcullis::app {

// One sentence, with what would act on a terminal escaped: its own line, whatever names are in it.
void say(std::string_view sentence) noexcept;
// Text as it is, such as a comparison that is escaped already.
void tell(std::string_view text) noexcept;
// Whether all of it has arrived; where not, the exit code says so.
bool all_was_told() noexcept;

} // namespace portcullis::app
