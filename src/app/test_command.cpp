// test: assertions and files in, which hold and which do not, with counterexamples, out.
#include <chrono>
#include <fmt/format.h>
#include <map>

#include "app/host.hpp"
#include "app/inputs.hpp"
#include "app/today.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/report/tests.hpp"

namespace portcullis::app {

namespace fs = std::filesystem;

namespace {

// Files that an assertions file names stand beside it.
std::string beside(std::string const& assertions, std::string const& name) {
    fs::path const path(name);
    return path.is_absolute() ? name : (fs::path(assertions).parent_path() / path).string();
}

class Runner {
  public:
    Runner(Options const& options, Config const& config, Assertions const& assertions)
        : options_(options), config_(config), assertions_(assertions) {}

    Sources const& sources() const { return *sources_; }

    void run(InputFile const& file, TestReport& report) {
        Loaded const loaded = load(file, options_, config_, sources_);
        if (loaded.other_file) others_.push_back(file.path);
        else run(file.path, loaded, report);
    }
    void tell_others() const { tell_passed_over(others_, options_); }
    void run_host(std::vector<InputFile> const& files, TestReport& report) {
        run(options_.host, load_host(files, options_, config_, sources_), report);
    }

  private:
    void run(std::string const& path, Loaded const& loaded, TestReport& report) {
        TestedFile tested{path, "", {}, {}, 0};
        if (!tell_problems(loaded)) tested.problem = loaded.reading ? "it was not understood whole" : loaded.error;
        if (loaded.reading) test(loaded.reading->ruleset, tested, report.path);
        report.files.push_back(std::move(tested));
    }

    void test(Ruleset const& ruleset, TestedFile& tested, std::string const& assertions_path) {
        tested.rules = rule_count(ruleset);
        for (Assertion const& assertion : assertions_.tests) {
            Ruleset const* other = nullptr;
            if (assertion.kind == Assertion::Kind::same_as) {
                Loaded const& loaded = other_file(beside(assertions_path, assertion.other));
                if (!loaded.reading) {
                    tested.results.push_back({TestResult::Outcome::error, &assertion, (*sources_)[loaded.source].path() + ": " + loaded.error, "", {}, {}, 0});
                    continue;
                }
                other = &loaded.reading->ruleset;
            }
            tested.results.push_back(run_test(ruleset, config_, assertion, other));
            if (other != nullptr && !compared_.at(beside(assertions_path, assertion.other)).second) tested.problem = "a file that it is compared with was not understood whole";
        }
        try {
            tested.untouched = untouched_rules(ruleset, config_, assertions_.tests);
        } catch (BudgetExceeded const& e) {
            tested.problem = fmt::format("which rules no assertion is about was not found out: {}", e.what());
        }
    }

    Loaded const& other_file(std::string const& path) {
        auto known = compared_.find(path);
        if (known == compared_.end()) {
            Loaded loaded = load({path, true, false}, options_, config_, sources_);
            bool const whole = tell_problems(loaded);
            known = compared_.emplace(path, std::pair(std::move(loaded), whole)).first;
        }
        return known->second.first;
    }

    Options const& options_;
    Config const& config_;
    Assertions const& assertions_;
    std::shared_ptr<Sources> sources_ = std::make_shared<Sources>();
    std::map<std::string, std::pair<Loaded, bool>> compared_; // whether it was read whole
    std::vector<std::string> others_;                        // of a directory, that are no firewall's
};

Assertions load_assertions_file(std::string const& path, Config const& config) {
    FileText const text = read_text({path, true, path == "-"});
    if (!text.error.empty()) throw UsageError(text.error);
    LoadedAssertions loaded = load_assertions(text.text, path, config);
    std::vector<std::string> errors;
    for (ConfigError const& error : loaded.errors) errors.push_back(to_string(error));
    if (!errors.empty()) throw UsageError(errors);
    return std::move(loaded.assertions);
}

std::string rendered(std::string const& format, TestReport const& report, Sources const& sources, TextStyle const& style) {
    if (format == "json") return json_tests(report, sources);
    if (format == "junit") {
        auto const now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
        return junit_tests(report, sources, time_text(source_date().value_or(now)));
    }
    return text_tests(report, sources, style);
}

} // namespace

int run_test_command(Options const& options) {
    if (options.inputs.empty()) throw UsageError("test needs a file of assertions, and files to look at unless it names them");
    Configs configs(options);
    TestReport report;
    report.path = options.inputs.front();
    auto const config = configs.config_for(report.path);
    Assertions const assertions = load_assertions_file(report.path, *config);
    std::vector<std::string> arguments(options.inputs.begin() + 1, options.inputs.end());
    bool const one_host = !options.host.empty();
    if (arguments.empty() && !one_host)
        for (std::string const& file : assertions.files) arguments.push_back(beside(report.path, file));
    if (arguments.empty() && !one_host) throw UsageError(fmt::format("name files to look at, by --host, on the command line or as files = [...] in {}", report.path));
    if (report.path == "-" && std::find(arguments.begin(), arguments.end(), "-") != arguments.end())
        throw UsageError("the assertions and a file cannot both be standard input");
    Runner runner(options, *config, assertions);
    std::vector<InputFile> const files = host_files(options, arguments);
    if (one_host) runner.run_host(files, report);
    else
        for (InputFile const& file : files) runner.run(file, report);
    runner.tell_others();
    if (report.files.empty()) throw UsageError("no file in the directory is a firewall configuration");
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        return rendered(format, report, runner.sources(), style);
    });
    if (!report.complete()) return unreadable_input;
    return report.counts()[1] > 0 ? findings : clean;
}

} // namespace portcullis::app
