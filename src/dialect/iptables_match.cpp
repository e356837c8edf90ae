// Matches on what stands in a packet's headers: ports, flags, types, and the extension headers of IPv6.
#include <algorithm>

#include "dialect/iptables_rule_reader.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::iptables {
namespace {

// RFC 2474, 2597, 3246.
constexpr NamedNumber dscp_classes[] = {
    {"BE", 0},    {"CS0", 0},   {"CS1", 8},   {"CS2", 16},  {"CS3", 24},  {"CS4", 32},  {"CS5", 40},  {"CS6", 48},
    {"CS7", 56},  {"AF11", 10}, {"AF12", 12}, {"AF13", 14}, {"AF21", 18}, {"AF22", 20}, {"AF23", 22}, {"AF31", 26},
    {"AF32", 28}, {"AF33", 30}, {"AF41", 34}, {"AF42", 36}, {"AF43", 38}, {"EF", 46},
};

// iptables-extensions(8), tos: each with the mask 0x3f.
constexpr NamedNumber tos_names[] = {
    {"Minimize-Delay", 0x10}, {"Maximize-Throughput", 0x08}, {"Maximize-Reliability", 0x04},
    {"Minimize-Cost", 0x02},  {"Normal-Service", 0x00},
};

// The names that `iptables -p icmp -h` and `ip6tables -p icmpv6 -h` list. Any beginning that fits only one will do.
constexpr std::string_view icmp_names[] = {
    "echo-reply",
    "pong",
    "destination-unreachable",
    "network-unreachable",
    "host-unreachable",
    "protocol-unreachable",
    "port-unreachable",
    "fragmentation-needed",
    "source-route-failed",
    "network-unknown",
    "host-unknown",
    "network-prohibited",
    "host-prohibited",
    "tos-network-unreachable",
    "tos-host-unreachable",
    "communication-prohibited",
    "host-precedence-violation",
    "precedence-cutoff",
    "source-quench",
    "redirect",
    "network-redirect",
    "host-redirect",
    "tos-network-redirect",
    "tos-host-redirect",
    "echo-request",
    "ping",
    "router-advertisement",
    "router-solicitation",
    "time-exceeded",
    "ttl-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "ip-header-bad",
    "required-option-missing",
    "timestamp-request",
    "timestamp-reply",
    "address-mask-request",
    "address-mask-reply",
};
constexpr std::string_view icmpv6_names[] = {
    "destination-unreachable",
    "no-route",
    "communication-prohibited",
    "beyond-scope",
    "address-unreachable",
    "port-unreachable",
    "failed-policy",
    "reject-route",
    "packet-too-big",
    "time-exceeded",
    "ttl-exceeded",
    "ttl-zero-during-transit",
    "ttl-zero-during-reassembly",
    "parameter-problem",
    "bad-header",
    "unknown-header-type",
    "unknown-option",
    "echo-request",
    "ping",
    "echo-reply",
    "pong",
    "router-solicitation",
    "router-advertisement",
    "neighbour-solicitation",
    "neighbor-solicitation",
    "neighbour-advertisement",
    "neighbor-advertisement",
    "redirect",
};

// Matches that read the transport header. The kernel lets none of them hold for a later fragment, whatever they ask
// and negated or not (xt_tcpudp.c, xt_multiport.c, ip_tables.c: "must not be a fragment").
constexpr std::string_view transport_matches[] = {"tcp", "udp", "sctp",   "dccp", "icmp",   "icmp6", "multiport",
                                                  "esp", "ah",  "ipcomp", "mh",   "tcpmss", "osf"};

// The matches of ip6tables that look for an extension header, and find none in most packets.
struct HeaderMatch {
    std::string_view extension;
    unsigned header;
};
constexpr HeaderMatch header_matches[] = {
    {"hbh", extension_header::hbh}, {"dst", extension_header::dst},   {"rt", extension_header::rt},
    {"srh", extension_header::rt},  {"frag", extension_header::frag}, {"ah", extension_header::ah},
};

// What `--header` calls them (libip6t_ipv6header.c); the last three are the protocol behind all headers.
constexpr unsigned behind_esp = 32, behind_none = 64, behind_other = 128;
constexpr NamedNumber header_names[] = {
    {"hop", extension_header::hbh},
    {"hop-by-hop", extension_header::hbh},
    {"0", extension_header::hbh},
    {"hopopt", extension_header::hbh},
    {"dst", extension_header::dst},
    {"60", extension_header::dst},
    {"ipv6-opts", extension_header::dst},
    {"route", extension_header::rt},
    {"43", extension_header::rt},
    {"ipv6-route", extension_header::rt},
    {"frag", extension_header::frag},
    {"44", extension_header::frag},
    {"ipv6-frag", extension_header::frag},
    {"auth", extension_header::ah},
    {"51", extension_header::ah},
    {"ah", extension_header::ah},
    {"esp", behind_esp},
    {"50", behind_esp},
    {"none", behind_none},
    {"59", behind_none},
    {"ipv6-nonxt", behind_none},
    {"proto", behind_other},
    {"protocol", behind_other},
    {"prot", behind_other},
    {"255", behind_other},
};

IntervalSet protocols_behind(unsigned tails) {
    constexpr U128 esp = 50, none = 59;
    std::vector<Interval> all;
    if ((tails & behind_esp) != 0) all.push_back({esp, esp});
    if ((tails & behind_none) != 0) all.push_back({none, none});
    if ((tails & behind_other) != 0) all.insert(all.end(), {{0, esp - 1}, {esp + 1, none - 1}, {none + 1, 255}});
    return IntervalSet::of(std::move(all));
}

} // namespace

