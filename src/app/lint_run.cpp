#include "app/lint_run.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <new>
#include <set>
#include <stdexcept>
#include <thread>
#include <tuple>

#include "app/companions.hpp"
#include "app/host.hpp"
#include "app/in_order.hpp"
#include "app/progress.hpp"
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
    result.levels = options.levels;
    result.suppress = options.suppress;
    result.today = options.today;
    return result;
}

void work(Job& job, Options const& options, unsigned threads) {
    Loaded loaded = job.host.empty() ? load(job.file, options, *job.config) : load_host(job.host, options, *job.config);
    job.ipset_files = loaded.ipset_files;
    if (!loaded.reading) {
        // A directory holds other things too; what the user named has to be what they say.
        if (!loaded.other_file) job.result = unreadable(loaded.sources, loaded.source, loaded.error, job.name);
        return;
    }
    LintOptions lint_options = lint_options_of(job, options);
    // Where a picture of the matrices is all that is asked for, nothing else is worked out but what could not be read.
    bool const pictures = !options.outputs.empty() &&
                          std::ranges::all_of(options.outputs, [](Output const& output) { return output.format == "svg"; });
    bool const page = std::ranges::any_of(options.outputs, [](Output const& output) { return output.format == "html"; });
    lint_options.exposures = page || (options.command == "audit" && !pictures);
    lint_options.outline = page;
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

// What takes too much of something is told of the file, and others go on.
void work_within_limits(Job& job, Options const& options, unsigned threads) {
    try {
        if (deadline_passed())
            give_up(job, "not looked at: the time that it may take is over");
        else
            work(job, options, threads);
    } catch (BudgetExceeded const& e) {
        give_up(job, fmt::format("not worked out to the end: {}", e.what()));
    } catch (std::bad_alloc const&) {
        give_up(job, out_of_memory);
    } catch (UsageError const&) {
        throw;
    } catch (std::exception const& e) {
        throw std::runtime_error(job.file.path + ": " + e.what());
    }
}

// Several files may take their sets from one. What is wrong in it is told once, with the first of them; a set is used
// nowhere if none of them uses it, of those whose family it has.
void settle_ipset_findings(std::vector<Job*> const& jobs) {
    using Key = std::tuple<std::string, std::uint32_t, std::string, std::string>; // file, place, rule, message
    auto const key_in = [](Job const& job, Diagnostic const& d) {
        return Key{(*job.result->sources)[d.finding.span.source].path(), d.finding.span.begin, d.rule->id, d.message};
    };
    auto const of_ipset = [&](Job const& job, Diagnostic const& d) {
        std::string const& path = (*job.result->sources)[d.finding.span.source].path();
        return std::ranges::find(job.ipset_files, path) != job.ipset_files.end();
    };
    std::map<Key, std::size_t> counts;
    for (Job const* job : jobs) {
        if (!job->result) continue;
        for (Diagnostic const& d : job->result->findings)
            if (of_ipset(*job, d)) ++counts[key_in(*job, d)];
    }
    auto const could_name = [&](Job const& other, Job const& job, Diagnostic const& d) {
        std::string const& path = (*job.result->sources)[d.finding.span.source].path();
        bool const any_family = d.finding.args.at("kind") == "set";
        return other.result && std::ranges::find(other.ipset_files, path) != other.ipset_files.end() &&
               (any_family || other.result->dialect == job.result->dialect);
    };
    std::set<Key> told;
    for (Job* job : jobs) {
        if (!job->result) continue;
        std::erase_if(job->result->findings, [&](Diagnostic const& d) {
            if (!of_ipset(*job, d)) return false;
            bool const unused = d.rule->id != "PC404" ||
                                counts.at(key_in(*job, d)) ==
                                    static_cast<std::size_t>(std::ranges::count_if(
                                        jobs, [&](Job const* other) { return could_name(*other, *job, d); }));
            return !unused || !told.insert(key_in(*job, d)).second;
        });
    }
}

// The end of the files that may take their sets from where this one does: those in its folder and below, or all.
std::size_t end_of_sharing(std::vector<InputFile> const& files, std::size_t index, Options const& options) {
    std::size_t const slash = files[index].path.rfind('/');
    if (!options.ipsets.empty() || slash == std::string::npos) return files.size();
    std::string const folder = files[index].path.substr(0, slash + 1);
    auto const from = files.begin() + static_cast<std::ptrdiff_t>(index);
    return static_cast<std::size_t>(std::partition_point(from, files.end(), [&](InputFile const& file) { return file.path.starts_with(folder); }) - files.begin());
}

// The files of a run, each with its configuration: little enough of each that a hundred thousand are no burden.
struct Plan {
    std::vector<InputFile> files;
    std::vector<std::shared_ptr<Config const>> configs; // by file
    std::map<Config const*, std::vector<ServiceWord>> matrices;
};

Plan plan_of(Options const& options) {
    check_selectors(options.select, "--select");
    check_selectors(options.ignore, "--ignore");
    for (auto const& level : options.levels) check_selectors({level.first}, "--level");
    Plan plan;
    plan.files = host_files(options);
    check_found(plan.files, options);
    Configs configs(options);
    for (InputFile const& file : plan.files) {
        auto const& config = plan.configs.emplace_back(configs.config_for(file.path));
        if (options.matrices.empty() || !plan.matrices.try_emplace(config.get()).second) continue;
        for (std::string const& service : options.matrices) plan.matrices.at(config.get()).push_back(matrix_service(service, config->catalogue));
    }
    return plan;
}

Job job_of(Plan const& plan, std::size_t index, Options const& options, Repository const& repository) {
    Job job;
    bool const one_host = !options.host.empty();
    job.file = one_host ? InputFile{options.host, true, false} : plan.files[index];
    job.name = repository.name_of(job.file.path);
    job.config = plan.configs[index];
    if (auto const matrices = plan.matrices.find(job.config.get()); matrices != plan.matrices.end()) job.matrices = matrices->second;
    if (one_host) job.host = plan.files;
    else if (auto const partner = partner_of(index, plan.files)) job.partner = plan.files[*partner];
    return job;
}

} // namespace

