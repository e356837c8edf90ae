// diff: two files in, the traffic that they treat differently out.
#include <fmt/format.h>

#include "app/inputs.hpp"
#include "policy/policy_words.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/convert.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/report/html.hpp"

namespace portcullis::app {

namespace {

// "OLD=NEW"
std::pair<std::string, std::string> pair_of(std::string_view flag, std::string const& text) {
    std::size_t const at = text.find('=');
    if (at == std::string::npos || at == 0 || at + 1 == text.size())
        throw UsageError(fmt::format("{}: '{}' is not OLD=NEW", flag, text));
    return {text.substr(0, at), text.substr(at + 1)};
}

CompareOptions compare_options(Options const& options) {
    CompareOptions compare;
    for (std::string const& text : options.maps) compare.names.push_back(pair_of("--map", text));
    compare.new_connections = options.new_connections;
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

Addresses addresses_of(std::vector<std::string> const& words) {
    Addresses addresses;
    for (std::string const& word : words) {
        auto const some = address_word(word);
        if (!some) throw UsageError(fmt::format("--own-address: '{}' is no address, prefix or range", word));
        addresses = addresses.united(*some);
    }
    return addresses;
}

// What is asked about files of different kinds: what they do with new connections as the devices that they stand on.
void compare_as_devices(DifferenceReport& report, Loaded const& before, Loaded const& after, Sources const& sources, Options const& options,
                        Catalogue const& catalogue) {
    DeviceOptions device;
    for (std::string const& text : options.interfaces) device.interfaces.push_back(pair_of("--interface", text));
    if (!options.own_addresses.empty()) device.own = addresses_of(options.own_addresses);
    device.own_before = own_addresses(sources, before.source, before.reading->ruleset);
    device.own_after = own_addresses(sources, after.source, after.reading->ruleset);
    DeviceComparison comparison = compare_devices(before.reading->ruleset, after.reading->ruleset, device);
    report.new_connections = true;
    report.changes = describe(comparison, catalogue);
    report.compared = comparison.compared;
    report.not_compared = comparison.not_compared;
    report.notes = comparison.notes;
}

// Chains and lists, each with its like.
void compare_by_place(DifferenceReport& report, Ruleset const& before, Ruleset const& after, Options const& options, Catalogue const& catalogue) {
    Comparison comparison(before, with_rates_of(after, before.dialect), compare_options(options));
    report.new_connections = options.new_connections;
    report.changes = describe(comparison, catalogue);
    if (options.new_connections) report.compared.emplace_back(new_connections_alone);
    report.not_compared = comparison.apart();
    report.notes = comparison.notes();
}

void compare(DifferenceReport& report, std::vector<Loaded> const& files, Sources const& sources, Options const& options, Catalogue const& catalogue) {
    Ruleset const& before = files[0].reading->ruleset;
    Ruleset const& after = files[1].reading->ruleset;
    auto const governs_some = [](Ruleset const& ruleset) { return ruleset.governs_v4 || ruleset.governs_v6; };
    if (governs_some(before) && governs_some(after) && common_families(before, after).families.empty())
        throw UsageError(fmt::format("there is nothing to compare: {} and {} speak of different families of addresses", sources[files[0].source].path(),
                                     sources[files[1].source].path()));
    bool const by_name = !options.maps.empty() || !options.chain.empty();
    bool const lists = is_cisco(before.dialect) || is_cisco(after.dialect);
    bool const wanted = !by_name && lists && (options.new_connections || !of_one_kind(before, after));
    std::size_t const idle = !stands_in_the_way(before) ? 0 : !stands_in_the_way(after) ? 1 : files.size();
    bool const devices = wanted && idle == files.size();
    if (!devices && !(options.interfaces.empty() && options.own_addresses.empty()))
        throw UsageError("--interface and --own-address are for files that are compared as devices, by the interfaces that have lists");
    try {
        if (devices) return compare_as_devices(report, files[0], files[1], sources, options, catalogue);
        compare_by_place(report, before, after, options, catalogue);
        if (wanted) report.compared.push_back(fmt::format("each chain and access list by itself: no interface of {} has a list", sources[files[idle].source].path()));
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
    compare(report, loaded, *sources, options, config->catalogue);
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        if (format == "html") return html_difference(report, *sources);
        return format == "json" ? json_difference(report, *sources) : text_difference(report, *sources, style);
    });
    return exit_code(report, options.fail_on_widen);
}

} // namespace portcullis::app
