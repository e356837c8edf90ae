// Every part of an entry is read to the list of values that it stands for; the entries are their product. Facts are
// those of ipset(8), lib/parse.c of ipset 7.17 and the kernel's ip_set_hash_*.c.
#include "dialect/ipset_entry.hpp"

#include <algorithm>
#include <charconv>

#include "portcullis/base/c_number.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis::ipset {

namespace {

using enum IpsetPart;

IpsetType const types[] = {
    {"bitmap:ip", {ip}},
    {"bitmap:ip,mac", {ip, mac}},
    {"bitmap:port", {tcp_udp_port}, false},
    {"hash:ip", {ip}},
    {"hash:mac", {mac}, false},
    {"hash:ip,mac", {ip, mac}},
    {"hash:net", {net}},
    {"hash:net,net", {net, net}},
    {"hash:ip,port", {ip, port}},
    {"hash:net,port", {net, port}},
    {"hash:ip,port,ip", {ip, port, ip}},
    {"hash:ip,port,net", {ip, port, net}},
    {"hash:net,port,net", {net, port, net}},
    {"hash:ip,mark", {ip, mark}},
    {"hash:net,iface", {net, interface}},
    {"list:set", {set}, false},
};

struct Alias {
    std::string_view name;
    std::string_view type;
};
constexpr Alias aliases[] = {
    {"ipmap", "bitmap:ip"},
    {"macipmap", "bitmap:ip,mac"},
    {"portmap", "bitmap:port"},
    {"iphash", "hash:ip"},
    {"iptree", "hash:ip"},
    {"iptreemap", "hash:ip"},
    {"nethash", "hash:net"},
    {"ipporthash", "hash:ip,port"},
    {"ipportiphash", "hash:ip,port,ip"},
    {"ipportnethash", "hash:ip,port,net"},
    {"netifacehash", "hash:net,iface"},
    {"setlist", "list:set"},
};

std::string quote(std::string_view text) { return '\'' + std::string(text) + '\''; }

// Addresses as inet_aton(3) reads them: up to four numbers, the last of which fills the rest.
std::optional<U128> read_ipv4(std::string_view text) {
    U128 address = 0;
    for (unsigned parts = 1;; ++parts) {
        std::size_t const dot = text.find('.');
        auto const number = read_number(text.substr(0, dot));
        unsigned const bits = dot == std::string_view::npos ? 8 * (5 - parts) : 8;
        if (!number || parts > 4 || *number > max_value(bits)) return std::nullopt;
        address = address << bits | *number;
        if (dot == std::string_view::npos) return address;
        text.remove_prefix(dot + 1);
    }
}

std::optional<U128> read_address(std::string_view text, Family family) {
    if (family == Family::v4) return read_ipv4(text);
    auto const address = parse_ipv6(text);
    return address ? std::optional(address->value) : std::nullopt;
}

bool is_host_name(std::string_view text) {
    bool const letters = std::ranges::any_of(text, [](char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; });
    return letters && text.find(':') == std::string_view::npos;
}

// Without the brackets that keep the dashes of a name from being a range.
std::string_view unbracketed(std::string_view text) {
    bool const brackets = text.size() >= 2 && text.front() == '[' && text.back() == ']';
    return brackets ? text.substr(1, text.size() - 2) : text;
}

// "a-b" in two; the second is empty where there is no dash outside brackets.
std::pair<std::string_view, std::string_view> split_range(std::string_view text) {
    std::size_t const bracket = text.starts_with('[') ? text.find(']') : 0;
    std::size_t const dash = text.find('-', bracket == std::string_view::npos ? 0 : bracket);
    if (dash == std::string_view::npos) return {text, {}};
    return {text.substr(0, dash), text.substr(dash + 1)};
}

struct Value {
    U128 value = 0;
    std::uint8_t length = 0;
    bool prefix_of_name = false;
    bool bridge_port = false;
};

class EntryReader {
  public:
    EntryReader(Command const& command, EntryContext const& context) : command_(command), context_(context) {}

