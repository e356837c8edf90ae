// query: files and a question in, the packets that answer it out.
#include <fmt/format.h>

#include "app/host.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/report/answers.hpp"

namespace portcullis::app {

namespace {

// One file's answer; whether it is whole.
bool ask(AnsweredFile& file, Loaded const& loaded, Config const& config, Question const& question, AnswerReport const& report) {
    try {
        file.answer = answer(loaded.reading->ruleset, config, question, report.expectation);
        return true;
    } catch (std::invalid_argument const& e) {
        throw UsageError(fmt::format("{}: {}", file.path, e.what()));
    } catch (BudgetExceeded const& e) {
        file.problem = fmt::format("not answered: {}", e.what());
        return false;
    }
}

int exit_code(AnswerReport const& report) {
    if (!report.complete) return unreadable_input;
    return report.holds() ? clean : findings;
}

} // namespace

int run_query(Options const& options) {
    bool const one_host = !options.host.empty();
    if (options.inputs.size() < (one_host ? 1U : 2U))
        throw UsageError("query needs files, or --host, and behind them a question such as 'allowed from any to self ssh'");
    AnswerReport report;
    report.question = options.inputs.back();
    if (!options.expect.empty()) report.expectation = expectation_by_name(options.expect);
    Configs configs(options);
    auto sources = std::make_shared<Sources>();
    auto const answer_for = [&](std::string const& path, Loaded const& loaded, Config const& config, Question const& question) {
        bool whole = tell_problems(loaded);
        AnsweredFile answered{path, {}, loaded.reading ? "" : loaded.error};
        if (loaded.reading) whole = ask(answered, loaded, config, question, report) && whole;
        report.complete = report.complete && whole;
        report.files.push_back(std::move(answered));
    };
    std::vector<std::string> others;
    std::vector<InputFile> const files = host_files(options, {options.inputs.begin(), options.inputs.end() - 1});
    for (InputFile const& file : files) {
        auto const config = configs.config_for(file.path);
        ParsedQuestion const parsed = parse_question(report.question, *config);
        if (!parsed.question) throw UsageError("the question: " + parsed.error);
        report.verb = parsed.question->verb;
        if (one_host) {
            answer_for(options.host, load_host(files, options, *config, sources), *config, *parsed.question);
            break;
        }
        Loaded const loaded = load(file, options, *config, sources);
        if (loaded.other_file) others.push_back(file.path);
        else answer_for(file.path, loaded, *config, *parsed.question);
    }
    tell_passed_over(others, options);
    if (report.files.empty()) throw UsageError("no file in the directory is a firewall configuration");
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        return format == "json" ? json_answers(report, *sources) : text_answers(report, *sources, style);
    });
    return exit_code(report);
}

} // namespace portcullis::app
