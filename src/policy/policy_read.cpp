// The tables of a policy, key by key. Names are resolved when all of the text has been seen, so that its order says
// nothing.
#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <set>

#include "catalogue/networks.hpp"
#include "policy/policy_words.hpp"

namespace portcullis {
namespace {

using Member = TomlMember const*;

struct StatementDraft {
    Statement statement;
    TomlPlace at;
    bool both_ways = false;
    Member from = nullptr, to = nullptr, services = nullptr;
    std::optional<TomlPlace> rate_optional_at;
    std::optional<TomlValue::Date> expires;
};

struct ExceptionDraft {
    TomlPlace at;
    std::string allow, who, why;
    std::vector<PlacedString> services;
    std::optional<TomlValue::Date> until;
};

struct MasqueradeDraft {
    Masquerade masquerade;
    TomlPlace at;
    Member from = nullptr, to = nullptr;
};

struct PublishDraft {
    Publish publish;
    TomlPlace at;
    Member from = nullptr, services = nullptr, own = nullptr, to = nullptr;
};

struct ZoneDraft {
    PolicyZone zone;
    Member interfaces = nullptr, networks = nullptr;
};

struct Draft {
    Policy policy;
    SourceId source = 0;
    Source const* text = nullptr;
    std::vector<PlacedString> interfaces; // of the device
    Member addresses = nullptr;           // likewise
    Member objects = nullptr, services = nullptr;
    std::vector<ZoneDraft> zones;
    std::vector<StatementDraft> statements;
    std::vector<ExceptionDraft> exceptions;
    std::vector<MasqueradeDraft> masquerades;
    std::vector<PublishDraft> publications;
    std::set<std::string> names;               // of statements and translations
    std::vector<std::string> allows;           // of what allows, expired statements too
};

std::string text_of(TomlValue::Date date) {
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                       static_cast<unsigned>(date.day()));
}

template <class Target, Member Target::*field>
void keep(TomlMember const& member, Target& target, TomlReport&) {
    target.*field = &member;
}

// ---- [device]

void read_device_name(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto name = read_string(member, report))
        if (is_policy_name(*name, member.value.at, report)) draft.policy.device = std::move(*name);
}
void read_device_interfaces(TomlMember const& member, Draft& draft, TomlReport& report) {
    draft.interfaces = read_strings(member, report);
}
constexpr TomlKey<Draft> device_keys[] = {
    {"name", read_device_name},
    {"interfaces", read_device_interfaces},
    {"addresses", keep<Draft, &Draft::addresses>},
};

void read_device(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const* table = read_table(member, report)) read_members(*table, device_keys, "[device]", draft, report);
}

// ---- [zones.NAME]

void read_trust(TomlMember const& member, ZoneDraft& draft, TomlReport& report) {
    constexpr std::string_view words[] = {"untrusted", "trusted"};
    if (auto const index = read_word(member, words, report)) draft.zone.trusted = *index == 1;
}
constexpr TomlKey<ZoneDraft> zone_keys[] = {
    {"interfaces", keep<ZoneDraft, &ZoneDraft::interfaces>},
    {"networks", keep<ZoneDraft, &ZoneDraft::networks>},
    {"trust", read_trust},
};

void read_zones(TomlMember const& member, Draft& draft, TomlReport& report) {
    auto const* table = read_table(member, report);
    if (!table) return;
    if (table->size() > most_zones) return report.error(member.at, fmt::format("more than {} zones", most_zones));
    for (TomlMember const& entry : *table) {
        auto const* members = read_table(entry, report);
        if (!members || !is_policy_name(entry.key, entry.at, report)) continue;
        ZoneDraft zone;
        zone.zone.name = entry.key;
        read_members(*members, zone_keys, "the zone '" + entry.key + "'", zone, report);
        if (!find(*members, "trust"))
            report.error(entry.at, "the zone '" + entry.key + "' needs trust = \"trusted\" or trust = \"untrusted\"");
        if (!zone.interfaces && !zone.networks)
            report.error(entry.at, "the zone '" + entry.key + "' needs interfaces or networks");
        draft.zones.push_back(std::move(zone));
    }
}

// Linux: up to 15 bytes, no blanks (dev_valid_name in net/core/dev.c); those of other devices have slashes. A star at the
// end stands for the rest.
bool is_interface(std::string_view name) {
    std::string_view const stem = name.substr(0, name.size() - (name.ends_with('*') ? 1 : 0));
    return !stem.empty() && stem.size() <= 15 && stem.find_first_of("*+!\"'\\ ,;{}") == stem.npos &&
           std::ranges::all_of(stem, [](unsigned char c) { return c > ' ' && c < 0x7f; });
}

