// Findings that somebody answers for: by a comment in the text (waiver_comment.hpp), or by a [[waive]] of portcullis.toml.
// They stay in the report, and do not count. What is wrong with the waivers themselves are findings too: PC010 to PC014.
#pragma once
#include <functional>

#include "lint/waiver_comment.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis {

// Marks the result's findings, which are in the order of places, and takes away fixes that would leave a waiver standing alone.
// Returns what is to say about the comments. `asked` says whether a rule was asked at all: of others, a waiver is not unused.
Findings suppress(FileResult& result, Ruleset const& ruleset, Sources const& sources, SourceId source, LintOptions const& options,
                  std::function<bool(RuleInfo const&)> const& asked);

// What is to say about the [[waive]] tables, whose texts are the sources, by the numbers of Config::files. `held`: those that had a file to hold for, of rules
// that were asked; `used`: those that waived something.
Findings about_waives(LintOptions const& options, Sources const& sources, std::set<std::size_t> const& held, std::set<std::size_t> const& used);

} // namespace portcullis
