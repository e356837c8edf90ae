// portcullis.toml: which rules run, what the networks are, and the user's own services. Whatever in it is unknown,
// misspelt or not supported yet is an error with its place, so that no setting is ignored in silence.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "portcullis/base/interval_set.hpp"
#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/catalogue/config_error.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis {

// A word of the configuration, and where it stands: a rule's id, slug or prefix ("PC2"), of which it is for lint to say whether such a rule
// exists, or a phrase of traffic.
struct ConfigWord {
    std::string text;
    std::uint32_t line = 1;
    std::uint32_t column = 1;
    std::size_t file = 0; // of Config::files
};

// A [[waive]] table: findings that somebody answers for.
struct Waive {
    ConfigWord rule;       // empty where the traffic says it all
    ConfigWord traffic{};  // "from internet to any tcp/23": only findings all of whose packets are among these; empty for any
    std::string file{};    // a glob for the path or the name alone; empty for any
    std::string where{};   // a glob for the chain or access list: "filter/INPUT"; empty for any
    std::string service{}; // of the catalogue; empty for any
    std::optional<std::chrono::year_month_day> until{}; // the last day
    std::string owner{};
    std::string ticket{};
    std::string reason{};
};

// A part of the network that the user names.
struct Zone {
    std::string name;
    bool trusted = false;
    bool has_networks = false; // without `networks` a zone says nothing about addresses
    IntervalSet v4;
    IntervalSet v6;
    std::vector<std::string> interfaces; // names, or "eth*" for all that begin so

    IntervalSet const& networks(Family family) const { return family == Family::v4 ? v4 : v6; }
};

// Addresses that are trusted alike: those of a zone, or what is in none.
struct Territory {
    std::string name; // of the zone; "private addresses", "public addresses"
    bool trusted = false;
    IntervalSet addresses;
};

// Whether the zone names the interface, itself or by a pattern.
bool has_interface(Zone const& zone, std::string_view interface);

struct ConfigText {
    std::string path;
    std::string text;
    std::string error{}; // why there is none
};

struct Config {
    bool root = false; // look no further up for another portcullis.toml

    std::vector<ConfigWord> select;
    std::vector<ConfigWord> ignore;
    std::optional<Severity> fail_on = Severity::medium; // none: "never"
    std::vector<std::pair<ConfigWord, Severity>> levels;
    std::vector<ConfigWord> unignorable; // rules that nothing may waive
    std::string baseline;                  // a file, relative to the configuration; empty for none
    std::vector<Waive> waives;
    std::vector<ConfigWord> per_file_rules; // that any table of [lint.per-file] names
    // The texts that it is from, the file itself first, then what it extends. Findings about waivers show them.
    std::vector<ConfigText> files;

    std::vector<std::pair<std::string, Dialect>> dialects; // by glob, in the order of the file
    std::vector<Zone> zones;
    Catalogue catalogue = Catalogue::built_in(); // with the user's services

    // All source addresses, each once. Addresses of a zone are as trusted as it is; where zones overlap, the smaller
    // one decides, and of equal ones the untrusted. All others are untrusted unless they are private or local to a
    // link. Never members: addresses that no packet can come from (loopback, multicast, broadcast, …).
    std::vector<Territory> territories(Family family) const;
    // Those that are not to be trusted.
    IntervalSet untrusted_sources(Family family) const;
    // Whether everything that arrives at an interface is trusted. Where a zone names interfaces, those of the
    // trusted zones and the loopback are; else names that say that they are inside (rules/names/interfaces.toml).
    bool trusts_interface(std::string_view name) const;
    // The same as a set of values of Field::iif. Names too long to be told apart there are not in it.
    IntervalSet trusted_interfaces() const;
    // Interfaces that lead to where nobody is trusted, as values of Field::iif: where a zone names interfaces, those of
    // the untrusted zones; else names that say so.
    IntervalSet outside_interfaces() const;
};

struct LoadedConfig {
    Config config;
    std::vector<ConfigError> errors;
};

// Of a text that extends no other one.
LoadedConfig load_config(std::string_view text, std::string_view path);

} // namespace portcullis
