// The keys of a catalogue entry and what may stand there. The built-in catalogue and the users' entries go the same
// way.
#include "catalogue/service_toml.hpp"

#include <algorithm>
#include <charconv>

#include "portcullis/base/visible.hpp"
#include "portcullis/catalogue/names.hpp"

namespace portcullis {
namespace {

constexpr std::string_view transports[] = {"tcp", "udp", "sctp", "dccp", "udplite"};
constexpr std::string_view severities[] = {"critical", "high", "medium", "low", "info", "none"};
constexpr std::string_view encryptions[] = {"none", "optional", "starttls", "always"};

// An entry under construction.
struct Draft {
    Service service;
    bool ports_stated = false; // the first stated port ends those that are overridden

    void add_port(PortRange range) {
        if (!ports_stated) service.ports.clear();
        ports_stated = true;
        service.ports.push_back(std::move(range));
    }
};

std::optional<std::uint16_t> parse_port(std::string_view digits) {
    std::uint16_t port = 0;
    auto const [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    if (error != std::errc{} || end != digits.data() + digits.size() || port == 0) return std::nullopt;
    return port;
}

// 9102 or "9500-9510"
std::optional<PortRange> read_port(TomlValue const& value, std::string_view transport, TomlReport& report) {
    auto const protocol = protocol_number(transport, Vocabulary::linux_names);
    std::string const text = value.integer()  ? std::to_string(*value.integer())
                             : value.string() ? *value.string()
                                              : std::string(value.kind());
    auto const dash = text.find('-');
    auto const first = parse_port(std::string_view(text).substr(0, dash));
    auto const last = dash == std::string::npos ? first : parse_port(std::string_view(text).substr(dash + 1));
    if (protocol && first && last && *first <= *last) return PortRange{*protocol, *first, *last, {}};
    report.error(value.at, first && last ? "the range " + text + " ends before it begins"
                                         : "'" + text +
                                               "' is no port: use a number from 1 to 65535, or a range such as "
                                               "\"9500-9510\"");
    return std::nullopt;
}

// tcp = [9102, "9500-9510"]
void read_transport(TomlMember const& member, Draft& draft, TomlReport& report) {
    auto const* items = read_array(member, report);
    if (!items) return;
    for (TomlValue const& item : *items)
        if (auto range = read_port(item, member.key, report)) draft.add_port(std::move(*range));
}

// A text of one line: it becomes a line of a table and of a terminal. Line ends of a long TOML string are blanks.
std::string one_line(std::string text, std::string_view key, TomlPlace at, TomlReport& report) {
    std::ranges::replace_if(
        text, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    if (visible(text) != text) report.error(at, "'" + std::string(key) + "' has a character that cannot be shown, or a command of a build log");
    return text;
}

// { tcp = 21, role = "control" }
void read_port_table(TomlValue::Table const& table, TomlPlace at, Draft& draft, TomlReport& report) {
    std::vector<PortRange> ranges;
    std::string role;
    auto const before = report.count();
    for (TomlMember const& member : table) {
        if (member.key == "role") {
            role = one_line(read_string(member, report).value_or(""), member.key, member.value.at, report);
        } else if (std::ranges::count(transports, member.key)) {
            if (auto range = read_port(member.value, member.key, report)) ranges.push_back(std::move(*range));
        } else {
            std::vector<std::string_view> known(std::begin(transports), std::end(transports));
            known.push_back("role");
            report.error(member.at, "unknown key '" + member.key + "' in a port; use " + either(known) +
                                        did_you_mean_text(member.key, known));
        }
    }
    if (ranges.empty() && report.count() == before) report.error(at, "a port without a number: write { tcp = 22 }");
    for (PortRange& range : ranges) {
        range.role = role;
        draft.add_port(std::move(range));
    }
}

// ports = [{ tcp = 21, role = "control" }, …]
void read_ports(TomlMember const& member, Draft& draft, TomlReport& report) {
    auto const* items = read_array(member, report);
    if (!items) return;
    for (TomlValue const& item : *items) {
        if (auto const* table = item.table())
            read_port_table(*table, item.at, draft, report);
        else
            report.error(item.at, "a port must be a table such as { tcp = 22 }, not " + std::string(item.kind()));
    }
}

template <std::string Service::*field> void read_text(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto text = read_string(member, report))
        draft.service.*field = one_line(std::move(*text), member.key, member.value.at, report);
}

template <std::vector<std::string> Service::*field>
void read_list(TomlMember const& member, Draft& draft, TomlReport& report) {
    auto& list = draft.service.*field;
    list.clear();
    for (auto& [text, at] : read_strings(member, report))
        list.push_back(one_line(std::move(text), member.key, at, report));
}

void read_encryption(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const index = read_word(member, encryptions, report))
        draft.service.encryption = static_cast<Encryption>(*index + 1); // after `unstated`
}

template <std::optional<Severity> Service::*field>
void read_level(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const index = read_word(member, severities, report))
        draft.service.*field = severity_by_name(severities[*index]); // "none" is no severity
}

using Kind = TomlShape::Kind;

constexpr TomlKey<Draft> severity_keys[] = {
    {"untrusted", read_level<&Service::severity_untrusted>, {Kind::text, "Where some untrusted sources reach it.", {}, severities}},
    {"any", read_level<&Service::severity_any>, {Kind::text, "Where all of them do.", {}, severities}},
};

void read_severity(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const* table = read_table(member, report))
        read_members(*table, severity_keys, "severity", draft, report);
}

