// lint and audit: files in, one report out. Files are independent, so they are worked on side by side; the report
// is in the order of the files whatever order they end in.
#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <tuple>
#include <unistd.h>

#include "app/companions.hpp"
#include "app/fix.hpp"
#include "app/host.hpp"
#include "app/today.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/report/formats.hpp"
#include "portcullis/report/matrix.hpp"

namespace portcullis::app {

namespace {

void check_selectors(std::vector<std::string> const& selectors, std::string_view flag) {
    for (std::string const& selector : selectors) {
        if (auto const error = unknown_rule(selector)) throw UsageError(fmt::format("{}: {}", flag, *error));
    }
}

ServiceWord matrix_service(std::string const& text, Catalogue const& catalogue) {
    ParsedService parsed = parse_service(text, catalogue);
    if (!parsed.error.empty()) throw UsageError(fmt::format("--matrix: found '{}', expected {}", shortened(text, 60), parsed.error));
    if (parsed.word.excluded) throw UsageError("--matrix is about services that are named, not about all others");
    return std::move(parsed.word);
}

struct Job {
    InputFile file;
    std::string name; // in fingerprints
    std::shared_ptr<Config const> config;
    std::optional<InputFile> partner; // the rules of the other family
    std::vector<InputFile> host{};    // the files that are looked at as one, where several are
    std::vector<ServiceWord> matrices{};
    std::optional<FileResult> result; // none: a file of a directory that is no firewall's
    FileFix fix;
    std::vector<std::string> ipset_files; // that it took its sets from
};

// The rules of the other family, where they are.
std::optional<Ruleset> load_partner(Job const& job, Loaded const& loaded, Options const& options) {
    if (!job.partner) return std::nullopt;
    auto const other = *loaded.dialect == Dialect::iptables    ? std::optional(Dialect::ip6tables)
                       : *loaded.dialect == Dialect::ip6tables ? std::optional(Dialect::iptables)
                                                               : std::nullopt;
    if (!other) return std::nullopt;
    Loaded partner = load(*job.partner, options, *job.config, loaded.sources);
    if (!partner.reading || partner.dialect != other) return std::nullopt;
    return std::move(partner.reading->ruleset);
}

void work(Job& job, Options const& options, unsigned threads) {
    Loaded loaded = job.host.empty() ? load(job.file, options, *job.config) : load_host(job.host, options, *job.config);
    job.ipset_files = loaded.ipset_files;
    if (!loaded.reading) {
        // A directory holds other things too; what the user named has to be what they say.
        if (!is_other_file(job.file, loaded)) job.result = unreadable(loaded.sources, loaded.source, loaded.error, job.name);
        return;
    }
    LintOptions lint_options;
    lint_options.config = *job.config;
    lint_options.name = job.name;
    lint_options.select = options.select;
    lint_options.ignore = options.ignore;
    lint_options.exposures = options.command == "audit";
    lint_options.threads = threads;
    lint_options.matrices = job.matrices;
    lint_options.today = options.today;
    if (options.fix || options.show_fixes) {
        job.fix = fix_file(job.file, options, *job.config, lint_options, loaded);
        if (!loaded.reading) throw std::runtime_error(loaded.error);
    }
    lint_options.partner = load_partner(job, loaded, options);
    job.result = lint(loaded.sources, loaded.source, *loaded.dialect, std::move(*loaded.reading), lint_options);
    if (job.host.empty()) return;
    job.result->path = job.file.path;
    // What stands in another file may be of another dialect, in which a fix is written otherwise.
    for (Diagnostic& diagnostic : job.result->findings) diagnostic.finding.fix.reset();
}

void work_all(std::vector<Job>& jobs, Options const& options) {
    unsigned const wanted = options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
    // Many files are worked on side by side; of few, the rules.
    unsigned const threads = std::max(1U, wanted / static_cast<unsigned>(std::min<std::size_t>(jobs.size(), wanted)));
    std::atomic<std::size_t> next = 0;
    std::mutex mutex;
    std::exception_ptr failure;
    auto const worker = [&] {
        for (std::size_t i = next++; i < jobs.size(); i = next++) {
            try {
                work(jobs[i], options, threads);
            } catch (std::exception const& e) {
                std::lock_guard const lock(mutex);
                if (!failure)
                    failure = std::make_exception_ptr(std::runtime_error(jobs[i].file.path + ": " + e.what()));
            }
        }
    };
    {
        std::vector<std::jthread> others;
        for (std::size_t i = 1; i < std::min<std::size_t>(wanted, jobs.size()); ++i) others.emplace_back(worker);
        worker();
    }
    if (failure) std::rethrow_exception(failure);
}

bool is_ipset_file(std::vector<Job> const& jobs, std::string const& path) {
    return std::ranges::any_of(jobs, [&](Job const& job) {
        return std::ranges::find(job.ipset_files, path) != job.ipset_files.end();
    });
}

// Several files may take their sets from one. What is wrong in it is told once, with the first of them; a set is used
// nowhere if none of them uses it, of those whose family it has.
void settle_ipset_findings(std::vector<Job>& jobs) {
    using Key = std::tuple<std::string, std::uint32_t, std::string, std::string>; // file, place, rule, message
    auto const key_in = [](Job const& job, Diagnostic const& d) {
        return Key{(*job.result->sources)[d.finding.span.source].path(), d.finding.span.begin, d.rule->id, d.message};
    };
    auto const of_ipset = [&](Job const& job, Diagnostic const& d) {
        std::string const& path = (*job.result->sources)[d.finding.span.source].path();
        return std::ranges::find(job.ipset_files, path) != job.ipset_files.end();
    };
    std::map<Key, std::size_t> counts;
    for (Job const& job : jobs) {
        if (!job.result) continue;
        for (Diagnostic const& d : job.result->findings)
            if (of_ipset(job, d)) ++counts[key_in(job, d)];
    }
    auto const could_name = [&](Job const& other, Job const& job, Diagnostic const& d) {
        std::string const& path = (*job.result->sources)[d.finding.span.source].path();
        bool const any_family = d.finding.args.at("kind") == "set";
        return other.result && std::ranges::find(other.ipset_files, path) != other.ipset_files.end() &&
               (any_family || other.result->dialect == job.result->dialect);
    };
    std::set<Key> told;
    for (Job& job : jobs) {
        if (!job.result) continue;
        std::erase_if(job.result->findings, [&](Diagnostic const& d) {
            if (!of_ipset(job, d)) return false;
            bool const unused = d.rule->id != "PC404" ||
                                counts.at(key_in(job, d)) ==
                                    static_cast<std::size_t>(std::ranges::count_if(
                                        jobs, [&](Job const& other) { return could_name(other, job, d); }));
            return !unused || !told.insert(key_in(job, d)).second;
        });
    }
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
            if (level && d.severity >= *level) code = std::max<int>(code, findings);
        }
    }
    return code;
}

