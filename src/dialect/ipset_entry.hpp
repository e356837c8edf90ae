// The types of sets, and what one entry of `add` or `del` says: a range or a network may be many entries.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "grammars/ipset/ast.hpp"
#include "portcullis/dialect/ipset.hpp"

namespace portcullis::ipset {

// By name, or by the name that it had before ipset 6: "iphash". Null where there is none.
IpsetType const* find_type(std::string_view name);
// "hash:ip, hash:net, …"
std::string type_names();

// What an entry has to fit into.
struct EntryContext {
    IpsetType const& type;
    Family family = Family::v4;
    std::uint8_t netmask = 32;   // that addresses of kind `ip` are cut to
    Interval range{0, ~U128{0}}; // of a bitmap
    std::uint32_t mark_mask = ~std::uint32_t{0};
    std::size_t most = 0; // entries at a time
};

struct EntryReading {
    std::vector<IpsetEntry> entries;
    std::string host;         // a name in it that is resolved when the set is loaded: the entries are not known
    bool too_many = false;    // more than the context allows
    std::string error;        // a sentence, where it is no entry of the type
    std::string_view culprit; // the part that the error is about
};

EntryReading read_entry(Command const& command, EntryContext const& context);

// "10.0.0.0/8", "10.0.0.1-10.0.0.9", "80-90": what the range of a bitmap may be; nothing for anything else.
std::optional<Interval> read_range(std::string_view text, IpsetType const& type);
// As strtoull reads it, in whole: 300, 0x1ff, 017.
std::optional<std::uint64_t> read_number(std::string_view text);

} // namespace portcullis::ipset