void read_insecure(TomlMember const& member, Draft& draft, TomlReport& report) {
    draft.service.insecure = read_boolean(member, report).value_or(draft.service.insecure);
}

constexpr TomlKey<Draft> service_keys[] = {
    {"title", read_text<&Service::title>, {Kind::text, "Its name in full."}},
    {"aliases", read_list<&Service::aliases>, {Kind::texts, "Other names of it."}},
    {"variant-of", read_text<&Service::variant_of>, {Kind::text, "The service whose ports it shares."}},
    {"ports", read_ports, {Kind::any, "Ports with what they are for: { tcp = 21, role = \"control\" }."}},
    {"tcp", read_transport, {Kind::ports, "Where it listens: 9102, \"9500-9510\"."}},
    {"udp", read_transport, {Kind::ports, "Likewise."}},
    {"sctp", read_transport, {Kind::ports, "Likewise."}},
    {"purpose", read_text<&Service::purpose>, {Kind::text, "What it is for."}},
    {"encryption", read_encryption, {Kind::text, "Whether what it says can be read on the way.", {}, encryptions}},
    {"authentication", read_text<&Service::authentication>, {Kind::text, "How users prove who they are."}},
    {"risk", read_text<&Service::risk>, {Kind::text, "What can happen."}},
    {"severity", read_severity, {Kind::table, "How bad it is that untrusted sources reach it.", {}, {}, fields_of<severity_keys>}},
    {"replacement", read_text<&Service::replacement>, {Kind::text, "What to use instead."}},
    {"insecure", read_insecure, {Kind::boolean, "Without encryption or authentication by design.", "false"}},
    {"references", read_list<&Service::references>, {Kind::texts, "Where that is said."}},
};

bool is_slug(std::string_view name) {
    bool const letters = std::ranges::all_of(
        name, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    return letters && !name.empty() && name.front() != '-' && name.back() != '-';
}

// What one entry alone cannot know: whether its names belong to another one, and whether its main service exists.
void check_names(Service const& service, TomlPlace at, std::vector<Service> const& services, TomlReport& report) {
    bool main_exists = service.variant_of.empty();
    for (Service const& other : services) {
        if (other.name == service.name) continue;
        main_exists = main_exists || other.name == service.variant_of;
        if (other.answers_to(service.name))
            report.error(at,
                         "'" + service.name + "' is another name of '" + other.name + "'; change that one instead");
        for (std::string const& alias : service.aliases)
            if (other.answers_to(alias))
                report.error(at, "the alias '" + alias + "' of '" + service.name + "' already belongs to '" +
                                     other.name + "'");
    }
    if (!main_exists)
        report.error(at,
                     "'" + service.name + "' is a variant of '" + service.variant_of + "', which does not exist");
}

void read_service(TomlMember const& entry, std::string_view prefix, std::vector<Service>& services,
                  TomlReport& report) {
    auto const before = report.count();
    auto const* table = read_table(entry, report);
    if (!table) return;
    if (!is_slug(entry.key))
        report.error(entry.at, "'" + entry.key + "' is no name for a service: use a-z, 0-9 and inner hyphens");
    auto const known = std::ranges::find(services, entry.key, &Service::name);
    Draft draft;
    if (known != services.end())
        draft.service = *known;
    else
        draft.service.name = draft.service.title = entry.key;
    read_members(*table, service_keys, "[" + std::string(prefix) + entry.key + "]", draft, report);
    if (draft.service.ports.empty() && report.count() == before)
        report.error(entry.at,
                     "the service '" + entry.key + "' has no ports; write tcp = [9102] or udp = [\"9500-9510\"]");
    check_names(draft.service, entry.at, services, report);
    if (report.count() != before) return;
    if (known != services.end())
        *known = std::move(draft.service);
    else
        services.push_back(std::move(draft.service));
}

} // namespace

std::vector<TomlField> service_fields() { return fields_of<service_keys>(); }

void read_services(TomlValue::Table const& tables, std::string_view prefix, std::vector<Service>& services,
                   TomlReport& report) {
    for (TomlMember const& entry : tables) read_service(entry, prefix, services, report);
}

} // namespace portcullis
