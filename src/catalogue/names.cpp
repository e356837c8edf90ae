// The tables of names, read from rules/names/*.toml at first use and hashed, since every rule of a large ruleset
// asks.
#include "portcullis/catalogue/names.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <charconv>
#include <unordered_map>

#include "catalogue/toml_data.hpp"
#include "portcullis/base/ascii.hpp"
#include "portcullis/catalogue/cisco_icmp.hpp"

namespace portcullis {
namespace {

constexpr std::size_t vocabularies = 2;

// A string that maps look up by view.
struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
};
template <class Value> using ByName = std::unordered_map<std::string, Value, Hash, std::equal_to<>>;

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), ascii_lower);
    return result;
}

template <class Number> Number to_number(std::string_view digits) {
    Number value{};
    [[maybe_unused]] auto const end = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    assert(end.ec == std::errc{} && end.ptr == digits.data() + digits.size());
    return value;
}

// The next of the words that `separator` separates; empty at the end.
std::string_view next_word(std::string_view& rest, char separator = ' ') {
    while (rest.starts_with(separator)) rest.remove_prefix(1);
    auto const word = rest.substr(0, rest.find(separator));
    rest.remove_prefix(word.size());
    return word;
}

// The strings of the array at `key`.
template <class Use> void each_entry(TomlValue::Table const& table, std::string_view key, Use use) {
    TomlValue const* const entries = find(table, key);
    assert(entries && entries->array());
    for (TomlValue const& entry : *entries->array()) use(std::string_view(*entry.string()));
}

constexpr std::array<std::string_view, vocabularies> keys = {"linux", "cisco"};

struct ProtocolTable {
    std::array<ByName<std::uint8_t>, vocabularies> numbers;
    std::array<std::string, 256> names;
};

// "name number alias …"
ProtocolTable read_protocols() {
    ProtocolTable table;
    auto const data = built_in_toml("rules/names/protocols.toml");
    auto const prefer = [&](std::string_view name, std::uint8_t number) {
        if (table.names[number].empty()) table.names[number] = name;
    };
    each_entry(data, "preferred", [&](std::string_view entry) {
        auto const name = next_word(entry);
        prefer(name, to_number<std::uint8_t>(next_word(entry)));
    });
    for (std::size_t v = 0; v < vocabularies; ++v) {
        each_entry(data, keys[v], [&](std::string_view entry) {
            auto name = next_word(entry);
            auto const number = to_number<std::uint8_t>(next_word(entry));
            prefer(name, number);
            for (; !name.empty(); name = next_word(entry)) table.numbers[v].try_emplace(std::string(name), number);
        });
    }
    return table;
}

ProtocolTable const& protocols() {
    static ProtocolTable const table = read_protocols();
    return table;
}

// The ports of one protocol in one vocabulary.
struct PortTable {
    ByName<std::uint16_t> numbers;
    std::unordered_map<std::uint16_t, std::string> names;
};
using PortTables = std::array<std::unordered_map<std::uint8_t, PortTable>, vocabularies>;

// "name number/protocol,protocol alias …"
PortTables read_ports() {
    PortTables tables;
    auto const data = built_in_toml("rules/names/ports.toml");
    for (std::size_t v = 0; v < vocabularies; ++v) {
        each_entry(data, keys[v], [&](std::string_view entry) {
            auto const name = next_word(entry);
            auto place = next_word(entry);
            auto const port = to_number<std::uint16_t>(next_word(place, '/'));
            place.remove_prefix(1);
            while (!place.empty()) {
                auto const protocol = protocol_number(next_word(place, ','), Vocabulary::linux_names);
                assert(protocol);
                PortTable& table = tables[v][*protocol];
                table.names.try_emplace(port, name);
                auto aliases = entry;
                for (auto word = name; !word.empty(); word = next_word(aliases))
                    table.numbers.try_emplace(std::string(word), port);
            }
        });
    }
    return tables;
}

PortTables const& ports() {
    static PortTables const tables = read_ports();
    return tables;
}

