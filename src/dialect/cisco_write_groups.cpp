// The syntax of groups is each platform's own: IOS has groups of addresses and of services, NX-OS and IOS-XR of addresses
// and of ports, the ASA all of them.
#include "dialect/cisco_write_groups.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "grammars/cisco/words.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::cisco {
namespace {

constexpr std::size_t most_of_mask = 64; // prefixes that a wildcard with holes becomes where only prefixes can be written
constexpr std::size_t most_members = 100'000;

std::string content_key(std::optional<ValueSet> const& v4, std::optional<ValueSet> const& v6) {
    Match match;
    if (v4) match.terms.push_back({Field::src4, *v4, {}});
    if (v6) match.terms.push_back({Field::src6, *v6, {}});
    return to_text(match);
}

std::optional<ValueSet> unless_empty(ValueSet const& set) {
    if (set == ValueSet()) return std::nullopt;
    return set;
}

// FNV-1a, which is the same everywhere and always.
std::uint64_t hash_of(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325;
    for (char const c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
    return hash;
}

// Each way for a service of a group to be said: groups take one comparison a side.
std::vector<std::string> sides_of(std::optional<ValueSet> const& ports, std::string const& word) {
    if (!ports) return {""};
    auto const set = ports->as_intervals(16);
    if (auto const one = comparison_text(*set, 65535)) return {' ' + word + *one};
    std::vector<std::string> result;
    for (Interval const& interval : set->intervals()) result.push_back(' ' + word + comparison_text(interval, 65535));
    return result;
}

} // namespace

std::string comparison_text(Interval const& interval, U128 largest) {
    std::uint64_t const first = low64(interval.first);
    std::uint64_t const last = low64(interval.last);
    if (first == last) return fmt::format("eq {}", first);
    if (first == 0 && interval.last < largest) return fmt::format("lt {}", last + 1);
    if (interval.last == largest && first > 0) return fmt::format("gt {}", first - 1);
    return fmt::format("range {} {}", first, last);
}

std::optional<std::string> comparison_text(IntervalSet const& values, U128 largest) {
    auto const& all = values.intervals();
    if (all.size() == 1) return comparison_text(all.front(), largest);
    if (all.size() == 2 && all[0].first == 0 && all[1].last == largest && all[0].last + 2 == all[1].first)
        return fmt::format("neq {}", low64(all[0].last) + 1);
    return std::nullopt;
}

std::string quad(U128 value) { return to_string(Ip{Family::v4, value}); }

std::string protocol_word(std::optional<U128> protocol, Dialect platform, bool ipv6) {
    bool const xr = platform == Dialect::cisco_xr;
    if (!protocol) return ipv6 ? "ipv6" : xr ? "ipv4" : "ip";
    if (ipv6 && *protocol == number(Protocol::icmpv6)) return xr ? "icmpv6" : "icmp";
    if (platform == Dialect::cisco_asa && *protocol == number(Protocol::icmpv6)) return "icmp6";
    if (ipv6 && *protocol == number(Protocol::icmp)) return "1";
    constexpr std::array<U128, 10> named{1, 2, 6, 17, 47, 50, 88, 89, 103, 132};
    bool const has_name = std::find(named.begin(), named.end(), *protocol) != named.end();
    std::string const name = protocol_name(static_cast<std::uint8_t>(*protocol));
    return has_name && protocol_number(name, Vocabulary::cisco) == *protocol ? name
                                                                               : std::to_string(low64(*protocol));
}

Groups::Groups(Ruleset const& ruleset, Dialect platform, GroupNames const& names)
    : platform_(platform), by_content_(names.by_content), taken_(names.taken.begin(), names.taken.end()) {
    for (AddressGroup const& group : ruleset.groups)
        known_.emplace(content_key(unless_empty(group.v4), unless_empty(group.v6)), group.name);
}

// The name stands between the head and the tail: "object-group service NAME tcp".
std::string Groups::define(std::string const& head, std::string const& tail, std::string const& body,
                           std::string const& list, std::string const& wanted) {
    std::string const content = head + tail + '\n' + body;
    std::string name = wanted;
    auto const [at, is_new] = defined_.emplace(content, name);
    if (!is_new) return at->second;
    for (std::uint64_t hash = hash_of(content); name.empty() || !taken_.insert(name).second; ++hash)
        name = by_content_ ? fmt::format("{}-{:016x}", list, hash) : fmt::format("{}-{}", list, ++counts_[list]);
    at->second = name;
    text_ += fmt::format("{} {}{}\n{}", head, name, tail, body);
    return name;
}

std::string Groups::member(Block const& block) const {
    Ip const ip{block.family, block.value};
    unsigned const bits = address_bits(block.family);
    auto const length = mask_length(block.mask, bits);
    std::string text;
    if (length == bits)
        text = "host " + to_string(ip);
    else if (!length)
        text = to_string(ip) + ' ' + quad(~block.mask & max_value(bits)); // of NX-OS alone
    else if (block.family == Family::v4 && (platform_ == Dialect::cisco_ios || platform_ == Dialect::cisco_asa))
        text = to_string(ip) + ' ' + quad(block.mask);
    else
        text = to_string(Prefix{ip, *length});
    return (platform_ == Dialect::cisco_asa ? " network-object " : " ") + text + '\n';
}

std::optional<std::string> Groups::members(ValueSet const& set, Family family) const {
    unsigned const bits = address_bits(family);
    bool const holes = platform_ == Dialect::cisco_nxos && family == Family::v4 && !set.negated;
    std::string text;
    auto const intervals = holes || set.masks.empty() ? std::optional(set.negated ? set.intervals.complement(bits) : set.intervals)
                                                      : set.as_intervals(bits, most_of_mask);
    if (!intervals) return std::nullopt;
    bool const has_range = platform_ == Dialect::cisco_ios || platform_ == Dialect::cisco_xr;
    std::size_t count = 0;
    for (Interval const& interval : intervals->intervals()) {
        auto const prefixes = to_prefixes(IntervalSet(interval.first, interval.last), family);
        if (prefixes.size() > 1 && has_range) {
            text += fmt::format(" range {} {}\n", to_string(Ip{family, interval.first}), to_string(Ip{family, interval.last}));
            continue;
        }
        if (count += prefixes.size(); count > most_members) return std::nullopt;
        for (Prefix const& prefix : prefixes)
            text += member({family, prefix.ip.value, max_value(bits) & ~max_value(bits - prefix.length)});
    }
    if (holes)
        for (Masked const& mask : set.masks) text += member({family, mask.value, mask.mask});
    return text;
}

std::optional<std::string> Groups::addresses(std::string const& list, std::optional<ValueSet> const& v4,
                                             std::optional<ValueSet> const& v6) {
    bool const ios = platform_ == Dialect::cisco_ios;
    if (ios && v6) return std::nullopt; // its groups are of IPv4
    std::string body;
    for (Family const family : {Family::v4, Family::v6}) {
        auto const& set = family == Family::v4 ? v4 : v6;
        if (!set) continue;
        auto const some = members(*set, family);
        if (!some) return std::nullopt;
        body += *some;
    }
    auto const known = known_.find(content_key(v4, v6));
    std::string const wanted = known == known_.end() ? "" : known->second;
    char const* const family = v4 ? "ipv4" : "ipv6";
    switch (platform_) {
    case Dialect::cisco_nxos:
        return "addrgroup " + define(v4 ? "object-group ip address" : "object-group ipv6 address", "", body, list, wanted);
    case Dialect::cisco_xr:
        return "net-group " + define(fmt::format("object-group network {}", family), "", body, list, wanted);
    default: return "object-group " + define("object-group network", "", body, list, wanted);
    }
}

std::optional<std::string> Groups::ports(std::string const& list, U128 protocol, IntervalSet const& ports) {
    bool const asa = platform_ == Dialect::cisco_asa;
    if (platform_ == Dialect::cisco_ios) return std::nullopt;
    if (asa && protocol != number(Protocol::tcp) && protocol != number(Protocol::udp)) return std::nullopt;
    std::string body;
    for (Interval const& interval : ports.intervals()) {
        std::string comparison = comparison_text(interval, 65535);
        if (asa && interval.first != interval.last) // its groups have eq and range alone
            comparison = fmt::format("range {} {}", low64(interval.first), low64(interval.last));
        body += (asa ? " port-object " : " ") + comparison + '\n';
    }
    if (asa)
        return "object-group " +
               define("object-group service", protocol == number(Protocol::tcp) ? " tcp" : " udp", body, list, "");
    if (platform_ == Dialect::cisco_nxos) return "portgroup " + define("object-group ip port", "", body, list, "");
    return "port-group " + define("object-group port", "", body, list, "");
}

std::optional<std::string> Groups::services(std::string const& list, std::vector<Carried> const& services) {
    bool const asa = platform_ == Dialect::cisco_asa;
    if (!asa && platform_ != Dialect::cisco_ios) return std::nullopt;
    std::string body;
    for (Carried const& one : services) {
        bool const by_number = one.protocol && is_digit(protocol_word(one.protocol, platform_, false).front());
        // A number in front of something else would number the line.
        if (one.flags || (by_number && (one.sport || one.dport || one.type))) return std::nullopt;
        std::string const protocol = (asa ? " service-object " : " ") + protocol_word(one.protocol, platform_, false);
        if (one.type) {
            body += protocol + fmt::format(" {}", low64(*one.type)) +
                    (one.code ? fmt::format(" {}", low64(*one.code)) : "") + '\n';
            continue;
        }
        for (std::string const& source : sides_of(one.sport, "source "))
            for (std::string const& destination : sides_of(one.dport, asa ? "destination " : ""))
                body += protocol + source + destination + '\n';
    }
    return "object-group " + define("object-group service", "", body, list, "");
}

std::string Groups::domain(std::string const& name) {
    return "object " + define("object network", "", fmt::format(" fqdn {}\n", name), name, name);
}

std::string Groups::reference(std::string_view kind, std::string_view name) const {
    bool const ports = kind == "port object-group";
    switch (platform_) {
    case Dialect::cisco_nxos: return fmt::format("{} {}", ports ? "portgroup" : "addrgroup", name);
    case Dialect::cisco_xr: return fmt::format("{} {}", ports ? "port-group" : "net-group", name);
    default: return fmt::format("{} {}", kind == "object" ? "object" : "object-group", name);
    }
}

} // namespace portcullis::cisco
