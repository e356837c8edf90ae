// What targets have in common: promises that a fuzzer can catch the breach of, and the files that are targets.
#pragma once
#include <stdexcept>
#include <string>
#include <string_view>

#include "portcullis/dialect/read.hpp"

namespace portcullis::fuzz {

inline void require(bool holds, char const* promise) {
    if (!holds) throw std::logic_error(promise);
}

// A text and what a reader makes of it. Every file that it includes has one rule, and tries to include itself.
struct ReadText {
    explicit ReadText(std::string_view text, Dialect dialect);
    Sources sources;
    SourceId source = 0;
    Reading reading;
};
Reading read_with_includes(Sources& sources, SourceId source, Dialect dialect);

// Whether all of the text was read, so that nothing of it may be missing in what is made of it.
bool is_read_whole(Reading const& reading);

// All places of a reading are in its sources, and all chains that it jumps to are there.
void check_reading(ReadText const& read);
// Written by our writers, a ruleset reads back; where nothing was lost, to the same ruleset or one that is proved equal.
void check_writing(ReadText const& read, Dialect dialect);
// In its layout, a text is the same ruleset with the same comments, and stays as it is.
void check_format(std::string_view text, Dialect dialect);
// Converted without a loss, it is proved equal.
void check_conversion(std::string_view text, Dialect dialect);
// A policy is read or its errors have places; what it becomes on each target is proved to be what it says.
void load_policy_text(std::string_view text);
void run_generate(std::string_view text);
// The bytes are chance: they choose a ruleset and packets, about which the engine and the interpreter agree.
void run_agreement(std::string_view text);

} // namespace portcullis::fuzz
