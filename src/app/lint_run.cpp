#include "app/lint_run.hpp"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <new>
#include <set>
#include <thread>
#include <tuple>

#include "app/companions.hpp"
#include "app/host.hpp"
#include "portcullis/base/in_threads.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"

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

LintOptions lint_options_of(Job const& job, Options const& options) {
    LintOptions result;
    result.config = *job.config;
    result.name = job.name;
    result.select = options.select;
    result.ignore = options.ignore;
    result.suppress = options.suppress;
    result.today = options.today;
    return result;
}

void work(Job& job, Options const& options, unsigned threads) {
    Loaded loaded = job.host.empty() ? load(job.file, options, *job.config) : load_host(job.host, options, *job.config);
    job.ipset_files = loaded.ipset_files;
    if (!loaded.reading) {
        // A directory holds other things too; what the user named has to be what they say.
        if (!is_other_file(job.file, loaded)) job.result = unreadable(loaded.sources, loaded.source, loaded.error, job.name);
        return;
    }
    LintOptions lint_options = lint_options_of(job, options);
    // Where a picture of the matrices is all that is asked for, nothing else is worked out but what could not be read.
    bool const pictures = !options.outputs.empty() &&
                          std::ranges::all_of(options.outputs, [](Output const& output) { return output.format == "svg"; });
    lint_options.exposures = options.command == "audit" && !pictures;
    if (pictures) lint_options.select = {"PC0"};
    lint_options.threads = threads;
    lint_options.matrices = job.matrices;
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

void give_up(Job& job, std::string const& why) {
    auto sources = std::make_shared<Sources>();
    SourceId const source = sources->add(job.file.path, "");
    job.result = unreadable(std::move(sources), source, why, job.name);
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
                if (deadline_passed())
                    give_up(jobs[i], "not looked at: the time that it may take is over");
                else
                    work(jobs[i], options, threads);
            } catch (BudgetExceeded const& e) {
                give_up(jobs[i], fmt::format("not worked out to the end: {}", e.what()));
            } catch (std::bad_alloc const&) {
                give_up(jobs[i], out_of_memory);
            } catch (UsageError const&) {
                std::lock_guard const lock(mutex);
                if (!failure) failure = std::current_exception();
            } catch (std::exception const& e) {
                std::lock_guard const lock(mutex);
                if (!failure)
                    failure = std::make_exception_ptr(std::runtime_error(jobs[i].file.path + ": " + e.what()));
            }
        }
    };
    in_threads(std::min<std::size_t>(wanted, jobs.size()), worker);
    if (failure) std::rethrow_exception(failure);
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

// A configuration with [[waive]] tables is a file with findings too, where something is wrong with them.
void add_waive_findings(std::vector<Job>& jobs, Options const& options, Repository const& repository) {
    std::map<std::shared_ptr<Config const>, std::pair<std::set<std::size_t>, std::set<std::size_t>>> configs; // held, used
    for (Job const& job : jobs) {
        if (job.config->waives.empty()) continue;
        auto& [held, used] = configs[job.config];
        if (!job.result) continue;
        held.insert(job.result->waives.begin(), job.result->waives.end());
        used.insert(job.result->used_waives.begin(), job.result->used_waives.end());
    }
    for (auto const& [config, about] : configs) {
        Job job;
        job.file = {config->path, true, false};
        job.name = repository.name_of(config->path);
        job.config = config;
        job.result = lint_waives(lint_options_of(job, options), about.first, about.second);
        auto const place = std::ranges::upper_bound(jobs, job.file.path, {}, [](Job const& other) { return other.file.path; });
        if (job.result) jobs.insert(place, std::move(job));
    }
}

} // namespace

std::vector<Job> lint_jobs(Options const& options, Repository const& repository) {
    bool const one_host = !options.host.empty();
    check_selectors(options.select, "--select");
    check_selectors(options.ignore, "--ignore");
    Configs configs(options);
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
    for (Job& job : jobs)
        for (std::string const& service : options.matrices) job.matrices.push_back(matrix_service(service, job.config->catalogue));
    if (jobs.empty()) throw UsageError("there is no file in the directory to look at");
    work_all(jobs, options);
    settle_ipset_findings(jobs);
    if (options.suppress && options.command == "lint") add_waive_findings(jobs, options, repository);
    return jobs;
}

} // namespace portcullis::app
