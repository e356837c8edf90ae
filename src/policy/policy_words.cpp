#include "policy/policy_words.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "catalogue/networks.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis {
namespace {

constexpr std::string_view transports[] = {"tcp", "udp", "sctp", "dccp", "udplite"};

std::optional<std::uint32_t> number_in(std::string_view digits, std::uint32_t first, std::uint32_t last) {
    std::uint32_t value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value < first || value > last)
        return std::nullopt;
    return value;
}

std::string quoted(std::string_view word) { return "'" + visible(word) + "'"; }

} // namespace

bool is_policy_name(std::string_view name, TomlPlace at, TomlReport& report) {
    constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ";
    bool const fits = !name.empty() && name.size() <= longest_name && name.front() != ' ' && name.back() != ' ' &&
                      name.find_first_not_of(letters) == name.npos;
    if (!fits)
        report.error(at, quoted(name) + " is no name: use up to " + std::to_string(longest_name) +
                             " letters, digits, blanks and any of _-.");
    else if (name == "self" || name == "any")
        report.error(at, quoted(name) + " has a meaning of its own; use another name");
    else
        return true;
    return false;
}

std::optional<Addresses> address_word(std::string_view word) {
    auto range = parse_address_range(word);
    if (!range) return std::nullopt;
    return range->family == Family::v4 ? Addresses{std::move(range->set), {}} : Addresses{{}, std::move(range->set)};
}

bool stands_for(std::string_view pattern, std::string_view interface) {
    Interval const all = interface_pattern(pattern), some = interface_pattern(interface);
    return all.first <= some.first && some.last <= all.last;
}

std::vector<Traffic> merged(std::vector<Traffic> traffic) {
    std::vector<Traffic> result;
    for (Traffic& each : traffic) {
        auto const same = std::ranges::find_if(result, [&](Traffic const& other) {
            return other == each || (other.ports && each.ports && other.protocol == each.protocol);
        });
        if (same == result.end())
            result.push_back(std::move(each));
        else if (same->ports && each.ports)
            same->ports = same->ports->united(*each.ports);
    }
    return result;
}

std::vector<Place> merged(std::vector<Place> places) {
    std::vector<Place> result;
    for (Place& each : places) {
        auto const same = std::ranges::find_if(result, [&](Place const& other) {
            return other.interfaces == each.interfaces || other.addresses == each.addresses;
        });
        if (same == result.end())
            result.push_back(std::move(each));
        else if (same->interfaces == each.interfaces)
            same->addresses = same->addresses.united(each.addresses);
        else
            same->interfaces = same->interfaces.united(each.interfaces);
    }
    return result;
}

// ---- objects

template <class Value> void PolicyWords::add(TomlMember const& member, char const* kind, Book<Value>& book) {
    auto const* table = read_table(member, report_);
    if (!table) return;
    if (table->size() > most_named) report_.error(member.at, fmt::format("more than {} {}", most_named, kind));
    for (TomlMember const& list : *table)
        if (is_policy_name(list.key, list.at, report_)) book.entries[list.key].member = &list;
}

void PolicyWords::add_objects(TomlMember const& member) { add(member, "objects", objects_); }
void PolicyWords::add_services(TomlMember const& member) { add(member, "services", services_); }

void PolicyWords::work_out() {
    for (std::size_t i = 0; i < policy_.zones.size(); ++i) zones_.emplace(policy_.zones[i].name, i);
    for (auto& [name, entry] : objects_.entries) {
        if (zones_.contains(name)) report_.error(entry.member->at, quoted(name) + " is a zone too; names are for one thing");
        object(name, entry.member->at);
    }
    for (auto& [name, entry] : services_.entries) {
        std::vector<Traffic> unused;
        add_traffic(name, entry.member->at, unused);
    }
}

std::vector<PolicyObject> PolicyWords::objects() const {
    std::vector<PolicyObject> all;
    for (auto const& [name, entry] : objects_.entries) all.push_back({name, entry.value});
    return all;
}

Addresses const* PolicyWords::object(std::string const& name, TomlPlace at) {
    return objects_.find(name, at, report_, [this](TomlMember const& member) { return networks(member); });
}

// All words without "!", or everything where there are none, minus those with it: as `networks` in portcullis.toml.
Addresses PolicyWords::networks(TomlMember const& member) {
    Addresses without;
    std::vector<Interval> v4, v6;
    bool some = false;
    for (auto const& [text, at] : read_strings(member, report_)) {
        bool const excluded = text.starts_with('!');
        std::string const word = text.substr(excluded ? 1 : 0);
        std::optional<Addresses> part = word == "any" ? Addresses::all() : address_word(word);
        if (!part)
            if (Addresses const* const other = object(word, at)) part = *other;
        if (!part) {
            std::vector<std::string_view> known;
            for (auto const& entry : objects_.entries) known.push_back(entry.first);
            report_.error(at, quoted(word) +
                                  " is neither an object nor an address, a prefix without bits below it, or a range such "
                                  "as 192.0.2.1-192.0.2.9" +
                                  did_you_mean_text(word, known));
            continue;
        }
        if (excluded) {
            without = without.united(*part);
            continue;
        }
        some = true;
        v4.insert(v4.end(), part->v4.intervals().begin(), part->v4.intervals().end());
        v6.insert(v6.end(), part->v6.intervals().begin(), part->v6.intervals().end());
        if (v4.size() + v6.size() > most_intervals) {
            report_.error(at, "'" + member.key + "' has more than " + std::to_string(most_intervals) + " ranges");
            return {};
        }
    }
    Addresses const with = some ? Addresses{IntervalSet::of(std::move(v4)), IntervalSet::of(std::move(v6))} : Addresses::all();
    Addresses result = with.minus(without);
    if (result.v4.empty() && result.v6.empty() && member.value.array())
        report_.error(member.at, "'" + member.key + "' has no address in it");
    return result;
}

