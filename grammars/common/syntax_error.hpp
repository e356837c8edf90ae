// An error of syntax, as every grammar reports it; no Spirit in sight.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/base/source.hpp"

namespace portcullis {

struct SyntaxError {
    Span span;                         // what was found: a word, or nothing at the end of line
    std::string found;                 // its text, "end of line" or "end of file"; cut after 40 bytes
    std::vector<std::string> expected; // "port number", "'}'"; may be empty where `message` says it all
    std::string message;               // instead of found/expected, where another sentence is clearer
    bool of_other_protocol = false;    // a port, flag or message type where the rule names no protocol that has one
};

// Grammars stop collecting after this many errors; the last says so.
inline constexpr std::size_t error_limit = 1000;
// Larger inputs than this are refused before parsing; offsets are 32 bits.
inline constexpr std::size_t size_limit = std::size_t{1} << 30U;

// The error at `offset` of `text`: takes the word that stands there.
SyntaxError make_syntax_error(std::string_view text, std::uint32_t offset, SourceId source,
                              std::vector<std::string> expected);

// "expected A, B or C, found 'x'", or the message.
std::string to_string(SyntaxError const& error);

} // namespace portcullis