void resolve_device(Draft& draft, PolicyWords& words, TomlReport& report) {
    for (auto const& [text, at] : draft.interfaces) {
        if (!is_interface(text)) report.error(at, "'" + text + "' is no interface: use a name such as eth0");
        if (text != "lo") draft.policy.interfaces.push_back(text);
    }
    if (draft.addresses) draft.policy.own = words.networks(*draft.addresses);
}

void resolve_zone(ZoneDraft& zone, Draft const& draft, PolicyWords& words, TomlReport& report) {
    PolicyZone& result = zone.zone;
    if (zone.interfaces) {
        std::vector<Interval> values;
        std::vector<std::string_view> known;
        for (PlacedString const& name : draft.interfaces) known.push_back(name.text);
        auto const interfaces = read_strings(*zone.interfaces, report);
        for (auto const& [text, at] : interfaces) {
            if (!is_interface(text))
                report.error(at, "'" + text + "' is no interface: use a name such as eth0, or eth* for all that begin so");
            else if (text == "lo")
                report.error(at, "the loopback belongs to no zone; see loopback in [harden]");
            else if (!known.empty() && std::ranges::none_of(known, [&, &pattern = text](std::string_view each) { return stands_for(pattern, each); }))
                report.error(at, text.ends_with('*') ? fmt::format("the device has no interface that begins as '{}' says; it has {}", text, fmt::join(known, ", "))
                                                     : "the device has no interface '" + text + "'" + did_you_mean_text(text, known));
            else {
                values.push_back(interface_pattern(text));
                if (text.ends_with('*')) result.patterns.push_back(text);
            }
        }
        if (interfaces.empty() && zone.interfaces->value.array())
            report.error(zone.interfaces->at, "a zone without interfaces: leave the key out to say nothing of them");
        result.place.interfaces = IntervalSet::of(std::move(values));
        result.has_interfaces = true;
    }
    if (zone.networks) {
        result.has_networks = true;
        result.place.addresses = words.networks(*zone.networks);
    }
}

// ---- [[allow]], [[deny]]

Span span_of(Draft const& draft, TomlPlace at) {
    std::uint32_t const begin = draft.text->line_start(at.line);
    return {draft.source, begin, begin + static_cast<std::uint32_t>(draft.text->line(at.line).size())};
}

constexpr std::string_view units[] = {"second", "minute", "hour", "day"};

// "10/minute", "10/minute burst 20"
void read_rate_into(TomlMember const& member, Rate& rate, TomlReport& report) {
    auto const text = read_string(member, report);
    if (!text) return;
    std::size_t const slash = text->find('/');
    std::size_t const burst = text->find(" burst ");
    auto const number = [](std::string_view digits) -> std::uint32_t {
        if (digits.empty() || digits.size() > 4 || digits.find_first_not_of("0123456789") != digits.npos) return 0;
        return static_cast<std::uint32_t>(std::stoul(std::string(digits)));
    };
    std::string_view const view = *text;
    std::uint32_t const count = slash == text->npos ? 0 : number(view.substr(0, slash));
    std::string_view const unit =
        slash == text->npos ? "" : view.substr(slash + 1, burst == text->npos ? burst : burst - slash - 1);
    std::uint32_t const at_once = burst == text->npos ? 5 : number(view.substr(burst + 7));
    if (count == 0 || at_once == 0 || std::ranges::find(units, unit) == std::end(units))
        return report.error(member.value.at, "'" + *text + "' is no rate: write a number up to 9999 and a unit, such as "
                                                           "\"10/minute\" or \"100/second burst 20\"");
    rate = {count, std::string(unit), at_once};
}

