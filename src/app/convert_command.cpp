// convert: a file in, the same in another dialect out, proved; or what the other dialect cannot say.
#include <algorithm>
#include <fmt/format.h>

#include "app/inputs.hpp"
#include "app/tell.hpp"
#include "portcullis/dialect/convert.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/report/difference.hpp"

namespace portcullis::app {

namespace {

void tell_losses(Findings const& items, Sources const& sources) {
    for (Finding const& item : items.all()) {
        Source const& source = sources[item.span.source];
        say(fmt::format("{}:{}: {}: {}", source.path(), source.locate(item.span.begin).line, item.args.at("construct"), item.args.at("why")));
    }
}

DifferenceReport compared(Conversion const& converted, std::string before, std::string after, Catalogue const& catalogue) {
    DifferenceReport report;
    report.before = std::move(before);
    report.after = std::move(after);
    for (auto const& comparison : converted.comparisons) {
        std::ranges::move(describe(*comparison, catalogue), std::back_inserter(report.changes));
        report.notes.insert(report.notes.end(), comparison->notes().begin(), comparison->notes().end());
    }
    return report;
}

// What is written is read whole, and is equal but for what was lost.
int finish(Conversion const& converted, DifferenceReport const& report, Options const& options, Sources const& sources) {
    bool const lossy = !converted.losses.empty();
    if (lossy && !options.allow_loss) {
        say(fmt::format("{} cannot say all of it, so nothing is written; --allow-loss writes the rest, and shows what becomes different", options.to));
        return findings;
    }
    bool const whole = std::ranges::none_of(converted.reading.findings.all(), is_unread);
    if (!lossy && (!whole || !report.equal())) {
        if (!report.equal()) tell(text_difference(report, sources, TextStyle{}));
        throw std::logic_error("what was converted is not what it was, so nothing is written; this is a defect of portcullis");
    }
    if (!whole) throw std::logic_error("what was converted cannot be read back, so nothing is written");
    write_plain(options.output_file, converted.text);
    for (std::string const& note : converted.notes) say(note);
    if (!lossy) {
        say(fmt::format("{}: proved equal in {}", report.before, options.to));
        return clean;
    }
    tell(text_difference(report, sources, TextStyle{}));
    return findings;
}

} // namespace

int run_convert(Options const& options) {
    auto const to = dialect_by_name(options.to);
    if (!to) throw UsageError("--to nftables, iptables, ip6tables, cisco-ios, cisco-asa, cisco-nxos or cisco-xr says into what");
    if (options.inputs.size() != 1) throw UsageError("convert needs one file");
    Configs configs(options);
    auto const config = configs.config_for(options.inputs[0]);
    Loaded const loaded = load(named_input(options.inputs[0], options.stdin_filename), options, *config);
    // What was not read cannot be kept.
    if (!tell_problems(loaded)) return unreadable_input;
    try {
        Conversion const converted = convert(*loaded.sources, loaded.reading->ruleset, *to, options.chain);
        tell_losses(converted.losses, *loaded.sources);
        tell_losses(converted.beside, *loaded.sources);
        Sources const& sources = *loaded.sources;
        std::string const& before = sources[loaded.source].path();
        return finish(converted, compared(converted, before, sources[converted.source].path(), config->catalogue), options, sources);
    } catch (NotConvertible const& e) {
        throw UsageError(e.what());
    } catch (BudgetExceeded const& e) {
        say(fmt::format("not compared to the end, so nothing is written: {}", e.what()));
        return unreadable_input;
    }
}

} // namespace portcullis::app
