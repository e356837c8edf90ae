// What is known of the rules of lint, for `explain` and for docs/rules.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>

#include "portcullis/report/report.hpp"
#include "report/layout.hpp"
#include "report/markdown_text.hpp"
#include "report/packet_json.hpp"

namespace portcullis {

namespace {

std::string indented(std::string_view text, std::string_view margin) {
    std::string result;
    while (!text.empty()) {
        std::size_t const end = text.find('\n');
        result += fmt::format("{}{}\n", margin, text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    return result;
}

// Paragraphs of the data, whose lines are those of its file, in lines of the reader's.
std::string paragraphs(std::string const& text, std::size_t width) {
    if (width == 0) return text + '\n';
    std::string result;
    for (std::size_t at = 0; at < text.size();) {
        std::size_t const end = std::min(text.find("\n\n", at), text.size());
        std::string paragraph = text.substr(at, end - at);
        std::ranges::replace(paragraph, '\n', ' ');
        result += (result.empty() ? "" : "\n") + wrapped(paragraph, width, 0, 0) + '\n';
        at = end + 2;
    }
    return result;
}

std::string_view large_text(OnLarge large) {
    switch (large) {
    case OnLarge::asked: return "";
    case OnLarge::sampled: return "asked about examples of packets";
    case OnLarge::skipped: return "not asked, unless it is selected by its id or slug";
    }
    return "";
}

std::string fenced(std::string const& text) { return fmt::format("```\n{}\n```\n", text); }

} // namespace

std::string rule_page(RuleInfo const& rule, std::size_t width) {
    std::string page = fmt::format("{} {} ({})\n\n{}.\n\n{}", rule.id, rule.slug, to_string(rule.severity), wrapped(rule.summary, width, 0, 0),
                                   paragraphs(rule.why, width));
    auto const to = std::back_inserter(page);
    fmt::format_to(to, "\nWhat to do\n{}", paragraphs(rule.fix, width));
    for (auto const& [name, value] : rule.parameters) fmt::format_to(to, "\nParameter {} = {}\n", name, value);
    for (Example const& example : rule.examples) {
        if (!example.config.empty()) fmt::format_to(to, "\nWith this portcullis.toml\n{}", indented(example.config, "    "));
        if (!example.policy.empty()) fmt::format_to(to, "\nWith this policy\n{}", indented(example.policy, "    "));
        fmt::format_to(to, "\n{}, raises it (where marked with <--)\n{}", to_string(example.dialect), indented(example.bad, "    "));
        fmt::format_to(to, "{}, does not\n{}", to_string(example.dialect), indented(example.good, "    "));
    }
    if (!rule.compliance.empty()) page += "\nCompliance\n";
    for (Compliance const& part : rule.compliance) fmt::format_to(to, "    {}: {}\n", part.standard->title, fmt::join(part.items, ", "));
    if (!rule.references.empty()) page += "\nReferences\n";
    for (std::string const& reference : rule.references) fmt::format_to(to, "    {}\n", wrapped(reference, width, 4, 6));
    return page;
}

std::string rule_markdown(RuleInfo const& rule) {
    std::string page = fmt::format("# {} {}\n\n{}.\n\n- Severity: {}\n", rule.id, rule.slug, rule.summary, to_string(rule.severity));
    auto const to = std::back_inserter(page);
    fmt::format_to(to, "- May be waived: {}\n", rule.unignorable ? "no" : "yes");
    for (Compliance const& part : rule.compliance) fmt::format_to(to, "- {}: {}\n", part.standard->title, fmt::join(part.items, ", "));
    if (!rule.services.empty()) fmt::format_to(to, "- Services: {}\n", fmt::join(rule.services, ", "));
    for (auto const& [name, value] : rule.parameters) fmt::format_to(to, "- Parameter {}: {}\n", name, value);
    if (rule.on_large != OnLarge::asked) fmt::format_to(to, "- Of more than 5,000 rules: {}\n", large_text(rule.on_large));
    // These texts are Markdown themselves.
    fmt::format_to(to, "\n## Why\n\n{}\n\n## What to do\n\n{}\n", rule.why, rule.fix);
    if (!rule.examples.empty()) page += "\n## Examples\n";
    for (Example const& example : rule.examples) {
        fmt::format_to(to, "\n### {}\n", to_string(example.dialect));
        if (!example.config.empty()) fmt::format_to(to, "\nWith this `portcullis.toml`:\n\n{}", fenced(example.config));
        if (!example.policy.empty()) fmt::format_to(to, "\nWith this policy:\n\n{}", fenced(example.policy));
        fmt::format_to(to, "\nRaises it, where marked with `<--`:\n\n{}\nDoes not:\n\n{}", fenced(example.bad), fenced(example.good));
    }
    if (!rule.references.empty()) page += "\n## References\n\n";
    for (std::string const& reference : rule.references) fmt::format_to(to, "- {}\n", markdown_text(reference));
    return page;
}

std::string rule_list(std::size_t width) {
    std::size_t slugs = 0;
    for (RuleInfo const& rule : rules()) slugs = std::max(slugs, rule.slug.size());
    std::size_t const column = slugs + 18;
    std::string list;
    for (RuleInfo const& rule : rules())
        list += fmt::format("{}  {:<{}} {:<9} {}\n", rule.id, rule.slug, slugs, to_string(rule.severity),
                            wrapped(rule.summary, width, column, width >= column + 20 ? column : 7));
    return list;
}

std::string rule_list_markdown() {
    std::string list = "# The rules of lint\n\n| | rule | severity | finds |\n|---|---|---|---|\n";
    for (RuleInfo const& rule : rules())
        list += fmt::format("| {0} | [{1}]({1}.md) | {2} | {3} |\n", rule.id, rule.slug, to_string(rule.severity), markdown_text(rule.summary));
    return list;
}

std::string rules_json(std::vector<RuleInfo const*> const& some) {
    Json list = Json::array();
    for (RuleInfo const* rule : some) {
        Json compliance = Json::object();
        for (Compliance const& part : rule->compliance) compliance[std::string(part.standard->key)] = part.items;
        Json examples = Json::array();
        for (Example const& example : rule->examples)
            examples.push_back({{"dialect", to_string(example.dialect)},
                                {"bad", example.bad},
                                {"good", example.good},
                                {"config", name_or_null(example.config)},
                                {"policy", name_or_null(example.policy)}});
        list.push_back({{"id", rule->id},
                        {"slug", rule->slug},
                        {"severity", to_string(rule->severity)},
                        {"summary", rule->summary},
                        {"message", rule->message},
                        {"why", rule->why},
                        {"fix", rule->fix},
                        {"waivable", !rule->unignorable},
                        {"compliance", std::move(compliance)},
                        {"requirements", requirements_of(*rule)},
                        {"services", rule->services},
                        {"parameters", rule->parameters},
                        {"examples", std::move(examples)},
                        {"references", rule->references}});
    }
    return Json{{"schema_version", "1.0"}, {"rules", std::move(list)}}.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
}

} // namespace portcullis