template <std::string Statement::*field>
void read_text(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    if (auto text = read_string(member, report)) draft.statement.*field = std::move(*text);
}
void read_name(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    draft.at = member.at;
    if (auto name = read_string(member, report))
        if (is_policy_name(*name, member.value.at, report)) draft.statement.name = std::move(*name);
}
void read_log(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    draft.statement.log = read_boolean(member, report).value_or(false);
}
void read_rate(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    if (draft.statement.deny) return report.error(member.at, "a denial has no rate: what is denied is denied always");
    read_rate_into(member, draft.statement.rate.emplace(), report);
}
void read_rate_optional(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    if (draft.statement.deny) return report.error(member.at, "a denial has no rate: what is denied is denied always");
    draft.rate_optional_at = member.at;
    draft.statement.rate_optional = read_boolean(member, report).value_or(false);
}
void read_direction(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    constexpr std::string_view words[] = {"one-way", "both"};
    if (auto const index = read_word(member, words, report)) draft.both_ways = *index == 1;
}
void read_expires(TomlMember const& member, StatementDraft& draft, TomlReport& report) {
    draft.expires = read_date(member, report);
}
constexpr TomlKey<StatementDraft> statement_keys[] = {
    {"name", read_name},
    {"from", keep<StatementDraft, &StatementDraft::from>},
    {"to", keep<StatementDraft, &StatementDraft::to>},
    {"services", keep<StatementDraft, &StatementDraft::services>},
    {"direction", read_direction},
    {"log", read_log},
    {"rate", read_rate},
    {"rate-optional", read_rate_optional},
    {"owner", read_text<&Statement::owner>},
    {"ticket", read_text<&Statement::ticket>},
    {"why", read_text<&Statement::why>},
    {"expires", read_expires},
};

// The tables of "[[name]]".
template <class Each> void each_table(TomlMember const& member, TomlReport& report, Each const& each) {
    auto const* items = read_array(member, report);
    if (!items) return;
    for (TomlValue const& item : *items) {
        if (auto const* table = item.table())
            each(*table, item.at);
        else
            report.error(item.at, "'" + member.key + "' must hold tables: write [[" + member.key + "]]");
    }
}

void take_name(Draft& draft, std::string const& name, TomlPlace at, TomlReport& report) {
    if (!name.empty() && !draft.names.insert(name).second)
        report.error(at, "the name '" + name + "' is taken; every statement has its own");
}

template <bool deny> void read_statements(TomlMember const& member, Draft& draft, TomlReport& report) {
    each_table(member, report, [&](TomlValue::Table const& table, TomlPlace at) {
        std::string const where = deny ? "[[deny]]" : "[[allow]]";
        if (draft.statements.size() == most_statements)
            return report.error(at, fmt::format("more than {} statements", most_statements));
        StatementDraft each;
        each.at = at;
        each.statement.deny = deny;
        read_members(table, statement_keys, where, each, report);
        for (std::string_view const key : {"name", "from", "to", "services"})
            if (!find(table, key)) report.error(at, where + " needs " + std::string(key));
        if (each.rate_optional_at && !find(table, "rate"))
            report.error(*each.rate_optional_at, "'rate-optional' is about a rate, and this statement has none; write rate too, such as rate = \"10/minute\"");
        take_name(draft, each.statement.name, each.at, report);
        if (!deny) draft.allows.push_back(each.statement.name);
        each.statement.span = span_of(draft, each.at);
        draft.statements.push_back(std::move(each));
    });
}

// ---- [[exception]]

template <std::string ExceptionDraft::*field>
void read_exception_text(TomlMember const& member, ExceptionDraft& draft, TomlReport& report) {
    auto text = read_string(member, report);
    if (text && text->empty()) report.error(member.value.at, "'" + member.key + "' is empty; an exception says it");
    if (text) draft.*field = std::move(*text);
}
void read_exception_services(TomlMember const& member, ExceptionDraft& draft, TomlReport& report) {
    draft.services = read_strings(member, report);
}
void read_until(TomlMember const& member, ExceptionDraft& draft, TomlReport& report) {
    draft.until = read_date(member, report);
}
constexpr TomlKey<ExceptionDraft> exception_keys[] = {
    {"allow", read_exception_text<&ExceptionDraft::allow>}, {"services", read_exception_services},
    {"who", read_exception_text<&ExceptionDraft::who>},     {"why", read_exception_text<&ExceptionDraft::why>},
    {"until", read_until},
};

void read_exceptions(TomlMember const& member, Draft& draft, TomlReport& report) {
    each_table(member, report, [&](TomlValue::Table const& table, TomlPlace at) {
        ExceptionDraft each;
        each.at = at;
        read_members(table, exception_keys, "[[exception]]", each, report);
        for (std::string_view const key : {"allow", "services", "who", "why", "until"})
            if (!find(table, key)) report.error(at, "[[exception]] needs " + std::string(key));
        draft.exceptions.push_back(std::move(each));
    });
}

// ---- [nat]

