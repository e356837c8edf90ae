// Files in, what lint says of each out: what lint, audit and baseline have in common. Files are independent, so they are worked
// on side by side; the results are in the order of the files whatever order they end in.
#pragma once
#include <memory>
#include <optional>
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

// Throws UsageError where there is nothing to look at, or a rule or service is unknown.
std::vector<Job> lint_jobs(Options const& options, Repository const& repository);

} // namespace portcullis::app
