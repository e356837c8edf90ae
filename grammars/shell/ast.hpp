// A shell script as its commands: words with their quotes and expansions, lists, pipelines and compound commands.
// Nothing is expanded yet. POSIX.1-2017, Shell Command Language; of bash what firewall scripts use.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "grammars/common/syntax_error.hpp"

namespace portcullis::shell {

struct AndOr;

struct List {
    std::vector<AndOr> items;
};

// A piece of a word.
struct Part {
    enum class Kind : std::uint8_t {
        literal,
        parameter,  // $name, ${name:-argument}
        command,    // $(body), `body`
        arithmetic, // $((text))
        unknown,    // <(body), ${!name}: understood by the shell alone
    } kind = Kind::literal;
    bool quoted = false; // the shell neither splits it nor takes it for a pattern
    bool length = false; // ${#name}
    std::string text;    // a literal without its quotes; the name of a parameter
    std::string index;   // of an array: "@", "0"
    std::string operation;
    std::vector<Part> argument; // of the operation
    std::vector<List> body;
};

struct Word {
    Span span;
    std::vector<Part> parts;
};

struct Assignment {
    Span span;
    std::string name;
    bool appends = false;     // NAME+=…
    bool array = false;       // NAME=(…)
    std::vector<Word> values; // one, unless it is an array
};

// "> file", "2>&1", "<<EOF".
struct Redirection {
    Span span;
    std::string operation; // without the number of the descriptor
    Word target;
    std::uint32_t document = 0; // of a here-document: its place in Script::documents
};

struct Branch;

struct Command {
    enum class Kind : std::uint8_t {
        simple,
        group,       // { …; }
        subshell,    // ( … )
        conditional, // if
        for_loop,
        while_loop, // and until
        case_of,
        function,
        test,       // [[ … ]]
        arithmetic, // (( … )), for ((…))
    } kind = Kind::simple;
    bool listed = false;     // for: it has "in", and does not go over "$@"
    bool until = false;      // the loop runs until its condition holds
    Span span;               // of a compound command: up to its first body, as people point at it
    std::string name;        // of the function or of the variable of a loop
    std::vector<Word> words; // of a simple command or test; what a loop goes over; what a case asks about
    std::vector<Assignment> assignments;
    std::vector<Branch> branches; // conditions with what they guard; one for loops, groups and functions
    std::vector<Redirection> redirections;
};

// `if condition; then body`, `pattern | pattern) body`; an else has neither.
struct Branch {
    List condition;
    std::vector<Word> patterns;
    List body;
};

struct Pipeline {
    bool negated = false;
    std::vector<Command> commands;
};

// Pipelines joined by && and ||.
struct AndOr {
    std::vector<Pipeline> pipelines;
    std::vector<bool> alternatives; // before the pipeline n + 1 stands ||, not &&
    bool background = false;
};

struct Document {
    Span span;            // of its lines
    bool literal = false; // its delimiter is quoted: nothing in it is expanded
    bool strips_tabs = false;
    std::vector<Part> parts; // of one that is not literal
};

struct Script {
    List list;
    std::vector<Document> documents;
    std::vector<SyntaxError> errors;
};

} // namespace portcullis::shell
