// The rules' data out of rules/lint/*.toml. The files are ours, so a mistake in one is a defect: it throws.
#include <algorithm>
#include <fmt/format.h>
#include <stdexcept>
#include <toml++/toml.h>

#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/embedded.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis {

namespace {

std::string text(toml::table const& table, std::string_view key, std::string_view file) {
    auto const value = table[key].value<std::string>();
    if (!value) throw std::logic_error(fmt::format("{} has no text '{}'", file, key));
    std::string result = *value;
    while (result.ends_with('\n')) result.pop_back();
    return result;
}

std::vector<std::string> texts(toml::node_view<toml::node const> node) {
    std::vector<std::string> all;
    if (auto const* array = node.as_array()) {
        for (auto const& item : *array) all.push_back(item.value_or<std::string>(""));
    }
    return all;
}

// compliance = { pci-dss = ["1.2.6"], cis = ["4.6"] }
std::vector<Compliance> compliance(toml::table const* table, std::string const& slug) {
    std::vector<Compliance> all;
    if (table == nullptr) return all;
    for (Standard const& standard : standards())
        if (auto const items = (*table)[standard.key]) all.push_back({&standard, texts(items)});
    if (all.size() != table->size()) throw std::logic_error(slug + ": compliance has a key that is no standard");
    return all;
}

RuleInfo parse_rule(EmbeddedFile const& file) {
    toml::table const table = toml::parse(file.text, file.path);
    RuleInfo rule;
    std::size_t const slash = file.path.rfind('/') + 1;
    rule.slug = file.path.substr(slash, file.path.rfind('.') - slash);
    rule.id = text(table, "id", file.path);
    rule.severity = severity_by_name(text(table, "severity", file.path)).value();
    rule.summary = text(table, "summary", file.path);
    rule.message = text(table, "message", file.path);
    rule.why = text(table, "why", file.path);
    rule.fix = text(table, "fix", file.path);
    rule.references = texts(table["references"]);
    rule.compliance = compliance(table["compliance"].as_table(), rule.slug);
    rule.services = texts(table["services"]);
    rule.reader = table["kind"].value_or<std::string>("") == "reader";
    rule.of_waivers = table["kind"].value_or<std::string>("") == "waiver";
    rule.unignorable = table["unignorable"].value_or(false);
    rule.both_families = table["kind"].value_or<std::string>("") == "both-families";
    if (auto const large = table["large"].value<std::string>()) {
        if (*large != "sampled" && *large != "skipped") throw std::logic_error(rule.slug + ": large = \"" + *large + '"');
        rule.on_large = *large == "sampled" ? OnLarge::sampled : OnLarge::skipped;
    }
    if (auto const tag = table["tag"].value<std::string>()) {
        if (*tag != "unnecessary" && *tag != "deprecated") throw std::logic_error(rule.slug + ": tag = \"" + *tag + '"');
        rule.tag = *tag == "unnecessary" ? TextTag::unnecessary : TextTag::deprecated;
    }
    if (auto const* parameters = table["parameters"].as_table()) {
        for (auto const& [key, value] : *parameters) rule.parameters.emplace(key.str(), value.value<std::int64_t>().value());
    }
    if (auto const* examples = table["example"].as_array()) {
        for (auto const& item : *examples) {
            toml::table const& example = *item.as_table();
            auto const dialect = dialect_by_name(text(example, "dialect", file.path));
            rule.examples.push_back({dialect.value(), text(example, "bad", file.path), text(example, "good", file.path),
                                     example["config"].value_or<std::string>(""), example["policy"].value_or<std::string>("")});
        }
    }
    return rule;
}

std::vector<RuleInfo> load_rules() {
    std::vector<RuleInfo> all;
    for (EmbeddedFile const& file : embedded_files()) {
        if (file.path.starts_with("rules/lint/")) all.push_back(parse_rule(file));
    }
    std::sort(all.begin(), all.end(), [](RuleInfo const& a, RuleInfo const& b) { return a.id < b.id; });
    return all;
}

bool has_line_starting(std::string_view lines, std::initializer_list<std::string_view> starts) {
    for (std::size_t at = 0; at < lines.size();) {
        std::string_view const line = lines.substr(at, lines.find('\n', at) - at);
        if (std::any_of(starts.begin(), starts.end(), [&](auto start) { return line.starts_with(start); })) return true;
        at += line.size() + 1;
    }
    return false;
}

// The marks at the ends of lines are not part of the text.
std::string unmarked(std::string_view lines) {
    std::string text;
    for (std::size_t at = 0; at < lines.size();) {
        std::string_view line = lines.substr(at, lines.find('\n', at) - at);
        at += line.size() + 1;
        if (line.ends_with("<--")) line.remove_suffix(3);
        while (line.ends_with(' ')) line.remove_suffix(1);
        text += line;
        text += '\n';
    }
    return text;
}

} // namespace