// ---- headers that must be there

void RuleReader::need_transport_header() {
    static auto const readers = [] {
        std::vector<bool> all;
        for (Extension const& each : all_extensions())
            all.push_back(std::ranges::find(transport_matches, each.name) != std::end(transport_matches));
        return all;
    }();
    auto const reads_it = [](Loaded const& loaded) {
        return loaded.extension != nullptr &&
               readers[static_cast<std::size_t>(loaded.extension - all_extensions().data())];
    };
    auto const at = std::ranges::find_if(loaded_, reads_it);
    if (at == loaded_.end()) return;
    // A condition on the header says it already.
    auto const is_transport = [](Field field) { return info(field).transport; };
    bool const said =
        std::ranges::any_of(rule_.match.terms,
                            [&](Term const& t) { return is_transport(t.field) || t.field == Field::fragment; }) ||
        std::ranges::any_of(rule_.match.alternatives, [&](Alternatives const& relation) {
            return !relation.negated && std::ranges::all_of(relation.fields, is_transport);
        });
    if (!said) add(Field::fragment, ValueSet::single(0), false, at->span);
}

// Whether that is all that the match asks for where it has no option; srh also wants a type of routing header.
bool RuleReader::need_extension_header(Loaded const& loaded) {
    std::string_view const name = loaded.extension->name;
    auto const row = std::ranges::find(header_matches, name, &HeaderMatch::extension);
    if (row == std::end(header_matches)) return false;
    ValueSet const there = ValueSet::masked(row->header, row->header);
    bool const said = std::ranges::any_of(rule_.match.terms, [&](Term const& term) { return term.field == Field::exthdr && term.values == there; });
    if (context_.family == Family::v6 && !said) // ah of IPv4 has asked for its protocol
        add(Field::exthdr, there, false, loaded.span);
    return name != "srh";
}

void RuleReader::extension_headers(Option const& option) {
    std::string const text = lower_case(std::get<Word>(option.value).plain());
    unsigned wanted = 0;
    for (std::size_t at = 0; at <= text.size();) {
        std::size_t const end = std::min(text.find(',', at), text.size());
        auto const header = number_of(header_names, std::string_view(text).substr(at, end - at));
        if (!header) return error(option.span, "unknown header " + quote(text.substr(at, end - at)));
        wanted |= *header;
        at = end + 1;
    }
    constexpr unsigned all_headers = 31;
    unsigned const headers = wanted & all_headers;
    unsigned const tails = wanted & ~all_headers;
    // --soft: these and perhaps others; negated: none of these (ip6t_ipv6header.c).
    if (find(option.instance, Key::of_another) != nullptr) {
        if (option.negated) {
            if (headers != 0) add(Field::exthdr, ValueSet::masked(0, headers), false, option.span);
            if (tails != 0) add(Field::protocol, protocols_behind(tails), true, option.span);
            return;
        }
        if (headers != 0) add(Field::exthdr, ValueSet::masked(headers, headers), option);
        for (unsigned const tail : {behind_esp, behind_none, behind_other})
            if ((tails & tail) != 0) add(Field::protocol, protocols_behind(tail), option);
        return;
    }
    // Exactly these. Every packet has exactly one of the three ends.
    bool const one_end = tails == behind_esp || tails == behind_none || tails == behind_other;
    ValueSet const behind = one_end ? ValueSet(protocols_behind(tails)) : ValueSet{};
    if (option.negated) {
        rule_.match.alternatives.push_back(
            {{Field::exthdr, Field::protocol}, {{ValueSet::single(headers), behind}}, true, option.span});
        return;
    }
    add(Field::exthdr, ValueSet::single(headers), option);
    add(Field::protocol, behind, option);
}

