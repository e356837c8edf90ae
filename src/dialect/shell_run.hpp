// A script as the shell runs it, as far as that is known beforehand: assignments, loops over known lists,
// functions, conditions on known values. Where a condition is not known, what it guards is run under an assumption;
// what programs do is the business of whoever runs the script.
#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "dialect/shell_expand.hpp"
#include "portcullis/model/ruleset.hpp"

namespace portcullis::shell {

// Whether a command succeeds, where that is known.
using Status = std::optional<bool>;

// A program that the script starts.
struct Invocation {
    std::vector<Field> arguments; // the first is its name
    Span span;
    std::vector<Redirection> const& redirections;
    std::vector<Opaque> const& conditions; // under which it is started at all
};

class Programs {
  public:
    virtual ~Programs() = default;
    virtual Status run(Invocation const& invocation) = 0;
    // Whether there is a program of this name or path.
    virtual Status exists(std::string const& program) = 0;
    // Something that the shell does and that is not followed.
    virtual void unmodelled(std::string text, Span span) = 0;
};

class Shell {
  public:
    Shell(Sources const& sources, Script const& script, Programs& programs);
    // Throws TooMuch.
    void run();

    // The content of a here-document or a here-string; nothing where the redirection is another.
    std::optional<Field> document(Redirection const& redirection);

  private:
    enum class Flow { on, breaks, continues, returns, exits };

    Status run(List const& list);
    Status run(AndOr const& chain);
    Status run(Pipeline const& pipeline);
    Status run(Command const& command);
    Status run_simple(Command const& command);
    Status run_fields(Command const& command, std::vector<Field> fields);
    Status run_builtin(std::string const& name, Command const& command, std::vector<Field> const& fields,
                       bool& known);
    Status run_conditional(Command const& command, std::size_t branch);
    Status run_for(Command const& command);
    Status run_while(Command const& command);
    Status run_case(Command const& command);
    Status call(Command const& function, std::vector<Field> const& fields);
    Status evaluate(std::vector<Field> const& fields, Span span);
    Status test(std::vector<Field> const& operands);
    Status test_words(Command const& command);
    Status file_test(Field const& field);

    template <class Action> void isolated(Action const& action);
    template <class Action> void assuming(Opaque condition, Action const& action);
    Opaque assumption(Span span, bool negated);
    Opaque assumption(Span span, std::string const& condition, bool negated);
    void assign(Assignment const& assignment);
    void assign_fields(std::string const& name, std::vector<Field> const& fields);
    bool leave(Flow flow);
    void charge(Span span, std::size_t steps = 1);
    std::optional<std::string> substitute(List const& list);

    Sources const& sources_;
    Script const& script_;
    Programs& programs_;
    Variables variables_;
    Expander expander_;
    std::map<std::string, Command const*> functions_;
    std::map<std::string, std::vector<Field>> aliases_;
    std::vector<Opaque> conditions_;
    std::map<std::string, std::size_t> asked_; // how often a condition has come up
    Flow flow_ = Flow::on;
    std::size_t steps_ = 0;
    std::size_t depth_ = 0;
};

} // namespace portcullis::shell
