// Each function follows the command reference of its line word by word; a line that does not is not taken.
#include "grammars/cisco/device.hpp"

#include <array>
#include <charconv>

namespace portcullis::cisco {
namespace {

std::optional<unsigned> number_of(std::string_view word) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    return error == std::errc{} && end == word.data() + word.size() && !word.empty() ? std::optional(value)
                                                                                     : std::nullopt;
}

// --- Dates ---

std::optional<unsigned> month_of(std::string_view word) {
    constexpr std::array<std::string_view, 12> names{"january",   "february", "march",    "april",
                                                     "may",       "june",     "july",     "august",
                                                     "september", "october",  "november", "december"};
    for (unsigned i = 0; i < names.size(); ++i)
        if (word.size() >= 3 && is(word, names[i].substr(0, word.size()))) return i + 1;
    return std::nullopt;
}

// "23:59 31 December 2026", on IOS-XR and NX-OS likewise with the month first or seconds in the time.
std::optional<std::chrono::year_month_day> read_date(Words& words) {
    words.next(); // the time of the day
    auto first = words.next();
    auto second = words.next();
    auto const year = number_of(words.next());
    if (month_of(first)) std::swap(first, second);
    auto const day = number_of(first);
    auto const month = month_of(second);
    if (!day || !month || !year) return std::nullopt;
    std::chrono::year_month_day const date{std::chrono::year(static_cast<int>(*year)), std::chrono::month(*month),
                                           std::chrono::day(*day)};
    return date.ok() ? std::optional(date) : std::nullopt;
}

// --- Addresses of translations ---

Address named(std::string_view name, Address::Kind kind) {
    Address address;
    address.kind = kind;
    address.name = address.text = name;
    return address;
}

Address of_prefix(Prefix prefix, std::string_view text) {
    Address address;
    address.kind = Address::Kind::prefix;
    address.ip = prefix.ip;
    address.length = prefix.length;
    address.text = text;
    return address;
}

Address of_host(Ip ip, std::string_view text) { return of_prefix({ip, address_bits(ip.family)}, text); }

// "any", "interface", an address, or the name of an object or a group. Which of the two a name is, the reader
// knows.
Address real_or_mapped(std::string_view word) {
    if (is(word, "any") || is(word, "any4") || is(word, "any6")) return named(word, Address::Kind::any);
    if (is(word, "interface")) return named(word, Address::Kind::interface);
    if (auto const ip = parse_ip(word)) return of_host(*ip, word);
    return named(word, Address::Kind::object);
}

// "(inside,outside)", with or without blanks in it.
bool read_interfaces(Words& words, Translation& out) {
    auto const close = words.rest.find(')');
    if (words.rest.empty() || words.rest.front() != '(' || close == std::string_view::npos) return false;
    auto const inside = words.rest.substr(1, close - 1);
    auto const comma = inside.find(',');
    if (comma == std::string_view::npos) return false;
    out.real_interface = trimmed(inside.substr(0, comma));
    out.mapped_interface = trimmed(inside.substr(comma + 1));
    words = Words(words.rest.substr(close + 1));
    return true;
}

bool is_ported(std::string_view protocol) { return is_one_of(protocol, {"tcp", "udp", "sctp"}); }

} // namespace

std::optional<Prefix> read_interface_address(Words& words) {
    auto const word = words.peek();
    if (auto const prefix = word.find('/') == std::string_view::npos ? std::nullopt : parse_prefix(word)) {
        words.next();
        return prefix;
    }
    auto const ip = parse_ip(word);
    if (!ip) return std::nullopt;
    words.next();
    auto const mask = parse_ip(words.peek());
    if (!mask || mask->family != ip->family) return Prefix{*ip, address_bits(ip->family)};
    words.next();
    auto const length = mask_length(mask->value, address_bits(ip->family));
    return length ? std::optional(Prefix{*ip, *length}) : std::nullopt;
}

// --- Lines of blocks ---