// The flag "more fragments" is no field: both options ask about one unknown.
void RuleReader::frag_more(Option const& option) {
    add_opaque("frag more-fragments 1", false, option.info->name == "fraglast", option.span);
}

// ---- ports

std::optional<std::uint16_t> RuleReader::resolve(Port const& port, Span span) {
    if (port.name.empty()) return port.number;
    auto const number = port_number(port.name, protocol_.value_or(static_cast<std::uint8_t>(Protocol::tcp)),
                                    Vocabulary::linux_names);
    if (!number) error(span, "unknown port or service " + quote(port.name));
    return number;
}

std::optional<Interval> RuleReader::resolve(PortRange const& range, Span span) {
    auto const first = resolve(range.first, span);
    if (!first) return std::nullopt;
    bool const single = range.first.name == range.last.name && range.first.number == range.last.number;
    auto const last = single ? first : resolve(range.last, span);
    if (!last) return std::nullopt;
    if (*first > *last) {
        error(span, "the first port of the range is larger than the last");
        return std::nullopt;
    }
    return Interval{*first, *last};
}

void RuleReader::port_range(Field field, Option const& option) {
    for (PortRange const& written : file_[std::get<Slice<PortRange>>(option.value)]) {
        if (auto const range = resolve(written, option.span))
            add(field, ValueSet::range(range->first, range->last), option);
    }
}

std::optional<IntervalSet> RuleReader::ports_of(Option const& option) {
    std::vector<Interval> ports;
    std::size_t slots = 0;
    for (PortRange const& range : file_[std::get<Slice<PortRange>>(option.value)]) {
        auto const interval = resolve(range, option.span);
        if (!interval) return std::nullopt;
        slots += interval->first == interval->last ? 1 : 2;
        ports.push_back(*interval);
    }
    // XT_MULTI_PORTS
    if (slots > 15) {
        error(option.span, "more than 15 ports, where a range counts as two");
        return std::nullopt;
    }
    return IntervalSet::of(std::move(ports));
}

void RuleReader::port_list(Field field, Option const& option) {
    if (auto ports = ports_of(option)) add(field, std::move(*ports), option);
}

void RuleReader::either_port(Option const& option) {
    auto const ports = ports_of(option);
    if (!ports) return;
    ValueSet const any = IntervalSet::all(16);
    rule_.match.alternatives.push_back(
        {{Field::sport, Field::dport}, {{*ports, any}, {any, *ports}}, option.negated, option.span});
}

// ---- tcp

void RuleReader::tcp_flags(TcpFlags flags, Option const& option) {
    // Flags that must be set but are not looked at never are.
    add(Field::tcp_flags, masked(flags.set, flags.mask, 8), option);
}

// Whether an option of this kind is there: in nft's words, whose reader makes the same unknown of it.
void RuleReader::tcp_option(Option const& option) {
    add_opaque("tcp option " + std::to_string(std::get<NumberRange>(option.value).first) + " exists", false,
               option.negated, option.span);
}

void RuleReader::ecn_flag(unsigned flag, Option const& option) {
    if (protocol_ != static_cast<std::uint8_t>(Protocol::tcp))
        return error(option.span, "'--" + std::string(option.info->name) + "' needs '-p tcp'");
    add(Field::tcp_flags, ValueSet::masked(flag, flag), option);
}

// ---- icmp