void read_masquerade_name(TomlMember const& member, MasqueradeDraft& draft, TomlReport& report) {
    draft.at = member.at;
    if (auto name = read_string(member, report))
        if (is_policy_name(*name, member.value.at, report)) draft.masquerade.name = std::move(*name);
}
constexpr TomlKey<MasqueradeDraft> masquerade_keys[] = {
    {"name", read_masquerade_name},
    {"from", keep<MasqueradeDraft, &MasqueradeDraft::from>},
    {"to", keep<MasqueradeDraft, &MasqueradeDraft::to>},
};
void read_masquerades(TomlMember const& member, Draft& draft, TomlReport& report) {
    each_table(member, report, [&](TomlValue::Table const& table, TomlPlace at) {
        MasqueradeDraft each;
        each.at = at;
        read_members(table, masquerade_keys, "[[nat.masquerade]]", each, report);
        for (std::string_view const key : {"name", "from", "to"})
            if (!find(table, key)) report.error(at, "[[nat.masquerade]] needs " + std::string(key));
        take_name(draft, each.masquerade.name, each.at, report);
        each.masquerade.span = span_of(draft, each.at);
        draft.masquerades.push_back(std::move(each));
    });
}
void read_publish_name(TomlMember const& member, PublishDraft& draft, TomlReport& report) {
    draft.at = member.at;
    if (auto name = read_string(member, report))
        if (is_policy_name(*name, member.value.at, report)) draft.publish.name = std::move(*name);
}
constexpr TomlKey<PublishDraft> publish_keys[] = {
    {"name", read_publish_name},
    {"from", keep<PublishDraft, &PublishDraft::from>},
    {"services", keep<PublishDraft, &PublishDraft::services>},
    {"at", keep<PublishDraft, &PublishDraft::own>},
    {"to", keep<PublishDraft, &PublishDraft::to>},
};
void read_publications(TomlMember const& member, Draft& draft, TomlReport& report) {
    each_table(member, report, [&](TomlValue::Table const& table, TomlPlace at) {
        PublishDraft each;
        each.at = at;
        read_members(table, publish_keys, "[[nat.publish]]", each, report);
        for (std::string_view const key : {"name", "from", "services", "to"})
            if (!find(table, key)) report.error(at, "[[nat.publish]] needs " + std::string(key));
        take_name(draft, each.publish.name, each.at, report);
        draft.allows.push_back(each.publish.name);
        each.publish.span = span_of(draft, each.at);
        draft.publications.push_back(std::move(each));
    });
}
constexpr TomlKey<Draft> nat_keys[] = {{"masquerade", read_masquerades}, {"publish", read_publications}};
void read_nat(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const* table = read_table(member, report)) read_members(*table, nat_keys, "[nat]", draft, report);
}

// ---- [harden]

template <bool Harden::*field> void read_switch(TomlMember const& member, Harden& harden, TomlReport& report) {
    harden.*field = read_boolean(member, report).value_or(true);
}
void read_log_rate(TomlMember const& member, Harden& harden, TomlReport& report) {
    read_rate_into(member, harden.log_rate, report);
}
constexpr TomlKey<Harden> harden_keys[] = {
    {"loopback", read_switch<&Harden::loopback>},
    {"established", read_switch<&Harden::established>},
    {"invalid", read_switch<&Harden::invalid>},
    {"fragments", read_switch<&Harden::fragments>},
    {"anti-spoofing", read_switch<&Harden::anti_spoofing>},
    {"bogons", read_switch<&Harden::bogons>},
    {"icmp", read_switch<&Harden::icmp>},
    {"icmpv6", read_switch<&Harden::icmpv6>},
    {"neighbour-discovery", read_switch<&Harden::neighbour_discovery>},
    {"log-denied", read_switch<&Harden::log_denied>},
    {"log-rate", read_log_rate},
};
void read_harden(TomlMember const& member, Draft& draft, TomlReport& report) {
    if (auto const* table = read_table(member, report))
        read_members(*table, harden_keys, "[harden]", draft.policy.harden, report);
}

constexpr TomlKey<Draft> root_keys[] = {
    {"device", read_device},
    {"zones", read_zones},
    {"objects", keep<Draft, &Draft::objects>},
    {"services", keep<Draft, &Draft::services>},
    {"allow", read_statements<false>},
    {"deny", read_statements<true>},
    {"nat", read_nat},
    {"harden", read_harden},
    {"exception", read_exceptions},
};

// ---- insecure services

