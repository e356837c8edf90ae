// The rules of lint as data: what rules/lint/<slug>.toml says of each. The code of a rule is in src/lint/rules/<slug>.cpp.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "portcullis/model/finding.hpp"

namespace portcullis {

// A text that raises the rule and one that does not, for one dialect. Lines that end in "<--" are those that findings
// stand on. See `framed` for how a few lines become a whole file.
struct Example {
    Dialect dialect{};
    std::string bad;
    std::string good;
    std::string config{}; // the portcullis.toml that both need; empty for none
    std::string policy{}; // that generate and verify compare them with; empty for rules of lint
};

// What becomes of a rule whose questions take too long for thousands of rules.
enum class OnLarge : std::uint8_t {
    asked,
    sampled, // it asks about examples of packets
    skipped, // it is not asked, unless it is selected by its id or slug
};

// What the text is that findings of a rule stand on, where it is more than wrong. Editors show it.
enum class TextTag : std::uint8_t {
    none,
    unnecessary, // it could go, and nothing would be missed
    deprecated,
};

// What auditors ask by, newest edition that the rules speak of.
struct Standard {
    std::string_view key;   // in the rules' data, on the command line and in JSON: "pci-dss"
    std::string_view title; // before an item: "PCI DSS 4.0"
};
std::span<Standard const> standards();

// Items of one standard that a rule's findings speak to: the requirement is not met, or not shown to be.
struct Compliance {
    Standard const* standard = nullptr;
    std::vector<std::string> items; // "1.2.6"
};

struct RuleInfo {
    std::string id;   // "PC101", permanent
    std::string slug; // "telnet-exposed", permanent
    Severity severity{};
    std::string summary; // one line, for lists
    std::string message; // with {arguments} of the finding
    std::string why;
    std::string fix;
    std::vector<std::string> references;
    std::vector<Compliance> compliance;            // in the order of standards(); empty for most rules of order and spelling
    std::vector<std::string> services;             // of the catalogue, for a rule of exposure
    std::map<std::string, std::int64_t> parameters;
    bool both_families = false;                     // about both families of a host, which may be in two files
    bool reader = false;                            // raised while a dialect is read; there is no code of its own
    bool of_waivers = false;                        // about waivers, after all other rules
    bool unignorable = false;                       // its findings are told and counted whatever a waiver says
    OnLarge on_large = OnLarge::asked;              // rulesets of more than 5,000 rules
    TextTag tag = TextTag::none;                    // of findings that are certain
    std::vector<Example> examples;

    std::int64_t parameter(std::string_view name) const { return parameters.at(std::string(name)); }
};

// All rules, by id.
std::vector<RuleInfo> const& rules();
// By id or slug; null where there is none.
RuleInfo const* find_rule(std::string_view id_or_slug);
// Whether `selector` is the rule's id or slug, a prefix of its id such as "PC2", a standard that it has items of, or one of
// these: "pci-dss:1.2.6".
bool selects(std::string_view selector, RuleInfo const& rule);
// "unknown rule 'X'; did you mean 'Y'?" where the selector selects no rule at all.
std::optional<std::string> unknown_rule(std::string_view selector);
// The items with their standards: "PCI DSS 4.0 1.2.6".
std::vector<std::string> requirements_of(RuleInfo const& rule);
// The message with its arguments filled in.
std::string message_of(RuleInfo const& rule, Finding const& finding);

// A complete file around the lines of an example, unless they are one: a filter table with DROP policies, an nftables
// input chain with policy drop, an applied access list. Marks are taken out.
std::string framed(Dialect dialect, std::string_view lines);

} // namespace portcullis
