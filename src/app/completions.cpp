// Completions of the command line, as a script for each shell. All that they offer is from the definition that the program
// itself is parsed by, and from its data.
#include <algorithm>
#include <fmt/format.h>
#include <iterator>
#include <nlohmann/json.hpp>

#include "app/command_line.hpp"
#include "portcullis/catalogue/catalogue.hpp"
#include "portcullis/lint/rule.hpp"

namespace portcullis::app {

namespace {

constexpr std::string_view list_of_rules = "@rules";
constexpr std::string_view list_of_services = "@services";

struct Word {
    std::string text;
    std::string help;
};

std::vector<Word> rule_words() {
    std::vector<Word> all;
    for (RuleInfo const& rule : rules()) {
        all.push_back({rule.id, rule.summary});
        all.push_back({rule.slug, rule.summary});
    }
    for (Standard const& standard : standards()) all.push_back({std::string(standard.key), "rules with items of " + std::string(standard.title)});
    return all;
}

std::vector<Word> service_words() {
    std::vector<Word> all;
    for (Service const& service : Catalogue::built_in().services()) all.push_back({service.name, service.title});
    return all;
}

bool is(Argument const& argument, std::string_view list) { return argument.words.size() == 1 && argument.words.front() == list; }
bool is_file(Argument const& argument) { return argument.value.find("FILE") != std::string::npos || argument.value == "PATH" || argument.value == "inputs"; }
bool is_folder(Argument const& argument) { return argument.value == "DIR"; }

std::string texts(std::vector<Word> const& words) {
    std::string text;
    for (Word const& word : words) text += (text.empty() ? "" : " ") + word.text;
    return text;
}

std::string names_of(std::vector<Argument> const& options) {
    std::string text;
    for (Argument const& option : options) text += fmt::format("{}{}", text.empty() ? "" : " ", fmt::join(option.names, " "));
    return text;
}

// What stands between single quotes.
std::string quoted(std::string_view text, std::string_view quote) {
    std::string result;
    for (char const c : text) {
        if (c == '\'') result += quote;
        else result += c;
    }
    return result;
}

// bash: words, files or folders by the option before the cursor, else by its place.

std::string bash_value(Argument const& argument) {
    std::string const call = argument.list ? "_portcullis_list" : "_portcullis_words";
    if (is(argument, list_of_rules)) return call + " \"$_portcullis_rules\"";
    if (is(argument, list_of_services)) return call + " \"$_portcullis_services\"";
    if (!argument.words.empty()) return fmt::format("{} '{}'", call, fmt::join(argument.words, " "));
    if (is_folder(argument)) return "_portcullis_paths -d";
    return is_file(argument) ? "_portcullis_paths -f" : ":";
}

std::string bash(CommandLine const& line) {
    std::string out = fmt::format(R"sh(# Completion of portcullis for bash: eval "$(portcullis completions bash)"
_portcullis_rules='{}'
_portcullis_services='{}'
_portcullis_words() {{ local IFS=$' \t\n'; COMPREPLY+=($(compgen -W "$1" -- "$cur")); }}
_portcullis_list() {{
    local IFS=$' \t\n' known=
    [[ $cur == *,* ]] && known=${{cur%,*}},
    COMPREPLY+=($(compgen -P "$known" -W "$1" -- "${{cur##*,}}"))
}}
_portcullis_paths() {{
    local IFS=$'\n'
    compopt -o filenames 2>/dev/null
    COMPREPLY+=($(compgen "$1" -- "$cur"))
}}
_portcullis() {{
    local cur=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} command= assigned= i
    COMPREPLY=()
    # "--option=value" and "FORMAT=FILE" arrive as three words.
    if [[ $cur == '=' ]]; then cur= assigned=1
    elif [[ $before == '=' ]]; then before=${{COMP_WORDS[COMP_CWORD-2]}} assigned=1; fi
    for ((i = 1; i < COMP_CWORD; ++i)); do
        if [[ ${{COMP_WORDS[i]}} != -* ]]; then command=${{COMP_WORDS[i]}}; break; fi
    done
    case "$command $before" in
)sh", texts(rule_words()), texts(service_words()));
    auto const to = std::back_inserter(out);
    for (Command const& command : line.commands)
        for (Argument const& option : command.options) {
            if (option.value.empty()) continue;
            std::vector<std::string> patterns;
            for (std::string const& name : option.names) patterns.push_back(fmt::format("'{} {}'", command.name, name));
            fmt::format_to(to, "    {}) {}; return;;\n", fmt::join(patterns, "|"), bash_value(option));
        }
    out += "    esac\n    if [[ $assigned ]]; then _portcullis_paths -f; return; fi\n    case \"$command\" in\n";
    std::string commands;
    for (Command const& command : line.commands) commands += (commands.empty() ? "" : " ") + command.name;
    fmt::format_to(to, "    '') if [[ $cur == -* ]]; then _portcullis_words '{}'; else _portcullis_words '{}'; fi;;\n", names_of(line.options), commands);
    for (Command const& command : line.commands) {
        std::string places;
        for (Argument const& place : command.places) places += (places.empty() ? "" : "; ") + bash_value(place);
        fmt::format_to(to, "    {}) if [[ $cur == -* ]]; then _portcullis_words '{}'; else {}; fi;;\n", command.name, names_of(command.options),
                       places.empty() ? ":" : places);
    }
    return out + "    esac\n}\ncomplete -F _portcullis portcullis\n";
}

// zsh: specifications of _arguments.

std::string zsh_help(std::string_view text) {
    std::string result;
    for (char const c : quoted(text, "'\\''")) {
        if (c == '[' || c == ']' || c == ':') result += '\\';
        result += c;
    }
    return result;
}

std::string zsh_value(Argument const& argument) {
    if (is(argument, list_of_rules)) return argument.list ? "_sequence _portcullis_rules" : "_portcullis_rules";
    if (is(argument, list_of_services)) return argument.list ? "_sequence _portcullis_services" : "_portcullis_services";
    if (argument.value.find("=FILE") != std::string::npos) return fmt::format("_portcullis_outputs {}", fmt::join(argument.words, " "));
    if (!argument.words.empty()) return fmt::format("({})", fmt::join(argument.words, " "));
    return is_folder(argument) ? "_files -/" : is_file(argument) ? "_files" : " ";
}

std::string zsh_options(std::vector<Argument> const& options) {
    std::string out;
    for (Argument const& option : options) {
        std::string const value = option.value.empty() ? "" : fmt::format(":{}:{}", zsh_help(option.value), zsh_value(option));
        for (std::string const& name : option.names) {
            // "--option value" and "--option=value"; several of the same.
            std::string const assign = value.empty() ? "" : name.starts_with("--") ? "=" : "+";
            out += fmt::format(" \\\n            '*{}{}[{}]{}'", name, assign, zsh_help(option.help), value);
        }
    }
    return out;
}

std::string zsh_list(std::string_view name, std::vector<Word> const& words) {
    std::string out = fmt::format("_portcullis_{}() {{\n    local -a words\n    words=(\n", name);
    for (Word const& word : words) out += fmt::format("        '{}:{}'\n", word.text, quoted(word.help, "'\\''"));
    return out + fmt::format("    )\n    _describe -t {0} {0} words \"$@\"\n}}\n", name);
}

std::string zsh(CommandLine const& line) {
    std::string out = "#compdef portcullis\n# Completion of portcullis for zsh: as _portcullis in a folder of $fpath.\n" + zsh_list("rules", rule_words()) +
                      zsh_list("services", service_words());
    out += R"(_portcullis_outputs() {
    if compset -P 1 '*='; then _files; else compadd -S '' -- "$@"; fi
}
_portcullis() {
    local context state state_descr line
    typeset -A opt_args
    _arguments -C)" + zsh_options(line.options) + R"( \
            '1:command:->command' '*::argument:->argument'
    case $state in
    command)
        local -a commands
        commands=(
)";
    for (Command const& command : line.commands) out += fmt::format("            '{}:{}'\n", command.name, quoted(command.help, "'\\''"));
    out += "        )\n        _describe -t commands command commands;;\n    argument)\n        case $words[1] in\n";
    for (Command const& command : line.commands) {
        out += fmt::format("        {}) _arguments", command.name) + zsh_options(command.options);
        for (std::size_t i = 0; i < command.places.size(); ++i) {
            Argument const& place = command.places[i];
            std::string const which = place.words.empty() ? "*" : std::to_string(i + 1);
            out += fmt::format(" \\\n            '{}:{}:{}'", which, zsh_help(place.value), zsh_value(place));
        }
        out += ";;\n";
    }
    return out + "        esac;;\n    esac\n}\nif [ \"$funcstack[1]\" = _portcullis ]; then _portcullis \"$@\"; else compdef _portcullis portcullis; fi\n";
}

// fish: a line for each option and word.

std::string fish_text(std::string_view text) { return '\'' + quoted(text, "\\'") + '\''; }

std::string fish_value(Argument const& argument) {
    if (is(argument, list_of_rules)) return argument.list ? "-x -a '(__fish_append , (__portcullis_rules))'" : "-x -a '(__portcullis_rules)'";
    if (is(argument, list_of_services)) return argument.list ? "-x -a '(__fish_append , (__portcullis_services))'" : "-x -a '(__portcullis_services)'";
    if (!argument.words.empty()) return fmt::format("-x -a '{}'", fmt::join(argument.words, " "));
    if (is_folder(argument)) return "-x -a '(__fish_complete_directories)'";
    return is_file(argument) ? "-r -F" : "-x";
}

std::string fish_list(std::string_view name, std::vector<Word> const& words) {
    std::string out = fmt::format("function __portcullis_{}\n    printf '%s\\t%s\\n'", name);
    for (Word const& word : words) out += fmt::format(" \\\n        {} {}", word.text, fish_text(word.help));
    return out + "\nend\n";
}

std::string fish_options(std::string const& condition, std::vector<Argument> const& options) {
    std::string out;
    for (Argument const& option : options) {
        std::string names;
        for (std::string const& name : option.names) names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
        out += fmt::format("complete -c portcullis -n '{}'{}{} -d {}\n", condition, names, option.value.empty() ? "" : ' ' + fish_value(option),
                           fish_text(option.help));
    }
    return out;
}

std::string fish(CommandLine const& line) {
    std::string out = "# Completion of portcullis for fish: portcullis completions fish | source\n" + fish_list("rules", rule_words()) +
                      fish_list("services", service_words());
    out += fish_options("__fish_use_subcommand", line.options);
    for (Command const& command : line.commands)
        out += fmt::format("complete -c portcullis -f -n __fish_use_subcommand -a {} -d {}\n", command.name, fish_text(command.help));
    for (Command const& command : line.commands) {
        std::string const condition = "__fish_seen_subcommand_from " + command.name;
        out += fish_options(condition, command.options);
        bool const files = std::ranges::any_of(command.places, is_file);
        for (Argument const& place : command.places) {
            if (place.words.empty()) continue;
            std::string words = fish_value(place).substr(3);
            out += fmt::format("complete -c portcullis -n '{}'{} {}\n", condition, files ? "" : " -f", words);
        }
        if (command.places.empty()) out += fmt::format("complete -c portcullis -n '{}' -f\n", condition);
    }
    return out;
}

nlohmann::ordered_json json_of(std::vector<Argument> const& arguments) {
    auto all = nlohmann::ordered_json::array();
    for (Argument const& argument : arguments)
        all.push_back({{"names", argument.names}, {"value", argument.value}, {"help", argument.help}, {"words", argument.words}, {"list", argument.list}});
    return all;
}

} // namespace

std::string completions(CommandLine const& line, std::string const& shell) {
    if (shell == "bash") return bash(line);
    return shell == "zsh" ? zsh(line) : fish(line);
}

std::string to_json(CommandLine const& line) {
    nlohmann::ordered_json json{{"options", json_of(line.options)}, {"commands", nlohmann::ordered_json::array()}};
    for (Command const& command : line.commands)
        json["commands"].push_back({{"name", command.name}, {"help", command.help}, {"options", json_of(command.options)}, {"places", json_of(command.places)}});
    return json.dump(2) + '\n';
}

} // namespace portcullis::app
