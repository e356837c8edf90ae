// lint and audit: files in, one report out.
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

#include "app/baseline.hpp"
#include "app/lint_run.hpp"
#include "app/rewrite.hpp"
#include "app/today.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "portcullis/report/html.hpp"
#include "portcullis/report/matrix.hpp"

namespace portcullis::app {

namespace {

bool is_ipset_file(std::vector<Job> const& jobs, std::string const& path) {
    return std::ranges::any_of(jobs, [&](Job const& job) {
        return std::ranges::find(job.ipset_files, path) != job.ipset_files.end();
    });
}

std::optional<Severity> fail_level(Options const& options, Config const& config) {
    if (!options.fail_on) return config.fail_on;
    if (*options.fail_on == "never") return std::nullopt;
    return severity_by_name(*options.fail_on);
}

int exit_code(std::vector<Job> const& jobs, Options const& options) {
    int code = clean;
    for (Job const& job : jobs) {
        if (!job.result) continue;
        if (options.show_fixes && job.fix.fixes > 0) code = std::max<int>(code, findings);
        if (!job.result->complete) code = std::max<int>(code, unreadable_input);
        if (options.strict && job.result->modelled < 1.0) code = std::max<int>(code, unreadable_input);
        auto const level = options.show_fixes ? std::nullopt : fail_level(options, *job.config);
        for (Diagnostic const& d : job.result->findings) {
            if (level && !d.suppressed && d.severity >= *level) code = std::max<int>(code, findings);
        }
    }
    return code;
}

std::string rendered(std::string const& format, Options const& options, Report const& report, TextStyle style) {
    bool const audit = options.command == "audit";
    if (format == "json") return json_report(report, audit);
    if (format == "html") return html_report(report);
    if (format == "svg") return svg_matrices(report);
    if (audit && format == "markdown") return markdown_audit(report);
    if (audit && format == "csv") return csv_audit(report);
    for (ReportFormat const& other : report_formats())
        if (other.name == format) return other.write(report);
    return audit ? text_audit(report, style) + text_matrices(report, style) : text_report(report, style);
}

} // namespace

int run_lint(Options const& options) {
    bool const one_host = !options.host.empty();
    if (options.inputs.empty() && !one_host)
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
    Repository const repository = find_repository();
    std::vector<Job> jobs = lint_jobs(options, repository);
    if (options.suppress) apply_baselines(jobs, options);

    Report report;
    report.version = PORTCULLIS_VERSION;
    report.shown = options.shown;
    report.show_suppressed = options.show_suppressed;
    report.repository = repository;
    if (auto const time = source_date()) report.time = time_text(*time);
    std::size_t skipped = 0;
    int const code = exit_code(jobs, options);
    std::string patches;
    for (Job& job : jobs) {
        patches += job.fix.patch;
        if (options.fix && job.fix.fixes > 0)
            fmt::print(stderr, "portcullis: fixed {} {} in {}\n", job.fix.fixes, job.fix.fixes == 1 ? "problem" : "problems",
                       visible(job.file.path));
        if (job.result)
            report.files.push_back(std::move(*job.result));
        else if (!is_ipset_file(jobs, job.file.path))
            ++skipped;
        if (options.ipsets.empty() && !options.quiet)
            for (std::string const& path : job.ipset_files)
                fmt::print(stderr, "portcullis: the sets of {} are taken from {}\n", visible(job.file.path), visible(path));
    }
    if (skipped > 0)
        fmt::print(stderr, "portcullis: skipped {} {}\n", skipped,
                   skipped == 1 ? "file that is no firewall configuration"
                                : "files that are no firewall configuration");
    // A directory in which nothing was recognised has not been found clean.
    if (report.files.empty()) throw UsageError("no file in the directory is a firewall configuration");
    if (options.show_fixes) {
        write_plain("", patches);
        return code;
    }
    write_report(options, [&](std::string const& format, TextStyle style) { return rendered(format, options, report, style); });
    return code;
}

} // namespace portcullis::app