// Ports that a statement names: more than these name none in particular.
constexpr U128 most_ports = 1000;

// The services that the catalogue calls insecure and that the statement allows; "any" where it allows whatever there is.
std::set<std::string> insecure_services(Statement const& statement, Catalogue const& catalogue) {
    std::set<std::string> found;
    for (Traffic const& traffic : statement.traffic) {
        bool const has_ports = !traffic.protocol || port_protocols().contains(*traffic.protocol);
        if (has_ports && (!traffic.ports || traffic.ports->count() > most_ports)) {
            if (!statement.from.trusted) found.insert("any");
            continue;
        }
        if (!traffic.ports) continue;
        for (Interval const& interval : traffic.ports->intervals()) {
            for (U128 port = interval.first; port <= interval.last; ++port) {
                auto const known = catalogue.at(*traffic.protocol, static_cast<std::uint16_t>(port));
                if (!known.empty() && known.front()->insecure) found.insert(known.front()->name);
            }
        }
    }
    return found;
}

// What the inner host serves, by whatever port it is reached.
Statement as_statement(Publish const& publish) {
    Statement statement;
    statement.name = publish.name;
    statement.from = publish.from;
    statement.traffic = publish.traffic;
    if (publish.port)
        for (Traffic& traffic : statement.traffic) traffic.ports = IntervalSet::single(*publish.port);
    return statement;
}

void check_exceptions(Draft const& draft, TomlValue::Date today, Catalogue const& catalogue, TomlReport& report) {
    std::map<std::string, std::set<std::string>, std::less<>> excepted; // by statement
    for (ExceptionDraft const& exception : draft.exceptions) {
        if (std::ranges::find(draft.allows, exception.allow) == draft.allows.end())
            report.error(exception.at, "there is no [[allow]] '" + exception.allow + "'" +
                                           did_you_mean_text(exception.allow, {draft.allows.begin(), draft.allows.end()}));
        bool const over = exception.until && *exception.until < today;
        for (PlacedString const& service : exception.services) {
            Service const* const known = catalogue.find(service.text);
            if (!known && service.text != "any")
                report.error(service.at, "'" + service.text + "' is no service of the catalogue" +
                                             did_you_mean_text(service.text, catalogue.names()));
            if (!over) excepted[exception.allow].insert(known ? known->name : service.text);
        }
    }
    auto const check = [&](Statement const& statement, TomlPlace at) {
        for (std::string const& service : insecure_services(statement, catalogue)) {
            if (excepted[statement.name].contains(service)) continue;
            Service const* const known = catalogue.find(service);
            std::string message = known ? fmt::format("'{}' allows {}, which is insecure", statement.name, service)
                                        : fmt::format("'{}' allows every service to senders that are not trusted", statement.name);
            if (known && !known->replacement.empty()) message += " (better: " + known->replacement + ")";
            report.error(at, message + fmt::format("; or say in an [[exception]] with allow = \"{}\" and services = "
                                                                   "[\"{}\"] who wants it, why, and until when",
                                                                   statement.name, service));
        }
    };
    for (StatementDraft const& each : draft.statements)
        if (!each.statement.deny) check(each.statement, each.at);
    for (PublishDraft const& each : draft.publications) check(as_statement(each.publish), each.at);
}

// ---- putting together

void resolve_statements(Draft& draft, PolicyWords& words, TomlValue::Date today, TomlReport& report) {
    std::erase_if(draft.statements, [&](StatementDraft const& each) {
        if (!each.expires || *each.expires >= today) return false;
        draft.policy.notes.push_back(fmt::format("line {}: '{}' expired on {} and is left out", each.at.line,
                                                 each.statement.name, text_of(*each.expires)));
        return true;
    });
    for (StatementDraft& each : draft.statements) {
        if (each.from) each.statement.from = words.end(*each.from);
        if (each.to) each.statement.to = words.end(*each.to);
        if (each.services) each.statement.traffic = words.traffic(*each.services);
        bool const inner = each.statement.from.self && each.statement.to.self && each.statement.from.places.empty() &&
                           each.statement.to.places.empty();
        if (inner) report.error(each.at, "from self to self is the loopback; see loopback in [harden]");
    }
    for (std::size_t i = 0, count = draft.statements.size(); i < count; ++i) {
        if (!draft.statements[i].both_ways) continue;
        draft.statements.push_back(draft.statements[i]);
        std::swap(draft.statements.back().statement.from, draft.statements.back().statement.to);
    }
}

