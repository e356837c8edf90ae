// lint and audit: files in, one report out.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <set>
#include <stdexcept>

#include "app/baseline.hpp"
#include "app/lint_run.hpp"
#include "app/rewrite.hpp"
#include "app/tell.hpp"
#include "app/today.hpp"
#include "portcullis/report/formats.hpp"
#include "portcullis/report/html.hpp"
#include "portcullis/report/lines.hpp"
#include "portcullis/report/matrix.hpp"

namespace portcullis::app {

namespace {

std::optional<Severity> fail_level(Options const& options, Config const& config) {
    if (!options.fail_on) return config.fail_on;
    if (*options.fail_on == "never") return std::nullopt;
    return severity_by_name(*options.fail_on);
}

int exit_code(Job const& job, Options const& options) {
    int code = options.show_fixes && job.fix.fixes > 0 ? findings : clean;
    if (!job.result->complete || (options.strict && job.result->modelled < 1.0)) code = unreadable_input;
    auto const level = options.show_fixes ? std::nullopt : fail_level(options, *job.config);
    for (Diagnostic const& d : job.result->findings)
        if (level && !d.suppressed && d.severity >= *level) code = std::max<int>(code, findings);
    return code;
}

std::string rendered(std::string const& format, Options const& options, Report const& report, TextStyle const& style) {
    bool const audit = options.command == "audit";
    if (format == "json") return json_report(report, audit);
    if (format == "html") return html_report(report);
    if (format == "svg") return svg_matrices(report);
    if (audit && format == "markdown") return markdown_audit(report);
    if (audit && format == "csv") return csv_audit(report);
    for (ReportFormat const& other : report_formats())
        if (other.name == format) return other.write(report);
    if (audit) return text_audit(report, style) + text_matrices(report, style);
    return text_report(report, style) + (report.statistics ? statistics_text(tally_of(report)) : "");
}

// What a run tells while it goes on, and what it keeps of it for the end.
class Run {
  public:
    explicit Run(Options const& options) : options_(options), repository_(find_repository()), baselines_(options) {
        report_.version = PORTCULLIS_VERSION;
        report_.shown = options.shown;
        report_.show_suppressed = options.show_suppressed;
        report_.statistics = options.statistics;
        report_.repository = repository_;
        if (auto const time = source_date()) report_.time = time_text(*time);
        for (LineFormat const& format : line_formats())
            for (Output const& output : options.outputs)
                if (output.format == format.name) attempt([&] { lines_.emplace_back(&format, Stream(output.path)); });
        keeps_ = lines_.empty() || lines_.size() < options.outputs.size();
    }

    int run() {
        run_jobs(options_, repository_, [this](Job& job) { take(job); });
        for (Job& job : waive_use_.jobs(options_, repository_)) take_result(job, true);
        tell_skipped();
        // A directory in which nothing was recognised has not been found clean.
        if (tally_.files == 0 && !unrecognised_.empty()) throw UsageError("no file in the directory is a firewall configuration");
        if (options_.show_fixes) {
            write_plain("", patches_);
            return code_;
        }
        for (auto& line : lines_)
            attempt([&] {
                auto& [format, stream] = line;
                if (format->end != nullptr) stream.write(format->end(report_, tally_));
                stream.finish();
            });
        if (keeps_)
            attempt([&] { write_report(options_, [&](std::string const& format, TextStyle const& style) { return rendered(format, options_, report_, style); }); });
        if (!errors_.empty()) throw std::runtime_error(errors_);
        return code_;
    }

  private:
    // A report that cannot be written keeps none of the others back.
    void attempt(std::function<void()> const& step) {
        try {
            step();
        } catch (std::runtime_error const& e) {
            errors_ += (errors_.empty() ? "" : "; ") + std::string(e.what());
        }
    }

    void take(Job& job) {
        waive_use_.see(job);
        tell(job);
        patches_ += job.fix.patch;
        sets_.insert(job.ipset_files.begin(), job.ipset_files.end());
        if (!job.result) unrecognised_.push_back(job.file.path);
        else take_result(job, false);
    }

    // `in_place`: it was found last, and stands where its path does.
    void take_result(Job& job, bool in_place) {
        if (options_.suppress) baselines_.apply(job);
        code_ = std::max(code_, exit_code(job, options_));
        tally_.add(*job.result);
        for (auto& [format, stream] : lines_) stream.write(format->file(report_, *job.result));
        if (!keeps_) return;
        auto const place = in_place ? std::ranges::upper_bound(report_.files, job.file.path, {}, &FileResult::path) : report_.files.end();
        report_.files.insert(place, std::move(*job.result));
    }

    void tell(Job const& job) const {
        if (options_.fix && job.fix.fixes > 0)
            say(fmt::format("fixed {} {} in {}", job.fix.fixes, job.fix.fixes == 1 ? "problem" : "problems", job.file.path));
        if (options_.ipsets.empty() && !options_.quiet)
            for (std::string const& path : job.ipset_files)
                say(fmt::format("the sets of {} are taken from {}", job.file.path, path));
        if (!options_.verbose) return;
        std::string by = "by the standard settings";
        for (ConfigText const& text : job.config->files) by = (&text == &job.config->files.front() ? "by " : by + ", which extends ") + text.path;
        if (!job.result) return;
        auto const as = job.result->dialect ? to_string(*job.result->dialect) : "text that cannot be read";
        say(fmt::format("{} is looked at as {}, {}", job.file.path, as, by));
    }

    void tell_skipped() {
        std::erase_if(unrecognised_, [this](std::string const& path) { return sets_.contains(path); });
        tell_passed_over(unrecognised_, options_);
    }

    Options const& options_;
    Repository repository_;
    Baselines baselines_;
    WaiveUse waive_use_;
    Report report_; // without files, where all forms are written line by line
    Tally tally_;
    std::vector<std::pair<LineFormat const*, Stream>> lines_;
    bool keeps_ = true;
    std::string patches_;
    std::vector<std::string> unrecognised_;
    std::set<std::string> sets_; // files that some rules took theirs from
    std::string errors_;         // of writing
    int code_ = clean;
};

} // namespace

int run_lint(Options const& options) {
    bool const one_host = !options.host.empty();
    if (options.inputs.empty() && options.files_from.empty() && !one_host)
        throw UsageError(options.command + " needs a file, a directory, or '-' for standard input");
    if (options.fix && options.show_fixes) throw UsageError("--fix writes what --diff only shows: give one of them");
    if (options.fix && std::find(options.inputs.begin(), options.inputs.end(), "-") != options.inputs.end())
        throw UsageError("--fix cannot write standard input; --diff shows the change");
    if (one_host && (options.fix || options.show_fixes)) throw UsageError("--fix and --diff work on files, not on a --host");
    auto const is_picture = [](Output const& output) { return output.format == "svg"; };
    if (options.matrices.empty() && std::any_of(options.outputs.begin(), options.outputs.end(), is_picture))
        throw UsageError("-o svg is a picture of what --matrix asks for");
    if (options.fix)
        for (std::string const& input : options.inputs) refuse_link(named_input(input, options.stdin_filename));
    return Run(options).run();
}

} // namespace portcullis::app
