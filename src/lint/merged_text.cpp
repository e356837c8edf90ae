#include "lint/merged_text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <fmt/format.h>
#include <span>
#include <vector>

#include "portcullis/base/interval_set.hpp"

namespace portcullis {

namespace {

using Words = std::vector<std::string_view>; // of texts that outlive them

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

// Quoted texts and { lists } are one word. Nothing where one of them does not end, or where the text has a comment or several lines.
std::optional<Words> words_of(std::string_view text) {
    constexpr std::size_t usual = 24;
    Words words;
    words.reserve(usual);
    bool open = false;
    int depth = 0;
    char quote = 0;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char const c = text[at];
        if (c == '\n' || c == '\\' || (c == '#' && quote == 0)) return std::nullopt;
        if (quote == 0 && depth == 0 && is_blank(c)) {
            open = false;
            continue;
        }
        if (!open) words.push_back(text.substr(at, 0));
        open = true;
        words.back() = {words.back().data(), words.back().size() + 1};
        if (quote != 0)
            quote = c == quote ? 0 : quote;
        else if (c == '"' || c == '\'')
            quote = c;
        else if (c == '{')
            ++depth;
        else if (c == '}')
            --depth;
    }
    if (depth != 0 || quote != 0) return std::nullopt;
    return words;
}

// Where two lists of words differ: in one stretch, of which neither is empty.
struct Difference {
    std::size_t begin = 0;
    std::span<std::string_view const> one;
    std::span<std::string_view const> other;
    std::size_t rest = 0; // words behind it, in both
};

std::optional<Difference> difference(Words const& a, Words const& b) {
    std::size_t const shorter = std::min(a.size(), b.size());
    std::size_t const begin = static_cast<std::size_t>(std::mismatch(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(shorter), b.begin()).first - a.begin());
    std::size_t rest = 0;
    while (rest < shorter - begin && a[a.size() - 1 - rest] == b[b.size() - 1 - rest]) ++rest;
    if (a.size() - begin == rest || b.size() - begin == rest) return std::nullopt;
    auto const middle = [&](Words const& words) { return std::span(words).subspan(begin, words.size() - begin - rest); };
    return Difference{begin, middle(a), middle(b), rest};
}

std::string joined(std::span<std::string_view const> words) {
    std::string text;
    for (std::string_view const word : words) {
        if (!text.empty()) text += ' ';
        text += word;
    }
    return text;
}

// The words of `a` with others from `begin` to the last `rest` ones.
std::string with(Words const& a, std::size_t begin, std::size_t rest, std::string_view middle) {
    Words words(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(begin));
    words.push_back(middle);
    words.insert(words.end(), a.end() - static_cast<std::ptrdiff_t>(rest), a.end());
    return joined(words);
}

// Two networks as one. Two hosts stay hosts: that they are neighbours is chance.
std::optional<Prefix> as_one(std::optional<Prefix> const& a, std::optional<Prefix> const& b) {
    if (!a || !b || a->ip.family != b->ip.family) return std::nullopt;
    if (std::max(a->length, b->length) == address_bits(a->ip.family)) return std::nullopt;
    std::vector<Prefix> const all = to_prefixes(IntervalSet::of(*a).united(IntervalSet::of(*b)), a->ip.family);
    return all.size() == 1 ? std::optional(all.front()) : std::nullopt;
}

std::string_view elements(std::string_view word) {
    if (!word.starts_with('{')) return word;
    std::size_t const first = word.find_first_not_of(" \t", 1);
    std::size_t const last = word.find_last_not_of(" \t,", word.size() - 2);
    return first == std::string_view::npos || last == std::string_view::npos || last < first ? "" : word.substr(first, last - first + 1);
}

std::optional<std::string> merged_nft(Words const& a, Words const& b) {
    auto const differ = difference(a, b);
    if (!differ || differ->one.size() != 1 || differ->other.size() != 1 || differ->begin == 0) return std::nullopt;
    std::string const set = fmt::format("{{ {}, {} }}", elements(differ->one.front()), elements(differ->other.front()));
    return with(a, differ->begin, differ->rest, set);
}

constexpr std::size_t most_ports = 15; // of one multiport match; a range counts twice (xt_multiport.h)

// Ports as multiport names them.
Words with_multiport(Words const& words) {
    Words result;
    result.reserve(words.size() + 2);
    for (std::size_t i = 0; i < words.size(); ++i) {
        bool const to = words[i] == "--dport" || words[i] == "--destination-port";
        bool const from = words[i] == "--sport" || words[i] == "--source-port";
        if ((!to && !from) || i + 1 == words.size() || (i > 0 && words[i - 1] == "!")) {
            result.push_back(words[i]);
            continue;
        }
        for (char const* word : {"-m", "multiport", to ? "--dports" : "--sports"}) result.emplace_back(word);
    }
    return result;
}

std::optional<std::string> merged_iptables(Words const& first, Words const& second) {
    Words const a = with_multiport(first);
    Words const b = with_multiport(second);
    auto const differ = difference(a, b);
    if (!differ || differ->one.size() != 1 || differ->other.size() != 1 || differ->begin < 2) return std::nullopt;
    std::string_view const option = a[differ->begin - 1];
    if (a[differ->begin - 2] == "!") return std::nullopt;
    auto const is_one_of = [&](auto const& names) { return std::find(names.begin(), names.end(), option) != names.end(); };
    std::string_view const one = differ->one.front();
    std::string_view const other = differ->other.front();
    constexpr std::array<std::string_view, 5> ports{"--dports", "--destination-ports", "--sports", "--source-ports", "--ports"};
    constexpr std::array<std::string_view, 6> addresses{"-s", "-d", "--source", "--destination", "--src", "--dst"};
    constexpr std::array<std::string_view, 2> states{"--ctstate", "--state"};
    if (is_one_of(ports) || is_one_of(states)) {
        std::string const list = fmt::format("{},{}", one, other);
        auto const count = 1 + std::count(list.begin(), list.end(), ',') + std::count(list.begin(), list.end(), ':');
        if (is_one_of(ports) && static_cast<std::size_t>(count) > most_ports) return std::nullopt;
        return with(a, differ->begin, differ->rest, list);
    }
    if (!is_one_of(addresses)) return std::nullopt;
    auto const network = as_one(parse_prefix(one), parse_prefix(other));
    return network ? std::optional(with(a, differ->begin, differ->rest, to_string(*network))) : std::nullopt;
}

constexpr std::size_t most_listed_ports = 10; // behind one "eq" of a named list

bool is_number(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// An address with what stands beside it for its mask: a wildcard where `inverted`.
std::optional<Prefix> network_of(std::string_view address, std::string_view mask, bool inverted) {
    auto const ip = parse_ipv4(address);
    auto const bits = parse_ipv4(mask);
    if (!ip || !bits) return std::nullopt;
    auto const length = mask_length(inverted ? bits->value ^ max_value(32) : bits->value, 32);
    return length ? std::optional(Prefix{*ip, *length}) : std::nullopt;
}

std::string network_text(Prefix network, bool inverted) {
    U128 const below = max_value(32 - network.length);
    U128 const mask = inverted ? below : below ^ max_value(32);
    return to_string(Ip{Family::v4, network.first()}) + ' ' + to_string(Ip{Family::v4, mask});
}

std::optional<std::string> merged_cisco(Dialect dialect, Words const& first, Words const& second) {
    bool const inverted = dialect != Dialect::cisco_asa;
    // The number of an entry is its place.
    bool const numbered = !first.empty() && !second.empty() && is_number(first.front()) && is_number(second.front());
    Words const& a = first;
    Words b = second;
    if (numbered) b.front() = a.front();
    auto const differ = difference(a, b);
    if (!differ || differ->begin < 1) return std::nullopt;
    std::string_view const before = a[differ->begin - 1];
    if (before == "eq") {
        bool const named = dialect == Dialect::cisco_ios && a.front() != "access-list";
        if (!named || differ->one.size() + differ->other.size() > most_listed_ports) return std::nullopt;
        return with(a, differ->begin, differ->rest, joined(differ->one) + ' ' + joined(differ->other));
    }
    if (differ->one.size() != 1 || differ->other.size() != 1) return std::nullopt;
    std::string_view const one = differ->one.front();
    std::string_view const other = differ->other.front();
    if (one.find('/') != std::string_view::npos) {
        auto const network = as_one(parse_prefix(one), parse_prefix(other));
        return network ? std::optional(with(a, differ->begin, differ->rest, to_string(*network))) : std::nullopt;
    }
    if (differ->rest == 0) return std::nullopt;
    std::string_view const mask = a[a.size() - differ->rest];
    auto const network = as_one(network_of(one, mask, inverted), network_of(other, mask, inverted));
    if (!network) return std::nullopt;
    return with(a, differ->begin, differ->rest - 1, network_text(*network, inverted));
}

} // namespace

std::optional<std::string> merged_text(Dialect dialect, std::string_view one, std::string_view other) {
    auto const a = words_of(one);
    auto const b = words_of(other);
    if (!a || !b) return std::nullopt;
    switch (dialect) {
    case Dialect::nftables: return merged_nft(*a, *b);
    case Dialect::iptables:
    case Dialect::ip6tables: return merged_iptables(*a, *b);
    case Dialect::cisco_ios:
    case Dialect::cisco_asa:
    case Dialect::cisco_nxos:
    case Dialect::cisco_xr: return merged_cisco(dialect, *a, *b);
    default: return std::nullopt;
    }
}

} // namespace portcullis