std::vector<RuleInfo> const& rules() {
    static std::vector<RuleInfo> const all = load_rules();
    return all;
}

RuleInfo const* find_rule(std::string_view id_or_slug) {
    auto const& all = rules();
    auto const at = std::find_if(all.begin(), all.end(),
                                 [&](RuleInfo const& r) { return r.id == id_or_slug || r.slug == id_or_slug; });
    return at == all.end() ? nullptr : &*at;
}

std::span<Standard const> standards() {
    static constexpr Standard all[] = {{"pci-dss", "PCI DSS 4.0"},
                                       {"cis", "CIS Controls v8"},
                                       {"cis-benchmark", "CIS Benchmark"},
                                       {"nist-800-41", "NIST SP 800-41 Rev. 1"},
                                       {"nist-800-53", "NIST SP 800-53 Rev. 5"},
                                       {"stig", "DISA STIG"}};
    return all;
}

std::vector<std::string> requirements_of(RuleInfo const& rule) {
    std::vector<std::string> all;
    for (Compliance const& part : rule.compliance)
        for (std::string const& item : part.items) all.push_back(fmt::format("{} {}", part.standard->title, item));
    return all;
}

bool selects(std::string_view selector, RuleInfo const& rule) {
    if (selector == rule.slug || (selector.starts_with("PC") && rule.id.starts_with(selector))) return true;
    std::size_t const colon = std::min(selector.find(':'), selector.size());
    auto const part = std::ranges::find(rule.compliance, selector.substr(0, colon), [](Compliance const& c) { return c.standard->key; });
    if (part == rule.compliance.end()) return false;
    return colon == selector.size() || std::ranges::find(part->items, selector.substr(colon + 1)) != part->items.end();
}

std::optional<std::string> unknown_rule(std::string_view selector) {
    if (std::any_of(rules().begin(), rules().end(), [&](RuleInfo const& r) { return selects(selector, r); })) return std::nullopt;
    std::vector<std::string_view> known;
    for (RuleInfo const& rule : rules()) {
        known.push_back(rule.id);
        known.push_back(rule.slug);
    }
    for (Standard const& standard : standards()) known.push_back(standard.key);
    return fmt::format("unknown rule '{}'{}", selector, did_you_mean_text(selector, known));
}

std::string message_of(RuleInfo const& rule, Finding const& finding) {
    std::string result;
    std::string_view rest = rule.message;
    while (!rest.empty()) {
        std::size_t const open = rest.find('{');
        result += rest.substr(0, open);
        if (open == std::string_view::npos) break;
        std::size_t const close = rest.find('}', open);
        std::string const name(rest.substr(open + 1, close - open - 1));
        auto const arg = finding.args.find(name);
        result += arg == finding.args.end() ? '{' + name + '}' : arg->second;
        rest.remove_prefix(close + 1);
    }
    return result;
}

std::string framed(Dialect dialect, std::string_view lines) {
    std::string body = unmarked(lines);
    switch (dialect) {
    case Dialect::iptables:
    case Dialect::ip6tables:
        if (has_line_starting(body, {"*"})) return body;
        return "*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n" + body + "COMMIT\n";
    case Dialect::nftables:
        if (has_line_starting(body, {"table", "flush", "add", "define"})) return body;
        return "table inet t {\nchain i {\ntype filter hook input priority 0; policy drop;\n" + body + "}\n}\n";
    case Dialect::cisco_ios:
        if (has_line_starting(body, {"no ip", "ip access-list", "ipv6 access-list", "access-list", "interface", "line", "snmp", "object-group"})) return body;
        return "hostname example\nip access-list extended EXAMPLE\n" + body +
               "interface GigabitEthernet0/0\n ip access-group EXAMPLE in\n";
    case Dialect::cisco_asa:
        if (has_line_starting(body, {"access-group", "interface"})) return body;
        return "interface GigabitEthernet0/0\n nameif outside\n security-level 0\n" + body +
               "access-group EXAMPLE in interface outside\n";
    default: return body;
    }
}

} // namespace portcullis
