// The command line as data, after CLI11 has read it.
#pragma once
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "portcullis/base/visible.hpp"
#include "portcullis/model/finding.hpp"

namespace portcullis::app {

// The exit codes of docs/cli.md; the highest that applies wins.
enum ExitCode : int { clean = 0, findings = 1, usage = 2, unreadable_input = 3, internal = 4 };

// A mistake of the caller's; ends the run with exit code 2. A sentence is one line, whatever names are in it; several have a line each.
struct UsageError : std::runtime_error {
    explicit UsageError(std::string const& sentence) : std::runtime_error(visible(sentence)) {}
    explicit UsageError(std::vector<std::string> const& sentences) : std::runtime_error(lines_of(sentences)) {}

  private:
    static std::string lines_of(std::vector<std::string> const& sentences) {
        std::string lines;
        for (std::string const& sentence : sentences) lines += (lines.empty() ? "" : "\n") + visible(sentence);
        return lines;
    }
};

struct Output {
    std::string format; // one that the command has
    std::string path;   // empty: standard output
};

struct Options {
    std::string command;

    // lint and audit
    std::vector<std::string> inputs; // files, directories, "-"
    std::string stdin_filename = "<stdin>";
    std::string files_from;           // a file with a path a line, "-" for standard input; empty for none
    bool null_separated = false;      // … with a NUL behind each path
    std::vector<std::string> exclude; // patterns
    bool ignore_files = true;         // what .gitignore names is passed over in directories
    std::optional<Dialect> dialect;
    std::vector<std::string> ipsets; // files of ipset save
    std::string host;                // a directory, all files of which are the rules of one host
    std::vector<std::string> select;
    std::vector<std::string> ignore;
    std::vector<std::pair<std::string, Severity>> levels; // of rules
    bool statistics = false;
    Severity shown = Severity::low;
    std::optional<std::string> fail_on; // a severity or "never"
    std::optional<std::chrono::year_month_day> today; // that dates in rules and policies are compared with
    bool strict = false;
    bool fix = false;
    bool show_fixes = false; // --diff
    bool suppress = true;         // waivers and baselines hold
    bool show_suppressed = false;
    std::string baseline;         // a file, instead of that of the configuration
    bool force = false;           // baseline: an old one may be written over
    std::vector<Output> outputs;
    std::string color = "auto";
    bool quiet = false;
    double timeout = 0; // seconds that the engine may take; 0: as long as it takes
    bool verbose = false;
    std::optional<unsigned> width; // of text, in columns; none: that of the terminal
    unsigned jobs = 0; // 0: as many as there are processors
    std::string config_file;
    bool isolated = false;

    // audit
    std::vector<std::string> matrices; // services

    // query
    std::string expect; // an expectation, or empty

    // trace, diff, convert: a base chain or access list
    std::string chain;

    // trace
    std::string packet;
    std::string packets_file;
    std::string hook;

    // diff
    std::vector<std::string> maps; // "OLD=NEW", chains and lists
    std::vector<std::string> interfaces; // "OLD=NEW"
    std::vector<std::string> own_addresses;
    bool new_connections = false;
    bool fail_on_widen = false;

    // fmt
    bool check = false;

    // generate, verify, init, convert
    std::string to;          // the target
    std::string policy_file;
    std::string output_file; // empty: standard output
    std::string out_folder;  // for the rules and what applies them
    std::string current_file; // what the device has now
    bool allow_loss = false;

    // harden
    std::vector<std::string> keep;  // phrases of traffic
    std::vector<std::string> zones; // that insecure services stay open to
    bool write = false;

    // explain, catalogue; init: the policy to start from; baseline, config: what to do
    std::string topic;
    std::string page_format = "text";
};

int run_lint(Options const& options); // lint and audit
int run_baseline(Options const& options);
int run_trace(Options const& options);
int run_diff(Options const& options);
int run_query(Options const& options); // the question is the last of the inputs
int run_test_command(Options const& options); // the assertions are the first of the inputs
int run_fmt(Options const& options);
int run_generate(Options const& options);
int run_verify(Options const& options);
int run_init(Options const& options);
int run_convert(Options const& options);
int run_harden(Options const& options);
int run_explain(Options const& options);
int run_catalogue(Options const& options);
int run_lsp(Options const& options);
int run_config(Options const& options);

} // namespace portcullis::app