void RuleReader::icmp_type(Option const& option) {
    auto const& written = std::get<IcmpType>(option.value);
    Family const family = loaded_[option.instance].extension->name == "icmp6" ? Family::v6 : Family::v4;
    std::optional<IcmpName> named;
    if (!written.name.empty()) {
        std::string const beginning = lower_case(std::string(written.name));
        std::span<std::string_view const> const names =
            family == Family::v6 ? std::span<std::string_view const>(icmpv6_names) : icmp_names;
        auto const begins = [&](std::string_view name) { return name.starts_with(beginning); };
        auto const full = std::ranges::find_if(names, begins);
        if (full == names.end()) return error(option.span, "unknown ICMP type " + quote(written.name));
        auto const other = std::find_if(full + 1, names.end(), begins);
        if (other != names.end())
            return error(option.span, "ambiguous ICMP type " + quote(written.name) + ": " + std::string(*full) +
                                          " or " + std::string(*other));
        named = icmp_by_name(*full, family);
        if (!named) return error(option.span, "unknown ICMP type " + quote(written.name));
    }
    // The kernel takes type 255 of IPv4 for "any".
    bool const any = written.any || (family == Family::v4 && !named && written.type == 255);
    if (any) {
        if (option.negated) add(Field::icmp_type, ValueSet{}, false, option.span);
        return;
    }
    ValueSet const types = ValueSet::single(named ? named->type : written.type);
    bool const has_code = named ? named->code.has_value() : written.has_code;
    ValueSet const codes = ValueSet::single(named ? named->code.value_or(0) : written.code);
    if (!has_code) return add(Field::icmp_type, types, option);
    if (option.negated) {
        rule_.match.alternatives.push_back(
            {{Field::icmp_type, Field::icmp_code}, {{types, codes}}, true, option.span});
        return;
    }
    add(Field::icmp_type, types, option);
    add(Field::icmp_code, codes, option);
}

// ---- addresses and numbers

void RuleReader::address_range(Field field, Option const& option) {
    for (AddressRange const& range : file_[std::get<Slice<AddressRange>>(option.value)]) {
        if (range.first.family != context_.family) return wrong_family(option.span, range.first);
        if (range.last.family != context_.family) return wrong_family(option.span, range.last);
        if (range.first.value > range.last.value)
            return error(option.span, "the first address of the range is larger than the last");
        add(field, ValueSet::range(range.first.value, range.last.value), option);
    }
}

void RuleReader::number_range(Field field, Option const& option) {
    auto const [first, last] = std::get<NumberRange>(option.value);
    if (first > info(field).largest) return add(field, ValueSet{}, option);
    add(field, ValueSet::range(first, std::min<U128>(last, info(field).largest)), option);
}

void RuleReader::dscp_class(Option const& option) {
    std::string const name = std::get<Word>(option.value).plain();
    auto const value = number_of(dscp_classes, name);
    if (!value) return error(option.span, "unknown DSCP class " + quote(name));
    add(Field::dscp, ValueSet::single(*value), option);
}

// The byte holds six bits of the class and two of ECN, a field each.
void RuleReader::tos(Option const& option) {
    std::string const text = std::get<Word>(option.value).plain();
    auto wanted = masked_number(text, 0xff);
    if (auto const named = number_of(tos_names, text)) wanted = MaskedNumber{*named, 0x3f};
    if (!wanted) return error(option.span, "unknown type of service " + quote(text));
    auto const [value, mask] = *wanted;
    ValueSet const dscp = masked(value >> 2U, mask >> 2U, 6);
    ValueSet const ecn = masked(value & 3U, mask & 3U, 2);
    bool const asks_dscp = mask >> 2U != 0, asks_ecn = (mask & 3U) != 0;
    bool const never = (value & ~mask) != 0;
    if (never || !asks_ecn) return add(Field::dscp, never ? ValueSet{} : dscp, option);
    if (!asks_dscp) return add(Field::ecn, ecn, option);
    if (option.negated) {
        rule_.match.alternatives.push_back({{Field::dscp, Field::ecn}, {{dscp, ecn}}, true, option.span});
        return;
    }
    add(Field::dscp, dscp, option);
    add(Field::ecn, ecn, option);
}

} // namespace portcullis::iptables
