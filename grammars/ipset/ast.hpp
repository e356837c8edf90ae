// The text of an `ipset save` file, command by command and nothing judged yet. All strings are views into the
// parsed text, so that a million entries are one allocation that grows.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammars/common/syntax_error.hpp"

namespace portcullis::ipset {

// A word without its quotes, as ipset sees it.
std::string plain(std::string_view word);

enum class Action : std::uint8_t {
    none,
    create,
    add,
    del,
    test,
    destroy,
    flush,
    rename,
    swap,
    query, // lists, saves or restores; no set changes
    commit,
};

enum class Key : std::uint8_t {
    family,
    hashsize,
    maxelem,
    bucketsize,
    initval,
    netmask,
    bitmask,
    markmask,
    timeout,
    counters,
    comment,
    skbinfo,
    forceadd,
    range,
    from,
    to,
    network,
    size,
    ignored, // of older versions: ipset takes them and does nothing
    nomatch,
    wildcard,
    packets,
    bytes,
    skbmark,
    skbprio,
    skbqueue,
    before,
    after,
    exist,
};
std::string_view name_of(Key key);

// "timeout 300", "counters", "-exist"
struct Option {
    Key key{};
    std::string_view name;
    std::string_view value; // empty where the option has none
};

// "add allowed 192.0.2.0/24,tcp:22 timeout 300"
struct Command {
    Span span;
    Action action = Action::none;
    std::uint8_t parts = 0;    // of the entry
    std::string_view set;      // empty: all sets, of flush and destroy
    std::string_view argument; // the type of create; the other name of rename and swap; the whole entry
    std::array<std::string_view, 3> entry{};
    std::uint32_t first_option = 0; // in the File's pool
    std::uint32_t option_count = 0;
};

struct File {
    std::string_view text;
    SourceId source = 0;
    std::vector<Command> commands;
    std::vector<Option> options;
    std::vector<SyntaxError> errors;

    // Where a piece of the text stands.
    Span span(std::string_view piece) const {
        auto const begin = static_cast<std::uint32_t>(piece.data() - text.data());
        return {source, begin, begin + static_cast<std::uint32_t>(piece.size())};
    }
    std::span<Option const> options_of(Command const& command) const {
        return {options.data() + command.first_option, command.option_count};
    }
};

} // namespace portcullis::ipset
