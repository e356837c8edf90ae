#include "lint/fingerprint.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

namespace portcullis {

namespace {

// FNV-1a: short, stable across machines and versions; a fingerprint guards against accident, not malice.
std::uint64_t hash(std::string_view text, std::uint64_t seed = 0xCBF29CE484222325ULL) {
    for (char const c : text) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001B3ULL;
    return seed;
}

bool is_number(std::string_view word) {
    return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// "[12:3456]", in dumps of iptables-save
bool is_counter(std::string_view word) {
    if (!word.starts_with('[') || !word.ends_with(']')) return false;
    std::size_t const colon = word.find(':');
    return colon != std::string_view::npos && is_number(word.substr(1, colon - 1)) && is_number(word.substr(colon + 1, word.size() - colon - 2));
}

std::vector<std::string_view> words_of(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    std::vector<std::string_view> words;
    for (std::size_t at = text.find_first_not_of(blanks); at != std::string_view::npos;) {
        std::size_t const end = std::min(text.find_first_of(blanks, at), text.size());
        words.push_back(text.substr(at, end - at));
        at = text.find_first_not_of(blanks, end);
    }
    return words;
}

std::uint64_t identity(Finding const& finding, Sources const& sources, std::string const& file) {
    std::set<std::string> others; // in no order, since lines may move
    for (Related const& related : finding.related) others.insert(lasting_text(sources.text(related.span)));
    std::uint64_t h = hash(finding.rule);
    for (std::string const& part : {file, chain_of(finding.where), finding.service, lasting_text(sources.text(finding.span))}) h = hash('\n' + part, h);
    for (std::string const& other : others) h = hash('\n' + other, h);
    return h;
}

} // namespace

std::string chain_of(std::string const& where) {
    std::size_t const slash = where.rfind('/');
    return slash != std::string::npos && is_number(std::string_view(where).substr(slash + 1)) ? where.substr(0, slash) : where;
}

std::string lasting_text(std::string_view text) {
    std::vector<std::string_view> const words = words_of(text);
    std::string result;
    for (std::size_t i = 0; i < words.size(); ++i) {
        bool const entry_number = i == 0 && words.size() > 1 && is_number(words[i]);
        if (entry_number || is_counter(words[i])) continue;
        if (!result.empty()) result += ' ';
        result += words[i];
        // nft: "counter packets 12 bytes 3456"
        bool const counted = words[i] == "counter" && i + 4 < words.size() && words[i + 1] == "packets" && is_number(words[i + 2]) &&
                             words[i + 3] == "bytes" && is_number(words[i + 4]);
        if (counted) i += 4;
    }
    return result;
}

void set_fingerprints(std::vector<Diagnostic>& findings, Sources const& sources, std::string const& file) {
    std::map<std::uint64_t, std::size_t> counts;
    for (Diagnostic& diagnostic : findings) {
        std::uint64_t h = identity(diagnostic.finding, sources, file);
        if (std::size_t const earlier = counts[h]++) h = hash(fmt::format("\n#{}", earlier), h);
        diagnostic.fingerprint = fmt::format("{:016x}", h);
    }
}

} // namespace portcullis
