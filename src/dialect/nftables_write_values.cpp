// Each field has a row that says how nft names it; the values follow from the kind of the field. What has no
// spelling is nothing, and the caller reports it.
#include "dialect/nftables_write_values.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dialect/nftables_protocols.hpp"
#include "grammars/nftables/selectors.hpp"

namespace portcullis::nft {
namespace {

constexpr std::size_t worth_a_name = 8; // elements
constexpr std::size_t row_limit = 4096;
constexpr U128 listed_width = 16; // an interval of words up to this width is a list of them

struct LookRow {
    Field field;
    std::string_view header;
    std::string_view key;
    Type type;
    std::string_view set_type; // nft(8), "DATA TYPES"
};
constexpr LookRow look_rows[] = {
    {Field::src4, "ip", "saddr", Type::ipv4, "ipv4_addr"},
    {Field::dst4, "ip", "daddr", Type::ipv4, "ipv4_addr"},
    {Field::src6, "ip6", "saddr", Type::ipv6, "ipv6_addr"},
    {Field::dst6, "ip6", "daddr", Type::ipv6, "ipv6_addr"},
    {Field::protocol, "meta", "l4proto", Type::protocol, "inet_proto"},
    {Field::tcp_flags, "tcp", "flags", Type::tcp_flags, "tcp_flag"},
    {Field::ct_state, "ct", "state", Type::ct_state, "ct_state"},
    {Field::ct_status, "ct", "status", Type::ct_status, "ct_status"},
    {Field::ct_direction, "ct", "direction", Type::ct_direction, "ct_dir"},
    {Field::orig_src4, "ct", "original ip saddr", Type::ipv4, "ipv4_addr"},
    {Field::orig_dst4, "ct", "original ip daddr", Type::ipv4, "ipv4_addr"},
    {Field::orig_src6, "ct", "original ip6 saddr", Type::ipv6, "ipv6_addr"},
    {Field::orig_dst6, "ct", "original ip6 daddr", Type::ipv6, "ipv6_addr"},
    {Field::orig_sport, "ct", "original proto-src", Type::port, "inet_service"},
    {Field::orig_dport, "ct", "original proto-dst", Type::port, "inet_service"},
    {Field::reply_src4, "ct", "reply ip saddr", Type::ipv4, "ipv4_addr"},
    {Field::reply_dst4, "ct", "reply ip daddr", Type::ipv4, "ipv4_addr"},
    {Field::reply_src6, "ct", "reply ip6 saddr", Type::ipv6, "ipv6_addr"},
    {Field::reply_dst6, "ct", "reply ip6 daddr", Type::ipv6, "ipv6_addr"},
    {Field::reply_sport, "ct", "reply proto-src", Type::port, "inet_service"},
    {Field::reply_dport, "ct", "reply proto-dst", Type::port, "inet_service"},
    {Field::ct_protocol, "ct", "original protocol", Type::protocol, "inet_proto"},
    {Field::iif, "meta", "iifname", Type::interface, "ifname"},
    {Field::oif, "meta", "oifname", Type::interface, "ifname"},
    {Field::iif_group, "meta", "iifgroup", Type::interface_group, "devgroup"},
    {Field::oif_group, "meta", "oifgroup", Type::interface_group, "devgroup"},
    {Field::packet_type, "meta", "pkttype", Type::packet_type, "pkt_type"},
    {Field::src_type, "fib", "saddr type", Type::route_type, "fib_addrtype"},
    {Field::dst_type, "fib", "daddr type", Type::route_type, "fib_addrtype"},
    {Field::src_mac, "ether", "saddr", Type::mac, "ether_addr"},
    {Field::mark, "meta", "mark", Type::number, "mark"},
    {Field::ct_mark, "ct", "mark", Type::number, "mark"},
    {Field::skuid, "meta", "skuid", Type::number, "uid"},
    {Field::skgid, "meta", "skgid", Type::number, "gid"},
    {Field::ah_spi, "ah", "spi", Type::number, ""},
    {Field::esp_spi, "esp", "spi", Type::number, ""},
};

Look make_look(Field field, std::string_view header, std::string_view key, Type type, std::string_view set_type,
               Known const& known) {
    // nft prints these without "meta", which is how they are mostly written.
    bool const bare = header == "meta" && (key.starts_with("iif") || key.starts_with("oif"));
    Look look{{bare ? std::string(key) : fmt::format("{} {}", header, key), {}}, field, type, set_type};
    add_required(requirement_of(header, key), sees_both_families(known.table), {}, look.selector.needs);
    return look;
}

std::string_view port_header(Known const& known) {
    std::optional<U128> const only = known.protocols ? known.protocols->only() : std::nullopt;
    if (!only || known.several_protocols)
        return "th"; // nft finds the header of one protocol in conflict with a set of them
    for (std::string_view const header : {"tcp", "udp", "udplite", "sctp", "dccp"})
        if (requirement_of(header).protocols.only() == only) return header;
    return "th";
}

std::optional<Look> family_dependent(Field field, Known const& known) {
    bool const v4 = known.family == Family::v4;
    bool const v6 = known.family == Family::v6;
    switch (field) {
    case Field::icmp_type:
    case Field::icmp_code: {
        std::optional<U128> const only = known.protocols ? known.protocols->only() : std::nullopt;
        bool const six = only ? *only == number(Protocol::icmpv6) : v6;
        bool const is_type = field == Field::icmp_type;
        Type const type =
            is_type ? (six ? Type::icmpv6_type : Type::icmp_type) : (six ? Type::icmpv6_code : Type::icmp_code);
        std::string_view const set_type =
            is_type ? (six ? "icmpv6_type" : "icmp_type") : (six ? "icmpv6_code" : "icmp_code");
        return make_look(field, six ? "icmpv6" : "icmp", is_type ? "type" : "code", type, set_type, known);
    }
    case Field::ttl:
        if (v4) return make_look(field, "ip", "ttl", Type::number, "", known);
        if (v6) return make_look(field, "ip6", "hoplimit", Type::number, "", known);
        return std::nullopt;
    case Field::dscp:
        if (v4) return make_look(field, "ip", "dscp", Type::dscp, "dscp", known);
        if (v6) return make_look(field, "ip6", "dscp", Type::dscp, "dscp", known);
        return std::nullopt;
    case Field::ecn:
        if (v4) return make_look(field, "ip", "ecn", Type::ecn, "", known);
        if (v6) return make_look(field, "ip6", "ecn", Type::ecn, "", known);
        return std::nullopt;
    case Field::length: // frames of bridges and devices may be padded: there only the header tells
        if (known.table != ast::TableFamily::bridge && known.table != ast::TableFamily::netdev)
            return make_look(field, "meta", "length", Type::number, "", known);
        if (v4) return make_look(field, "ip", "length", Type::number, "", known);
        return std::nullopt;
    case Field::fragment:
        if (v4) return make_look(field, "ip", "frag-off & 0x1fff", Type::number, "", known);
        return std::nullopt;
    default: return std::nullopt;
    }
}

bool is_bitmask(Look const& look) { return look.type == Type::tcp_flags || look.type == Type::ct_status; }

std::string hexadecimal(U128 value) { return fmt::format("0x{:x}", low64(value)); }

// Bits with `separator` between, or a number where some have no name.
std::string bits_text(Look const& look, U128 bits, std::string_view separator) {
    std::string text;
    for (U128 bit = 1; bit <= bits; bit <<= 1) {
        if ((bits & bit) == 0) continue;
        std::string const word = word_of(look.type, bit);
        if (word.empty()) return hexadecimal(bits);
        text += (text.empty() ? "" : std::string(separator)) + word;
    }
    return text.empty() ? hexadecimal(bits) : text;
}

std::string value_of(Look const& look, U128 value) {
    if (is_bitmask(look)) return bits_text(look, value, " | ");
    switch (look.type) {
    case Type::icmp_type:
    case Type::icmpv6_type:
    case Type::packet_type:
    case Type::route_type:
    case Type::dscp: {
        std::string word = word_of(look.type, value);
        if (!word.empty()) return word;
        break;
    }
    case Type::ether_type: return value == family_v4 ? "ip" : "ip6";
    default: break;
    }
    if (look.field == Field::skuid || look.field == Field::skgid) return fmt::format("{}", low64(value));
    return look.type == Type::route_type || look.type == Type::packet_type ? fmt::format("{}", low64(value))
                                                                           : value_text(look.field, value);
}

// A name with "*" where it is a pattern, and "\*" where it ends in a star of its own.
std::string quoted_name(std::string name, bool pattern) {
    if (name.ends_with('*')) name.insert(name.size() - 1, 1, '\\');
    return fmt::format("\"{}{}\"", name, pattern ? "*" : "");
}

// Names and prefixes of names that cover an interval of them.
bool add_names(Interval interval, std::vector<std::string>& out) {
    constexpr std::size_t most = 64;
    for (U128 at = interval.first; out.size() < most;) {
        std::string const name = interface_name(at);
        if (interface_value(name) != at || name.empty() || name.find('"') != std::string::npos) return false;
        // The longest step is the shortest prefix that begins here and still ends within.
        U128 last = at;
        bool pattern = false;
        if (Interval const prefix = interface_prefix(name); prefix.first == at && prefix.last <= interval.last) {
            last = prefix.last;
            pattern = prefix.first != prefix.last;
        }
        out.push_back(quoted_name(name, pattern));
        if (last >= interval.last) return true;
        at = last + 1;
    }
    return false;
}

bool is_listed(Look const& look, Interval const& interval) {
    switch (look.type) {
    case Type::number:
    case Type::port:
    case Type::interface_group:
    case Type::mac:
    case Type::ipv4:
    case Type::ipv6: return false;
    default: return interval.last - interval.first < listed_width;
    }
}

std::string range_text(Look const& look, Interval const& interval) {
    // A name with a dash and more behind it would be another name.
    bool const named = look.type == Type::icmp_type || look.type == Type::icmpv6_type || look.type == Type::packet_type ||
                       look.type == Type::route_type || look.type == Type::dscp || look.type == Type::protocol;
    auto const end = [&](U128 value) {
        if (is_bitmask(look)) return hexadecimal(value);
        return named ? fmt::format("{}", static_cast<std::uint64_t>(value)) : value_of(look, value);
    };
    return interval.first == interval.last ? value_of(look, interval.first)
                                           : end(interval.first) + '-' + end(interval.last);
}

// A range that is a few prefixes reads best as prefixes; a ragged one as a range.
void add_addresses(Look const& look, Interval const& interval, std::vector<std::string>& out) {
    auto const prefixes = to_prefixes(IntervalSet(interval.first, interval.last), *info(look.field).family);
    if (prefixes.size() > 2) {
        out.push_back(range_text(look, interval));
        return;
    }
    for (Prefix const& prefix : prefixes)
        out.push_back(prefix.length == address_bits(prefix.ip.family) ? to_string(prefix.ip) : to_string(prefix));
}

bool is_range(std::string const& element) {
    return element.find_first_of("-/*") != std::string::npos && !element.starts_with('/');
}

// States are one of five: what nft writes as a list of bits.
std::optional<std::string> state_text(Look const& look, ValueSet const& values, NamedSets& sets) {
    constexpr U128 states = 5;
    std::vector<std::string> in, out;
    for (U128 state = 0; state < states; ++state)
        (values.contains(state) ? in : out).push_back(value_text(Field::ct_state, state));
    if (in.empty()) return sets.use({look}, {});
    // "established,related" is the order that everybody writes.
    std::rotate(in.begin(), in.front() == "new" && in.size() > 1 ? in.begin() + 1 : in.begin(), in.end());
    if (out.size() == 1) return "!= " + out.front();
    return fmt::format("{}", fmt::join(in, ","));
}

// "(value & mask) is one of", for masks that are the same.
std::optional<std::string> masked_text(Look const& look, ValueSet const& values) {
    std::vector<Masked> const& masks = values.masks;
    bool const single_bits = std::all_of(masks.begin(), masks.end(), [](Masked const& m) {
        return m.value == m.mask && (m.mask & (m.mask - 1)) == 0;
    });
    if (is_bitmask(look) && single_bits && masks.size() > 1) { // any of them
        U128 bits = 0;
        for (Masked const& m : masks) bits |= m.mask;
        return (values.negated ? "! " : "") + bits_text(look, bits, ",");
    }
    U128 const mask = masks.front().mask;
    if (!std::all_of(masks.begin(), masks.end(), [&](Masked const& m) { return m.mask == mask; }))
        return std::nullopt;
    if (is_bitmask(look) && masks.size() == 1 && masks.front().value == 0 && mask != 0)
        return (values.negated ? "" : "! ") + bits_text(look, mask, ",");
    auto const operand = [&](U128 value) {
        if (!is_bitmask(look)) return value_of(look, value);
        std::string text = bits_text(look, value, " | ");
        return text;
    };
    std::string mask_text = operand(mask);
    if (mask_text.find('|') != std::string::npos) mask_text = '(' + mask_text + ')';
    std::vector<std::string> elements;
    for (Masked const& m : masks) elements.push_back(operand(m.value));
    return fmt::format("& {} {} {}", mask_text,
                       values.negated ? "!=" : "==", elements.size() == 1 ? elements.front() : in_braces(elements));
}

} // namespace

Known known_of(ast::TableFamily table, std::vector<Term> const& terms) {
    Known known;
    known.table = table;
    if (table == ast::TableFamily::ip) known.family = Family::v4;
    if (table == ast::TableFamily::ip6) known.family = Family::v6;
    for (Term const& term : terms) {
        if (term.values.negated || !term.values.masks.empty()) continue;
        if (term.field == Field::family) {
            std::optional<U128> const only = term.values.intervals.only();
            if (only) known.family = *only == family_v4 ? Family::v4 : Family::v6;
        } else if (term.field == Field::protocol) {
            known.several_protocols = known.several_protocols || !term.values.intervals.only();
            known.protocols =
                known.protocols ? known.protocols->intersected(term.values.intervals) : term.values.intervals;
        }
    }
    return known;
}

bool is_port_of_connection(Field field) {
    return field == Field::orig_sport || field == Field::orig_dport || field == Field::reply_sport || field == Field::reply_dport;
}

std::optional<Look> look_at(Field field, Known const& known) {
    if (field == Field::sport || field == Field::dport)
        return make_look(field, port_header(known), field == Field::sport ? "sport" : "dport", Type::port,
                         "inet_service", known);
    if (field == Field::family) // nft(8): nfproto is for the tables of inet
        return known.table == ast::TableFamily::inet
                   ? make_look(field, "meta", "nfproto", Type::nfproto, "nf_proto", known)
                   : make_look(field, "meta", "protocol", Type::ether_type, "ether_type", known);
    if (is_port_of_connection(field)) { // nft takes it behind protocols that it has a header of
        if (!known.protocols || known.protocols->empty()) return std::nullopt;
        for (Interval const& protocols : known.protocols->intervals())
            for (U128 protocol = protocols.first; protocol <= protocols.last; ++protocol)
                if (!is_transport(protocol)) return std::nullopt;
    }
    for (LookRow const& row : look_rows)
        if (row.field == field) return make_look(field, row.header, row.key, row.type, row.set_type, known);
    return family_dependent(field, known);
}

// ---- sets

std::string in_braces(std::vector<std::string> const& elements) {
    return fmt::format("{{ {} }}", fmt::join(elements, ", "));
}

std::string NamedSets::use(std::vector<Look> const& looks, std::vector<std::string> const& elements) {
    if (!elements.empty() && elements.size() < worth_a_name) return in_braces(elements);
    Declaration declaration;
    bool const known_types =
        std::all_of(looks.begin(), looks.end(), [](Look const& l) { return !l.set_type.empty(); });
    declaration.type = known_types ? "type " : "typeof ";
    for (std::size_t i = 0; i < looks.size(); ++i) {
        if (i > 0) declaration.type += " . ";
        declaration.type += known_types ? looks[i].set_type : looks[i].selector.text;
    }
    declaration.elements = elements;
    declaration.has_ranges = std::any_of(elements.begin(), elements.end(), is_range);
    std::string const key = fmt::format("{}: {}", declaration.type, fmt::join(elements, ", "));
    auto const [at, is_new] = positions_.try_emplace(key, uses_.size());
    if (is_new) uses_.push_back({std::move(declaration)});
    Use& use = uses_[at->second];
    if (!named_ && use.last_rule != rule_) ++use.rules;
    use.last_rule = rule_;
    return use.declaration.name.empty() ? in_braces(elements) : '@' + use.declaration.name;
}

void NamedSets::name() {
    named_ = true;
    std::size_t number = 0;
    for (Use& use : uses_) {
        if (use.rules < 2 && !use.declaration.elements.empty()) continue;
        do use.declaration.name = fmt::format("set_{}", ++number);
        while (std::find(taken_.begin(), taken_.end(), use.declaration.name) != taken_.end());
    }
}

std::vector<NamedSets::Declaration> NamedSets::declarations() const {
    std::vector<Declaration> all;
    for (Use const& use : uses_)
        if (!use.declaration.name.empty()) all.push_back(use.declaration);
    return all;
}

std::optional<std::vector<std::string>> elements_of(Look const& look, IntervalSet const& values) {
    std::vector<std::string> elements;
    for (Interval const& interval : values.intervals()) {
        if (look.type == Type::interface) {
            if (!add_names(interval, elements)) return std::nullopt;
        } else if (look.type == Type::ipv4 || look.type == Type::ipv6) {
            add_addresses(look, interval, elements);
        } else if (!is_listed(look, interval)) {
            elements.push_back(range_text(look, interval));
        } else {
            for (U128 value = interval.first; value <= interval.last; ++value)
                elements.push_back(value_of(look, value));
        }
    }
    return elements;
}

// ---- comparisons

std::optional<Piece> comparison(Look const& look, ValueSet const& values, NamedSets& sets) {
    // Nothing that nft asks of the socket holds where there is none.
    if ((look.field == Field::skuid || look.field == Field::skgid) && values.contains(no_socket)) return std::nullopt;
    Piece piece = look.selector;
    auto const with = [&](std::string const& text) {
        piece.text += ' ' + text;
        return std::optional(piece);
    };
    if (look.field == Field::fragment)
        return with(values.contains(0) == values.contains(1) ? "" : values.contains(1) ? "!= 0" : "== 0");
    if (look.type == Type::ct_state) {
        std::optional<std::string> const text = state_text(look, values, sets);
        return text ? with(*text) : std::nullopt;
    }
    bool const no_family =
        look.field == Field::family && !values.contains(family_v4) && !values.contains(family_v6);
    if (no_family) return Piece{"meta protocol arp", {}};
    if (!values.masks.empty() && values.intervals.empty())
        if (std::optional<std::string> const text = masked_text(look, values)) return with(*text);
    std::optional<IntervalSet> plain = values.intervals;
    if (!values.masks.empty())
        plain = (values.negated ? values.complement() : values).as_intervals(info(look.field).bits);
    if (!plain) return std::nullopt;
    std::optional<std::vector<std::string>> const elements = elements_of(look, *plain);
    if (!elements) return std::nullopt;
    // A bit alone would be a test of the bit.
    std::string const relation = values.negated ? "!= " : is_bitmask(look) && elements->size() == 1 ? "== " : "";
    return with(relation + (elements->size() == 1 ? elements->front() : sets.use({look}, *elements)));
}

namespace {

// The values of a cell, one text each; a cell that allows all of them is written as the range of all.
std::optional<std::vector<std::string>> cell_texts(Look const& look, ValueSet const& values) {
    unsigned const bits = info(look.field).bits;
    if (look.type == Type::ct_state || look.type == Type::nfproto || look.type == Type::ether_type) {
        std::vector<std::string> texts;
        U128 const most = look.type == Type::ct_state ? 4 : 1;
        for (U128 value = 0; value <= most; ++value)
            if (values.contains(value)) texts.push_back(value_of(look, value));
        return texts;
    }
    std::optional<IntervalSet> const plain = values.as_intervals(bits, row_limit);
    if (!plain) return std::nullopt;
    return elements_of(look, *plain);
}

} // namespace

Piece concatenated(std::vector<Look> const& looks) {
    Piece piece;
    for (Look const& look : looks) {
        piece.text += (piece.text.empty() ? "" : " . ") + look.selector.text;
        for (Term const& term : missing(look.selector.needs, piece.needs)) piece.needs.push_back(term);
    }
    return piece;
}

std::optional<Piece> relation(Alternatives const& alternatives, Known const& known, NamedSets& sets) {
    std::vector<Look> looks;
    for (Field const field : alternatives.fields) {
        std::optional<Look> look = look_at(field, known);
        bool const of_socket = field == Field::skuid || field == Field::skgid;
        if (!look || field == Field::fragment || (of_socket && alternatives.negated)) return std::nullopt;
        looks.push_back(std::move(*look));
    }
    std::vector<std::string> elements;
    for (std::vector<ValueSet> const& row : alternatives.rows) {
        std::vector<std::string> texts{""};
        for (std::size_t i = 0; i < row.size(); ++i) {
            std::optional<std::vector<std::string>> const cell = cell_texts(looks[i], row[i]);
            if (!cell || texts.size() * cell->size() > row_limit) return std::nullopt;
            std::vector<std::string> longer;
            for (std::string const& begin : texts)
                for (std::string const& value : *cell) longer.push_back(begin + (i > 0 ? " . " : "") + value);
            texts = std::move(longer);
        }
        elements.insert(elements.end(), texts.begin(), texts.end());
    }
    Piece piece = concatenated(looks);
    piece.text += (alternatives.negated ? " != " : " ") + sets.use(looks, elements);
    return piece;
}

std::vector<Term> missing(std::vector<Term> const& needs, std::vector<Term> terms) {
    std::vector<Term> added;
    for (Term const& need : needs) {
        bool const implied = std::any_of(terms.begin(), terms.end(), [&](Term const& term) {
            return term.field == need.field && !term.values.negated && term.values.masks.empty() &&
                   need.values.intervals.contains(term.values.intervals);
        });
        if (implied) continue;
        terms.push_back(need);
        added.push_back(need);
    }
    return added;
}

} // namespace portcullis::nft
