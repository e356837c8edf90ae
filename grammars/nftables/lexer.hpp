// An nftables text as tokens of twelve bytes. Blanks, comments and backslash-newline vanish here; newline and ';'
// are tokens, because they end statements.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "grammars/nftables/selectors.hpp"
#include "portcullis/base/source.hpp"

namespace portcullis::nftables {

enum class TokenKind : std::uint8_t {
    word,
    number,
    string,
    newline,
    semicolon,
    comma,
    dot,
    colon,
    slash,
    dash,
    plus,
    star,
    at,
    dollar,
    open_brace,
    close_brace,
    open_paren,
    close_paren,
    open_bracket,
    close_bracket,
    equals,
    double_equals,
    not_equals,
    less,
    less_equals,
    greater,
    greater_equals,
    not_,
    ampersand,
    bar,
    caret,
    shift_left,
    shift_right,
    bad,
    end
};

using Keyword = std::uint16_t; // 0: not a keyword

struct Token {
    static constexpr std::uint32_t longest = 0xffffff; // longer ones are cut, and bad
    std::uint32_t offset = 0;
    std::uint32_t length : 24 = 0;
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
inline constexpr std::string_view grammar_words =
    "define redefine undefine include table chain rule set map element ruleset flowtable counter quota "
    "limit synproxy secmark ct helper timeout expectation add create insert replace delete destroy flush "
    "rename reset list export monitor describe import handle position index type typeof hook device "
    "devices priority policy flags comment elements gc-interval size auto-merge accept drop continue "
    "return jump goto reject with icmp icmpv6 icmpx tcp queue num to log prefix group snaplen queue-threshold "
    "level name rate over until burst packets bytes used masquerade dnat snat redirect random "
    "fully-random persistent notrack update meter dup fwd tproxy mss wscale timestamp sack-perm flow "
    "offload vmap eq ne lt le gt ge and or xor lshift rshift original reply ip ip6 inet arp bridge netdev "
    "fib numgen jhash symhash mod offset seed osf ttl version ipsec in out spnum reqid spi socket "
    "cgroupv2 option chunk sctp dccp saddr daddr ether count last expires xt match target exists rt rt0 "
    "rt2 srh sid addr addr1 nexthop interval bypass fanout meta port dynset mark tunnel vxlan geneve gretap vni path";

constexpr std::uint32_t hash(std::string_view word) { // FNV-1a
    std::uint32_t h = 2166136261U;
    for (char const c : word) h = (h ^ static_cast<unsigned char>(c)) * 16777619U;
    return h ^ (h >> 15U);
}

// Every word that the grammar knows, once, in a hash table. A keyword is the position of its word plus one.
struct KeywordTable {
    std::array<std::string_view, 512> words{};
    std::array<Keyword, 1024> slots{};
    std::size_t count = 0;

    // The slot that holds the word, or where it would stand.
    constexpr std::size_t slot(std::string_view word) const {
        std::size_t at = hash(word) % slots.size();
        while (slots[at] != 0 && words[slots[at] - 1U] != word) at = (at + 1) % slots.size();
        return at;
    }
    constexpr void add(std::string_view word) {
        std::size_t const at = slot(word);
        if (slots[at] != 0) return;
        words[count] = word;
        slots[at] = static_cast<Keyword>(++count);
    }
};

constexpr KeywordTable make_keywords() {
    KeywordTable table;
    for (std::size_t begin = 0; begin < grammar_words.size();) {
        std::size_t const end = std::min(grammar_words.find(' ', begin), grammar_words.size());
        table.add(grammar_words.substr(begin, end - begin));
        begin = end + 1;
    }
    for (Selector const& selector : selector_table) {
        table.add(selector.header);
        table.add(selector.key);
    }
    return table;
}
inline constexpr KeywordTable keywords = make_keywords();
} // namespace detail

constexpr Keyword find_keyword(std::string_view word) {
    return detail::keywords.slots[detail::keywords.slot(word)];
}
inline constexpr std::size_t keyword_count = detail::keywords.count;

// Whether nft takes the word for one of its own wherever a name stands: its scanner's tokens outside of narrower states, as
// nft 1.0.6 has them (checked with nft -c for tables, chains, sets and objects).
bool is_reserved(std::string_view word);
// Whether it can name a table, chain, set or object there.
bool is_identifier(std::string_view name);
// Whether '-' and '/' right behind the text would be more of its last word: a name, and no number or address.
bool ends_in_word(std::string_view text);

} // namespace portcullis::nftables