std::string rendered(std::string const& format, Options const& options, Report const& report, Catalogue const& catalogue, TextStyle style) {
    bool const audit = options.command == "audit";
    if (format == "json") return json_report(report, audit);
    if (format == "svg") return svg_matrices(report);
    for (ReportFormat const& other : report_formats())
        if (other.name == format) return other.write(report);
    return audit ? text_audit(report, catalogue, style) + text_matrices(report, style) : text_report(report, style);
}

} // namespace

int run_lint(Options const& options) {
    bool const one_host = !options.host.empty();
    if (options.inputs.empty() && !one_host)
        throw UsageError(options.command + " needs a file, a directory, or '-' for standard input");
    check_selectors(options.select, "--select");
    check_selectors(options.ignore, "--ignore");
    if (options.fix && options.show_fixes) throw UsageError("--fix writes what --diff only shows: give one of them");
    if (options.fix && std::find(options.inputs.begin(), options.inputs.end(), "-") != options.inputs.end())
        throw UsageError("--fix cannot write standard input; --diff shows the change");
    if (one_host && (options.fix || options.show_fixes)) throw UsageError("--fix and --diff work on files, not on a --host");
    Configs configs(options);
    Repository const repository = find_repository();
    std::vector<Job> jobs;
    std::vector<InputFile> const files = host_files(options);
    auto const add = [&](InputFile file, std::string const& configured_as) -> Job& {
        Job& job = jobs.emplace_back();
        job.file = std::move(file);
        job.name = repository.name_of(job.file.path);
        job.config = configs.config_for(configured_as);
        return job;
    };
    if (one_host && !files.empty()) add({options.host, true, false}, files.front().path).host = files;
    for (std::size_t i = 0; i < files.size() && !one_host; ++i) {
        Job& job = add(files[i], files[i].path);
        if (auto const partner = partner_of(i, files)) job.partner = files[*partner];
    }
    auto const is_picture = [](Output const& output) { return output.format == "svg"; };
    if (options.matrices.empty() && std::any_of(options.outputs.begin(), options.outputs.end(), is_picture))
        throw UsageError("-o svg is a picture of what --matrix asks for");
    for (Job& job : jobs)
        for (std::string const& service : options.matrices) job.matrices.push_back(matrix_service(service, job.config->catalogue));
    if (jobs.empty()) throw UsageError("there is no file in the directory to look at");
    work_all(jobs, options);
    settle_ipset_findings(jobs);

    Report report;
    report.version = PORTCULLIS_VERSION;
    report.shown = options.shown;
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
        write_output("", patches);
        return code;
    }
    Catalogue const& catalogue = jobs.front().config->catalogue;
    write_report(options, [&](std::string const& format, TextStyle style) { return rendered(format, options, report, catalogue, style); });
    return code;
}

} // namespace portcullis::app