// ---- services

std::optional<Traffic> PolicyWords::transport_word(std::string_view transport, std::string const& rest,
                                                   std::string const& word, TomlPlace at) {
    auto const protocol = protocol_number(transport, Vocabulary::linux_names);
    std::size_t const dash = rest.find('-');
    auto const first = number_in(std::string_view(rest).substr(0, dash), 0, 65535);
    auto const last = dash == rest.npos ? first : number_in(std::string_view(rest).substr(dash + 1), 0, 65535);
    if (first && last && *first <= *last) return Traffic{protocol, IntervalSet(*first, *last), {}, {}};
    report_.error(at, quoted(word) + " has no ports: use a number up to 65535, or a range such as " +
                          std::string(transport) + "/5000-5010");
    return std::nullopt;
}

void PolicyWords::add_traffic(std::string const& word, TomlPlace at, std::vector<Traffic>& into) {
    if (word == "any") {
        into.push_back({});
        return;
    }
    std::size_t const slash = word.find('/');
    if (slash != word.npos) {
        std::string_view const kind = std::string_view(word).substr(0, slash);
        std::string const rest = word.substr(slash + 1);
        if (std::ranges::find(transports, kind) != std::end(transports)) {
            if (auto part = transport_word(kind, rest, word, at)) into.push_back(std::move(*part));
        } else if (kind == "icmp" || kind == "icmpv6") {
            Family const family = kind == "icmp" ? Family::v4 : Family::v6;
            auto const name = icmp_by_name(rest, family);
            auto const type = number_in(rest, 0, 255);
            if (!name && !type)
                return report_.error(at, quoted(word) + " is no type: use a number, or a name such as " +
                                             std::string(kind) + "/echo-request");
            Traffic part;
            part.protocol = static_cast<std::uint8_t>(family == Family::v4 ? Protocol::icmp : Protocol::icmpv6);
            part.type = name ? name->type : static_cast<std::uint8_t>(*type);
            if (name) part.code = name->code;
            into.push_back(part);
        } else if (kind == "protocol") {
            auto const named = protocol_number(rest, Vocabulary::linux_names);
            auto const number = number_in(rest, 0, 255);
            if (!named && !number)
                return report_.error(at, quoted(word) + " is no protocol: use a number, or a name such as protocol/gre");
            Traffic part;
            part.protocol = named ? *named : static_cast<std::uint8_t>(*number);
            into.push_back(part);
        } else {
            constexpr std::string_view kinds[] = {"tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmpv6", "protocol"};
            report_.error(at, quoted(word) + " is no service: before the / stands " + either(kinds) +
                                  did_you_mean_text(kind, {std::begin(kinds), std::end(kinds)}));
        }
        return;
    }
    auto const work_out = [this](TomlMember const& member) { return traffic(member); };
    if (auto const* own = services_.find(word, at, report_, work_out)) {
        into.insert(into.end(), own->begin(), own->end());
        return;
    }
    if (Service const* const known = catalogue_.find(word)) {
        for (PortRange const& port : known->ports)
            into.push_back({port.protocol, IntervalSet(port.first, port.last), {}, {}});
        return;
    }
    std::vector<std::string_view> names = catalogue_.names();
    for (auto const& entry : services_.entries) names.push_back(entry.first);
    report_.error(at, quoted(word) + " is no service: name one of [services] or of 'portcullis catalogue', or write ports "
                                     "such as tcp/8443" +
                          did_you_mean_text(word, names));
}

std::vector<Traffic> PolicyWords::traffic(TomlMember const& member) {
    std::vector<Traffic> all;
    auto const words = read_strings(member, report_);
    for (auto const& [text, at] : words) add_traffic(text, at, all);
    if (words.empty() && member.value.array()) report_.error(member.at, "'" + member.key + "' names no service; write \"any\" for all");
    return merged(std::move(all));
}

// ---- ends

std::vector<std::string_view> PolicyWords::known_ends() const {
    std::vector<std::string_view> known{"self", "any"};
    for (auto const& entry : zones_) known.push_back(entry.first);
    for (auto const& entry : objects_.entries) known.push_back(entry.first);
    return known;
}

End PolicyWords::end(TomlMember const& member) {
    End end;
    auto const words = read_strings(member, report_);
    for (auto const& [word, at] : words) {
        if (word == "self") {
            end.self = true;
            continue;
        }
        auto const zone = zones_.find(word);
        end.trusted = end.trusted && zone != zones_.end() && policy_.zones[zone->second].trusted;
        if (word == "any")
            end.places.emplace_back();
        else if (zone != zones_.end())
            end.places.push_back(policy_.zones[zone->second].place);
        else if (Addresses const* const known = object(word, at))
            end.places.push_back({IntervalSet::all(128), *known});
        else if (auto const literal = address_word(word))
            end.places.push_back({IntervalSet::all(128), *literal});
        else
            report_.error(at, quoted(word) + " is neither a zone nor an object, an address, self or any" +
                                  did_you_mean_text(word, known_ends()));
    }
    if (words.empty() && member.value.array())
        report_.error(member.at, "'" + member.key + "' names nobody; write \"any\" for everybody but the firewall itself");
    end.places = merged(std::move(end.places));
    return end;
}

} // namespace portcullis
