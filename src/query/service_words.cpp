#include "portcullis/query/service_words.hpp"

#include <algorithm>
#include <charconv>
#include <optional>

#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis {

namespace {

Match of_protocol(std::uint8_t protocol) { return {{{Field::protocol, ValueSet::single(protocol), {}}}, {}, {}}; }

Match with_values(std::uint8_t protocol, Field field, Interval values) {
    Match match = of_protocol(protocol);
    match.terms.push_back({field, ValueSet::range(values.first, values.last), {}});
    return match;
}

std::optional<U128> number_up_to(std::string_view digits, unsigned most) {
    unsigned value = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || value > most) return std::nullopt;
    return value;
}

// "80", "80-90"
std::optional<Interval> port_range(std::string_view text) {
    auto const dash = text.find('-');
    auto const first = number_up_to(text.substr(0, dash), 65535);
    auto const last = dash == std::string_view::npos ? first : number_up_to(text.substr(dash + 1), 65535);
    if (!first || !last || *first > *last) return std::nullopt;
    return Interval{*first, *last};
}

// What stands behind the slash of "icmp/echo-request".
std::optional<Match> icmp_match(std::uint8_t protocol, std::string_view text) {
    Family const family = protocol == static_cast<std::uint8_t>(Protocol::icmp) ? Family::v4 : Family::v6;
    if (auto const type = number_up_to(text, 255)) return with_values(protocol, Field::icmp_type, {*type, *type});
    auto const named = icmp_by_name(text, family);
    if (!named) return std::nullopt;
    Match match = with_values(protocol, Field::icmp_type, {named->type, named->type});
    if (named->code) match.terms.push_back({Field::icmp_code, ValueSet::single(*named->code), {}});
    return match;
}

struct Found {
    std::vector<Match> matches;
    std::string error;
};

Found of_protocol_and_rest(std::string_view name, std::string_view rest) {
    auto const protocol = protocol_number(name, Vocabulary::linux_names);
    if (!protocol) return {{}, "a protocol such as tcp before the slash" + did_you_mean_text(name, {"tcp", "udp", "icmp", "icmpv6", "sctp", "dccp", "udplite"})};
    if (port_protocols().contains(*protocol)) {
        auto const ports = port_range(rest);
        if (!ports) return {{}, "a port or a range of ports from 0 to 65535 behind the slash, such as tcp/80-90"};
        return {{with_values(*protocol, Field::dport, *ports)}, ""};
    }
    if (*protocol != number(Protocol::icmp) && *protocol != number(Protocol::icmpv6))
        return {{}, protocol_name(*protocol) + " alone, which has no ports"};
    auto const match = icmp_match(*protocol, rest);
    if (!match) return {{}, "a type of icmp behind the slash, such as icmp/echo-request"};
    return {{*match}, ""};
}

Found find_service(std::string_view text, Catalogue const& catalogue) {
    if (text == "any") return {{Match{}}, ""};
    if (Service const* service = catalogue.find(text)) {
        std::vector<Match> matches;
        for (PortRange const& port : service->ports) matches.push_back(with_values(port.protocol, Field::dport, {port.first, port.last}));
        return {std::move(matches), ""};
    }
    if (auto const slash = text.find('/'); slash != std::string_view::npos)
        return of_protocol_and_rest(text.substr(0, slash), text.substr(slash + 1));
    if (port_range(text)) return {{}, "a service; ports need their protocol, such as tcp/" + std::string(text)};
    if (auto const protocol = protocol_number(text, Vocabulary::linux_names)) return {{of_protocol(*protocol)}, ""};
    std::vector<std::string_view> known = catalogue.names();
    known.insert(known.end(), {"any", "tcp", "udp", "icmp", "icmpv6"});
    return {{}, "a service such as ssh, tcp/8000-8100, icmp or any" + did_you_mean_text(text, known)};
}

} // namespace

ParsedService parse_service(std::string_view text, Catalogue const& catalogue) {
    ParsedService parsed;
    parsed.word.excluded = text.starts_with('!');
    parsed.word.text = text.substr(parsed.word.excluded ? 1 : 0);
    Found found = find_service(parsed.word.text, catalogue);
    parsed.word.matches = std::move(found.matches);
    parsed.error = std::move(found.error);
    return parsed;
}

PacketSet to_services(Space& space, std::vector<ServiceWord> const& words) {
    bool const all_excluded = std::all_of(words.begin(), words.end(), [](ServiceWord const& word) { return word.excluded; });
    PacketSet with = all_excluded ? space.all() : space.none();
    PacketSet without = space.none();
    for (ServiceWord const& word : words)
        for (Match const& match : word.matches) (word.excluded ? without : with) |= space.of(match);
    return with - without;
}

} // namespace portcullis
