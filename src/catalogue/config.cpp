// The tables of portcullis.toml, key by key.
#include "portcullis/catalogue/config.hpp"

#include <algorithm>

#include "catalogue/networks.hpp"
#include "catalogue/service_toml.hpp"
#include "catalogue/toml_reader.hpp"

namespace portcullis {
namespace {

constexpr std::string_view severity_words[] = {"info", "low", "medium", "high", "critical"};
constexpr std::string_view fail_on_words[] = {"info", "low", "medium", "high", "critical", "never"};
constexpr std::string_view dialect_words[] = {"iptables",  "ip6tables", "iptables-script", "nftables", "nft-json",
                                              "cisco-ios", "cisco-asa", "cisco-nxos",      "cisco-xr"};

void not_supported(TomlMember const& member, Config&, TomlReport& report) {
    report.error(member.at, "'" + member.key + "' is not supported yet");
}

// The function of a key whose value is a table with known keys.
template <auto const& keys, auto const& where>
void read_subtable(TomlMember const& member, Config& config, TomlReport& report) {
    if (auto const* table = read_table(member, report)) read_members(*table, keys, where, config, report);
}

// [lint]

template <std::vector<RuleSelector> Config::*field>
void read_selectors(TomlMember const& member, Config& config, TomlReport& report) {
    for (auto& [text, at] : read_strings(member, report))
        (config.*field).push_back({std::move(text), at.line, at.column});
}

void read_fail_on(TomlMember const& member, Config& config, TomlReport& report) {
    if (auto const index = read_word(member, fail_on_words, report))
        config.fail_on = severity_by_name(fail_on_words[*index]); // "never" is no severity
}

void read_levels(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* table = read_table(member, report);
    if (!table) return;
    for (TomlMember const& level : *table)
        if (auto const index = read_word(level, severity_words, report))
            config.levels.push_back(
                {{level.key, level.at.line, level.at.column}, *severity_by_name(severity_words[*index])});
}

void read_baseline(TomlMember const& member, Config& config, TomlReport& report) {
    config.baseline = read_string(member, report).value_or("");
}

constexpr TomlKey<Config> lint_keys[] = {
    {"select", read_selectors<&Config::select>},
    {"ignore", read_selectors<&Config::ignore>},
    {"fail-on", read_fail_on},
    {"levels", read_levels},
    {"unignorable", read_selectors<&Config::unignorable>},
    {"baseline", read_baseline},
    {"per-file", not_supported},
};
constexpr std::string_view lint_name = "[lint]";

// [files]

void read_dialects(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* table = read_table(member, report);
    if (!table) return;
    for (TomlMember const& glob : *table)
        if (auto const index = read_word(glob, dialect_words, report))
            config.dialects.emplace_back(glob.key, *dialect_by_name(dialect_words[*index]));
}

constexpr TomlKey<Config> files_keys[] = {{"dialect", read_dialects}};
constexpr std::string_view files_name = "[files]";

// [zones]

IntervalSet every_address(Family family) { return IntervalSet::all(address_bits(family)); }

// One word of `networks`, of both families; nothing and an error where it is none.
struct Networks {
    IntervalSet v4, v6;
};
std::optional<Networks> read_network(std::string_view word, TomlPlace at, TomlReport& report) {
    if (word == "any") return Networks{every_address(Family::v4), every_address(Family::v6)};
    if (word == "private") return Networks{private_addresses(Family::v4), private_addresses(Family::v6)};
    if (auto range = parse_address_range(word))
        return range->family == Family::v4 ? Networks{std::move(range->set), {}}
                                           : Networks{{}, std::move(range->set)};
    std::string message = "'" + std::string(word) + "' is no network: ";
    if (auto const better = without_host_bits(word))
        message += "it has bits below its prefix; write " + *better;
    else
        message +=
            "use an address, a prefix such as 10.0.0.0/8, a range such as 192.0.2.1-192.0.2.9, any or private, "
            "each with a leading ! to leave it out" +
            did_you_mean_text(word, {"any", "private"});
    report.error(at, std::move(message));
    return std::nullopt;
}

// All words without "!", or everything where there are none, minus those with it.
void read_networks(TomlMember const& member, Zone& zone, TomlReport& report) {
    Networks with, without;
    bool all_excluded = true;
    auto const add = [](Networks& sum, Networks const& part) {
        sum = {sum.v4.united(part.v4), sum.v6.united(part.v6)};
    };
    for (auto const& [text, at] : read_strings(member, report)) {
        bool const excluded = text.starts_with('!');
        auto const networks = read_network(std::string_view(text).substr(excluded ? 1 : 0), at, report);
        if (networks) add(excluded ? without : with, *networks);
        all_excluded = all_excluded && excluded;
    }
    if (all_excluded) with = {every_address(Family::v4), every_address(Family::v6)};
    zone.v4 = with.v4.minus(without.v4);
    zone.v6 = with.v6.minus(without.v6);
    zone.has_networks = true;
}

void read_interfaces(TomlMember const& member, Zone& zone, TomlReport& report) {
    for (auto& [text, at] : read_strings(member, report)) {
        if (is_interface_pattern(text))
            zone.interfaces.push_back(std::move(text));
        else
            report.error(at,
                         "'" + text + "' is no interface: use a name such as eth0, or eth* for all that begin so");
    }
}

void read_trust(TomlMember const& member, Zone& zone, TomlReport& report) {
    constexpr std::string_view words[] = {"untrusted", "trusted"};
    if (auto const index = read_word(member, words, report)) zone.trusted = *index == 1;
}

constexpr TomlKey<Zone> zone_keys[] = {
    {"networks", read_networks},
    {"interfaces", read_interfaces},
    {"trust", read_trust},
};

void read_zones(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* table = read_table(member, report);
    if (!table) return;
    for (TomlMember const& entry : *table) {
        auto const* members = read_table(entry, report);
        if (!members) continue;
        Zone zone;
        zone.name = entry.key;
        read_members(*members, zone_keys, "the zone '" + entry.key + "'", zone, report);
        if (!find(*members, "trust"))
            report.error(entry.at,
                         "the zone '" + entry.key + "' needs trust = \"trusted\" or trust = \"untrusted\"");
        if (!find(*members, "networks") && !find(*members, "interfaces"))
            report.error(entry.at, "the zone '" + entry.key + "' needs networks or interfaces");
        config.zones.push_back(std::move(zone));
    }
}

// [[waive]]

template <std::string Waive::*field> void read_waive_text(TomlMember const& member, Waive& waive, TomlReport& report) {
    waive.*field = read_string(member, report).value_or("");
}

void read_waive_rule(TomlMember const& member, Waive& waive, TomlReport& report) {
    waive.rule = {read_string(member, report).value_or(""), member.value.at.line, member.value.at.column};
}

void read_waive_until(TomlMember const& member, Waive& waive, TomlReport& report) { waive.until = read_date(member, report); }

constexpr TomlKey<Waive> waive_keys[] = {
    {"rule", read_waive_rule},
    {"file", read_waive_text<&Waive::file>},
    {"where", read_waive_text<&Waive::where>},
    {"service", read_waive_text<&Waive::service>},
    {"until", read_waive_until},
    {"owner", read_waive_text<&Waive::owner>},
    {"by", read_waive_text<&Waive::owner>},
    {"ticket", read_waive_text<&Waive::ticket>},
    {"reason", read_waive_text<&Waive::reason>},
};

void read_waives(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* tables = read_array(member, report);
    if (!tables) return;
    for (TomlValue const& entry : *tables) {
        auto const* members = entry.table();
        if (!members || !find(*members, "rule")) {
            report.error(entry.at, "a [[waive]] needs the rule that it waives: rule = \"PC101\"");
            continue;
        }
        read_members(*members, waive_keys, "[[waive]]", config.waives.emplace_back(), report);
    }
}

// The whole file

void read_root(TomlMember const& member, Config& config, TomlReport& report) {
    config.root = read_boolean(member, report).value_or(false);
}

void read_user_services(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* table = read_table(member, report);
    if (!table) return;
    std::vector<Service> services = config.catalogue.services();
    read_services(*table, "services.", services, report);
    config.catalogue = Catalogue(std::move(services));
}

constexpr TomlKey<Config> root_keys[] = {
    {"root", read_root},
    {"extend", not_supported},
    {"lint", read_subtable<lint_keys, lint_name>},
    {"files", read_subtable<files_keys, files_name>},
    {"zones", read_zones},
    {"services", read_user_services},
    {"waive", read_waives},
};

// Trust

// Interfaces by name: those of `inside` that are not of `outside`.
struct Interfaces {
    std::vector<std::string> inside, outside;
};

// The names under `key`, and those that are taken out again.
Interfaces read_interfaces(std::string_view key) {
    Interfaces names;
    auto const data = built_in_toml("rules/names/interfaces.toml");
    for (TomlValue const& entry : *find(data, key)->array()) {
        std::string const& pattern = *entry.string();
        if (pattern.starts_with('!'))
            names.outside.push_back(pattern.substr(1));
        else
            names.inside.push_back(pattern);
    }
    return names;
}

bool some_has_interfaces(std::vector<Zone> const& zones) {
    return std::ranges::any_of(zones, [](Zone const& zone) { return !zone.interfaces.empty(); });
}

Interfaces trusted_names(std::vector<Zone> const& zones) {
    static Interfaces const by_name = read_interfaces("inside");
    Interfaces by_zone{{"lo"}, {}};
    for (Zone const& zone : zones) {
        auto& side = zone.trusted ? by_zone.inside : by_zone.outside;
        side.insert(side.end(), zone.interfaces.begin(), zone.interfaces.end());
    }
    return some_has_interfaces(zones) ? by_zone : by_name;
}

} // namespace

std::vector<Territory> Config::territories(Family family) const {
    std::vector<Zone const*> by_size;
    for (Zone const& zone : zones)
        if (zone.has_networks) by_size.push_back(&zone);
    std::ranges::stable_sort(
        by_size, {}, [&](Zone const* zone) { return std::pair(zone->networks(family).count(), zone->trusted); });
    std::vector<Territory> all;
    IntervalSet rest = every_address(family).minus(impossible_sources(family));
    auto const add = [&](std::string name, bool trusted, IntervalSet const& addresses) {
        all.push_back({std::move(name), trusted, addresses.intersected(rest)});
        rest = rest.minus(addresses);
    };
    for (Zone const* zone : by_size) add(zone->name, zone->trusted, zone->networks(family));
    add("private addresses", true, private_addresses(family));
    add("public addresses", false, every_address(family));
    return all;
}

IntervalSet Config::untrusted_sources(Family family) const {
    IntervalSet untrusted;
    for (Territory const& territory : territories(family))
        if (!territory.trusted) untrusted = untrusted.united(territory.addresses);
    return untrusted;
}

bool has_interface(Zone const& zone, std::string_view interface) { return matches_interface(zone.interfaces, interface); }

bool Config::trusts_interface(std::string_view name) const {
    Interfaces const names = trusted_names(zones);
    return matches_interface(names.inside, name) && !matches_interface(names.outside, name);
}

IntervalSet Config::trusted_interfaces() const {
    Interfaces const names = trusted_names(zones);
    return interface_values(names.inside, false).minus(interface_values(names.outside, true));
}

IntervalSet Config::outside_interfaces() const {
    static Interfaces const by_name = read_interfaces("outside");
    Interfaces const by_zone = trusted_names(zones);
    return some_has_interfaces(zones) ? interface_values(by_zone.outside, false).minus(interface_values(by_zone.inside, true))
                                      : interface_values(by_name.inside, false);
}

LoadedConfig load_config(std::string_view text, std::string_view path) {
    TomlDocument document = parse_toml(text, path);
    LoadedConfig loaded{{}, std::move(document.errors)};
    TomlReport report(path, loaded.errors);
    read_members(document.root, root_keys, path, loaded.config, report);
    loaded.config.path = path;
    if (!loaded.config.waives.empty()) loaded.config.text = text;
    std::ranges::stable_sort(loaded.errors, {},
                             [](ConfigError const& error) { return std::pair(error.line, error.column); });
    return loaded;
}

} // namespace portcullis
