#include "dialect/shell_run.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "portcullis/base/visible.hpp"

namespace portcullis::shell {
namespace {

constexpr std::size_t most_steps = 200'000;
constexpr std::size_t deepest = 64;         // of calls and assumptions within each other
constexpr std::size_t most_rounds = 10'000; // of one loop

Span span_of(Pipeline const& pipeline) {
    Span span = pipeline.commands.front().span;
    span.end = pipeline.commands.back().span.end;
    return span;
}

Span span_of(List const& list) {
    if (list.items.empty()) return {};
    Span span = span_of(list.items.front().pipelines.front());
    span.end = span_of(list.items.back().pipelines.back()).end;
    return span;
}

Status negation(Status status) { return status ? Status(!*status) : status; }

std::optional<long> number(std::string const& text) {
    long value = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

// "NAME=value" as an argument of export and its kin.
std::string assigned_name(std::string const& text) { return text.substr(0, text.find('=')); }

bool is_word(Word const& word, std::string_view text) {
    return word.parts.size() == 1 && word.parts.front().kind == Part::Kind::literal &&
           word.parts.front().text == text;
}

// Whether the script asks for the argument "start", as those do that init runs.
bool asks_for_start(List const& list);
bool asks_for_start(Command const& command) {
    auto const is_start = [](Word const& word) { return is_word(word, "start"); };
    bool const tests =
        command.kind == Command::Kind::test ||
        (!command.words.empty() && (is_word(command.words.front(), "[") || is_word(command.words.front(), "test")));
    if (tests && std::ranges::any_of(command.words, is_start)) return true;
    return std::ranges::any_of(command.branches, [&](Branch const& branch) {
        return std::ranges::any_of(branch.patterns, is_start) || asks_for_start(branch.condition) ||
               asks_for_start(branch.body);
    });
}
bool asks_for_start(List const& list) {
    return std::ranges::any_of(list.items, [](AndOr const& chain) {
        return std::ranges::any_of(chain.pipelines, [](Pipeline const& pipeline) {
            return std::ranges::any_of(pipeline.commands, [](Command const& c) { return asks_for_start(c); });
        });
    });
}

} // namespace

Shell::Shell(Sources const& sources, Script const& script, Programs& programs)
    : sources_(sources), script_(script), programs_(programs),
      expander_(sources, variables_, [this](List const& list) { return substitute(list); }) {}

void Shell::run() {
    if (asks_for_start(script_.list)) {
        Span const span = span_of(script_.list);
        variables_.positional.push_back({"start", span, false, true});
        programs_.unmodelled("the script is taken to be run with the argument 'start'",
                             {span.source, span.begin, span.begin});
    }
    run(script_.list);
}

void Shell::charge(Span span, std::size_t steps) {
    steps_ += steps;
    if (steps_ > most_steps) throw TooMuch(span, "more than 200000 commands are run");
}

// ---- lists

bool Shell::leave(Flow flow) {
    flow_ = flow;
    return true;
}

Status Shell::run(List const& list) {
    Status status = true;
    for (AndOr const& chain : list.items) {
        status = run(chain);
        if (flow_ != Flow::on) break;
    }
    return status;
}

Status Shell::run(AndOr const& chain) {
    Status status = run(chain.pipelines.front());
    Span before = span_of(chain.pipelines.front());
    for (std::size_t i = 1; i < chain.pipelines.size() && flow_ == Flow::on; ++i) {
        Pipeline const& next = chain.pipelines[i];
        bool const on_failure = chain.alternatives[i - 1];
        if (!status) {
            assuming(assumption(before, on_failure), [&] { run(next); });
        } else if (*status != on_failure) {
            status = run(next);
        }
        before.end = span_of(next).end;
    }
    return chain.background ? Status(true) : status;
}

Status Shell::run(Pipeline const& pipeline) {
    Status status;
    if (pipeline.commands.size() == 1) {
        status = run(pipeline.commands.front());
    } else {
        for (Command const& command : pipeline.commands) isolated([&] { status = run(command); });
    }
    return pipeline.negated ? negation(status) : status;
}

// What a subshell does to variables, and that it ends, is its own affair.
template <class Action> void Shell::isolated(Action const& action) {
    charge({}, variables_.size() / 16);
    Variables const before = variables_;
    action();
    variables_ = before;
    flow_ = Flow::on;
}

// A condition that is not known, as a free variable of the analysis. What it asks about may change between two
// evaluations, so each is one of its own.
Opaque Shell::assumption(Span span, bool negated) {
    return assumption(span, std::string(sources_.text(span)), negated);
}

Opaque Shell::assumption(Span span, std::string const& condition, bool negated) {
    Source const& source = sources_[span.source];
    std::string text = "the script finds that " + shortened(condition, 200) + " (line " +
                       std::to_string(source.locate(span.begin).line);
    std::replace(text.begin(), text.end(), '\n', ' ');
    std::size_t const times = ++asked_[text];
    text += times > 1 ? ", evaluation " + std::to_string(times) + ')' : std::string(")");
    return {std::move(text), false, negated, span};
}

template <class Action> void Shell::assuming(Opaque condition, Action const& action) {
    Span const span = condition.span;
    if (conditions_.size() >= deepest) throw TooMuch(span, "more than 64 undecided conditions within each other");
    charge(span, variables_.size() / 16);
    Variables const before = variables_;
    conditions_.push_back(std::move(condition));
    action();
    conditions_.pop_back();
    variables_.blur(before);
    if (flow_ != Flow::on) {
        programs_.unmodelled("the script may end here, or leave a loop or function", span);
        flow_ = Flow::on;
    }
}

// ---- commands

Status Shell::run(Command const& command) {
    charge(command.span);
    using enum Command::Kind;
    switch (command.kind) {
    case simple: return run_simple(command);
    case group: return run(command.branches.front().body);
    case subshell: {
        Status status;
        isolated([&] { status = run(command.branches.front().body); });
        return status;
    }
    case conditional: return run_conditional(command, 0);
    case for_loop: return run_for(command);
    case while_loop: return run_while(command);
    case case_of: return run_case(command);
    case function: functions_[command.name] = &command; return true;
    case test: return test_words(command);
    case arithmetic:
        for (Branch const& branch : command.branches)
            assuming(assumption(command.span, false), [&] { run(branch.body); });
        return std::nullopt;
    }
    return std::nullopt;
}

Status Shell::run_conditional(Command const& command, std::size_t branch) {
    if (branch == command.branches.size()) return true;
    Branch const& here = command.branches[branch];
    bool const is_else = here.condition.items.empty();
    Status const holds = is_else ? Status(true) : run(here.condition);
    if (flow_ != Flow::on) return std::nullopt;
    if (holds) return *holds ? run(here.body) : run_conditional(command, branch + 1);
    Opaque const condition = assumption(span_of(here.condition), false);
    Opaque otherwise = condition;
    otherwise.negated = true;
    Variables const before = variables_;
    assuming(condition, [&] { run(here.body); });
    Variables const after = std::exchange(variables_, before);
    assuming(std::move(otherwise), [&] { run_conditional(command, branch + 1); });
    variables_.blur(after);
    return std::nullopt;
}

Status Shell::run_for(Command const& command) {
    std::vector<Field> const items = command.listed ? expander_.fields(command.words) : variables_.positional;
    List const* const body = command.branches.empty() ? nullptr : &command.branches.front().body;
    if (body == nullptr) return true;
    if (std::ranges::any_of(items, [](Field const& item) { return !item.known; })) {
        variables_.set(command.name, std::nullopt);
        assuming(assumption(command.span, false), [&] { run(*body); });
        return std::nullopt;
    }
    for (Field const& item : items) {
        variables_.set(command.name, Value({item.text}));
        run(*body);
        if (flow_ == Flow::continues) flow_ = Flow::on;
        if (flow_ == Flow::breaks) {
            flow_ = Flow::on;
            break;
        }
        if (flow_ != Flow::on) break;
    }
    return std::nullopt;
}

Status Shell::run_while(Command const& command) {
    Branch const& loop = command.branches.front();
    for (std::size_t round = 0; flow_ == Flow::on; ++round) {
        if (round == most_rounds) throw TooMuch(command.span, "a loop of more than 10000 rounds");
        Status holds = run(loop.condition);
        if (command.until) holds = negation(holds);
        if (!holds) {
            assuming(assumption(span_of(loop.condition), command.until), [&] { run(loop.body); });
            break;
        }
        if (!*holds) break;
        run(loop.body);
        if (flow_ == Flow::continues) flow_ = Flow::on;
        if (flow_ == Flow::breaks) {
            flow_ = Flow::on;
            break;
        }
    }
    return std::nullopt;
}

Status Shell::run_case(Command const& command) {
    Field const subject = expander_.single(command.words.front());
    bool undecided = false; // an earlier pattern may have matched
    for (Branch const& branch : command.branches) {
        bool certain = false;
        bool possible = false;
        for (Word const& word : branch.patterns) {
            auto const pattern = expander_.pattern(word);
            bool const decided = pattern && (subject.known || *pattern == "*");
            certain = certain || (decided && (*pattern == "*" || expander_.matches(*pattern, subject.text, word.span)));
            possible = possible || !decided;
        }
        if (certain && !undecided) return run(branch.body);
        if (!certain && !possible) continue;
        Span patterns = branch.patterns.front().span;
        patterns.end = branch.patterns.back().span.end;
        std::string const condition =
            std::string(sources_.text(command.words.front().span)) + " is " + std::string(sources_.text(patterns));
        assuming(assumption(patterns, condition, false), [&] { run(branch.body); });
        undecided = true;
        if (certain) break;
    }
    return undecided ? std::nullopt : Status(true);
}

// ---- simple commands

void Shell::assign(Assignment const& assignment) {
    std::vector<Field> fields;
    if (assignment.array)
        fields = expander_.fields(assignment.values);
    else if (assignment.values.empty())
        fields.push_back({"", assignment.span, true, true});
    else
        fields.push_back(expander_.single(assignment.values.front()));
    if (assignment.appends) {
        Value const* const old = variables_.find(assignment.name);
        if (old == nullptr || !*old) return variables_.set(assignment.name, std::nullopt);
        if (assignment.array) {
            std::vector<Field> all;
            for (std::string const& value : **old) all.push_back({value, assignment.span, false, true});
            fields.insert(fields.begin(), all.begin(), all.end());
        } else if (!(*old)->empty()) {
            fields.front().text = (*old)->front() + fields.front().text;
        }
        if (fields.size() > 4096 || (!fields.empty() && fields.front().text.size() > std::size_t{1} << 16U))
            throw TooMuch(assignment.span, "a value longer than 65536 characters");
    }
    assign_fields(assignment.name, fields);
}

void Shell::assign_fields(std::string const& name, std::vector<Field> const& fields) {
    Value value = std::vector<std::string>{};
    for (Field const& field : fields) {
        if (!field.known) return variables_.set(name, std::nullopt);
        value->push_back(field.text);
    }
    variables_.set(name, std::move(value));
}

Status Shell::run_simple(Command const& command) {
    std::vector<Field> fields = expander_.fields(command.words);
    if (fields.empty()) {
        for (Assignment const& assignment : command.assignments) assign(assignment);
        bool const substitutes = std::ranges::any_of(command.assignments, [](Assignment const& a) {
            return !a.values.empty() && std::ranges::any_of(a.values.front().parts, [](Part const& p) {
                return p.kind == Part::Kind::command;
            });
        });
        return substitutes ? std::nullopt : Status(true);
    }
    bool const declares =
        !command.assignments.empty() && fields.front().known &&
        (fields.front().text == "declare" || fields.front().text == "local" || fields.front().text == "export" ||
         fields.front().text == "readonly" || fields.front().text == "typeset");
    if (command.assignments.empty() || declares) {
        for (Assignment const& assignment : command.assignments) assign(assignment);
        return run_fields(command, std::move(fields));
    }
    // "VARIABLE=value program": for this program only.
    Variables const before = variables_;
    for (Assignment const& assignment : command.assignments) assign(assignment);
    Status const status = run_fields(command, std::move(fields));
    variables_ = before;
    return status;
}

Status Shell::run_fields(Command const& command, std::vector<Field> fields) {
    if (fields.front().known) {
        if (auto const alias = aliases_.find(fields.front().text); alias != aliases_.end()) {
            fields.erase(fields.begin());
            fields.insert(fields.begin(), alias->second.begin(), alias->second.end());
        }
    }
    if (!fields.empty() && fields.front().known) {
        std::string const name = fields.front().text;
        auto const function = functions_.find(name);
        if (function != functions_.end()) return call(*function->second, fields);
        bool known = true;
        Status const status = run_builtin(name, command, fields, known);
        if (known) return status;
    }
    if (fields.empty()) return true;
    return programs_.run({std::move(fields), command.span, command.redirections, conditions_});
}

Status Shell::call(Command const& function, std::vector<Field> const& fields) {
    if (depth_ >= deepest) throw TooMuch(function.span, "functions call each other more than 64 levels deep");
    ++depth_;
    std::vector<Field> arguments(fields.begin() + 1, fields.end());
    std::swap(variables_.positional, arguments);
    Status const status = run(function.branches.front().body);
    if (flow_ == Flow::returns) flow_ = Flow::on;
    std::swap(variables_.positional, arguments);
    --depth_;
    return status;
}

Status Shell::evaluate(std::vector<Field> const& fields, Span span) {
    std::string text;
    bool known = true;
    for (std::size_t i = 1; i < fields.size(); ++i) {
        text += (i > 1 ? " " : "") + fields[i].text;
        known = known && fields[i].known;
    }
    std::string const name = known ? assigned_name(text) : std::string();
    bool const plain =
        !name.empty() && name.size() < text.size() && text.find_first_of(";&|`$()\n") == std::string::npos;
    if (plain && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") ==
                     std::string::npos) {
        std::string value = text.substr(name.size() + 1);
        if (value.size() >= 2 && (value.front() == '"' || value.front() == '\'') && value.back() == value.front())
            value = value.substr(1, value.size() - 2);
        if (value.find_first_of("\"' ") == std::string::npos) {
            variables_.set(name, Value({value}));
            return true;
        }
    }
    programs_.unmodelled("eval: a command that is made while the script runs", span);
    return std::nullopt;
}

Status Shell::run_builtin(std::string const& name, Command const& command, std::vector<Field> const& fields,
                          bool& known) {
    auto const argument = [&](std::size_t i) { return i < fields.size() ? fields[i].text : std::string(); };
    if (name == ":" || name == "true") return true;
    if (name == "false") return false;
    if (name == "[" || name == "test") {
        std::vector<Field> operands(fields.begin() + 1, fields.end());
        if (name == "[" && !operands.empty()) operands.pop_back();
        return test(operands);
    }
    if (name == "export" || name == "readonly" || name == "local" || name == "declare" || name == "typeset") {
        // The words again: a value is not split here.
        for (std::size_t i = 1; i < command.words.size(); ++i) {
            Word const& word = command.words[i];
            if (word.parts.empty() || word.parts.front().kind != Part::Kind::literal) continue;
            std::size_t const equals = word.parts.front().text.find('=');
            if (equals == std::string::npos) continue;
            std::string const target = word.parts.front().text.substr(0, equals);
            Word value = word;
            value.parts.front().text.erase(0, equals + 1);
            assign_fields(target, {expander_.single(value)});
        }
        return true;
    }
    if (name == "unset") {
        for (std::size_t i = 1; i < fields.size(); ++i) variables_.set(fields[i].text, std::vector<std::string>{});
        return true;
    }
    if (name == "shift") {
        auto const count = fields.size() > 1 ? number(argument(1)) : std::optional<long>(1);
        auto& positional = variables_.positional;
        if (!count || *count < 0 || static_cast<std::size_t>(*count) > positional.size()) return false;
        positional.erase(positional.begin(), positional.begin() + *count);
        return true;
    }
    if (name == "set") {
        auto const marker = std::ranges::find(fields, std::string("--"), &Field::text);
        if (marker != fields.end()) variables_.positional.assign(marker + 1, fields.end());
        return true;
    }
    if (name == "read" || name == "getopts" || name == "let") {
        for (std::size_t i = 1; i < fields.size(); ++i)
            if (!fields[i].text.starts_with('-')) variables_.set(assigned_name(fields[i].text), std::nullopt);
        return std::nullopt;
    }
    if (name == "alias") {
        for (std::size_t i = 1; i < fields.size(); ++i) {
            std::string const alias = assigned_name(fields[i].text);
            if (alias.size() == fields[i].text.size() || !fields[i].known) continue;
            std::vector<Field>& words = aliases_[alias];
            words.clear();
            std::string rest = fields[i].text.substr(alias.size() + 1);
            for (std::size_t at = 0; (at = rest.find_first_not_of(' ', at)) != std::string::npos;) {
                std::size_t const end = std::min(rest.find(' ', at), rest.size());
                words.push_back({rest.substr(at, end - at), fields[i].span, false, true});
                at = end;
            }
        }
        return true;
    }
    if (name == "return" || name == "exit") {
        leave(name == "return" ? Flow::returns : Flow::exits);
        auto const code = fields.size() > 1 ? number(argument(1)) : std::nullopt;
        return code ? Status(*code == 0) : std::nullopt;
    }
    if (name == "break") return leave(Flow::breaks);
    if (name == "continue") return leave(Flow::continues);
    if (name == "eval") return evaluate(fields, command.span);
    if (name == "which" || name == "hash" || (name == "command" && argument(1) == "-v") ||
        (name == "type" && fields.size() > 1))
        return fields.back().known ? programs_.exists(fields.back().text) : std::nullopt;
    known = false;
    return std::nullopt;
}

// ---- conditions

Status Shell::file_test(Field const& field) { return field.known ? programs_.exists(field.text) : std::nullopt; }

// test(1), as far as values are known.
Status Shell::test(std::vector<Field> const& operands) {
    std::size_t const count = operands.size();
    if (count == 0) return false;
    if (operands.front().known && operands.front().text == "!" && count > 1)
        return negation(test({operands.begin() + 1, operands.end()}));
    for (std::string_view const joint : {"-o", "||", "-a", "&&"}) {
        auto const at = std::ranges::find(operands, joint, &Field::text);
        if (at == operands.begin() || at == operands.end() || at + 1 == operands.end() || !at->known) continue;
        Status const left = test({operands.begin(), at});
        Status const right = test({at + 1, operands.end()});
        bool const deciding = joint == "-o" || joint == "||";
        if (left == Status(deciding) || right == Status(deciding)) return deciding;
        return left && right ? Status(!deciding) : std::nullopt;
    }
    if (count == 1) return operands[0].known ? Status(!operands[0].text.empty()) : std::nullopt;
    if (count == 2 && operands[0].known) {
        std::string const& operation = operands[0].text;
        if (operation == "-z" || operation == "-n") {
            if (!operands[1].known) return std::nullopt;
            return operands[1].text.empty() == (operation == "-z");
        }
        if (operation == "-x" || operation == "-f" || operation == "-e") return file_test(operands[1]);
        return std::nullopt;
    }
    if (count != 3 || !operands[0].known || !operands[1].known || !operands[2].known) return std::nullopt;
    std::string const& operation = operands[1].text;
    if (operation == "=" || operation == "==") return operands[0].text == operands[2].text;
    if (operation == "!=") return operands[0].text != operands[2].text;
    auto const left = number(operands[0].text);
    auto const right = number(operands[2].text);
    if (!left || !right) return std::nullopt;
    if (operation == "-eq") return *left == *right;
    if (operation == "-ne") return *left != *right;
    if (operation == "-lt") return *left < *right;
    if (operation == "-le") return *left <= *right;
    if (operation == "-gt") return *left > *right;
    if (operation == "-ge") return *left >= *right;
    return std::nullopt;
}

// [[ … ]]: words are not split; of comparisons with patterns, those that have none are decided.
Status Shell::test_words(Command const& command) {
    std::vector<Field> operands;
    for (std::size_t i = 0; i < command.words.size(); ++i) {
        Word const& word = command.words[i];
        Field field = expander_.single(word);
        auto const pattern = expander_.pattern(word);
        bool const is_operand =
            i > 0 && (operands.back().text == "==" || operands.back().text == "=" || operands.back().text == "!=");
        if (is_operand && pattern && pattern->find_first_of("*?[") != std::string::npos) field.known = false;
        operands.push_back(std::move(field));
    }
    return test(operands);
}

// ---- substitutions

std::optional<std::string> Shell::substitute(List const& list) {
    bool const single = list.items.size() == 1 && list.items.front().pipelines.size() == 1 &&
                        list.items.front().pipelines.front().commands.size() == 1 &&
                        list.items.front().pipelines.front().commands.front().kind == Command::Kind::simple;
    if (depth_ >= deepest) throw TooMuch(span_of(list), "substitutions within each other more than 64 deep");
    ++depth_;
    std::optional<std::string> output;
    if (single) {
        std::vector<Field> const fields =
            expander_.fields(list.items.front().pipelines.front().commands.front().words);
        std::string const name = fields.empty() ? "" : fields.front().text;
        bool const known = std::ranges::all_of(fields, &Field::known);
        bool const finds =
            name == "which" || name == "type" || (name == "command" && fields.size() == 3) || name == "whereis";
        if (known && fields.size() > 1 && finds && programs_.exists(fields.back().text) == Status(true)) {
            output = fields.back().text;
        } else if (known && name == "echo") {
            output.emplace();
            for (std::size_t i = 1; i < fields.size(); ++i)
                if (i > 1 || fields[i].text != "-n") *output += (output->empty() ? "" : " ") + fields[i].text;
        } else if (known && name == "basename" && fields.size() == 2) {
            output = fields[1].text.substr(fields[1].text.find_last_of('/') + 1);
        }
    }
    if (!output) isolated([&] { run(list); });
    --depth_;
    return output;
}

std::optional<Field> Shell::document(Redirection const& redirection) {
    if (redirection.operation == "<<<") return expander_.single(redirection.target);
    if (redirection.operation != "<<" && redirection.operation != "<<-") return std::nullopt;
    Document const& document = script_.documents[redirection.document];
    std::string text;
    bool known = true;
    if (document.literal)
        text = sources_.text(document.span);
    else {
        Field field = expander_.single(document.parts, document.span);
        text = std::move(field.text);
        known = field.known;
    }
    return Field{std::move(text), document.span, document.literal && !document.strips_tabs, known};
}

} // namespace portcullis::shell
