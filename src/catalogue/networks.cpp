// Special-purpose addresses by the IANA registries (RFC 6890), and the forms in which users write networks.
#include "catalogue/networks.hpp"

#include <algorithm>
#include <cassert>
#include <initializer_list>

#include "portcullis/model/field.hpp"

namespace portcullis {
namespace {

IntervalSet blocks(std::initializer_list<std::string_view> prefixes) {
    IntervalSet set;
    for (auto const text : prefixes) {
        auto const prefix = parse_prefix(text);
        assert(prefix);
        set = set.united(IntervalSet::of(*prefix));
    }
    return set;
}

} // namespace

IntervalSet private_addresses(Family family) {
    // RFC 1918, RFC 3927; RFC 4193, RFC 4291 2.5.6
    static IntervalSet const v4 = blocks({"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"});
    static IntervalSet const v6 = blocks({"fc00::/7", "fe80::/10"});
    return family == Family::v4 ? v4 : v6;
}

IntervalSet impossible_sources(Family family) {
    // RFC 1122 3.2.1.3: this network, loopback, multicast (class D), and class E with the limited broadcast.
    static IntervalSet const v4 = blocks({"0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/4", "240.0.0.0/4"});
    static IntervalSet const v6 = blocks({"::/128", "::1/128", "ff00::/8"}); // RFC 4291 2.5.2, 2.5.3, 2.7
    return family == Family::v4 ? v4 : v6;
}

IntervalSet bogon_sources(Family family) {
    // RFC 6598, RFC 6890, RFC 2544; RFC 4291 2.5.5.2, RFC 6666, RFC 4193
    static IntervalSet const v4 = blocks({"100.64.0.0/10", "192.0.0.0/24", "198.18.0.0/15"})
                                      .united(private_addresses(Family::v4)).united(impossible_sources(Family::v4));
    static IntervalSet const v6 = blocks({"::ffff:0:0/96", "100::/64", "fc00::/7"}).united(impossible_sources(Family::v6));
    return family == Family::v4 ? v4 : v6;
}

std::optional<AddressRange> parse_address_range(std::string_view text) {
    if (auto const prefix = parse_prefix(text)) {
        if (prefix->has_host_bits()) return std::nullopt;
        return AddressRange{prefix->ip.family, IntervalSet::of(*prefix)};
    }
    auto const dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    auto const first = parse_ip(text.substr(0, dash));
    auto const last = parse_ip(text.substr(dash + 1));
    if (!first || !last || first->family != last->family || first->value > last->value) return std::nullopt;
    return AddressRange{first->family, IntervalSet(first->value, last->value)};
}

std::optional<std::string> without_host_bits(std::string_view text) {
    auto const prefix = parse_prefix(text);
    if (!prefix || !prefix->has_host_bits()) return std::nullopt;
    return to_string(Prefix{{prefix->ip.family, prefix->first()}, prefix->length}) + " or " + to_string(prefix->ip);
}

// A star stands at the end only.
bool is_interface_pattern(std::string_view text) {
    return !text.empty() && text.substr(0, text.size() - 1).find('*') == std::string_view::npos &&
           std::ranges::none_of(text, [](char c) { return c == ' ' || c == '\0'; });
}

Interval interface_pattern(std::string_view pattern) {
    if (pattern.ends_with('*')) return interface_prefix(pattern.substr(0, pattern.size() - 1));
    U128 const name = interface_value(pattern);
    return {name, name};
}

bool matches_interface(std::vector<std::string> const& patterns, std::string_view name) {
    return std::ranges::any_of(patterns, [&](std::string_view pattern) {
        return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1)) : name == pattern;
    });
}

IntervalSet interface_values(std::vector<std::string> const& patterns, bool widen) {
    std::vector<Interval> values;
    for (std::string const& pattern : patterns) {
        std::size_t const longest = pattern.ends_with('*') ? 17 : 15;
        if (widen || pattern.size() <= longest) values.push_back(interface_pattern(pattern));
    }
    return IntervalSet::of(std::move(values));
}

} // namespace portcullis
