// diff: two files in, the traffic that they treat differently out.
#include <fmt/format.h>

#include "app/inputs.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/report/html.hpp"

namespace portcullis::app {

namespace {

// "OLD=NEW"
std::pair<std::string, std::string> pair_of(std::string const& text) {
    std::size_t const at = text.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == text.size())
        throw UsageError(fmt::format("--map: '{}' is not OLD=NEW", text));
    return {text.substr(0, at), text.substr(at + 1)};
}

CompareOptions compare_options(Options const& options) {
    CompareOptions compare;
    for (std::string const& text : options.maps) compare.names.push_back(pair_of(text));
    if (!options.chain.empty()) compare.names.emplace_back(options.chain, options.chain);
    return compare;
}

int exit_code(DifferenceReport const& report, bool only_widening) {
    if (!report.complete) return unreadable_input;
    if (!only_widening) return report.equal() ? clean : findings;
    bool const widens = std::any_of(report.changes.begin(), report.changes.end(),
                                    [](Change const& change) { return change.kind != ChangeKind::denied; });
    return widens ? findings : clean;
}

void compare(DifferenceReport& report, Reading const& before, Reading const& after, Options const& options,
             Catalogue const& catalogue) {
    try {
        Comparison comparison(before.ruleset, after.ruleset, compare_options(options));
        report.changes = describe(comparison, catalogue);
        report.notes = comparison.notes();
    } catch (std::invalid_argument const& e) {
        throw UsageError(e.what());
    } catch (BudgetExceeded const& e) {
        report.complete = false;
        report.notes.push_back(fmt::format("not compared to the end: {}", e.what()));
    }
}

} // namespace

int run_diff(Options const& options) {
    if (options.inputs.size() != 2) throw UsageError("diff needs two files: the old one and the new one");
    if (options.inputs[0] == "-" && options.inputs[1] == "-")
        throw UsageError("the files cannot both be standard input");
    Configs configs(options);
    auto const config = configs.config_for(options.inputs[1]);
    auto sources = std::make_shared<Sources>();
    std::vector<Loaded> loaded;
    DifferenceReport report;
    for (std::string const& input : options.inputs) {
        loaded.push_back(load(named_input(input, options.stdin_filename), options, *config, sources));
        if (!tell_problems(loaded.back())) report.complete = false;
    }
    if (!loaded[0].reading || !loaded[1].reading) return unreadable_input;
    report.before = (*sources)[loaded[0].source].path();
    report.after = (*sources)[loaded[1].source].path();
    compare(report, *loaded[0].reading, *loaded[1].reading, options, config->catalogue);
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        if (format == "html") return html_difference(report, *sources);
        return format == "json" ? json_difference(report, *sources) : text_difference(report, *sources, style);
    });
    return exit_code(report, options.fail_on_widen);
}

} // namespace portcullis::app
