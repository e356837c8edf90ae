// baseline: an old ruleset is taken as it is in one command, and from then on only what is new counts.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>
#include <map>

#include "app/baseline.hpp"
#include "app/places.hpp"
#include "app/tell.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

constexpr char default_name[] = ".portcullis-baseline.json";

std::string plural(std::size_t count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

// All files have to have one baseline, that is --baseline, that of the configuration, or the default.
fs::path path_of(Options const& options, std::vector<Job> const& jobs) {
    fs::path path = baseline_path(options, *jobs.front().config);
    for (Job const& job : jobs)
        if (baseline_path(options, *job.config) != path) throw UsageError("the files have several baselines in their configurations; name one with --baseline");
    return path.empty() ? fs::path(default_name) : path;
}

// Findings that a baseline cannot hold are told, since they go on failing.
int tell_rest(std::vector<Job> const& jobs) {
    std::map<std::string, std::size_t> rest;
    int code = clean;
    for (Job const& job : jobs) {
        if (!job.result) continue;
        if (!job.result->complete) code = unreadable_input;
        for (Diagnostic const& d : job.result->findings)
            if (!d.suppressed && is_unignorable(*d.rule, *job.config)) ++rest[d.rule->id];
    }
    for (auto const& [rule, count] : rest)
        say(fmt::format("{} of {} may not be suppressed, and {} not in the baseline", plural(count, "finding"), rule, count == 1 ? "is" : "are"));
    return code;
}

int create(Options const& options) {
    Repository const repository = find_repository();
    std::vector<Job> const jobs = lint_jobs(options, repository);
    fs::path const path = path_of(options, jobs);
    std::error_code error;
    if (fs::is_symlink(path, error) && !fs::exists(path, error)) throw UsageError(path.string() + " is a link that leads nowhere; what it names is not made");
    if (!options.force && fs::exists(path, error))
        throw UsageError(path.string() + " is there already; 'prune' takes out of it what is mended, and --force writes it anew");
    for (Job const& job : jobs)
        if (identity_of(job.file.path) == identity_of(path)) throw UsageError(path.string() + " is one of the files, and would be written over");
    Baseline const baseline = baseline_of(jobs, repository);
    int const code = tell_rest(jobs);
    write_output(path.string(), baseline_text(baseline));
    say(fmt::format("{} in {}", plural(baseline.size(), "finding"), path.string()));
    return code;
}

// Nobody can ask the disk for a name that stands there escaped; what is found in it stays, unless the file is looked at.
bool is_gone(BaselineEntry const& entry, Repository const& repository) {
    std::error_code error;
    return entry.path.find('\\') == std::string::npos && !fs::exists(fs::path(repository.root) / entry.path, error) && !error;
}

// Takes out what is not found any more in the files that were looked at, and in files that are gone.
int prune(Options const& options) {
    Repository const repository = find_repository();
    std::vector<Job> const jobs = lint_jobs(options, repository);
    fs::path const path = path_of(options, jobs);
    Baseline baseline = read_baseline(path);
    std::set<std::string> looked_at, found;
    int code = clean;
    for (Job const& job : jobs) {
        if (!job.result) continue;
        // What was not read to the end may have more findings than were found.
        std::string const name = repository.name_of(job.result->path);
        if (job.result->complete) looked_at.insert({baseline_name(name), visible(name)}); // which older baselines have
        else code = unreadable_input;
    }
    for (BaselineEntry const& entry : baseline_of(jobs, repository)) found.insert(entry.fingerprint);
    std::size_t const before = baseline.size();
    std::erase_if(baseline, [&](BaselineEntry const& entry) {
        return is_gone(entry, repository) || (looked_at.contains(entry.path) && !found.contains(entry.fingerprint));
    });
    if (baseline.size() < before) write_output(path.string(), baseline_text(baseline));
    say(fmt::format("took {} out of {}, {} left", plural(before - baseline.size(), "finding"), path.string(), baseline.size()));
    return code;
}

int show(Options const& options) {
    Configs configs(options);
    fs::path path = baseline_path(options, *configs.config_for("x"));
    if (path.empty()) path = default_name;
    std::map<std::string, std::map<std::string, std::size_t>> files;
    Baseline const baseline = read_baseline(path);
    for (BaselineEntry const& entry : baseline) ++files[entry.path][entry.rule];
    std::string text;
    for (auto const& [file, rules] : files) {
        text += visible(file) + '\n';
        for (auto const& [id, count] : rules) {
            RuleInfo const* rule = find_rule(id);
            text += fmt::format("{:6}  {} {}\n", count, visible(id), rule == nullptr ? "" : rule->slug);
        }
    }
    write_output("", text + fmt::format("{} in {}\n", plural(baseline.size(), "finding"), plural(files.size(), "file")));
    return clean;
}

} // namespace

int run_baseline(Options const& options) {
    if (options.topic == "show") {
        if (!options.inputs.empty()) throw UsageError("'baseline show' takes no files; --baseline names the baseline");
        return show(options);
    }
    if (options.inputs.empty()) throw UsageError(fmt::format("'baseline {}' needs the files that it is for", options.topic));
    return options.topic == "create" ? create(options) : prune(options);
}

} // namespace portcullis::app
