// The tables of words behind the questions.
#include "grammars/cisco/line_kind.hpp"

#include <array>
#include <charconv>

namespace portcullis::cisco {

std::string_view without_prompt(std::string_view line) {
    auto const end = std::find_if_not(line.begin(), line.end(), [](char c) {
        return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '(' || c == ')';
    });
    if (end == line.end()) return line;
    bool const shell = *end == '$' && end == line.begin() && line.size() > 1 && is_blank(line[1]);
    bool const device = (*end == '#' || *end == '>') && end != line.begin();
    return shell || device ? trimmed(line.substr(static_cast<std::size_t>(end - line.begin()) + 1)) : line;
}

bool starts_entry(Words words) {
    auto first = words.next();
    if (is(first, "sequence")) first = words.next();
    if (is_one_of(first, {"permit", "deny", "remark", "evaluate"})) return true;
    if (is(first, "dynamic"))
        return words.rest.find("permit") != std::string_view::npos ||
               words.rest.find("deny") != std::string_view::npos;
    return is_number(first) && is_one_of(words.peek(), {"permit", "deny", "remark", "evaluate", "dynamic"});
}

bool is_removal(Words words) {
    auto first = words.next();
    if (is(first, "sequence")) first = words.next();
    return is_number(first) && words.done();
}

bool is_list_setting(std::string_view word) {
    return is_one_of(word, {"statistics", "fragments", "ignore", "fragment-rules", "description", "hardware",
                            "counters", "exit", "end"});
}

bool starts_member(std::string_view word) {
    return is_one_of(word, {"network-object",
                            "port-object",
                            "service-object",
                            "group-object",
                            "protocol-object",
                            "icmp-object",
                            "host",
                            "subnet",
                            "range",
                            "fqdn",
                            "any",
                            "any4",
                            "any6",
                            "tcp",
                            "udp",
                            "tcp-udp",
                            "icmp",
                            "eq",
                            "gt",
                            "lt",
                            "neq"}) ||
           (!word.empty() && is_digit(word.front()));
}

AccessList::Kind kind_by_number(std::string_view name) {
    unsigned number = 0;
    auto const [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error != std::errc{} || end != name.data() + name.size()) return AccessList::Kind::extended; // a name
    auto const between = [&](unsigned first, unsigned last) { return number >= first && number <= last; };
    if (between(1, 99) || between(1300, 1999)) return AccessList::Kind::standard;
    if (between(100, 199) || between(2000, 2699)) return AccessList::Kind::extended;
    return AccessList::Kind::foreign;
}

bool is_list_command(std::string_view word) {
    return is_one_of(word, {"resequence", "logging", "log-update", "persistent", "match-local-traffic", "helper",
                            "hardware", "capture", "cache", "internal"});
}

bool announces_list(std::string_view word) {
    constexpr std::array<std::string_view, 12> endings{
        "list",     "acl",  "filter",   "access-group", "access-class", "address",
        "boundary", "from", "next-hop", "route-source", "rp-address",   "accept-register"};
    return std::any_of(endings.begin(), endings.end(),
                       [&](std::string_view ending) { return ends_with(word, ending); });
}
bool announces_other_list(std::string_view word) {
    return is_one_of(word,
                     {"prefix-list", "community-list", "extcommunity-list", "as-path", "path-list", "method-list"});
}
bool may_name_lists(std::string_view first, std::string_view second) {
    if (is(first, "ip") || is(first, "ipv6"))
        return is_one_of(second,
                         {"pim", "verify", "multicast", "igmp", "directed-broadcast", "mroute", "msdp", "mobile"});
    return is_one_of(first, {"snmp-server", "debug", "ntp", "aaa", "capture", "mpls", "tag-switching", "distance",
                             "vrf", "tftp-server"});
}

bool guards_management(std::string_view first, std::string_view second) {
    if (is(first, "ip") || is(first, "ipv6"))
        return is_one_of(second, {"http", "ssh", "telnet", "tftp", "ftp", "rcmd"});
    return is_one_of(
        first, {"snmp-server", "ntp", "ssh", "telnet", "http", "tftp-server", "access-class", "access-group"});
}

} // namespace portcullis::cisco