// The first answer to `ask` of the tables for a protocol: its own, then those that it borrows.
template <class Ask> auto ask_tables(U128 protocol, Vocabulary vocabulary, Ask ask) -> decltype(ask(PortTable{})) {
    auto const& tables = ports()[static_cast<std::size_t>(vocabulary)];
    auto const ask_one = [&](U128 which) -> decltype(ask(PortTable{})) {
        if (which > 255) return nullptr;
        auto const found = tables.find(static_cast<std::uint8_t>(which));
        return found == tables.end() ? nullptr : ask(found->second);
    };
    if (auto const answer = ask_one(protocol)) return answer;
    bool const borrows = protocol == number(Protocol::sctp) || protocol == number(Protocol::dccp) ||
                         protocol == number(Protocol::udplite);
    if (!borrows || vocabulary != Vocabulary::linux_names) return nullptr;
    auto const answer = ask_one(number(Protocol::tcp));
    return answer ? answer : ask_one(number(Protocol::udp));
}

// The value at `key`, or null.
template <class Map, class Key> auto look_up(Map const& map, Key const& key) -> decltype(&map.begin()->second) {
    auto const found = map.find(key);
    return found == map.end() ? nullptr : &found->second;
}

template <class Value> std::optional<Value> copied(Value const* value) {
    return value ? std::optional<Value>(*value) : std::nullopt;
}

// "type" or "type/code" by lower-case name.
using IcmpTable = ByName<IcmpName>;

IcmpTable read_icmp(TomlValue::Table const& names) {
    IcmpTable table;
    for (auto const& [name, at, value] : names) {
        std::string_view rest = *value.string();
        IcmpName icmp{to_number<std::uint8_t>(next_word(rest, '/')), std::nullopt};
        if (auto const code = next_word(rest, '/'); !code.empty()) icmp.code = to_number<std::uint8_t>(code);
        table.emplace(lower(name), icmp);
    }
    return table;
}

struct IcmpTables {
    IcmpTable v4, v6, cisco_v4;
};

IcmpTables const& icmp() {
    static IcmpTables const tables = [] {
        auto const data = built_in_toml("rules/names/icmp.toml");
        auto const& cisco = *find(data, "cisco")->table();
        return IcmpTables{read_icmp(*find(data, "v4")->table()), read_icmp(*find(data, "v6")->table()),
                          read_icmp(*find(cisco, "v4")->table())};
    }();
    return tables;
}

} // namespace

std::optional<std::uint16_t> port_number(std::string_view name, U128 protocol, Vocabulary vocabulary) {
    std::string const word = vocabulary == Vocabulary::cisco ? lower(name) : std::string(name);
    return copied(
        ask_tables(protocol, vocabulary, [&](PortTable const& table) { return look_up(table.numbers, word); }));
}

std::string_view port_name(std::uint16_t port, U128 protocol, Vocabulary vocabulary) {
    auto const* name =
        ask_tables(protocol, vocabulary, [&](PortTable const& table) { return look_up(table.names, port); });
    return name ? std::string_view(*name) : std::string_view{};
}

// iptables folds the case of protocols before it looks; getprotobyname(3) itself knows "TCP" by the file's aliases.
std::optional<std::uint8_t> protocol_number(std::string_view name, Vocabulary vocabulary) {
    auto const& numbers = protocols().numbers[static_cast<std::size_t>(vocabulary)];
    if (auto const* exact = look_up(numbers, name)) return *exact;
    return copied(look_up(numbers, lower(name)));
}

std::string protocol_name(std::uint8_t protocol) {
    std::string const& name = protocols().names[protocol];
    return name.empty() ? std::to_string(protocol) : name;
}

std::optional<IcmpName> icmp_by_name(std::string_view name, Family family) {
    return copied(look_up(family == Family::v4 ? icmp().v4 : icmp().v6, lower(name)));
}

std::optional<IcmpName> cisco_icmp_by_name(std::string_view name, Family family) {
    if (family == Family::v4)
        if (auto const* own = look_up(icmp().cisco_v4, lower(name))) return *own;
    return icmp_by_name(name, family);
}

} // namespace portcullis
