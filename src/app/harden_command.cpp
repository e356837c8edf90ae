// harden: a configuration in, a patch out that makes it stricter, and exactly which traffic changes by it.
#include <algorithm>
#include <fmt/format.h>

#include "app/rewrite.hpp"
#include "app/tell.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/lint/harden.hpp"
#include "portcullis/report/difference.hpp"
#include "portcullis/report/patch.hpp"

namespace portcullis::app {

namespace {

// Zones that --zone does not name are as good as strangers.
Config narrowed(Config config, std::vector<std::string> const& zones) {
    if (zones.empty()) return config;
    std::vector<std::string_view> known;
    for (Zone const& zone : config.zones) known.push_back(zone.name);
    for (std::string const& name : zones)
        if (std::ranges::find(known, name) == known.end())
            throw UsageError(fmt::format("--zone: portcullis.toml has no zone '{}'{}", name, did_you_mean_text(name, known)));
    for (Zone& zone : config.zones) zone.trusted = std::ranges::find(zones, zone.name) != zones.end();
    return config;
}

HardenOptions harden_options(Options const& options, Config const& config) {
    HardenOptions result{narrowed(config, options.zones), {}};
    for (std::string const& text : options.keep) {
        ParsedQuestion parsed = parse_phrase(text, config);
        if (!parsed.question) throw UsageError("--keep: " + parsed.error);
        result.keep.push_back(std::move(*parsed.question));
    }
    return result;
}

DifferenceReport report_of(Hardened const& hardened, std::string const& path, Catalogue const& catalogue) {
    DifferenceReport report;
    report.before = path;
    report.after = path + " (hardened)";
    report.changes = describe(*hardened.comparison, catalogue);
    report.notes = hardened.notes;
    return report;
}

bool stops_something_to_the_host(DifferenceReport const& report) {
    return std::ranges::any_of(report.changes, [](Change const& change) { return change.kind == ChangeKind::denied && change.hook == HookPoint::input; });
}

int finish(Hardened const& hardened, DifferenceReport const& report, Options const& options, Loaded const& loaded, Sources const& sources) {
    std::string const& path = options.inputs[0];
    std::string_view const before = sources[loaded.source].text();
    if (!options.write || options.outputs.empty()) {
        std::string const mark(loaded.mark);
        std::string const patch = unified_patch(path, std::string(mark).append(before), mark + hardened.text);
        if (!options.write && options.outputs.empty()) write_plain("", patch);
    }
    for (HardenStep const& each : hardened.steps) say(each.what);
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        return format == "json" ? json_difference(report, sources) : (options.outputs.empty() && !options.write ? "\n" : "") + text_difference(report, sources, style);
    });
    if (hardened.text == before) return clean;
    if (!options.write) return findings;
    if (options.keep.empty() && stops_something_to_the_host(report))
        throw UsageError("traffic to the firewall itself would be stopped: say with --keep what you administer it by; nothing was written");
    if (path == "-") throw UsageError("standard input cannot be written");
    rewrite(named_input(path, ""), before, hardened.text);
    return clean;
}

} // namespace

int run_harden(Options const& options) {
    if (options.inputs.size() != 1) throw UsageError("harden needs one file");
    Configs configs(options);
    auto const config = configs.config_for(options.inputs[0]);
    Loaded const loaded = load(named_input(options.inputs[0], options.stdin_filename), options, *config);
    if (!tell_problems(loaded)) return unreadable_input;
    HardenOptions const how = harden_options(options, *config);
    try {
        Hardened const hardened = harden(loaded.sources, loaded.source, *loaded.dialect, loaded.read_options, how);
        return finish(hardened, report_of(hardened, (*loaded.sources)[loaded.source].path(), config->catalogue), options, loaded, *loaded.sources);
    } catch (std::invalid_argument const& e) {
        throw UsageError(e.what());
    } catch (BudgetExceeded const& e) {
        say(fmt::format("not worked out to the end, so nothing is changed: {}", e.what()));
        return unreadable_input;
    }
}

} // namespace portcullis::app
