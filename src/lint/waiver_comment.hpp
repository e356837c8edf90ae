// Waivers in the comments of a configuration:
//
//   portcullis: ignore[PC101, telnet-exposed] until=2026-12-31 owner=net-team ticket=NET-42 reason="the lab's console"
//
// `ignore-file[…]` is about the whole file, `allow PC101` is another way to write `ignore[PC101]`. Words without a key are
// the reason, where none is given by its key.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "portcullis/base/source.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

struct Waiver {
    struct Selector {
        std::string text; // an id, a slug or a prefix
        Span span;
    };
    Span span; // from the first word to the last
    std::vector<Selector> rules;
    bool whole_file = false;
    Span target;       // what findings have to begin in, unless it is about the whole file
    std::string error; // why it cannot be read, as a sentence; then it waives nothing
    std::optional<std::chrono::year_month_day> until;
    std::string owner, ticket, reason;
};

// Those of one text, in their order. A comment of its own line is about the next line that is no comment, one beside or in a
// statement about that; the rules say where statements of several lines begin and end.
std::vector<Waiver> waivers_in(Sources const& sources, SourceId source, Dialect dialect, Ruleset const& ruleset);

// Whether a line of a Cisco configuration is a remark.
bool is_remark(std::string_view line);

// Whether a comment has the mark of a waiver, which other rules that read comments have nothing to do with.
bool has_waiver(std::string_view comment);

} // namespace portcullis
