// explain and catalogue: pages out of the data that the program is built from.
#include <fmt/format.h>

#include "app/inputs.hpp"
#include "portcullis/report/catalogue_page.hpp"
#include "portcullis/report/report.hpp"

namespace portcullis::app {

int run_explain(Options const& options) {
    std::vector<RuleInfo const*> some;
    bool const all = options.topic.empty();
    if (all) {
        for (RuleInfo const& rule : rules()) some.push_back(&rule);
    } else {
        some.push_back(find_rule(options.topic));
        if (some.front() == nullptr) throw UsageError(unknown_rule(options.topic).value_or(options.topic + " is a prefix or a standard; name one rule"));
    }
    if (options.page_format == "json") write_output("", rules_json(some));
    else if (options.page_format == "markdown") write_output("", all ? rule_list_markdown() : rule_markdown(*some.front()));
    else write_output("", all ? rule_list(text_width(options)) : rule_page(*some.front(), text_width(options)));
    return clean;
}

int run_catalogue(Options const& options) {
    auto const format = catalogue_page_format_by_name(options.page_format);
    if (!format)
        throw UsageError(fmt::format("--format: '{}' is none of text, json, markdown", options.page_format));
    Configs configs(options);
    auto const config = configs.config_for("portcullis.toml");
    auto const query = options.topic.empty() ? std::nullopt : std::optional<std::string_view>(options.topic);
    CataloguePage const page = catalogue_page(config->catalogue, query, *format, text_width(options) == 0 ? 80 : text_width(options));
    if (!page.error.empty()) throw UsageError(page.error);
    write_output("", page.text);
    return clean;
}

} // namespace portcullis::app