    EntryReading run() {
        auto const& parts = context_.type.parts;
        if (command_.parts != parts.size()) {
            fail(command_.argument, "an entry of " + std::string(context_.type.name) + " has " +
                                        std::to_string(parts.size()) + (parts.size() == 1 ? " part" : " parts"));
            // What first asks for a MAC may come to the set without one.
            bool const no_mac = context_.type.name == "bitmap:ip,mac" && command_.parts == 1;
            if (!no_mac) return std::move(reading_);
            reading_ = {};
        }
        std::vector<std::vector<Value>> values(command_.parts);
        std::size_t count = 1;
        for (std::size_t i = 0; i < values.size(); ++i) {
            values_ = &values[i];
            part_ = command_.entry[i];
            std::string const text = plain(part_);
            read(parts[i], i, text);
            count *= std::max<std::size_t>(values[i].size(), 1);
            reading_.too_many = reading_.too_many || count > context_.most;
            if (!reading_.error.empty() || !reading_.host.empty() || reading_.too_many) return std::move(reading_);
        }
        multiply(values);
        return std::move(reading_);
    }

  private:
    void fail(std::string_view culprit, std::string message) {
        if (!reading_.error.empty()) return;
        reading_.error = std::move(message);
        reading_.culprit = culprit;
    }

    void multiply(std::vector<std::vector<Value>> const& values) {
        reading_.entries.assign(1, {});
        for (std::size_t i = 0; i < values.size(); ++i) {
            std::vector<IpsetEntry> longer;
            longer.reserve(reading_.entries.size() * values[i].size());
            for (IpsetEntry const& entry : reading_.entries) {
                for (Value const& value : values[i]) {
                    longer.push_back(entry);
                    longer.back().value[i] = value.value;
                    longer.back().length[i] = value.length;
                    longer.back().prefix_of_name |= value.prefix_of_name;
                    longer.back().bridge_port |= value.bridge_port;
                }
            }
            reading_.entries = std::move(longer);
        }
    }

    void read(IpsetPart kind, std::size_t index, std::string_view text) {
        switch (kind) {
        case ip: return addresses(text, index);
        case net: return networks(text);
        case port: return ports(text);
        case tcp_udp_port: return bare_ports(text);
        case mac: return read_mac(text);
        case mark: return read_mark(text);
        case interface: return read_interface(text);
        case set: return; // by name, see ipset_read.cpp
        }
    }

    // ---- addresses

    struct Written {
        U128 first = 0;
        U128 last = 0;
        std::optional<unsigned> length;
        bool range = false;
    };

    std::optional<Written> written(std::string_view text) {
        Family const family = context_.family;
        unsigned const bits = address_bits(family);
        auto const [low, high] = split_range(text);
        std::size_t const slash = text.find('/');
        std::string_view const host = unbracketed(high.empty() ? text.substr(0, slash) : low);
        auto const first = read_address(host, family);
        auto const last = high.empty() ? first : read_address(unbracketed(high), family);
        if (!first || !last) {
            if (is_host_name(text))
                reading_.host = text;
            else
                fail(part_, quote(text) + " is not an " + (family == Family::v4 ? "IPv4" : "IPv6") + " address");
            return std::nullopt;
        }
        if (!high.empty()) return Written{std::min(*first, *last), std::max(*first, *last), std::nullopt, true};
        if (slash == std::string_view::npos) return Written{*first, *first, std::nullopt, false};
        auto const length = read_number(text.substr(slash + 1));
        if (!length || *length > bits) {
            fail(part_, quote(text.substr(slash + 1)) + " is not a length from 0 to " + std::to_string(bits));
            return std::nullopt;
        }
        Prefix const prefix{{family, *first}, static_cast<unsigned>(*length)};
        return Written{prefix.first(), prefix.last(), prefix.length, false};
    }

    // Every address by itself, or every network of the set's netmask. Ranges are of IPv4 only, and of the first
    // part.
    void addresses(std::string_view text, std::size_t index) {
        auto const found = written(text);
        if (!found) return;
        unsigned const bits = address_bits(context_.family);
        bool const with_mac = context_.type.parts.back() == mac;
        bool const many = found->first != found->last;
        if (many && (context_.family == Family::v6 || index > 0 || with_mac))
            return fail(part_, "a single address is expected, not " + quote(text));
        unsigned const host_bits = bits - context_.netmask;
        if (context_.type.name == "hash:ip" && found->first >> host_bits == 0)
            return fail(part_, "an address of all zeros cannot be in a set of hash:ip");
        if (found->first < context_.range.first || found->last > context_.range.last)
            return fail(part_, quote(text) + " is outside of the range of the set");
        U128 const first = found->first >> host_bits;
        U128 const count = (found->last >> host_bits) - first + 1;
        if (!affordable(count)) return;
        values_->reserve(static_cast<std::size_t>(count));
        for (U128 i = 0; i < count; ++i) values_->push_back({(first + i) << host_bits, context_.netmask});
    }