void run_jobs(Options const& options, Repository const& repository, std::function<void(Job&)> const& take) {
    Plan const plan = plan_of(options);
    std::size_t const count = options.host.empty() ? plan.files.size() : 1;
    unsigned const wanted = options.jobs != 0 ? options.jobs : std::max(1U, std::thread::hardware_concurrency());
    // Many files are worked on side by side; of few, the rules.
    unsigned const threads = std::max(1U, wanted / static_cast<unsigned>(std::clamp<std::size_t>(count, 1, wanted)));
    Progress progress(count, options);
    InOrder<Job>::Steps steps;
    steps.work = [&](std::size_t index) {
        Job job = job_of(plan, index, options, repository);
        work_within_limits(job, options, threads);
        return job;
    };
    steps.take = [&](Job& job) {
        progress.step();
        take(job);
    };
    steps.needs = [&](std::size_t index, Job const& job) { return job.ipset_files.empty() ? index + 1 : end_of_sharing(plan.files, index, options); };
    steps.together = settle_ipset_findings;
    InOrder<Job>(count, wanted, std::move(steps)).run();
}

std::vector<Job> lint_jobs(Options const& options, Repository const& repository) {
    std::vector<Job> jobs;
    run_jobs(options, repository, [&](Job& job) { jobs.push_back(std::move(job)); });
    return jobs;
}

void WaiveUse::see(Job const& job) {
    if (job.config->waives.empty()) return;
    auto& [config, use] = configs_[job.config->files.front().path];
    if (!config) config = job.config;
    if (!job.result) return;
    use.held.insert(job.result->waives.begin(), job.result->waives.end());
    use.used.insert(job.result->used_waives.begin(), job.result->used_waives.end());
}

std::vector<Job> WaiveUse::jobs(Options const& options, Repository const& repository) const {
    std::vector<Job> jobs;
    if (!options.suppress || options.command != "lint") return jobs;
    for (auto const& [path, about] : configs_) {
        Job job;
        job.file = {path, true, false};
        job.name = repository.name_of(path);
        job.config = about.first;
        job.result = lint_waives(lint_options_of(job, options), about.second.held, about.second.used);
        if (job.result) jobs.push_back(std::move(job));
    }
    return jobs;
}

} // namespace portcullis::app
