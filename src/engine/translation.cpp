#include "portcullis/engine/translation.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "engine/source_port.hpp"

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

bool picks_source_port(Rewrite const& rewrite) {
    return !is_destination(rewrite.kind) && !rewrite.port && rewrite.flags.find("random") != std::string::npos;
}

Translated translation_by(Rewrite const& rewrite, Family family, Span rule) {
    using Kind = Rewrite::Kind;
    Translated result{true, family, rewrite.address, rewrite.port, rewrite.flags == "netmap", false, rule};
    result.to_host = rewrite.kind == Kind::redirect;
    // An address of the box itself, of which nobody here knows.
    bool const own = rewrite.kind == Kind::redirect || rewrite.kind == Kind::masquerade;
    // Nor of a target that is computed.
    bool const computed = !own && !result.address && !result.port;
    if ((own || computed) && !result.address) result.address = Interval{0, max_value(address_bits(family))};
    if (picks_source_port(rewrite)) result.port = Interval{1, max_value(info(Field::sport).bits)};
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

bool begins_connection(Packet const& packet) {
    static U128 const loopback = interface_value("lo");
    return packet[Field::ct_state] == ct_state::new_ && packet[Field::ct_direction] == 0 && packet[Field::iif] != loopback;
}

namespace {

bool has_ports(Packet const& packet) {
    return packet[Field::fragment] == 0 && port_protocols().contains(packet[Field::protocol]);
}

} // namespace

void put_original(Packet& arriving) {
    bool const v4 = arriving.family() == Family::v4;
    arriving[v4 ? Field::orig_src4 : Field::orig_src6] = arriving.source().value;
    arriving[v4 ? Field::orig_dst4 : Field::orig_dst6] = arriving.destination().value;
    arriving[Field::ct_protocol] = arriving[Field::protocol];
    if (!has_ports(arriving)) return;
    arriving[Field::orig_sport] = arriving[Field::sport];
    arriving[Field::orig_dport] = arriving[Field::dport];
}

void put_reply(Packet& now) {
    bool const v4 = now.family() == Family::v4;
    now[v4 ? Field::reply_src4 : Field::reply_src6] = now.destination().value;
    now[v4 ? Field::reply_dst4 : Field::reply_dst6] = now.source().value;
    if (!has_ports(now)) return;
    now[Field::reply_sport] = now[Field::dport];
    now[Field::reply_dport] = now[Field::sport];
}

bool reads_tuple(Match const& match) {
    return std::any_of(match.terms.begin(), match.terms.end(), [](Term const& term) { return is_of_tuple(term.field); }) ||
           std::any_of(match.alternatives.begin(), match.alternatives.end(), [](Alternatives const& relation) {
               return std::any_of(relation.fields.begin(), relation.fields.end(), is_of_tuple);
           });
}

bool reads_tuples(Ruleset const& ruleset) {
    return std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [](Chain const& chain) {
        return std::any_of(chain.rules.begin(), chain.rules.end(), [](Rule const& rule) { return reads_tuple(rule.match); });
    });
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
    return reads_tuple(match) || std::any_of(ends.begin(), ends.end(), [&](Field field) { return asks_about(match, field); });
}

} // namespace portcullis
