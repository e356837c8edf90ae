// What single lines say. parse.cpp knows which line is of which kind and what belongs together; grammar.cpp has the
// rules of each kind in Spirit, behind these plain functions.
#pragma once
#include <optional>
#include <string_view>

#include "grammars/cisco/ast.hpp"

namespace portcullis::cisco {

// A part of one line that is to be parsed to its end, within the whole text.
struct Line {
    std::string_view whole;
    SourceId source = 0;
    std::string_view rest;
};

// How an entry spells its match: only a source; protocol, source and destination; or the latter with the protocol
// left out, as IOS-XR allows.
enum class EntryForm : std::uint8_t { standard, extended, brief };

// Each fills `out`, or says what is wrong.
std::optional<SyntaxError> parse_entry(Line const& line, EntryForm form, Entry& out);
std::optional<SyntaxError> parse_group_header(Line const& line, Group& out);
std::optional<SyntaxError> parse_address_member(Line const& line, Group::Line& out);
std::optional<SyntaxError> parse_service_member(Line const& line, Group::Line& out);
std::optional<SyntaxError> parse_access_group(Line const& line, AccessGroup& out);

} // namespace portcullis::cisco
