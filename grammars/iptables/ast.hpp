// The text of an iptables-save or ip6tables-save file, statement by statement and nothing judged yet. Words are
// views into the parsed text; lists live in pools of the File, so that a hundred thousand rules are a handful of
// allocations.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "grammars/common/syntax_error.hpp"
#include "grammars/iptables/extensions.hpp"
#include "portcullis/base/ip.hpp"

namespace portcullis::iptables {

// An argument as it stands in the text, with its quotes; or several in a row, with the blanks between them.
struct Word {
    std::string_view raw;
    // Without quotes and backslashes, as the loader sees it.
    std::string plain() const;
};

// Consecutive elements of one of the File's pools.
template <class T> struct Slice {
    std::uint32_t first = 0;
    std::uint32_t count = 0;
};

// One of `-s a,b/8,c/255.0.255.0,name`: all addresses x with (x & mask) == (address & mask).
struct Network {
    Span span;
    std::string_view host; // where it is a name, to be resolved when the rules are loaded; else empty
    Ip address;
    U128 mask = 0;
};

struct AddressRange {
    Ip first;
    Ip last;
};

// A port by number, or by a name that depends on the protocol.
struct Port {
    std::string_view name;
    std::uint16_t number = 0;
};

struct PortRange {
    Port first;
    Port last;
};

// The arguments of --tcp-flags, as bits of the TCP header's flag byte.
struct TcpFlags {
    std::uint8_t mask = 0;
    std::uint8_t set = 0;
};

// A set of names of one small list, such as connection states: bit n is name n, as Field's values are numbered.
struct Bits {
    std::uint32_t bits = 0;
};
// --ctstate also takes two names that are bits of Field::ct_status.
inline constexpr std::uint32_t state_snat = 1U << 30U, state_dnat = 1U << 31U;

struct NumberRange {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
};

// "value/mask"; a missing mask is all ones.
struct MaskedNumber {
    std::uint32_t value = 0;
    std::uint32_t mask = 0;
};

struct Mac {
    std::uint64_t value = 0;
};

// A name, or numbers.
struct IcmpType {
    std::string_view name;
    std::uint8_t type = 0;
    std::uint8_t code = 0;
    bool has_code = false;
    bool any = false;
};

// What NAT rewrites to: addresses, ports, or both.
struct NatTarget {
    bool has_address = false;
    bool has_ports = false;
    AddressRange addresses;
    PortRange ports;
    std::optional<std::uint32_t> base; // ":9000-9010/7000": 7000 becomes 9000, 7001 becomes 9001 …
};

using Value = std::variant<std::monostate, Word, Slice<Network>, Slice<AddressRange>, Slice<NatTarget>,
                           Slice<PortRange>, TcpFlags, Bits, NumberRange, MaskedNumber, Mac, IcmpType>;

// One option of a rule. Its value has the alternative of `info->shape`.
struct Option {
    OptionInfo const* info = nullptr;
    Value value;
    Span span;                  // with its value, without the `!`
    std::uint16_t instance = 0; // of the rule's extensions, as a position in its `loaded`; 0 for generic options
    bool negated = false;
};

// A match or target that a rule loads: by -m, by -j, or tcp because of `-p tcp`.
struct Loaded {
    Extension const* extension = nullptr; // none: not known to us
    std::string_view name;
    Role role = Role::match;
    Span span;
};

enum class Action : std::uint8_t {
    none,
    append,
    insert,
    remove,
    replace,
    flush,
    zero,
    new_chain,
    delete_chain,
    rename_chain,
    set_policy,
    query, // lists or checks only
};

// One line of commands: "-A INPUT -p tcp --dport 22 -j ACCEPT".
struct Command {
    Span span;
    Action action = Action::none;
    bool v4_only = false; // -4 or -6: the other program skips the line
    bool v6_only = false;
    std::uint32_t number = 0; // of -I, -D and -R; 0 where it is left out
    Word chain;
    Word argument; // the policy of -P, the new name of -E
    Slice<Option> options;
    Slice<Loaded> loaded; // the first is the empty one of the generic options
};

// "*filter"
struct TableStart {
    Span span;
    Word name;
};

// ":INPUT DROP [0:0]"
struct ChainDeclaration {
    Span span;
    Word name;
    Word policy;
};

struct Commit {
    Span span;
};

using Statement = std::variant<TableStart, ChainDeclaration, Commit, Command>;

struct File {
    std::string_view text;
    SourceId source = 0;
    std::vector<Statement> statements;
    std::vector<SyntaxError> errors;

    std::vector<Option> options;
    std::vector<Loaded> loaded;
    std::vector<Network> networks;
    std::vector<AddressRange> ranges;
    std::vector<PortRange> ports;
    std::vector<NatTarget> nat_targets;

    // Where a piece of the text stands.
    Span span(std::string_view piece) const {
        auto const begin = static_cast<std::uint32_t>(piece.data() - text.data());
        return {source, begin, begin + static_cast<std::uint32_t>(piece.size())};
    }

    std::span<Option const> operator[](Slice<Option> s) const { return {options.data() + s.first, s.count}; }
    std::span<Loaded const> operator[](Slice<Loaded> s) const { return {loaded.data() + s.first, s.count}; }
    std::span<Network const> operator[](Slice<Network> s) const { return {networks.data() + s.first, s.count}; }
    std::span<AddressRange const> operator[](Slice<AddressRange> s) const {
        return {ranges.data() + s.first, s.count};
    }
    std::span<PortRange const> operator[](Slice<PortRange> s) const { return {ports.data() + s.first, s.count}; }
    std::span<NatTarget const> operator[](Slice<NatTarget> s) const {
        return {nat_targets.data() + s.first, s.count};
    }
};

} // namespace portcullis::iptables
