// The command line as data, for what is made of it: completions of shells, the manual.
#pragma once
#include <string>
#include <vector>

namespace portcullis::app {

// An option or, without names, an argument by its place.
struct Argument {
    std::vector<std::string> names; // "-o", "--output"
    std::string value;              // what its value is called: "FILE"; empty for a flag
    std::string help;
    std::vector<std::string> words; // that the value may be; "@rules" and "@services" stand for all of them
    bool list = false;              // of several values with commas between them
};

struct Command {
    std::string name;
    std::string help;
    std::vector<Argument> options;
    std::vector<Argument> places;
};

struct CommandLine {
    std::vector<Argument> options;
    std::vector<Command> commands;
};

// The script that completes the program's arguments in bash, zsh or fish; for nothing else.
std::string completions(CommandLine const& line, std::string const& shell);
// As JSON, for docs/generate.py.
std::string to_json(CommandLine const& line);

} // namespace portcullis::app
