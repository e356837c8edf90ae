// A table of fields with plain values, and a function for each field that has words of its own.
#include "dialect/iptables_write_words.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <utility>

#include "portcullis/catalogue/names.hpp"

namespace portcullis::iptables {
namespace {

constexpr std::size_t longest_argument = 1000; // iptables-restore has 1024 bytes for one
constexpr std::size_t most_ports = 15;         // XT_MULTI_PORTS
constexpr std::size_t most_pieces = 4096;

[[noreturn]] void cannot(Term const& term, std::string why = "iptables has no such comparison") {
    throw Unsayable{to_text(Match{{term}, {}, {}}), std::move(why)};
}

// ---- fields whose values are written one by one, or as a mask

struct Plain {
    Field field;
    std::string_view module;
    std::string_view option;
    std::string_view format; // of a value
};

constexpr Plain plain_fields[] = {
    {Field::mark, "mark", "--mark", "0x{:x}"},
    {Field::ct_mark, "connmark", "--mark", "0x{:x}"},
    {Field::iif_group, "devgroup", "--src-group", "0x{:x}"},
    {Field::oif_group, "devgroup", "--dst-group", "0x{:x}"},
    {Field::dscp, "dscp", "--dscp", "0x{:02x}"},
};

Plain const* plain(Field field) {
    auto const found = std::ranges::find(plain_fields, field, &Plain::field);
    return found == std::end(plain_fields) ? nullptr : found;
}

std::string value_text(Plain const& field, U128 value) {
    return fmt::format(fmt::runtime(field.format), low64(value));
}

// ---- fields that are asked for by a range of numbers

struct Ranged {
    Field field;
    std::string_view module;
    std::string_view option;
    char separator;
};

constexpr Ranged ranged_fields[] = {
    {Field::length, "length", "--length", ':'},  {Field::frag_id, "frag", "--fragid", ':'},
    {Field::rt_type, "rt", "--rt-type", ':'},    {Field::rt_segments, "rt", "--rt-segsleft", ':'},
    {Field::ah_spi, "ah", "--ahspi", ':'},       {Field::esp_spi, "esp", "--espspi", ':'},
    {Field::ecn, "ecn", "--ecn-ip-ect", ':'},    {Field::skuid, "owner", "--uid-owner", '-'},
    {Field::skgid, "owner", "--gid-owner", '-'},
};

Ranged const* ranged(Field field) {
    auto const found = std::ranges::find(ranged_fields, field, &Ranged::field);
    return found == std::end(ranged_fields) ? nullptr : found;
}

bool one_at_a_time(Field field) { return field == Field::rt_type || field == Field::ecn; } // iptables has no range

// ---- fields whose values are listed by their names

struct Listed {
    Field field;
    std::string_view module;
    std::string_view option;
    std::array<std::string_view, 9> names; // by value
    std::array<U128, 9> order;             // of iptables-save
};

constexpr std::array<std::string_view, 9> address_types{
    "UNSPEC", "UNICAST", "LOCAL", "BROADCAST", "ANYCAST", "MULTICAST", "BLACKHOLE", "UNREACHABLE", "PROHIBIT"};
constexpr Listed listed_fields[] = {
    {Field::ct_state,
     "conntrack",
     "--ctstate",
     {"NEW", "ESTABLISHED", "RELATED", "INVALID", "UNTRACKED"},
     {3, 0, 2, 1, 4, 5, 6, 7, 8}},
    {Field::src_type, "addrtype", "--src-type", address_types, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
    {Field::dst_type, "addrtype", "--dst-type", address_types, {0, 1, 2, 3, 4, 5, 6, 7, 8}},
};

Listed const* listed(Field field) {
    auto const found = std::ranges::find(listed_fields, field, &Listed::field);
    return found == std::end(listed_fields) ? nullptr : found;
}

// The names of the values; nothing where one of them has none, or there are none.
std::optional<std::string> names_of(Listed const& field, IntervalSet const& values) {
    std::string text;
    U128 named = 0;
    for (U128 const value : field.order) {
        std::string_view const name = field.names[static_cast<std::size_t>(value)];
        if (name.empty() || !values.contains(value)) continue;
        text += fmt::format("{}{}", text.empty() ? "" : ",", name);
        ++named;
    }
    if (named == 0 || named != values.count()) return std::nullopt;
    return text;
}

// xt_addrtype.c looks these types of IPv6 up; the kinds of addresses hold for themselves, and others for everything.
std::optional<std::string> types_of_v6(IntervalSet const& values) {
    Listed const& field = *listed(Field::dst_type);
    static IntervalSet const by_route = IntervalSet::of({{2, 2}, {4, 4}, {7, 7}}), unicast = IntervalSet::of({{1, 2}, {4, 4}, {6, 8}});
    if (values == unicast) return "UNICAST";
    bool const is_kind = values == IntervalSet::single(0) || values == IntervalSet::single(5); // UNSPEC, MULTICAST
    return is_kind || by_route.contains(values) ? names_of(field, values) : std::nullopt;
}

// ---- what conntrack keeps of a connection

struct OfConnection {
    Field field;
    std::string_view option;
};
constexpr OfConnection connection_fields[] = {
    {Field::orig_src4, "--ctorigsrc"},       {Field::orig_src6, "--ctorigsrc"},       {Field::orig_dst4, "--ctorigdst"},
    {Field::orig_dst6, "--ctorigdst"},       {Field::orig_sport, "--ctorigsrcport"},  {Field::orig_dport, "--ctorigdstport"},
    {Field::reply_src4, "--ctreplsrc"},      {Field::reply_src6, "--ctreplsrc"},      {Field::reply_dst4, "--ctrepldst"},
    {Field::reply_dst6, "--ctrepldst"},      {Field::reply_sport, "--ctreplsrcport"}, {Field::reply_dport, "--ctrepldstport"},
    {Field::ct_protocol, "--ctproto"},
};

// ---- addresses

std::string address_text(Prefix const& prefix) { // iptables-save prints the length of a whole address too
    return fmt::format("{}/{}", to_string(prefix.ip), prefix.length);
}

std::string address_text(Masked const& masked, Family family) {
    return fmt::format("{}/{}", to_string(Ip{family, masked.value}), to_string(Ip{family, masked.mask}));
}

std::string list_text(ValueSet const& values, Family family) {
    std::string text;
    auto const add = [&](std::string const& item) { text += (text.empty() ? "" : ",") + item; };
    for (Prefix const& prefix : to_prefixes(values.intervals, family)) add(address_text(prefix));
    for (Masked const& masked : values.masks) add(address_text(masked, family));
    return text;
}

bool is_one_prefix(ValueSet const& values, Family family) {
    return values.masks.empty() && to_prefixes(values.intervals, family).size() == 1;
}

// A list of prefixes in one option, where it is not too long; ragged ranges apart.
std::vector<ValueSet> address_pieces(Field field, ValueSet const& values) {
    Family const family = *info(field).family;
    std::size_t const items = values.intervals.intervals().size() + values.masks.size();
    if (items == 1 || list_text(values, family).size() <= longest_argument) return {values};
    constexpr std::size_t ragged = 4;
    std::vector<ValueSet> pieces;
    ValueSet list;
    auto const add = [&](ValueSet longer) {
        if (list_text(longer, family).size() <= longest_argument) {
            list = std::move(longer);
            return true;
        }
        pieces.push_back(std::exchange(list, {}));
        return false;
    };
    for (Interval const& interval : values.intervals.intervals()) {
        IntervalSet const one(interval.first, interval.last);
        if (to_prefixes(one, family).size() > ragged) {
            pieces.emplace_back(one);
            continue;
        }
        ValueSet longer = list;
        longer.intervals = longer.intervals.united(one);
        if (!add(std::move(longer))) list.intervals = one;
    }
    for (Masked const& masked : values.masks) {
        ValueSet longer = list;
        longer.masks.push_back(masked);
        if (!add(std::move(longer))) list.masks = {masked};
    }
    pieces.push_back(std::move(list));
    return pieces;
}

// One by one, as the options of conntrack take them.
std::vector<ValueSet> prefix_pieces(Field field, ValueSet const& values) {
    std::vector<ValueSet> pieces;
    for (Prefix const& prefix : to_prefixes(values.intervals, *info(field).family))
        pieces.push_back(ValueSet::range(prefix.first(), prefix.last()));
    for (Masked const& masked : values.masks) pieces.push_back(ValueSet::masked(masked.value, masked.mask));
    return pieces;
}

// ---- other ways to take a set apart

// As many ports as one multiport holds, a range counting two.
std::vector<ValueSet> port_pieces(IntervalSet const& ports) {
    std::vector<ValueSet> pieces;
    std::vector<Interval> chunk;
    std::size_t slots = 0;
    for (Interval const& interval : ports.intervals()) {
        std::size_t const needed = interval.first == interval.last ? 1 : 2;
        if (slots + needed > most_ports) {
            pieces.emplace_back(IntervalSet::of(std::exchange(chunk, {})));
            slots = 0;
        }
        chunk.push_back(interval);
        slots += needed;
    }
    pieces.emplace_back(IntervalSet::of(std::move(chunk)));
    return pieces;
}

std::vector<ValueSet> single_values(Field field, IntervalSet const& values) {
    if (values.count() > most_pieces)
        cannot({field, values, {}}, "iptables would need a rule for each of the values");
    std::vector<ValueSet> pieces;
    for (Interval const& interval : values.intervals())
        for (U128 value = interval.first; value <= interval.last; ++value)
            pieces.push_back(ValueSet::single(value));
    return pieces;
}

std::vector<ValueSet> intervals_apart(IntervalSet const& values) {
    std::vector<ValueSet> pieces;
    for (Interval const& interval : values.intervals())
        pieces.push_back(ValueSet::range(interval.first, interval.last));
    return pieces;
}

// Names, and prefixes of names, that cover the interval.
std::vector<ValueSet> name_pieces(Field field, IntervalSet const& values) {
    constexpr std::size_t most = 64;
    std::vector<ValueSet> pieces;
    for (Interval const& interval : values.intervals()) {
        for (U128 at = interval.first;;) {
            std::string const name = interface_name(at);
            if (interface_value(name) != at || name.empty() || pieces.size() == most)
                cannot({field, IntervalSet(interval.first, interval.last), {}});
            Interval const prefix = interface_prefix(name);
            bool const wide = prefix.first == at && prefix.last <= interval.last;
            U128 const last = wide ? prefix.last : at;
            pieces.push_back(ValueSet::range(at, last));
            if (last >= interval.last) break;
            at = last + 1;
        }
    }
    return pieces;
}

// Blocks that share their high bits are one value under a mask.
std::vector<ValueSet> masked_pieces(Field field, ValueSet const& values) {
    std::vector<ValueSet> pieces;
    bool const whole_values = values.intervals.count() == values.intervals.intervals().size();
    if (!whole_values && info(field).bits != address_bits(Family::v4))
        pieces = single_values(field, values.intervals);
    else
        for (Prefix const& block : to_prefixes(values.intervals, Family::v4)) {
            U128 const mask = ~(block.last() - block.first()) & max_value(32);
            pieces.push_back(block.first() == block.last() ? ValueSet::single(block.first())
                                                           : ValueSet::masked(block.first(), mask));
        }
    for (Masked const& masked : values.masks) pieces.push_back(ValueSet::masked(masked.value, masked.mask));
    return pieces;
}

bool single_bits(std::vector<Masked> const& masks) {
    return std::ranges::all_of(masks,
                               [](Masked const& m) { return m.value == m.mask && (m.mask & (m.mask - 1)) == 0; });
}

std::vector<ValueSet> flag_pieces(ValueSet const& values) {
    if (single_bits(values.masks)) return {values}; // any of them, in one option
    std::vector<ValueSet> pieces;
    for (Masked const& masked : values.masks) pieces.push_back(ValueSet::masked(masked.value, masked.mask));
    if (!values.intervals.empty()) pieces.emplace_back(values.intervals);
    return pieces;
}

// ---- one option each

std::string flags_text(Term const& term, U128 bits) {
    constexpr std::array<std::string_view, 6> names{"FIN", "SYN", "RST", "PSH", "ACK", "URG"};
    if (bits == 0) return "NONE";
    if (bits > max_value(names.size())) cannot(term, "iptables does not look at ECE and CWR");
    std::string text;
    for (std::size_t bit = 0; bit < names.size(); ++bit)
        if ((bits >> bit & 1U) != 0) text += fmt::format("{}{}", text.empty() ? "" : ",", names[bit]);
    return text;
}

std::vector<Said> flag_words(Term const& term) {
    auto const said = [&](U128 mask, U128 set, bool negated) {
        return std::vector{
            Said{"tcp", "--tcp-flags", flags_text(term, mask) + ' ' + flags_text(term, set), negated}};
    };
    ValueSet const& values = term.values;
    // Never. iptables-nft forgets "NONE SYN", which would say so too.
    if (values.intervals.empty() && values.masks.empty())
        return values.negated ? std::vector<Said>{} : said(tcp_flag::syn, tcp_flag::fin, false);
    if (!values.intervals.empty()) cannot(term, "iptables does not look at ECE and CWR");
    if (values.masks.size() == 1) return said(values.masks[0].mask, values.masks[0].value, values.negated);
    U128 bits = 0; // any of these bits: not none of them
    for (Masked const& masked : values.masks) bits |= masked.mask;
    return said(bits, 0, !values.negated);
}

std::string_view protocol_module(U128 protocol) {
    struct Row {
        Protocol protocol;
        std::string_view module;
    };
    constexpr Row rows[] = {
        {Protocol::tcp, "tcp"}, {Protocol::udp, "udp"}, {Protocol::sctp, "sctp"}, {Protocol::dccp, "dccp"}};
    auto const found = std::ranges::find_if(rows, [&](Row const& row) { return number(row.protocol) == protocol; });
    return found == std::end(rows) ? std::string_view{} : found->module;
}

std::string span_text(Interval const& interval, char separator = ':') {
    if (interval.first == interval.last) return fmt::format("{}", low64(interval.first));
    return fmt::format("{}{}{}", low64(interval.first), separator, low64(interval.last));
}

std::string ports_text(IntervalSet const& ports) {
    std::string text;
    for (Interval const& interval : ports.intervals()) text += (text.empty() ? "" : ",") + span_text(interval);
    return text;
}

std::vector<Said> port_words(Term const& term, std::optional<U128> protocol) {
    if (!protocol || !port_protocols().contains(*protocol))
        cannot(term, "iptables asks for ports together with one protocol that has them");
    if (!term.values.masks.empty()) cannot(term);
    // Not one of none is any, of a packet that has ports.
    if (term.values.negated && term.values.intervals.empty())
        return port_words({term.field, ValueSet(IntervalSet::all(info(term.field).bits)), term.span}, protocol);
    std::string_view const module = protocol_module(*protocol);
    IntervalSet const& ports = term.values.intervals;
    if (ports.intervals().size() != 1 || module.empty()) return {multiport_words(term)};
    std::string const option = term.field == Field::sport ? "--sport" : "--dport";
    return {{std::string(module), option, span_text(ports.intervals().front()), term.values.negated}};
}

std::vector<Said> address_words(Term const& term, Family family) {
    ValueSet const& values = term.values;
    bool const source = term.field == src_field(family);
    bool const range =
        values.masks.empty() && values.intervals.intervals().size() == 1 && !is_one_prefix(values, family);
    if (range) return {*range_words(term, family)};
    return {{"", source ? "-s" : "-d", list_text(values, family), values.negated}};
}

std::vector<Said> connection_words(Term const& term) {
    auto const row = std::ranges::find(connection_fields, term.field, &OfConnection::field);
    ValueSet const& values = term.values;
    std::string text;
    if (auto const family = info(term.field).family) {
        auto const prefixes = to_prefixes(values.intervals, *family);
        if (prefixes.size() + values.masks.size() != 1) cannot(term);
        if (prefixes.empty()) text = address_text(values.masks.front(), *family);
        else text = prefixes.front().length == address_bits(*family) ? to_string(prefixes.front().ip) : to_string(prefixes.front());
    } else {
        auto const& intervals = values.intervals.intervals();
        bool const range = intervals.size() == 1 && intervals[0].first != intervals[0].last;
        if (intervals.size() != 1 || !values.masks.empty() || (range && term.field == Field::ct_protocol)) cannot(term);
        text = span_text(intervals.front());
    }
    return {{"conntrack", std::string(row->option), std::move(text), values.negated, true}};
}

std::vector<Said> interface_words(Term const& term) {
    auto const& intervals = term.values.intervals.intervals();
    if (intervals.size() != 1) cannot(term);
    std::string name = interface_name(intervals[0].first);
    bool const one = intervals[0].first == intervals[0].last;
    bool const odd = name.empty() || name.back() == '+' || name.size() + (one ? 0 : 1) > 15;
    if (odd) cannot(term, "iptables takes no such name of an interface");
    return {{"", term.field == Field::iif ? "-i" : "-o", argument(one ? name : name + '+'), term.values.negated}};
}

std::vector<Said> protocol_words(Term const& term) {
    std::optional<U128> const value = term.values.intervals.only();
    if (!value || *value == 0 || *value > 0xff) cannot(term, "iptables takes the number 0 for every protocol");
    bool const icmpv6 = *value == number(Protocol::icmpv6); // iptables-save has a name of its own for it
    std::string name = icmpv6 ? "ipv6-icmp" : protocol_name(static_cast<std::uint8_t>(*value));
    // Cisco has more names than /etc/protocols.
    if (protocol_number(name, Vocabulary::linux_names) != static_cast<std::uint8_t>(*value)) name = fmt::format("{}", low64(*value));
    return {{"", "-p", std::move(name), term.values.negated}};
}

// 0 to n, n to 255, one value, or both bounds of a range.
std::vector<Said> ttl_words(Term const& term, Family family) {
    std::string const module = family == Family::v4 ? "ttl" : "hl";
    auto const said = [&](std::string_view relation, U128 value, bool negated = false) {
        return Said{module, fmt::format("--{}-{}", module, relation), fmt::format("{}", low64(value)), negated,
                    true}; // a match has one of them
    };
    constexpr U128 most = 255;
    if (term.values.intervals.empty() && !term.values.negated) return {said("lt", 0)};
    if (auto const only = term.values.intervals.only(); only && (term.values.negated || *only > 0))
        return {said("eq", *only, term.values.negated)};
    IntervalSet const values = term.values.negated ? term.values.intervals.complement(8) : term.values.intervals;
    if (values.intervals().size() != 1) cannot(term);
    Interval const bounds = values.intervals().front();
    std::vector<Said> words;
    if (bounds.first > 0) words.push_back(said("gt", bounds.first - 1));
    if (bounds.last < most) words.push_back(said("lt", bounds.last + 1));
    return words;
}

std::vector<Said> status_words(Term const& term) {
    constexpr std::array<std::string_view, 4> names{"EXPECTED", "SEEN_REPLY", "ASSURED", "CONFIRMED"};
    constexpr U128 snat = 1U << 4U, dnat = 1U << 5U;
    ValueSet const& values = term.values;
    U128 bits = 0;
    for (Masked const& masked : values.masks) bits |= masked.mask;
    if (!values.intervals.empty() || !single_bits(values.masks)) cannot(term);
    // Each with a match of its own: beside --ctstate INVALID, they hold for packets that have no connection.
    if (bits == 0) return {{"conntrack", "--ctstatus", "NONE", values.negated, true}};
    std::string text;
    auto const add = [&](std::string_view name) { text += fmt::format("{}{}", text.empty() ? "" : ",", name); };
    if ((bits & ~(snat | dnat)) == 0) {
        if ((bits & snat) != 0) add("SNAT");
        if ((bits & dnat) != 0) add("DNAT");
        return {{"conntrack", "--ctstate", text, values.negated, true}};
    }
    if (bits > max_value(names.size())) cannot(term);
    for (std::size_t bit = 0; bit < names.size(); ++bit)
        if ((bits >> bit & 1U) != 0) add(names[bit]);
    return {{"conntrack", "--ctstatus", text, values.negated, true}};
}

std::vector<Said> direction_words(Term const& term) {
    bool const original = term.values.contains(0);
    if (original == term.values.contains(1)) cannot(term);
    return {{"conntrack", "--ctdir", original ? "ORIGINAL" : "REPLY", false, true}};
}

std::vector<Said> fragment_words(Term const& term, Family family) {
    bool const later = term.values.contains(1);
    if (family == Family::v6 || later == term.values.contains(0)) cannot(term);
    return {{"", "-f", "", !later}};
}

std::vector<Said> packet_type_words(Term const& term) {
    constexpr std::array<std::string_view, 3> names{"unicast", "broadcast", "multicast"};
    std::optional<U128> const value = term.values.intervals.only();
    if (!value || *value >= names.size()) cannot(term);
    return {{"pkttype", "--pkt-type", std::string(names[static_cast<std::size_t>(*value)]), term.values.negated}};
}

std::vector<Said> mac_words(Term const& term) {
    std::optional<U128> const value = term.values.intervals.only();
    if (!value) cannot(term);
    std::string text;
    for (unsigned byte = 6; byte-- > 0;)
        text += fmt::format("{:02x}{}", low64(*value >> (8 * byte) & 0xffU), byte > 0 ? ":" : "");
    return {{"mac", "--mac-source", text, term.values.negated}};
}

std::vector<Said> ranged_words(Ranged const& field, Term const& term) {
    std::string const module(field.module), option(field.option);
    auto const& intervals = term.values.intervals.intervals();
    bool const socket = term.field == Field::skuid && term.values.intervals.only() == no_socket;
    if (socket) return {{module, "--socket-exists", "", !term.values.negated}};
    if (term.field == Field::ecn && intervals.empty() &&
        term.values.masks.size() == 1) { // of the byte that holds it
        auto const [value, mask] = term.values.masks.front();
        return {{"tos", "--tos", fmt::format("0x{:02x}/0x{:02x}", low64(value), low64(mask)), term.values.negated}};
    }
    if (intervals.size() != 1 || !term.values.masks.empty()) cannot(term);
    if (one_at_a_time(term.field) && !term.values.intervals.only()) cannot(term);
    bool const open = term.field == Field::skuid || term.field == Field::skgid;
    if (open && intervals[0].last == no_socket) cannot(term, "iptables asks for the owner only where there is one");
    return {{module, option, span_text(intervals[0], field.separator), term.values.negated}};
}

// Whether an extension header is there is what its match asks without options.
std::vector<Said> header_words(Term const& term) {
    struct Row {
        unsigned header;
        std::string_view module;
    };
    constexpr Row rows[] = {{extension_header::hbh, "hbh"},
                            {extension_header::dst, "dst"},
                            {extension_header::rt, "rt"},
                            {extension_header::frag, "frag"}};
    ValueSet const& values = term.values;
    bool const one = values.intervals.empty() && values.masks.size() == 1 && !values.negated &&
                     values.masks[0].value == values.masks[0].mask;
    for (Row const& row : rows)
        if (one && values.masks[0].mask == row.header) return {{std::string(row.module), "", ""}};
    cannot(term);
}

// A port of a bridge: any, none, a name or the beginning of one.
std::vector<Said> bridge_port_words(Term const& term) {
    bool const in = term.field == Field::phys_iif;
    ValueSet const& values = term.values;
    auto const& intervals = values.intervals.intervals();
    if (intervals.size() != 1) cannot(term);
    if (values.intervals.only() == U128{0})
        return {{"physdev", in ? "--physdev-is-in" : "--physdev-is-out", "", !values.negated}};
    std::string const option = in ? "--physdev-in" : "--physdev-out";
    bool const every = intervals[0].first == 1 && intervals[0].last == max_value(128);
    if (!in && values.negated) cannot(term, "in iptables it also fails for what is not bridged");
    if (every) return {{"physdev", option, "+", values.negated}};
    std::string const name = interface_name(intervals[0].first);
    bool const single = intervals[0].first == intervals[0].last;
    bool const odd = name.empty() || name.back() == '+' || name.size() + (single ? 0 : 1) > 15;
    if (odd) cannot(term, "iptables takes no such name of an interface");
    return {{"physdev", option, argument(single ? name : name + '+'), values.negated}};
}

std::vector<Said> icmp_type_words(Term const& term, Family family) {
    std::optional<U128> const type = term.values.intervals.only();
    if (type) return {icmp_words(*type, std::nullopt, term.values.negated, family)};
    if (!term.values.intervals.empty() || term.values.negated) cannot(term);
    Said any = icmp_words(0, std::nullopt, true, family); // never
    any.value = "any";
    return {any};
}

std::vector<Said> plain_words(Plain const& field, Term const& term) {
    ValueSet const& values = term.values;
    std::string const module(field.module), option(field.option);
    if (std::optional<U128> const value = values.intervals.only(); value && values.masks.empty())
        return {{module, option, value_text(field, *value), values.negated}};
    bool const is_mark = term.field == Field::mark || term.field == Field::ct_mark;
    if (values.intervals.empty() && values.masks.empty() && is_mark)
        return {{module, option, "0x1/0x0", values.negated}}; // never
    if (!values.intervals.empty() || values.masks.size() != 1) cannot(term);
    auto const [value, mask] = values.masks.front();
    if (term.field == Field::dscp) // of the byte that holds it
        return {{"tos", "--tos", fmt::format("0x{:02x}/0x{:02x}", low64(value << 2U), low64(mask << 2U)),
                 values.negated}};
    if (!is_mark) cannot(term);
    return {{module, option, value_text(field, value) + '/' + value_text(field, mask), values.negated}};
}

} // namespace

std::string Said::text() const {
    std::string text = negated ? "! " + option : option;
    if (!value.empty()) text += (text.empty() ? "" : " ") + value;
    return text;
}

// ---- quotes

std::string argument(std::string_view text) {
    constexpr std::string_view harmless = "_-0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    constexpr std::string_view no_line_holds{"\n\0", 2};
    if (text.find_first_of(no_line_holds) != std::string_view::npos)
        throw Unsayable{std::string(text), "a line of a restore file cannot hold it"};
    // Names of interfaces may hold a few more, as iptables-save prints them.
    if (!text.empty() && text.find_first_not_of(std::string(harmless) + "+.:@/") == std::string_view::npos &&
        text.find_first_of(harmless) != std::string_view::npos)
        return std::string(text);
    std::string quoted = "\"";
    for (char const c : text) {
        if (c == '"' || c == '\\' || c == '\'') quoted += '\\';
        quoted += c;
    }
    return quoted + '"';
}

// ---- sets

bool repeatable(Field field) {
    switch (field) {
    case Field::iif:
    case Field::oif:
    case Field::protocol:
    case Field::tcp_flags:
    case Field::fragment: return false;
    default: return true;
    }
}

namespace {

// Options that take no masks: what a mask says there is said by values and ranges.
ValueSet without_masks(Field field, ValueSet const& values) {
    std::optional<IntervalSet> const intervals = values.as_intervals(info(field).bits);
    if (!intervals) cannot({field, values, {}});
    return *intervals;
}

bool takes_no_mask(Field field) {
    switch (field) {
    case Field::sport:
    case Field::dport:
    case Field::iif:
    case Field::oif:
    case Field::protocol:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::packet_type:
    case Field::src_mac:
    case Field::phys_iif:
    case Field::phys_oif:
    case Field::ttl: return true;
    default: return ranged(field) != nullptr;
    }
}

} // namespace

std::vector<ValueSet> pieces_of(Field field, ValueSet const& values) {
    if (!values.masks.empty() && takes_no_mask(field)) return pieces_of(field, without_masks(field, values));
    bool const nothing = values.intervals.empty() && values.masks.empty();
    if (nothing || listed(field) != nullptr) return {values};
    if (field == Field::ecn && !values.masks.empty()) return {values};
    if (ranged(field) != nullptr)
        return one_at_a_time(field) ? single_values(field, values.intervals) : intervals_apart(values.intervals);
    if (plain(field) != nullptr) return masked_pieces(field, values);
    if (is_of_tuple(field) && info(field).family) return prefix_pieces(field, values);
    switch (field) {
    case Field::src4:
    case Field::dst4:
    case Field::src6:
    case Field::dst6: return address_pieces(field, values);
    case Field::sport:
    case Field::dport: return port_pieces(values.intervals);
    case Field::iif:
    case Field::oif: return name_pieces(field, values.intervals);
    case Field::orig_sport:
    case Field::orig_dport:
    case Field::reply_sport:
    case Field::reply_dport: return intervals_apart(values.intervals);
    case Field::protocol:
    case Field::ct_protocol:
    case Field::icmp_type:
    case Field::icmp_code:
    case Field::packet_type:
    case Field::src_mac: return single_values(field, values.intervals);
    case Field::phys_iif:
    case Field::phys_oif:
    case Field::ttl: return intervals_apart(values.intervals);
    case Field::tcp_flags: return flag_pieces(values);
    default: return {values};
    }
}

bool pieces_are_disjoint(Field field, ValueSet const& values) {
    if (values.masks.empty() || listed(field) != nullptr) return true;
    if (field == Field::tcp_flags && single_bits(values.masks)) return true;
    U128 const mask = values.masks.front().mask;
    return values.intervals.empty() &&
           std::ranges::all_of(values.masks, [&](Masked const& m) { return m.mask == mask; });
}

// ---- words

bool is_tracked(Term const& term) {
    return term.field == Field::ct_state && term.values == ValueSet::range(ct_state::new_, ct_state::related);
}

std::vector<Said> words_of(Term const& term, Family family, std::optional<U128> protocol) {
    if (Listed const* const field = listed(term.field)) {
        std::optional<IntervalSet> const values =
            ValueSet(term.values.negated ? term.values.complement() : term.values)
                .as_intervals(info(term.field).bits);
        bool const of_v6 = family == Family::v6 && (term.field == Field::src_type || term.field == Field::dst_type);
        std::optional<std::string> const names = !values ? std::nullopt : of_v6 ? types_of_v6(*values) : names_of(*field, *values);
        if (!names) cannot(term);
        return {{std::string(field->module), std::string(field->option), *names, term.values.negated}};
    }
    if (Plain const* const field = plain(term.field)) return plain_words(*field, term);
    bool const never = !term.values.negated && term.values.intervals.empty() && term.values.masks.empty();
    switch (term.field) {
    case Field::ttl: return ttl_words(term, family);
    case Field::tcp_flags: return flag_words(term);
    case Field::icmp_type: return icmp_type_words(term, family);
    case Field::ct_status: return status_words(term);
    default: break;
    }
    if (Ranged const* const field = ranged(term.field); field != nullptr && !never)
        return ranged_words(*field, term);
    // iptables-nft forgets "! -s 0.0.0.0/0"; a mark of bits that are not looked at is as never, in both variants.
    if (never) return {{"mark", "--mark", "0x1/0x0"}};
    if (is_of_tuple(term.field)) return connection_words(term);
    switch (term.field) {
    case Field::src4:
    case Field::dst4:
    case Field::src6:
    case Field::dst6: return address_words(term, family);
    case Field::sport:
    case Field::dport: return port_words(term, protocol);
    case Field::iif:
    case Field::oif: return interface_words(term);
    case Field::protocol: return protocol_words(term);
    case Field::ct_direction: return direction_words(term);
    case Field::fragment: return fragment_words(term, family);
    case Field::packet_type: return packet_type_words(term);
    case Field::src_mac: return mac_words(term);
    case Field::exthdr: return header_words(term);
    case Field::phys_iif:
    case Field::phys_oif: return bridge_port_words(term);
    default: cannot(term);
    }
}

Said icmp_words(U128 type, std::optional<U128> code, bool negated, Family family) {
    if (family == Family::v4 && type == 255) throw Unsayable{"icmp type 255", "iptables takes it for any type"};
    std::string value = fmt::format("{}", low64(type));
    if (code) value += fmt::format("/{}", low64(*code));
    bool const v4 = family == Family::v4;
    return {v4 ? "icmp" : "icmp6", v4 ? "--icmp-type" : "--icmpv6-type", std::move(value), negated};
}

std::optional<Said> range_words(Term const& term, Family family) {
    auto const& intervals = term.values.intervals.intervals();
    if (intervals.size() != 1 || !term.values.masks.empty()) return std::nullopt;
    std::string const text =
        to_string(Ip{family, intervals[0].first}) + '-' + to_string(Ip{family, intervals[0].last});
    bool const source = term.field == src_field(family);
    return Said{"iprange", source ? "--src-range" : "--dst-range", text, term.values.negated};
}

Said multiport_words(Term const& term) {
    return {"multiport", term.field == Field::sport ? "--sports" : "--dports", ports_text(term.values.intervals),
            term.values.negated, true};
}

namespace {

bool is_all(ValueSet const& values, Field field) { return values.is_all(info(field).bits); }

// Either port: rows {P, any} and {any, P}.
std::optional<Said> either_port_words(Alternatives const& relation) {
    if (relation.fields != std::vector{Field::sport, Field::dport} || relation.rows.size() != 2)
        return std::nullopt;
    auto const& [source, any] = std::pair(relation.rows[0][0], relation.rows[0][1]);
    bool const fits = is_all(any, Field::dport) && is_all(relation.rows[1][0], Field::sport) &&
                      relation.rows[1][1] == source && !source.negated && source.masks.empty() &&
                      port_pieces(source.intervals).size() == 1;
    if (!fits) return std::nullopt;
    return Said{"multiport", "--ports", ports_text(source.intervals), relation.negated, true};
}

// States ORed with SNAT and DNAT, which are bits of the status of a connection.
std::optional<Said> state_or_status_words(Alternatives const& relation) {
    if (relation.fields != std::vector{Field::ct_state, Field::ct_status} || relation.rows.empty())
        return std::nullopt;
    std::vector<ValueSet> const& of_status = relation.rows.back();
    ValueSet const& status = of_status[1];
    bool fits = is_tracked({Field::ct_state, of_status[0], {}}) && !status.negated && !status.masks.empty() &&
                status.intervals.empty();
    std::string states;
    if (relation.rows.size() == 2) {
        std::vector<ValueSet> const& of_state = relation.rows.front();
        auto const names = names_of(*listed(Field::ct_state), of_state[0].intervals);
        fits = fits && names && is_all(of_state[1], Field::ct_status) && !of_state[0].negated &&
               of_state[0].masks.empty();
        if (fits) states = *names + ',';
    }
    if (!fits || relation.rows.size() > 2 || (relation.rows.size() == 1 && !relation.negated)) return std::nullopt;
    Said words = status_words({Field::ct_status, status, relation.span}).front();
    if (words.option != "--ctstate") return std::nullopt;
    words.value.insert(0, states);
    words.negated = relation.negated;
    return words;
}

// xt_owner.c: `! --gid-owner` also holds where there is no socket.
std::optional<Said> not_group_words(Alternatives const& relation) {
    if (relation.fields != std::vector{Field::skuid, Field::skgid} || relation.rows.size() != 1 ||
        !relation.negated)
        return std::nullopt;
    if (relation.rows[0][0] != ValueSet::single(no_socket).complement()) return std::nullopt;
    return ranged_words(*ranged(Field::skgid), {Field::skgid, relation.rows[0][1].complement(), relation.span})
        .front();
}

// xt_physdev.c: `! --physdev-out` fails for what came in by a bridge and is routed.
std::optional<Said> not_bridge_port_words(Alternatives const& relation) {
    if (relation.fields != std::vector{Field::phys_iif, Field::phys_oif} || relation.rows.size() != 2 ||
        !relation.negated)
        return std::nullopt;
    ValueSet const none = ValueSet::single(0);
    bool const fits =
        is_all(relation.rows[0][0], Field::phys_iif) && relation.rows[1] == std::vector{none.complement(), none};
    if (!fits) return std::nullopt;
    Said words = bridge_port_words({Field::phys_oif, relation.rows[0][1], relation.span}).front();
    words.negated = true;
    return words;
}

// Not this type with this code.
std::optional<Said> type_and_code_words(Alternatives const& relation, Family family) {
    if (relation.fields != std::vector{Field::icmp_type, Field::icmp_code} || relation.rows.size() != 1 ||
        !relation.negated)
        return std::nullopt;
    std::optional<U128> const type = relation.rows[0][0].intervals.only();
    std::optional<U128> const code = relation.rows[0][1].intervals.only();
    if (!type || !code || relation.rows[0][0].negated || relation.rows[0][1].negated) return std::nullopt;
    return icmp_words(*type, code, true, family);
}

} // namespace

std::optional<Said> words_beside_state(Alternatives const& relation, Family family) {
    if (relation.fields.size() != 2 || relation.fields[0] != Field::ct_state || relation.rows.size() != 2 || relation.negated) return std::nullopt;
    Field const field = relation.fields[1];
    std::vector<ValueSet> const &without = relation.rows[0], &with = relation.rows[1];
    bool const fits = without[0] == ValueSet::range(ct_state::invalid, ct_state::untracked) && is_all(without[1], field) && is_tracked({Field::ct_state, with[0], {}});
    bool const of_conntrack = is_of_tuple(field) || field == Field::ct_status || field == Field::ct_direction;
    if (!fits || !of_conntrack || pieces_of(field, with[1].negated ? with[1].complement() : with[1]).size() != 1) return std::nullopt;
    Said words = words_of({field, with[1], relation.span}, family, std::nullopt).front();
    if (words.option == "--ctstate") return std::nullopt;
    words.alone = false;
    return words;
}

std::optional<Said> words_of(Alternatives const& relation, Family family) {
    if (auto words = either_port_words(relation)) return words;
    if (auto words = state_or_status_words(relation)) return words;
    if (auto words = not_group_words(relation)) return words;
    if (auto words = not_bridge_port_words(relation)) return words;
    return type_and_code_words(relation, family);
}

} // namespace portcullis::iptables
