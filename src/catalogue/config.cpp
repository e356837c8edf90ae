// The tables of portcullis.toml, key by key.
#include "portcullis/catalogue/config.hpp"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "catalogue/config_document.hpp"
#include "catalogue/networks.hpp"
#include "catalogue/service_toml.hpp"
#include "catalogue/toml_reader.hpp"

namespace portcullis {
namespace {

constexpr std::string_view severity_words[] = {"info", "low", "medium", "high", "critical"};
constexpr std::string_view fail_on_words[] = {"info", "low", "medium", "high", "critical", "never"};
constexpr std::string_view dialect_words[] = {"iptables",  "ip6tables", "iptables-script", "nftables", "nft-json",
                                              "cisco-ios", "cisco-asa", "cisco-nxos",      "cisco-xr"};

using Kind = TomlShape::Kind;

ConfigWord word_at(std::string text, TomlPlace at) { return {std::move(text), at.line, at.column, at.file}; }

// The function of a key whose value is a table with known keys.
template <auto const& keys, auto const& where>
void read_subtable(TomlMember const& member, Config& config, TomlReport& report) {
    if (auto const* table = read_table(member, report)) read_members(*table, keys, where, config, report);
}

// [lint]

template <std::vector<ConfigWord> Config::*field>
void read_selectors(TomlMember const& member, Config& config, TomlReport& report) {
    for (auto& [text, at] : read_strings(member, report)) (config.*field).push_back(word_at(std::move(text), at));
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
            config.levels.emplace_back(word_at(level.key, level.at), *severity_by_name(severity_words[*index]));
}

void read_baseline(TomlMember const& member, Config& config, TomlReport& report) {
    config.baseline = read_string(member, report).value_or("");
}

constexpr TomlKey<Config> per_file_keys[] = {
    {"select", read_selectors<&Config::select>, {Kind::texts, "The rules that are asked, instead of those of [lint]."}},
    {"ignore", read_selectors<&Config::ignore>, {Kind::texts, "Rules that are not asked, besides those of [lint]."}},
    {"fail-on", read_fail_on, {Kind::text, "The severity from which on a finding fails the run, instead of that of [lint].", {}, fail_on_words}},
    {"levels", read_levels, {Kind::map, "The severity of rules, before those of [lint].", {}, severity_words}},
};

// What applies to a file has been taken from here already (config_document.hpp); the other tables have to be right as well.
void read_per_file(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* tables = read_table(member, report);
    if (!tables) return;
    for (TomlMember const& entry : *tables) {
        auto const* members = read_table(entry, report);
        if (!members) continue;
        Config part;
        read_members(*members, per_file_keys, "the table of '" + entry.key + "' in [lint.per-file]", part, report);
        for (auto* words : {&part.select, &part.ignore}) std::ranges::move(*words, std::back_inserter(config.per_file_rules));
        for (auto& level : part.levels) config.per_file_rules.push_back(std::move(level.first));
    }
}

constexpr TomlKey<Config> lint_keys[] = {
    {"select", read_selectors<&Config::select>, {Kind::texts, "The rules that are asked: ids, slugs, or prefixes such as PC1.", "[\"PC\"]"}},
    {"ignore", read_selectors<&Config::ignore>, {Kind::texts, "Rules that are not asked.", "[]"}},
    {"fail-on", read_fail_on, {Kind::text, "The severity from which on a finding fails the run.", "\"medium\"", fail_on_words}},
    {"levels", read_levels, {Kind::map, "The severity of rules, by id, slug or prefix; the most precise one decides.", {}, severity_words}},
    {"unignorable", read_selectors<&Config::unignorable>, {Kind::texts, "Rules that nothing may waive.", "[]"}},
    {"baseline", read_baseline, {Kind::text, "A file of findings that are known already, relative to this one."}},
    {"per-file", read_per_file, {Kind::map, "What holds for some files: by a pattern for the path from the folder of this file.", {}, {}, fields_of<per_file_keys>}},
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

constexpr TomlKey<Config> files_keys[] = {
    {"dialect", read_dialects, {Kind::map, "The dialect of files, by a pattern for the path or the name; the first that fits decides.", {}, dialect_words}}};
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

constexpr std::string_view trust_words[] = {"untrusted", "trusted"};

void read_trust(TomlMember const& member, Zone& zone, TomlReport& report) {
    if (auto const index = read_word(member, trust_words, report)) zone.trusted = *index == 1;
}

constexpr TomlKey<Zone> zone_keys[] = {
    {"networks", read_networks, {Kind::texts, "Addresses, prefixes, ranges, any or private; a leading ! leaves out."}},
    {"interfaces", read_interfaces, {Kind::texts, "Names, or eth* for all that begin so."}},
    {"trust", read_trust, {Kind::text, "Whether what comes from there is trusted. It has to be said.", {}, trust_words}},
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

template <ConfigWord Waive::*field> void read_waive_word(TomlMember const& member, Waive& waive, TomlReport& report) {
    waive.*field = word_at(read_string(member, report).value_or(""), member.value.at);
}

void read_waive_until(TomlMember const& member, Waive& waive, TomlReport& report) { waive.until = read_date(member, report); }

constexpr TomlKey<Waive> waive_keys[] = {
    {"rule", read_waive_word<&Waive::rule>, {Kind::text, "An id, slug or prefix of the rules that are waived; needed, where there is no traffic."}},
    {"traffic", read_waive_word<&Waive::traffic>, {Kind::text, "A question without its verb: findings all of whose packets are among these."}},
    {"file", read_waive_text<&Waive::file>, {Kind::text, "A pattern for the path from the repository, or for the name alone."}},
    {"where", read_waive_text<&Waive::where>, {Kind::text, "A pattern for the chain or access list: filter/INPUT."}},
    {"service", read_waive_text<&Waive::service>, {Kind::text, "A service of the catalogue."}},
    {"until", read_waive_until, {Kind::date, "The last day."}},
    {"owner", read_waive_text<&Waive::owner>, {Kind::text, "Who answers for it."}},
    {"by", read_waive_text<&Waive::owner>, {Kind::text, "The same as owner."}},
    {"ticket", read_waive_text<&Waive::ticket>, {Kind::text, "Where it was decided."}},
    {"reason", read_waive_text<&Waive::reason>, {Kind::text, "Why."}},
};

void read_waives(TomlMember const& member, Config& config, TomlReport& report) {
    auto const* tables = read_array(member, report);
    if (!tables) return;
    for (TomlValue const& entry : *tables) {
        auto const* members = entry.table();
        if (!members || (!find(*members, "rule") && !find(*members, "traffic"))) {
            report.error(entry.at, "a [[waive]] needs the rule that it waives, or traffic: rule = \"PC101\"");
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

// What it names has been read already.
void read_extend(TomlMember const& member, Config&, TomlReport& report) { read_string(member, report); }

constexpr TomlKey<Config> root_keys[] = {
    {"root", read_root, {Kind::boolean, "The search for a portcullis.toml further up ends here.", "false"}},
    {"extend", read_extend, {Kind::text, "Another file of this kind, relative to this one, of which holds what is not said here."}},
    {"lint", read_subtable<lint_keys, lint_name>, {Kind::table, "Which rules are asked, and what they count for.", {}, {}, fields_of<lint_keys>}},
    {"files", read_subtable<files_keys, files_name>, {Kind::table, "How files are read.", {}, {}, fields_of<files_keys>}},
    {"zones", read_zones, {Kind::map, "Parts of the network, and whom to trust.", {}, {}, fields_of<zone_keys>}},
    {"services", read_user_services, {Kind::map, "Services of your own, or other facts of known ones.", {}, {}, service_fields}},
    {"waive", read_waives, {Kind::tables, "Findings that somebody answers for.", {}, {}, fields_of<waive_keys>}},
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

std::vector<TomlField> config_fields() { return fields_of<root_keys>(); }

LoadedConfig load_config(std::string_view text, std::string_view path) { return ConfigDocument({std::string(path), std::string(text)}, {}).config(); }

LoadedConfig ConfigDocument::config(std::vector<std::size_t> const& tables) const {
    LoadedConfig loaded{{}, errors_};
    std::vector<std::string> paths;
    for (ConfigText const& file : files_) paths.push_back(file.path);
    TomlReport report(paths, loaded.errors);
    read_members(effective(tables), root_keys, paths.empty() ? "" : paths.front(), loaded.config, report);
    loaded.config.files = files_;
    if (loaded.config.waives.empty())
        for (ConfigText& file : loaded.config.files) file.text.clear(); // nobody shows it
    auto const place = [&](ConfigError const& error) { return std::tuple(std::ranges::find(paths, error.path), error.line, error.column); };
    std::ranges::stable_sort(loaded.errors, {}, place);
    return loaded;
}

} // namespace portcullis