bool read_interface_line(Words words, bool negated, Platform platform, Interface& out) {
    auto const first = words.next();
    if (is(first, "description")) {
        out.description = negated ? std::string_view{} : words.rest;
        return true;
    }
    if (is(first, "shutdown")) {
        out.shutdown = !negated;
        return true;
    }
    if (is(first, "management-only")) {
        out.management_only = !negated;
        return true;
    }
    if (is(first, "security-level")) {
        out.security_level = negated ? std::nullopt : number_of(words.peek());
        return true;
    }
    if (is(first, "zone-member")) {
        if (is(words.peek(), "security")) words.next();
        out.zone = negated ? std::string_view{} : words.next();
        return false; // others may care
    }
    if (!is_one_of(first, {"ip", "ipv4", "ipv6"})) return false;
    auto const second = words.next();
    bool const of_asa_v6 = platform == Platform::asa && is(first, "ipv6");
    if (is(second, "inspect")) out.inspects = !negated;
    if (of_asa_v6 && is(second, "enable")) out.has_dynamic_address = !negated;
    if (is(second, "nat") && is(words.peek(), "outside") && Words(words.rest).next().size() == words.rest.size())
        out.is_outside = !negated;
    if (!is(second, "address")) return false;
    if (platform == Platform::asa && parse_ip(words.peek()) == std::nullopt && is(words.peek(), "standby"))
        return true;
    if (negated && words.done()) {
        out.addresses.clear();
        return true;
    }
    if (is_one_of(words.peek(), {"dhcp", "pppoe", "negotiated", "autoconfig"}))
        out.has_dynamic_address = !negated;
    else if (platform == Platform::asa && !negated && words.peek().find_first_of(".:") == std::string_view::npos) {
        if (of_asa_v6) out.has_dynamic_address = true; // a delegated prefix, by its name
        else out.address_name = words.peek();
    }
    if (auto const address = read_interface_address(words)) {
        if (negated)
            std::erase(out.addresses, *address);
        else
            out.addresses.push_back(*address);
    }
    return true;
}

bool read_terminal_line(Words words, bool negated, Terminal& out) {
    auto first = words.next();
    if (is(first, "transport") && is(words.peek(), "input")) {
        words.next();
        out.transports.clear();
        while (!negated && !words.done()) out.transports.push_back(words.next());
        return true;
    }
    bool const ipv6 = is(first, "ipv6");
    if (ipv6 || is_one_of(first, {"ip", "ipv4"})) first = words.next();
    if (!is(first, "access-class")) return false;
    Terminal::Guard guard{words.next(), ipv6, true};
    if (is_one_of(guard.list, {"ingress", "egress"})) { // IOS-XR
        guard.inbound = is(guard.list, "ingress");
        guard.list = words.next();
    } else if (is(words.peek(), "out")) {
        guard.inbound = false;
    }
    if (guard.list.empty()) return false;
    std::erase_if(out.guards, [&](Terminal::Guard const& other) {
        return other.inbound == guard.inbound && other.ipv6 == guard.ipv6;
    });
    if (!negated) out.guards.push_back(guard);
    return true;
}

// "absolute [start TIME DATE] [end TIME DATE]"; "periodic" says nothing about an end.
bool read_time_line(Words words, bool negated, TimeRange& out) {
    while (is_number(words.peek())) words.next(); // IOS-XR and NX-OS number the lines
    auto const kind = words.next();
    if (is(kind, "periodic")) return true;
    if (!is(kind, "absolute")) return false;
    if (negated) {
        out.end.reset();
        return true;
    }
    while (!words.done())
        if (is(words.next(), "end")) out.end = read_date(words);
    return true;
}

