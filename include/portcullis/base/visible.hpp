// Text of the input as it may be shown: what a terminal, a build log or a reader's eye would act on is escaped.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace portcullis {

// Control characters (C0, DEL, C1), bidirectional controls, line separators, invisible format characters and bytes that
// are not UTF-8 become "\x1b" or "\u{202e}", the first "#" of a log command "\x23", and a tab one blank. The rest is kept.
std::string visible(std::string_view text);

// Where the next log command begins, from `at` on, or npos: what those who run builds look for in the output, and do. "##vso[task.setvariable …]"
// and "##[error]" (Azure Pipelines, logging commands) may stand anywhere in a line, as "##teamcity[…]" may (TeamCity, service messages).
std::size_t find_log_command(std::string_view text, std::size_t at = 0);

// At most `most` bytes of the text, cut between code points, with "..." where something is missing.
std::string shortened(std::string_view text, std::size_t most);

// How many columns the text takes in a terminal; for text that went through `visible`.
std::size_t display_width(std::string_view text);

} // namespace portcullis