    // A range becomes the fewest networks that cover it.
    void networks(std::string_view text) {
        auto const found = written(text);
        if (!found) return;
        unsigned const bits = address_bits(context_.family);
        if (found->range && context_.family == Family::v6)
            return fail(part_, "an address or a network is expected, not " + quote(text));
        std::string_view const type = context_.type.name;
        bool const zero_length = type == "hash:net,iface" || type == "hash:net,net" || type == "hash:net,port,net";
        if (!found->range) {
            if (found->length == 0U && !zero_length)
                return fail(part_, std::string(type) + " cannot have a network of length 0");
            values_->push_back({found->first, static_cast<std::uint8_t>(found->length.value_or(bits))});
            return;
        }
        if (found->first == 0 && found->last == max_value(bits))
            return fail(part_, "the range is the whole address space");
        for (Prefix const& prefix : to_prefixes(IntervalSet(found->first, found->last), context_.family))
            values_->push_back({prefix.ip.value, static_cast<std::uint8_t>(prefix.length)});
    }

    bool affordable(U128 count) {
        reading_.too_many = count > context_.most;
        return !reading_.too_many;
    }

    // ---- ports

    // [ protocol , ":" ] , ( port , [ "-" , port ] | icmp type ); tcp where the protocol is left out.
    void ports(std::string_view text) {
        std::size_t const colon = text.find(':');
        std::uint8_t protocol = 6;
        if (colon != std::string_view::npos) {
            auto const named = read_protocol(text.substr(0, colon));
            if (!named || *named == 0) return fail(part_, "unknown protocol " + quote(text.substr(0, colon)));
            protocol = *named;
        }
        std::string_view const rest = colon == std::string_view::npos ? text : text.substr(colon + 1);
        auto const is = [&](Protocol p) { return protocol == static_cast<std::uint8_t>(p); };
        if (is(Protocol::icmp) || is(Protocol::icmpv6)) return icmp(rest, protocol);
        bool const has_ports =
            is(Protocol::tcp) || is(Protocol::udp) || is(Protocol::sctp) || is(Protocol::udplite);
        if (!has_ports) {
            if (read_number(rest) != 0U)
                return fail(part_, "entries of protocol " + protocol_name(protocol) + " have the port 0");
            values_->push_back({U128{protocol} << 16U});
            return;
        }
        if (auto const range = port_range(rest, protocol)) push_ports(*range, U128{protocol} << 16U);
    }

    void bare_ports(std::string_view text) {
        std::size_t const colon = text.find(':');
        std::string_view const rest = colon == std::string_view::npos ? text : text.substr(colon + 1);
        auto const range = port_range(rest, 6);
        if (!range) return;
        if (range->first < context_.range.first || range->last > context_.range.last)
            return fail(part_, quote(text) + " is outside of the range of the set");
        push_ports(*range, 0);
    }

    void push_ports(Interval range, U128 base) {
        if (!affordable(range.last - range.first + 1)) return;
        for (U128 port = range.first; port <= range.last; ++port) values_->push_back({base | port});
    }

    std::optional<Interval> port_range(std::string_view text, std::uint8_t protocol) {
        auto const [low, high] = split_range(text);
        auto const first = read_port(unbracketed(low), protocol);
        auto const last = high.empty() ? first : read_port(unbracketed(high), protocol);
        if (!first || !last) {
            fail(part_, "unknown port or service " + quote(text));
            return std::nullopt;
        }
        return Interval{std::min(*first, *last), std::max(*first, *last)};
    }

    static std::optional<std::uint16_t> read_port(std::string_view text, std::uint8_t protocol) {
        auto const number = read_number(text);
        if (number) return *number <= 0xffff ? std::optional(static_cast<std::uint16_t>(*number)) : std::nullopt;
        return port_number(text, protocol, Vocabulary::linux_names);
    }

    static std::optional<std::uint8_t> read_protocol(std::string_view text) {
        auto const number = read_number(text);
        if (number) return *number <= 255 ? std::optional(static_cast<std::uint8_t>(*number)) : std::nullopt;
        return protocol_number(text, Vocabulary::linux_names);
    }

