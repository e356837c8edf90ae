// query: files and a question in, the packets that answer it out.
#include <fmt/format.h>

#include "app/inputs.hpp"
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
    if (options.inputs.size() < 2)
        throw UsageError("query needs files and, behind them, a question such as 'allowed from any to self ssh'");
    AnswerReport report;
    report.question = options.inputs.back();
    if (!options.expect.empty()) report.expectation = expectation_by_name(options.expect);
    Configs configs(options);
    auto sources = std::make_shared<Sources>();
    for (InputFile const& file : find_inputs({options.inputs.begin(), options.inputs.end() - 1}, options.stdin_filename)) {
        auto const config = configs.config_for(file.path);
        ParsedQuestion const parsed = parse_question(report.question, *config);
        if (!parsed.question) throw UsageError("the question: " + parsed.error);
        report.verb = parsed.question->verb;
        Loaded const loaded = load(file, options, *config, sources);
        if (is_other_file(file, loaded)) continue;
        bool whole = tell_problems(loaded);
        AnsweredFile answered{file.path, {}, loaded.reading ? "" : loaded.error};
        if (loaded.reading) whole = ask(answered, loaded, *config, *parsed.question, report) && whole;
        report.complete = report.complete && whole;
        report.files.push_back(std::move(answered));
    }
    if (report.files.empty()) throw UsageError("no file in the directory is a firewall configuration");
    write_report(options, [&](std::string const& format, TextStyle style) {
        return format == "json" ? json_answers(report, *sources) : text_answers(report, *sources, style);
    });
    return exit_code(report);
}

} // namespace portcullis::app
