// explain and catalogue: pages out of the data that the program is built from.
#include <fmt/format.h>
#include <iterator>

#include "app/inputs.hpp"
#include "portcullis/report/catalogue_page.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis::app {

int run_explain(Options const& options) {
    if (options.topic.empty()) {
        std::string list;
        for (RuleInfo const& rule : rules()) {
            fmt::format_to(std::back_inserter(list), "{}  {:<26} {:<9} {}\n", rule.id, rule.slug,
                           to_string(rule.severity), rule.summary);
        }
        write_output("", list);
        return clean;
    }
    RuleInfo const* rule = find_rule(options.topic);
    if (rule == nullptr)
        throw UsageError(unknown_rule(options.topic).value_or(options.topic + " is a prefix; name one rule"));
    write_output("", rule_page(*rule));
    return clean;
}

int run_catalogue(Options const& options) {
    auto const format = catalogue_page_format_by_name(options.page_format);
    if (!format)
        throw UsageError(fmt::format("--format: '{}' is none of text, json, markdown", options.page_format));
    Configs configs(options);
    auto const config = configs.config_for("portcullis.toml");
    auto const query = options.topic.empty() ? std::nullopt : std::optional<std::string_view>(options.topic);
    CataloguePage const page = catalogue_page(config->catalogue, query, *format);
    if (!page.error.empty()) throw UsageError(page.error);
    write_output("", page.text);
    return clean;
}

} // namespace portcullis::app