    // "echo-request", "8/0": one number of 16 bits.
    void icmp(std::string_view text, std::uint8_t protocol) {
        bool const v6 = protocol == static_cast<std::uint8_t>(Protocol::icmpv6);
        if (v6 != (context_.family == Family::v6))
            return fail(part_, v6 ? "icmpv6 is for sets of family inet6" : "icmp is for sets of family inet");
        std::size_t const slash = text.find('/');
        auto const type = read_number(text.substr(0, slash));
        auto const code = read_number(slash == std::string_view::npos ? "" : text.substr(slash + 1));
        auto const named = icmp_by_name(text, context_.family);
        if (named)
            values_->push_back({U128{protocol} << 16U | U128{named->type} << 8U | named->code.value_or(0)});
        else if (type.value_or(256) <= 255 && code.value_or(256) <= 255)
            values_->push_back({U128{protocol} << 16U | *type << 8U | *code});
        else
            fail(part_, "unknown ICMP type " + quote(text) + ": a name or type/code is expected");
    }

    // ---- others

    void read_mac(std::string_view text) {
        U128 value = 0;
        unsigned groups = 0;
        for (std::string_view rest = text; groups < 7; ++groups) {
            std::size_t const colon = rest.find(':');
            std::string_view const group = rest.substr(0, colon);
            unsigned byte = 0;
            auto const [end, problem] = std::from_chars(group.data(), group.data() + group.size(), byte, 16);
            if (problem != std::errc{} || end != group.data() + group.size() || byte > 255) break;
            value = value << 8U | byte;
            if (colon == std::string_view::npos) {
                ++groups;
                break;
            }
            rest.remove_prefix(colon + 1);
        }
        if (groups != 6) return fail(part_, quote(text) + " is not a MAC address");
        if (value == 0 && context_.type.name != "bitmap:ip,mac")
            return fail(part_, "a MAC address of all zeros cannot be in a set");
        values_->push_back({value});
    }

    void read_mark(std::string_view text) {
        auto const number = read_number(text);
        if (!number || *number > 0xffffffff) return fail(part_, quote(text) + " is not a mark of 32 bits");
        values_->push_back({*number & context_.mark_mask});
    }

    void read_interface(std::string_view text) {
        Value value;
        if (text.starts_with("physdev:")) {
            value.bridge_port = true;
            text.remove_prefix(8);
        }
        if (text.ends_with('+')) {
            value.prefix_of_name = true;
            text.remove_suffix(1);
        }
        if (text.empty()) return fail(part_, "the name of the interface is empty");
        if (text.size() > 15) return fail(part_, "the name of an interface has at most 15 characters");
        value.value = interface_value(text);
        values_->push_back(value);
    }

    Command const& command_;
    EntryContext const& context_;
    EntryReading reading_;
    std::vector<Value>* values_ = nullptr; // of the part that is read
    std::string_view part_;
};

} // namespace

IpsetType const* find_type(std::string_view name) {
    auto const alias = std::ranges::find(aliases, name, &Alias::name);
    if (alias != std::end(aliases)) name = alias->type;
    auto const found = std::ranges::find(types, name, &IpsetType::name);
    return found == std::end(types) ? nullptr : found;
}

std::string type_names() {
    std::string names;
    for (IpsetType const& type : types) (names += names.empty() ? "" : ", ") += type.name;
    return names;
}

std::optional<std::uint64_t> read_number(std::string_view text) {
    auto const number = parse_c_number(text);
    return number && *number <= max_value(64) ? std::optional(low64(*number)) : std::nullopt;
}

std::optional<Interval> read_range(std::string_view text, IpsetType const& type) {
    auto const [low, high] = split_range(text);
    auto const value = [&](std::string_view end) -> std::optional<U128> {
        if (type.parts.front() != tcp_udp_port) return read_ipv4(end);
        auto const number = read_number(end);
        if (number) return *number <= 0xffff ? std::optional<U128>(*number) : std::nullopt;
        return port_number(unbracketed(end), 6, Vocabulary::linux_names);
    };
    std::size_t const slash = text.find('/');
    if (high.empty() && slash != std::string_view::npos && type.parts.front() == ip) {
        auto const address = read_ipv4(text.substr(0, slash));
        auto const length = read_number(text.substr(slash + 1));
        if (!address || !length || *length > 32) return std::nullopt;
        Prefix const prefix{{Family::v4, *address}, static_cast<unsigned>(*length)};
        return Interval{prefix.first(), prefix.last()};
    }
    if (high.empty()) return std::nullopt;
    auto const first = value(low);
    auto const last = value(high);
    if (!first || !last) return std::nullopt;
    return Interval{std::min(*first, *last), std::max(*first, *last)};
}

EntryReading read_entry(Command const& command, EntryContext const& context) {
    return EntryReader(command, context).run();
}

} // namespace portcullis::ipset