// "match" ("ip" | "ipv6" | "mac" | …) "address" LIST+ | "action" ("drop" ["log"] | "forward" | "redirect" …)
bool read_vlan_map_line(Words words, bool negated, VlanMapEntry& out) {
    using Action = VlanMapEntry::Action;
    using Kind = VlanMapEntry::Clause::Kind;
    auto const line = words.rest;
    auto const first = words.next();
    if (is(first, "action")) {
        bool const drops = is(words.next(), "drop") && !negated;
        out.action = drops ? Action::drop : Action::forward; // "redirect" sends it on as well, by another interface
        out.log = drops && is(words.peek(), "log");
        return true;
    }
    if (!is(first, "match")) return false;
    auto const type = words.next();
    if (!is(words.next(), "address")) return false;
    VlanMapEntry::Clause clause{is(type, "ip") ? Kind::ip : is(type, "ipv6") ? Kind::ipv6 : Kind::frame, negated, {}, line};
    while (!words.done()) clause.lists.push_back(words.next());
    out.clauses.push_back(std::move(clause));
    return true;
}

std::optional<IntervalSet> read_vlans(std::string_view text) {
    constexpr unsigned last_vlan = 4094;
    if (is(text, "all")) return IntervalSet(1, last_vlan);
    std::vector<Interval> vlans;
    while (!text.empty()) {
        auto const end = std::min(text.find(','), text.size());
        auto const item = trimmed(text.substr(0, end));
        auto const dash = std::min(item.find('-'), item.size());
        auto const first = number_of(trimmed(item.substr(0, dash)));
        auto const last = dash == item.size() ? first : number_of(trimmed(item.substr(dash + 1)));
        if (!first || !last || *first < 1 || *first > *last || *last > last_vlan) return std::nullopt;
        vlans.push_back({*first, *last});
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return vlans.empty() ? std::nullopt : std::optional(IntervalSet::of(std::move(vlans)));
}

// --- Management ---

namespace {

bool is_community_word(std::string_view word) {
    return is_one_of(word, {"view", "rw", "ro", "group", "use-acl", "use-ipv4acl", "use-ipv6acl", "ipv4", "ipv6", "sdrowner",
                            "systemowner"});
}

// snmp-server community [TYPE] STRING ["view" NAME] ["ro" | "rw" | "SDROwner" …] ["ipv6" LIST] [["ipv4"] LIST], or NX-OS's
// ["use-acl" | "use-ipv4acl" | "use-ipv6acl"] LIST.
std::optional<ManagementLine> read_community(Words words, Platform platform) {
    ManagementLine line;
    line.community = words.next();
    if (is_one_of(line.community, {"0", "7", "8", "clear", "encrypted"}) && !words.done() && !is_community_word(words.peek()))
        line.community = words.next(); // what came first was how it is written down
    while (!words.done()) {
        auto const word = words.next();
        if (is(word, "view"))
            words.next();
        else if (is(word, "rw") || is(word, "network-admin"))
            line.writes = true;
        else if (is(word, "group"))
            words.next();
        else if (is_one_of(word, {"use-acl", "use-ipv4acl", "use-ipv6acl", "ipv4", "ipv6"}))
            line.lists.push_back(words.next());
        else if (!is_one_of(word, {"ro", "sdrowner", "systemowner", "network-operator"}))
            line.lists.push_back(word);
    }
    if (platform == Platform::asa) line.lists.clear(); // an ASA answers to its snmp-server hosts only
    return line;
}

// An ASA's (ssh | telnet | http) ADDRESS (MASK | /LENGTH) INTERFACE | http server enable …
std::optional<ManagementLine> read_asa_service(Words words, ManagementLine::Kind kind) {
    ManagementLine line;
    line.kind = kind;
    if (kind == ManagementLine::Kind::https && is(words.peek(), "server")) {
        line.kind = ManagementLine::Kind::http_enable;
        words.next();
        return is(words.peek(), "enable") ? std::optional(line) : std::nullopt;
    }
    bool const is_named = words.peek().find_first_of(".:") == std::string_view::npos;
    if (is_named) line.from_name = words.next();
    if (auto const mask = is_named ? parse_ip(words.next()) : std::nullopt)
        if (auto const length = mask_length(mask->value, address_bits(mask->family))) line.from = Prefix{{mask->family, 0}, *length};
    if (!is_named) line.from = read_interface_address(words);
    line.interface = words.next();
    return line.from && !line.interface.empty() ? std::optional(line) : std::nullopt;
}

// IOS-XR: "telnet" ["vrf" NAME] ["ipv4" | "ipv6"] "server" "max-servers" N ["access-list" LIST],
// "ssh" "server" ["v2" | "vrf" NAME (["ipv4" | "ipv6"] "access-list" LIST)*]; what else follows is about the server that
// some other line switches on.
std::optional<ManagementLine> read_xr_server(std::string_view first, Words words) {
    if (!is_one_of(first, {"telnet", "ssh"})) return std::nullopt;
    ManagementLine line;
    line.interface = "default";
    line.kind = is(first, "ssh") ? ManagementLine::Kind::ssh : ManagementLine::Kind::telnet;
    bool serves = false;
    while (!words.done()) {
        auto const word = words.next();
        if (is(word, "vrf"))
            line.interface = words.next();
        else if (is(word, "access-list"))
            line.lists.push_back(words.next());
        else if (!serves && is_one_of(word, {"ipv4", "ipv6"}))
            line.family = is(word, "ipv4") ? Family::v4 : Family::v6;
        else if (is(word, "v2"))
            line.interface = {}; // in the default VRF, unless another line says where
        else if (is(word, "server"))
            serves = line.kind == ManagementLine::Kind::telnet || words.done() || is_one_of(words.peek(), {"v2", "vrf"});
    }
    return serves ? std::optional(line) : std::nullopt;
}

} // namespace

std::optional<ManagementLine> read_management(Words words, Platform platform) {
    using Kind = ManagementLine::Kind;
    auto const first = words.next();
    if (is(first, "snmp-server")) {
        if (!is(words.next(), "community") || words.done() || platform == Platform::asa) return std::nullopt;
        return read_community(words, platform);
    }
    if (platform == Platform::asa) {
        if (is(first, "ssh")) return read_asa_service(words, Kind::ssh);
        if (is(first, "telnet")) return read_asa_service(words, Kind::telnet);
        if (is(first, "http")) return read_asa_service(words, Kind::https);
        return std::nullopt;
    }
    ManagementLine line;
    if (platform == Platform::nxos) { // "feature telnet"
        if (!is(first, "feature") || !is_one_of(words.peek(), {"telnet", "http-server"})) return std::nullopt;
        line.kind = is(words.peek(), "telnet") ? Kind::telnet : Kind::http;
        return line;
    }
    if (platform == Platform::xr) return read_xr_server(first, words);
    if (!is(first, "ip") || !is(words.next(), "http")) return std::nullopt;
    auto const what = words.next();
    if (is(what, "server"))
        line.kind = Kind::http;
    else if (is(what, "secure-server"))
        line.kind = Kind::https;
    else if (is(what, "access-class"))
        line.kind = Kind::http_list;
    else
        return std::nullopt;
    if (line.kind == Kind::http_list) {
        if (is_one_of(words.peek(), {"ipv4", "ipv6"})) words.next();
        line.lists.push_back(words.next());
    }
    return line;
}

// --- Translations ---

// "(real,mapped)" "static" MAPPED ["service" PROTOCOL REAL MAPPED] option* | "dynamic" …
// "(real,mapped)" ["after-auto"] [LINE] "source" ("static" | "dynamic") REAL MAPPED
//     ["destination" "static" MAPPED REAL] ["service" REAL MAPPED] option*
std::optional<Translation> read_asa_nat(Words words, bool of_object) {
    Translation nat;
    if (!read_interfaces(words, nat)) return std::nullopt;
    nat.rank = of_object ? Translation::Rank::object : Translation::Rank::twice;
    if (!of_object) {
        if (is(words.peek(), "after-auto")) {
            words.next();
            nat.rank = Translation::Rank::after_auto;
        }
        if (is_number(words.peek())) words.next();
        if (!is(words.next(), "source")) return std::nullopt;
    }
    auto const kind = words.next();
    if (!is(kind, "static") && !is(kind, "dynamic")) return std::nullopt;
    nat.is_static = is(kind, "static");
    if (!of_object) nat.real = real_or_mapped(words.next());
    if (is(words.peek(), "pat-pool")) words.next();
    nat.mapped = real_or_mapped(words.next());
    while (!words.done()) {
        auto const word = words.next();
        if (is(word, "destination") && is(words.peek(), "static")) {
            words.next();
            nat.mapped_destination = real_or_mapped(words.next());
            nat.real_destination = real_or_mapped(words.next());
        } else if (is(word, "service") && of_object) {
            nat.protocol = words.next();
            nat.port = {words.next(), words.next()};
        } else if (is(word, "service")) {
            nat.service = {words.next(), words.next()};
        } else if (is(word, "inactive")) {
            nat.inactive = true;
        } else if (is(word, "unidirectional")) {
            nat.unidirectional = true;
        } else if (is(word, "description")) {
            break;
        }
    }
    return nat;
}

// Before 8.3: "(real,mapped)" [PROTOCOL] MAPPED [PORT] REAL [PORT] ["netmask" MASK] …
std::optional<Translation> read_asa_static(Words words) {
    Translation nat;
    nat.is_static = nat.before_8_3 = true;
    if (!read_interfaces(words, nat)) return std::nullopt;
    if (is_ported(words.peek())) nat.protocol = words.next();
    nat.mapped = real_or_mapped(words.next());
    if (!nat.protocol.empty()) nat.port.mapped = words.next();
    auto const real = words.next();
    if (is(real, "access-list")) return std::nullopt;
    nat.real = real_or_mapped(real);
    if (!nat.protocol.empty()) nat.port.real = words.next();
    if (nat.protocol.empty() && is(words.peek(), "netmask")) {
        words.next();
        auto const mask = parse_ip(words.next());
        auto const length = mask ? mask_length(mask->value, 32) : std::nullopt;
        if (!length) return std::nullopt;
        for (Address* side : {&nat.real, &nat.mapped})
            if (side->kind == Address::Kind::prefix) side->length = *length;
    }
    return nat;
}

// "inside" "source" "static" [PROTOCOL] LOCAL [PORT] (GLOBAL | "interface" NAME) [PORT] … | "network" LOCAL GLOBAL
// (MASK | /LENGTH)
std::optional<Translation> read_ios_nat(Words words) {
    Translation nat;
    nat.is_static = true;
    if (!is(words.next(), "inside") || !is(words.next(), "source") || !is(words.next(), "static"))
        return std::nullopt;
    bool const network = is(words.peek(), "network");
    if (network || is_ported(words.peek())) {
        auto const word = words.next();
        if (!network) nat.protocol = word;
    }
    auto const local = words.next();
    auto const local_ip = parse_ip(local);
    if (!local_ip) return std::nullopt;
    nat.real = of_host(*local_ip, local);
    if (!nat.protocol.empty()) nat.port.real = words.next();
    auto const global = words.next();
    if (is(global, "interface")) {
        auto const name = words.next();
        auto const more = words.peek(); // "GigabitEthernet 0/1" may be two words; the port comes after
        bool const split = !more.empty() && is_digit(more.front()) && !is_digit(name.back());
        nat.mapped = named({name.data(), split ? static_cast<std::size_t>(more.end() - name.data()) : name.size()},
                           Address::Kind::interface);
        if (split) words.next();
    } else if (auto const ip = parse_ip(global)) {
        nat.mapped = of_host(*ip, global);
    } else {
        return std::nullopt;
    }
    if (!nat.protocol.empty()) nat.port.mapped = words.next();
    if (network) {
        auto const word = words.next();
        auto const mask = parse_ip(word);
        auto const length = mask                                   ? mask_length(mask->value, 32)
                            : !word.empty() && word.front() == '/' ? number_of(word.substr(1))
                                                                   : std::nullopt;
        if (!length || *length > 32 || nat.mapped.kind != Address::Kind::prefix) return std::nullopt;
        nat.real.length = nat.mapped.length = *length;
    }
    return nat;
}

} // namespace portcullis::cisco
