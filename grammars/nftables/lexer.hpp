// An nftables text as tokens of twelve bytes. Blanks, comments and backslash-newline vanish here; newline and ';' are
// tokens, because they end statements.
#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "grammars/nftables/selectors.hpp"
#include "portcullis/base/source.hpp"

namespace portcullis::nftables {

enum class TokenKind : std::uint8_t {
    word, number, string, newline, semicolon, comma, dot, colon, slash, dash, plus, star, at, dollar,
    open_brace, close_brace, open_paren, close_paren, open_bracket, close_bracket,
    equals, double_equals, not_equals, less, less_equals, greater, greater_equals, not_,
    ampersand, bar, caret, shift_left, shift_right, bad, end
};

using Keyword = std::uint16_t; // 0: not a keyword

struct Token {
    std::uint32_t offset = 0;
    std::uint32_t length : 24 = 0; // longer ones are cut: bad tokens, in effect
    TokenKind kind = TokenKind::end;
    Keyword keyword = 0;
    std::uint32_t end() const { return offset + length; }
};

struct Tokens {
    std::vector<Token> tokens; // ends with one of kind `end`
    std::vector<Span> comments;
};

Tokens lex(std::string_view text, SourceId source);

namespace detail {
inline constexpr std::string_view grammar_words[] = {
    "define", "redefine", "undefine", "include", "table", "chain", "rule", "set", "map", "element", "ruleset", "flowtable",
    "counter", "quota", "limit", "synproxy", "secmark", "ct", "helper", "timeout", "expectation", "add", "create", "insert",
    "replace", "delete", "destroy", "flush", "rename", "reset", "list", "export", "monitor", "describe", "import", "handle",
    "position", "index", "type", "typeof", "hook", "device", "devices", "priority", "policy", "flags", "comment", "elements",
    "gc-interval", "size", "auto-merge", "accept", "drop", "continue", "return", "jump", "goto", "reject", "with", "icmp",
    "icmpv6", "icmpx", "tcp", "queue", "num", "to", "log", "prefix", "group", "snaplen", "queue-threshold", "level", "name",
    "rate", "over", "until", "burst", "packets", "bytes", "used", "masquerade", "dnat", "snat", "redirect", "random",
    "fully-random", "persistent", "notrack", "update", "meter", "dup", "fwd", "tproxy", "mss", "wscale", "timestamp",
    "sack-perm", "flow", "offload", "vmap", "eq", "ne", "lt", "le", "gt", "ge", "and", "or", "xor", "lshift", "rshift",
    "original", "reply", "ip", "ip6", "inet", "arp", "bridge", "netdev", "fib", "numgen", "jhash", "symhash", "mod",
    "offset", "seed", "osf", "ttl", "version", "ipsec", "in", "out", "spnum", "reqid", "spi", "socket", "cgroupv2", "option",
    "chunk", "sctp", "dccp", "saddr", "daddr", "ether", "count", "last", "expires", "xt", "match", "target", "exists",
    "rt", "rt0", "rt2", "srh", "sid", "addr", "addr1", "nexthop", "interval", "bypass", "fanout", "meta", "port", "ruleset",
    "dynset", "mark", "tunnel"};

// Every word that the grammar knows, once; a keyword is an index into it plus one.
constexpr auto make_keyword_words() {
    constexpr std::size_t limit = std::size(grammar_words) + 2 * selector_table.size();
    struct {
        std::array<std::string_view, limit> words{};
        std::size_t count = 0;
        constexpr void add(std::string_view word) {
            for (std::size_t i = 0; i < count; ++i)
                if (words[i] == word) return;
            words[count++] = word;
        }
    } table;
    for (std::string_view const word : grammar_words) table.add(word);
    for (Selector const& selector : selector_table) {
        table.add(selector.header);
        table.add(selector.key);
    }
    return table;
}
inline constexpr auto keyword_words = make_keyword_words();

constexpr std::uint32_t hash(std::string_view word) { // FNV-1a
    std::uint32_t h = 2166136261U;
    for (char const c : word) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
    return h ^ (h >> 15U);
}

constexpr auto make_keyword_slots() {
    std::array<Keyword, 1024> slots{};
    for (std::size_t i = 0; i < keyword_words.count; ++i) {
        std::size_t slot = hash(keyword_words.words[i]) % slots.size();
        while (slots[slot] != 0) slot = (slot + 1) % slots.size();
        slots[slot] = static_cast<Keyword>(i + 1);
    }
    return slots;
}
inline constexpr auto keyword_slots = make_keyword_slots();
} // namespace detail

constexpr Keyword find_keyword(std::string_view word) {
    std::size_t slot = detail::hash(word) % detail::keyword_slots.size();
    for (; detail::keyword_slots[slot] != 0; slot = (slot + 1) % detail::keyword_slots.size()) {
        Keyword const found = detail::keyword_slots[slot];
        if (detail::keyword_words.words[found - 1] == word) return found;
    }
    return 0;
}
constexpr std::string_view keyword_text(Keyword keyword) { return detail::keyword_words.words[keyword - 1U]; }
inline constexpr std::size_t keyword_count = detail::keyword_words.count;

} // namespace portcullis::nftables
