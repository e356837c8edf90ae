// A baseline: the findings that were there when somebody began to use the program. They are known by their fingerprints
// (docs/cli.md), are shown where that is asked for, and do not count; what is new does.
#pragma once
#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "app/lint_run.hpp"

namespace portcullis::app {

struct BaselineEntry {
    std::string fingerprint;
    std::string path;  // of the file, as baseline_name
    std::string rule;  // its id; this and the rest are for people
    std::string where; // chain or access list
    std::string text;  // that the finding stands on
};
using Baseline = std::vector<BaselineEntry>; // by path, rule, text and fingerprint

// What a baseline calls a file: its path from the repository, escaped where it is not UTF-8, which JSON cannot hold.
std::string baseline_name(std::string const& path);

// UsageError for a file that is missing or no baseline.
Baseline read_baseline(std::filesystem::path const& path);
std::string baseline_text(Baseline baseline);
// What a baseline of the jobs' results holds: all findings that nothing suppresses, and that may be suppressed.
Baseline baseline_of(std::vector<Job> const& jobs, Repository const& repository);

// That of --baseline, else of the configuration, else an empty path. One of the configuration lies in the folder of it, links followed (else
// UsageError): whoever wrote that need not be who starts the program.
std::filesystem::path baseline_path(Options const& options, Config const& config);
// Marks what the baselines have of jobs. Each baseline is read once.
class Baselines {
  public:
    explicit Baselines(Options const& options) : options_(options) {}
    void apply(Job& job);

  private:
    Options const& options_;
    std::map<std::filesystem::path, std::set<std::string>> fingerprints_; // by file
};

} // namespace portcullis::app
