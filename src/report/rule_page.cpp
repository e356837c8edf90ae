#include <fmt/format.h>
#include <iterator>

#include "portcullis/report/report.hpp"

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

} // namespace

std::string rule_page(RuleInfo const& rule) {
    std::string page = fmt::format("{} {} ({})\n\n{}.\n\n{}\n", rule.id, rule.slug, to_string(rule.severity), rule.summary, rule.why);
    auto const to = std::back_inserter(page);
    fmt::format_to(to, "\nWhat to do\n{}\n", rule.fix);
    for (auto const& [name, value] : rule.parameters) fmt::format_to(to, "\nParameter {} = {}\n", name, value);
    for (Example const& example : rule.examples) {
        if (!example.config.empty()) fmt::format_to(to, "\nWith this portcullis.toml\n{}", indented(example.config, "    "));
        if (!example.policy.empty()) fmt::format_to(to, "\nWith this policy\n{}", indented(example.policy, "    "));
        fmt::format_to(to, "\n{}, raises it (where marked with <--)\n{}", to_string(example.dialect), indented(example.bad, "    "));
        fmt::format_to(to, "{}, does not\n{}", to_string(example.dialect), indented(example.good, "    "));
    }
    if (!rule.references.empty()) page += "\nReferences\n";
    for (std::string const& reference : rule.references) fmt::format_to(to, "    {}\n", reference);
    return page;
}

} // namespace portcullis
