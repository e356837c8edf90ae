// Files in, what lint says of each out: what lint, audit and baseline have in common. Files are independent, so they are worked
// on side by side; the results come in the order of the files whatever order they end in.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "app/fix.hpp"
#include "app/inputs.hpp"
#include "portcullis/lint/lint.hpp"

namespace portcullis::app {

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

// Hands each job over as soon as its turn comes, from one thread at a time; who wants to keep it moves it away. Of what is not
// kept, nothing stays in memory. Throws UsageError where there is nothing to look at, or a rule or service is unknown.
void run_jobs(Options const& options, Repository const& repository, std::function<void(Job&)> const& take);
// All of them.
std::vector<Job> lint_jobs(Options const& options, Repository const& repository);

// The [[waive]] tables of the configurations of a run: which had a file to hold for, and which waived something.
class WaiveUse {
  public:
    void see(Job const& job);
    // A configuration with such tables is a file with findings too, where something is wrong with them.
    std::vector<Job> jobs(Options const& options, Repository const& repository) const;

  private:
    struct Use {
        std::set<std::size_t> held, used;
    };
    std::map<std::string, std::pair<std::shared_ptr<Config const>, Use>> configs_; // by path
};

} // namespace portcullis::app
