#include "portcullis/engine/translation.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace portcullis {

namespace {

auto key(std::optional<Interval> const& interval) {
    return std::tuple(interval.has_value(), interval ? interval->first : 0, interval ? interval->last : 0);
}

auto target_key(Translated const& t) {
    return std::tuple(t.done, t.family, key(t.address), key(t.port), t.keeps_host, t.to_host);
}

} // namespace

std::strong_ordering operator<=>(Translated const& a, Translated const& b) {
    auto const full = [](Translated const& t) {
        return std::tuple_cat(target_key(t), std::tuple(t.rule.source, t.rule.begin, t.rule.end));
    };
    auto const x = full(a);
    auto const y = full(b);
    return x < y ? std::strong_ordering::less : y < x ? std::strong_ordering::greater : std::strong_ordering::equal;
}

bool same_target(Translated const& a, Translated const& b) { return target_key(a) == target_key(b); }

Translated translation_by(Rewrite const& rewrite, Family family, Span rule) {
    using Kind = Rewrite::Kind;
    Translated result{true, family, rewrite.address, rewrite.port, rewrite.flags == "netmap", false, rule};
    result.to_host = rewrite.kind == Kind::redirect;
    // An address of the box itself, of which nobody here knows.
    bool const own = rewrite.kind == Kind::redirect || rewrite.kind == Kind::masquerade;
    // Nor of a target that is computed.
    bool const computed = !own && !result.address && !result.port;
    if ((own || computed) && !result.address) result.address = Interval{0, max_value(address_bits(family))};
    if (computed) result.port = Interval{0, max_value(info(Field::dport).bits)};
    return result;
}

std::string to_text(Translated const& t) {
    std::string address;
    Field const field = src_field(t.family);
    bool const unknown = t.address && t.address->first == 0 && t.address->last == max_value(address_bits(t.family));
    if (t.to_host) address = "this host";
    else if (unknown) address = "an address that is not known";
    else if (t.address) address = values_text(field, IntervalSet(t.address->first, t.address->last));
    std::string port;
    if (t.port) port = values_text(Field::dport, IntervalSet(t.port->first, t.port->last));
    if (address.empty()) return port.empty() ? "itself" : "port " + port;
    if (port.empty()) return address;
    return t.family == Family::v6 && !t.to_host ? '[' + address + "]:" + port : address + ':' + port;
}

bool translates(Chain const& chain) {
    return std::any_of(chain.rules.begin(), chain.rules.end(),
                       [](Rule const& rule) { return std::holds_alternative<Rewrite>(rule.verdict); });
}

bool translates(Ruleset const& ruleset) {
    return std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [](Chain const& c) { return translates(c); });
}

bool reads_ends(Match const& match) {
    constexpr std::array ends{Field::dport, Field::dst4,     Field::src4, Field::dst6,    Field::src6,
                              Field::sport, Field::dst_type, Field::ct_status};
    return std::any_of(ends.begin(), ends.end(), [&](Field field) { return asks_about(match, field); });
}

} // namespace portcullis