void resolve_masquerades(Draft& draft, PolicyWords& words, TomlReport& report) {
    for (MasqueradeDraft& each : draft.masquerades) {
        if (!each.from || !each.to) continue;
        End const from = words.end(*each.from), to = words.end(*each.to);
        if (from.self || to.self) report.error(each.at, "self cannot be masqueraded: name zones, objects or any");
        for (Place const& place : from.places)
            if (!place.interfaces.is_all(128) && place.addresses.is_all())
                report.error(each.from->at, "a zone that is masqueraded needs networks: where a packet came in is not known "
                                            "when it leaves");
        each.masquerade.from = from.places;
        each.masquerade.to = to.places;
        draft.policy.masquerades.push_back(std::move(each.masquerade));
    }
}

// "10.0.0.5", "10.0.0.5:8443", "[2001:db8::5]:8443"
bool read_target(std::string const& text, Publish& publish) {
    std::string address = text;
    std::string port;
    bool const bracket = text.starts_with('[');
    std::size_t const colon = bracket ? text.find("]:") : text.find(':');
    bool const has_port = colon != text.npos && (bracket || text.rfind(':') == colon);
    if (has_port) {
        address = bracket ? text.substr(1, colon - 1) : text.substr(0, colon);
        port = text.substr(colon + (bracket ? 2 : 1));
        bool const digits = !port.empty() && port.size() <= 5 && port.find_first_not_of("0123456789") == port.npos;
        if (!digits || std::stoul(port) == 0 || std::stoul(port) > 65535) return false;
        publish.port = static_cast<std::uint16_t>(std::stoul(port));
    }
    auto const ip = parse_ip(address);
    if (ip) publish.host = *ip;
    return ip.has_value();
}

void resolve_publications(Draft& draft, PolicyWords& words, TomlReport& report) {
    for (PublishDraft& each : draft.publications) {
        Publish& publish = each.publish;
        if (!each.from || !each.services || !each.to) continue;
        publish.from = words.end(*each.from);
        publish.traffic = words.traffic(*each.services);
        if (publish.from.self) report.error(each.from->at, "the firewall itself reaches the inner host anyhow: name zones, objects or any");
        for (Traffic const& traffic : publish.traffic)
            if (!traffic.protocol || !port_protocols().contains(*traffic.protocol) || !traffic.ports)
                report.error(each.services->at, "ports are published: name services of tcp, udp and their like");
        auto const to = read_string(*each.to, report);
        if (to && !read_target(*to, publish))
            report.error(each.to->value.at, "'" + *to + "' is no inner host: write an address, with a port where it is another one, such as \"10.0.0.5:8443\"");
        if (each.own) {
            publish.at = words.networks(*each.own);
            publish.any_own = false;
            if (to && publish.at.of(publish.host.family).empty())
                report.error(each.own->at, "the firewall's addresses are of another family than the inner host");
        }
        draft.policy.publications.push_back(publish);
    }
}

} // namespace

LoadedPolicy load_policy(Sources const& sources, SourceId source, TomlValue::Date today, Catalogue const& catalogue) {
    Source const& text = sources[source];
    TomlDocument document = parse_toml(text.text(), text.path());
    LoadedPolicy loaded{{}, std::move(document.errors)};
    if (!loaded.errors.empty()) return loaded;
    TomlReport report(text.path(), loaded.errors);
    Draft draft;
    draft.source = source;
    draft.text = &text;
    read_members(document.root, root_keys, text.path(), draft, report);
    PolicyWords words(draft.policy, catalogue, report);
    if (draft.objects) words.add_objects(*draft.objects);
    if (draft.services) words.add_services(*draft.services);
    resolve_device(draft, words, report);
    for (ZoneDraft& zone : draft.zones) {
        resolve_zone(zone, draft, words, report);
        draft.policy.zones.push_back(std::move(zone.zone));
    }
    words.work_out();
    draft.policy.objects = words.objects();
    resolve_statements(draft, words, today, report);
    resolve_masquerades(draft, words, report);
    resolve_publications(draft, words, report);
    if (loaded.errors.empty()) check_exceptions(draft, today, catalogue, report);
    for (StatementDraft& each : draft.statements) draft.policy.statements.push_back(std::move(each.statement));
    loaded.policy = std::move(draft.policy);
    std::ranges::stable_sort(loaded.errors, {}, [](ConfigError const& error) { return std::pair(error.line, error.column); });
    return loaded;
}

} // namespace portcullis
