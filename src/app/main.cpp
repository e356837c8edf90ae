// The command line. The only file that knows CLI11, and the place where every exception ends as a sentence and an
// exit code.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fmt/format.h>
#include <malloc.h>
#include <new>
#include <sys/resource.h>
#include <tuple>
#include <unistd.h>

#include "app/command_line.hpp"
#include "app/inputs.hpp"
#include "app/tell.hpp"
#include "app/today.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/policy/plan.hpp"
#include "portcullis/report/formats.hpp"
#include "portcullis/report/lines.hpp"

namespace portcullis::app {

namespace {

constexpr char version_line[] = "portcullis " PORTCULLIS_VERSION "\n";
constexpr std::string_view commands[] = {"lint", "audit",    "trace",  "query",   "test",      "diff",   "fmt",
                                          "init", "generate", "verify", "convert", "harden", "baseline", "config", "explain", "catalogue", "completions", "lsp", "version"};

void add_today(CLI::App& app, Options& options) {
    app.add_option_function<std::string>(
           "--today", [&options](std::string const& text) { options.today = day_of_flag(text); },
           "The day that dates in rules and policies are compared with (SOURCE_DATE_EPOCH, or the clock)")
        ->type_name("YYYY-MM-DD");
}

// Lists such as --select take one value each time; commas separate several.
CLI::Option* add_list(CLI::App& app, std::string const& name, std::vector<std::string>& into,
                      std::string const& help) {
    return app.add_option(name, into, help)->delimiter(',')->expected(1)->allow_extra_args(false)->take_all();
}

// Refuses all but the words, and says which was meant.
CLI::Validator one_of(std::vector<std::string> const& words) {
    return {[words](std::string const& given) {
                if (std::find(words.begin(), words.end(), given) != words.end()) return std::string();
                return fmt::format("'{}' is none of {}{}", given, fmt::join(words, ", "),
                                   did_you_mean_text(given, {words.begin(), words.end()}));
            },
            "", fmt::format("{}", fmt::join(words, " "))};
}

// What completions offer for a value that is checked elsewhere.
CLI::Validator offer(std::vector<std::string> const& words) {
    return {[](std::string const&) { return std::string(); }, "", fmt::format("{}", fmt::join(words, " "))};
}

void add_input(CLI::App& app, Options& options, char const* help = "Files, directories, or '-' for standard input") {
    app.add_option("inputs", options.inputs, help);
    app.add_option_function<std::string>(
           "--dialect",
           [&options](std::string const& name) {
               if (name == "auto") return;
               options.dialect = dialect_by_name(name);
               if (!options.dialect) {
                   throw UsageError(fmt::format(
                       "--dialect: unknown dialect '{}'{}", name,
                       did_you_mean_text(name, {"auto", "iptables", "ip6tables", "iptables-script", "nftables",
                                                "nft-json", "cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr"})));
               }
           },
           "auto, iptables, ip6tables, iptables-script, nftables, nft-json, cisco-ios, cisco-asa, cisco-nxos or cisco-xr")
        ->type_name("NAME")
        ->check(offer({"auto", "iptables", "ip6tables", "iptables-script", "nftables", "nft-json", "cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr"}));
    app.add_option("--ipset", options.ipsets,
                   "What is in the sets of iptables rules: output of ipset save (files beside the rules)")
        ->type_name("FILE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--stdin-filename", options.stdin_filename, "What to call standard input")->type_name("PATH");
    app.add_option("--config", options.config_file, "Use this portcullis.toml")->type_name("FILE");
    app.add_flag("--isolated", options.isolated, "Use no portcullis.toml");
}

// What a search in directories and lists is about.
void add_search(CLI::App& app, Options& options) {
    app.add_option("--exclude", options.exclude, "Leave out files and folders by a pattern as .gitignore has them, from the working directory")
        ->type_name("GLOB")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--files-from", options.files_from, "Look at the files that this one lists, a path a line ('-' for standard input)")->type_name("FILE");
    app.add_flag("-0,--null", options.null_separated, "--files-from: a NUL behind each path, as find -print0 and git -z write it");
    app.add_flag_callback("--no-ignore", [&options] { options.ignore_files = false; }, "Look at what .gitignore names in directories too");
    app.add_flag("-v,--verbose", options.verbose, "Tell on standard error how each file is read, and what is passed over");
}

// "PC114=high"
std::pair<std::string, Severity> parse_level(std::string const& text) {
    std::size_t const equals = text.rfind('=');
    auto const severity = equals == std::string::npos ? std::nullopt : severity_by_name(text.substr(equals + 1));
    if (!severity || equals == 0)
        throw UsageError(fmt::format("--level: '{}' is no level of a rule; write it as PC114=high, with critical, high, medium, low or info", text));
    return {text.substr(0, equals), *severity};
}

void add_rules(CLI::App& app, Options& options) {
    add_list(app, "--select", options.select, "Run only these rules: ids, slugs, prefixes such as PC1, or a standard such as pci-dss")
        ->type_name("RULES")
        ->check(offer({"@rules"}));
    add_list(app, "--ignore", options.ignore, "Do not run these rules")->type_name("RULES")->check(offer({"@rules"}));
    app.add_option_function<std::vector<std::string>>(
           "--level",
           [&options](std::vector<std::string> const& values) {
               for (std::string const& value : values) options.levels.push_back(parse_level(value));
           },
           "What a rule counts for: PC114=high")
        ->type_name("RULE=LEVEL")
        ->delimiter(',')
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--fail-on", options.fail_on, "Exit with 1 for findings from this severity on (medium), or never")
        ->type_name("LEVEL")
        ->check(one_of({"critical", "high", "medium", "low", "info", "never"}));
}

// "json=out.json", "text", "sarif=-"
Output parse_output(std::string const& value, std::vector<std::string> const& formats) {
    std::size_t const equals = value.find('=');
    Output output{value.substr(0, equals), equals == std::string::npos ? "-" : value.substr(equals + 1)};
    if (std::find(formats.begin(), formats.end(), output.format) == formats.end())
        throw UsageError(fmt::format("-o: unknown format '{}'; known are {}{}", output.format, fmt::join(formats, ", "),
                                     did_you_mean_text(output.format, {formats.begin(), formats.end()})));
    if (output.path.empty()) throw UsageError(fmt::format("-o: {}= names no file", output.format));
    if (output.path == "-") output.path.clear();
    return output;
}

void add_outputs(CLI::App& app, Options& options, std::vector<std::string> const& formats = {"text", "json"}) {
    app.add_option_function<std::vector<std::string>>(
           "-o,--output",
           [&options, formats](std::vector<std::string> const& values) {
               for (std::string const& value : values) options.outputs.push_back(parse_output(value, formats));
               check_outputs(options.outputs);
           },
           fmt::format("{}; each may be followed by =FILE", fmt::join(formats, ", ")))
        ->type_name("FORMAT[=FILE]")
        ->check(offer(formats))
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    app.add_option("--color", options.color, "auto, always or never")
        ->type_name("WHEN")
        ->check(one_of({"auto", "always", "never"}));
}

std::vector<std::string> lint_formats() {
    std::vector<std::string> names{"text", "json", "html"};
    for (LineFormat const& format : line_formats()) names.emplace_back(format.name);
    for (ReportFormat const& format : report_formats()) names.emplace_back(format.name);
    return names;
}

void add_host(CLI::App& app, Options& options) {
    app.add_option("--host", options.host, "A directory: all of its files are the rules of one host")->type_name("DIR");
}

void add_baseline_file(CLI::App& app, Options& options) {
    app.add_option("--baseline", options.baseline, "Findings that are known already and do not count (that of portcullis.toml)")->type_name("FILE");
}

void add_timeout(CLI::App& app, Options& options) {
    app.add_option("--timeout", options.timeout, "Stop what is not worked out after so many seconds, say so, and exit with 3 (no end)")
        ->check(CLI::PositiveNumber)
        ->check([](std::string const& text) { return std::isnan(std::strtod(text.c_str(), nullptr)) ? std::string("it has to be a number") : std::string(); })
        ->type_name("SECONDS");
}

void add_jobs(CLI::App& app, Options& options) {
    app.add_option("-j,--jobs", options.jobs, "How many files, or chains and rules of one, to work on at once, up to 1024 (all processors)")
        ->check(CLI::Range(1, 1024))
        ->type_name("N");
    add_timeout(app, options);
}

void add_lint(CLI::App& app, Options& options, std::vector<std::string> const& formats) {
    add_input(app, options);
    add_host(app, options);
    add_outputs(app, options, formats);
    add_search(app, options);
    add_rules(app, options);
    app.add_option_function<std::string>(
           "--severity", [&options](std::string const& name) { options.shown = severity_by_name(name).value(); },
           "Show findings from this severity on (low)")
        ->type_name("LEVEL")
        ->check(one_of({"critical", "high", "medium", "low", "info"}));
    app.add_option("--width", options.width, "Columns of text (those of the terminal); 0: as many as it takes")->type_name("N")->check(CLI::Range(0, 10000));
    app.add_flag("--statistics", options.statistics, "How often each rule found something, in text, json and jsonl");
    add_today(app, options);
    app.add_flag("--show-suppressed", options.show_suppressed, "Show what waivers and the baseline suppress too");
    app.add_flag_callback("--no-suppress", [&options] { options.suppress = false; }, "As if there were no waivers and no baseline");
    add_baseline_file(app, options);
    app.add_flag("--strict", options.strict, "Exit with 3 where something is not modelled");
    app.add_flag("-q,--quiet", options.quiet, "Findings only");
    add_jobs(app, options);
}

void add_baseline(CLI::App& app, Options& options) {
    app.add_option("action", options.topic, "create: hold all that is found now; prune: take out what is mended; show: what it holds")
        ->required()
        ->check(one_of({"create", "prune", "show"}));
    add_input(app, options);
    add_search(app, options);
    add_baseline_file(app, options);
    app.add_flag("--force", options.force, "create: write over an old baseline");
    add_today(app, options);
    add_jobs(app, options);
}

void add_config(CLI::App& app, Options& options) {
    app.add_option("action", options.topic, "show: what holds for a file or directory, and from where; schema: the JSON Schema of portcullis.toml")
        ->required()
        ->check(one_of({"show", "schema"}));
    app.add_option("inputs", options.inputs, "A file or directory (the working directory)");
    app.add_option("--config", options.config_file, "Use this portcullis.toml")->type_name("FILE");
    app.add_flag("--isolated", options.isolated, "Use no portcullis.toml");
    add_rules(app, options);
    add_baseline_file(app, options);
    add_outputs(app, options);
}

void add_trace(CLI::App& app, Options& options) {
    add_input(app, options);
    add_host(app, options);
    add_outputs(app, options);
    app.add_option("--packet", options.packet, "One packet: 'in=eth0 tcp 203.0.113.9:40000 > 192.0.2.10:22'");
    app.add_option("--packets", options.packets_file, "Many packets: a file of JSON objects, one a line")
        ->type_name("FILE");
    app.add_option("--hook", options.hook, "One hook alone: input, forward, output … (the whole way through the box)")
        ->type_name("HOOK")
        ->check(one_of({"input", "forward", "output", "prerouting", "postrouting"}));
    app.add_option("--chain", options.chain, "The access list or base chain to ask, by name")->type_name("NAME");
    add_timeout(app, options);
}

void add_query(CLI::App& app, Options& options) {
    add_input(app, options, "Files, directories, or '-' for standard input; and last the question");
    add_host(app, options);
    add_outputs(app, options);
    app.add_option("--expect", options.expect, "Exit with 1 unless all that the question describes is allowed, or denied, or the answer is empty")
        ->type_name("WHAT")
        ->check(one_of({"allowed", "denied", "none"}));
    add_timeout(app, options);
}

void add_test(CLI::App& app, Options& options) {
    add_input(app, options, "The assertions; then files, directories, or '-', unless the assertions name them");
    add_host(app, options);
    add_outputs(app, options, {"text", "json", "junit"});
    app.add_flag("-q,--quiet", options.quiet, "Failures only");
    add_timeout(app, options);
}

void add_diff(CLI::App& app, Options& options) {
    add_input(app, options);
    add_outputs(app, options, {"text", "json", "html"});
    add_list(app, "--map", options.maps, "Compare this base chain or access list of the old file with that of the new one")
        ->type_name("OLD=NEW");
    app.add_option("--chain", options.chain, "Compare this base chain or access list alone")->type_name("NAME");
    app.add_flag("--new-connections", options.new_connections, "Compare the first packets of connections alone");
    add_list(app, "--interface", options.interfaces, "This interface of the old file has another name in the new one, where lists are compared with hooks")
        ->type_name("OLD=NEW");
    add_list(app, "--own-address", options.own_addresses, "An address, prefix or range of the device itself (what the files say)")->type_name("ADDRESS");
    app.add_flag("--fail-on-widen", options.fail_on_widen, "Exit with 1 only where something is newly allowed");
    add_timeout(app, options);
}

void add_policy_commands(CLI::App& app, Options& options) {
    CLI::App& init = *app.add_subcommand("init", "A commented policy to start from");
    init.add_option("name", options.topic, "server, bastion, router-dmz, workstation, kubernetes-node or pci-dss (server)")
        ->check(offer({"server", "bastion", "router-dmz", "workstation", "kubernetes-node", "pci-dss"}));
    init.add_option("-o,--output", options.output_file, "Write it here")->type_name("FILE");
    CLI::App& generate = *app.add_subcommand("generate", "The rules of a policy, proved equal to it");
    generate.add_option("inputs", options.inputs, "The policy, or '-' for standard input");
    std::vector<std::string> targets;
    for (std::string_view const name : target_names()) targets.emplace_back(name);
    generate.add_option("--to", options.to, fmt::format("One of {}", fmt::join(targets, ", ")))->type_name("TARGET")->check(one_of(targets));
    generate.add_option("-o,--output", options.output_file, "Write them here")->type_name("FILE");
    generate.add_option("--out-dir", options.out_folder, "Write them here, and what applies them and takes them back unless it is confirmed")
        ->type_name("DIR");
    generate.add_option("--current", options.current_file, "With --out-dir, of a Cisco device: what it has now, to change its lists in place")
        ->type_name("FILE");
    generate.add_flag("--allow-loss", options.allow_loss, "Leave out what the target cannot say, where that narrows the policy");
    generate.add_option("--config", options.config_file, "Use this portcullis.toml")->type_name("FILE");
    generate.add_flag("--isolated", options.isolated, "Use no portcullis.toml");
    add_today(generate, options);
    add_timeout(generate, options);
    CLI::App& verify = *app.add_subcommand("verify", "Whether a configuration lets through what a policy says");
    add_input(verify, options);
    add_outputs(verify, options, {"text", "json", "html"});
    verify.add_option("--policy", options.policy_file, "The policy")->type_name("FILE");
    add_today(verify, options);
    add_timeout(verify, options);
}

void add_lsp(CLI::App& app, Options& options) {
    app.add_flag_callback("--stdio", [] {}, "Talk through standard input and output, which is the only way; some editors ask for it");
    app.add_option("--config", options.config_file, "Use this portcullis.toml")->type_name("FILE");
    app.add_flag("--isolated", options.isolated, "Use no portcullis.toml");
}

void add_convert(CLI::App& app, Options& options) {
    add_input(app, options, "A file, or '-' for standard input");
    std::vector<std::string> const targets{"nftables", "iptables", "ip6tables", "cisco-ios", "cisco-asa", "cisco-nxos", "cisco-xr"};
    app.add_option("--to", options.to, fmt::format("{}", fmt::join(targets, ", ")))->type_name("DIALECT")->check(one_of(targets));
    app.add_option("--chain", options.chain, "Between Cisco and Linux: the access list or base chain, by name")->type_name("NAME");
    app.add_option("-o,--output", options.output_file, "Write it here")->type_name("FILE");
    app.add_flag("--allow-loss", options.allow_loss, "Leave out what the dialect cannot say, and show what becomes different");
    add_timeout(app, options);
}

void add_harden(CLI::App& app, Options& options) {
    add_input(app, options, "A file, or '-' for standard input");
    add_outputs(app, options);
    app.add_option("--keep", options.keep, "Traffic that has to go on passing, at every moment: 'from 198.18.7.0/24 to self ssh'")
        ->type_name("PHRASE")
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all();
    add_list(app, "--zone", options.zones, "Insecure services stay open to these zones of portcullis.toml alone (to all trusted ones)")->type_name("ZONES");
    app.add_flag("--diff", options.show_fixes, "Show the change as a patch, and write nothing (which is the default)");
    app.add_flag("--write", options.write, "Change the file");
    add_timeout(app, options);
}

// The nearest flag to one that the command does not have.
std::string flag_suggestion(CLI::App const& app, std::string const& message) {
    std::size_t const at = message.find("--");
    if (at == std::string::npos) return "";
    std::string const wrong = message.substr(at, message.find_first_of(" =", at) - at);
    std::vector<std::string> names;
    for (CLI::App const* used : app.get_subcommands()) {
        for (CLI::Option const* option : used->get_options()) {
            for (std::string const& name : option->get_lnames()) names.push_back("--" + name);
        }
    }
    if (std::find(names.begin(), names.end(), wrong) != names.end()) return "; it belongs after the command";
    return did_you_mean_text(wrong, {names.begin(), names.end()});
}

// The words that its validators know, which are in their names.
std::vector<std::string> words_of(CLI::Option& option) {
    std::vector<std::string> words;
    for (int i = 0;; ++i) {
        std::string names;
        try {
            names = option.get_validator(i)->get_name();
        } catch (CLI::OptionNotFound const&) {
            return words;
        }
        for (std::size_t at = 0; at < names.size();) {
            std::size_t const end = std::min(names.find(' ', at), names.size());
            words.push_back(names.substr(at, end - at));
            at = end + 1;
        }
    }
}

Argument described(CLI::Option& option) {
    Argument argument;
    for (std::string const& name : option.get_snames()) argument.names.push_back('-' + name);
    for (std::string const& name : option.get_lnames()) argument.names.push_back("--" + name);
    if (option.get_positional()) argument.value = option.get_name();
    else if (option.get_items_expected_max() > 0) argument.value = option.get_type_name();
    argument.help = option.get_description();
    argument.words = words_of(option);
    argument.list = option.get_delimiter() == ',';
    return argument;
}

CommandLine described(CLI::App& app) {
    CommandLine line;
    for (CLI::Option* option : app.get_options())
        if (!option->get_group().empty()) line.options.push_back(described(*option));
    for (CLI::App* sub : app.get_subcommands([](CLI::App*) { return true; })) {
        Command command{sub->get_name(), sub->get_description(), {}, {}};
        for (CLI::Option* option : sub->get_options()) (option->get_positional() ? command.places : command.options).push_back(described(*option));
        line.commands.push_back(std::move(command));
    }
    return line;
}

// All that the command line names to be read.
std::vector<std::string> files_read(Options const& options) {
    std::vector<std::string> names = options.inputs;
    names.insert(names.end(), options.ipsets.begin(), options.ipsets.end());
    for (auto const& name : {options.policy_file, options.packets_file, options.current_file, options.config_file, options.files_from, options.baseline})
        names.push_back(name);
    return names;
}

int dispatch(Options const& options) {
    check_apart(files_read(options), options);
    if (options.command == "lint" || options.command == "audit") return run_lint(options);
    if (options.command == "baseline") return run_baseline(options);
    if (options.command == "trace") return run_trace(options);
    if (options.command == "query") return run_query(options);
    if (options.command == "test") return run_test_command(options);
    if (options.command == "diff") return run_diff(options);
    if (options.command == "fmt") return run_fmt(options);
    if (options.command == "init") return run_init(options);
    if (options.command == "generate") return run_generate(options);
    if (options.command == "verify") return run_verify(options);
    if (options.command == "convert") return run_convert(options);
    if (options.command == "harden") return run_harden(options);
    if (options.command == "config") return run_config(options);
    if (options.command == "explain") return run_explain(options);
    if (options.command == "catalogue") return run_catalogue(options);
    if (options.command == "lsp") return run_lsp(options);
    write_output("", version_line);
    return clean;
}

int parse_and_run(int argc, char** argv) {
    Options options;
    CLI::App app("portcullis proves what a firewall does to packets, and says what is wrong with it.",
                 "portcullis");
    bool version = false;
    app.require_subcommand(0, 1);
    app.set_help_all_flag("--help-all", "Help of all commands");
    app.add_flag("--version", version, "The version of the program");
    CLI::App& lint = *app.add_subcommand("lint", "Every rule, over files and directories");
    add_lint(lint, options, lint_formats());
    lint.add_flag("--fix", options.fix, "Mend what can be mended without a change for any packet, in the files");
    lint.add_flag("--diff", options.show_fixes, "Show what --fix would change as a patch, and write nothing");
    CLI::App& audit = *app.add_subcommand("audit", "Which services are reachable, from where, through which rules");
    std::vector<std::string> audit_formats = lint_formats();
    audit_formats.emplace_back("svg");
    add_lint(audit, options, audit_formats);
    add_list(audit, "--matrix", options.matrices, "Which addresses may open connections to which, for these services: telnet, tcp/23")
        ->type_name("SERVICES")
        ->check(offer({"@services"}));
    add_trace(*app.add_subcommand("trace", "What happens to one packet, rule by rule"), options);
    add_query(*app.add_subcommand("query", "The packets that a question is about: 'allowed from any to self ssh'"), options);
    add_test(*app.add_subcommand("test", "Whether files do what a file of assertions says"), options);
    add_diff(*app.add_subcommand("diff", "The traffic that two files treat differently"), options);
    CLI::App& format = *app.add_subcommand("fmt", "Rulesets in the layout of nft list ruleset or of iptables-save");
    add_input(format, options);
    add_search(format, options);
    format.add_flag("--check", options.check, "Name the files that would change, and write none");
    add_policy_commands(app, options);
    add_harden(*app.add_subcommand("harden", "A stricter configuration as a patch, and exactly which traffic changes"), options);
    add_convert(*app.add_subcommand("convert", "A file in another dialect, with the proof that it does the same"), options);
    add_baseline(*app.add_subcommand("baseline", "Known findings, so that only new ones count"), options);
    add_config(*app.add_subcommand("config", "What portcullis.toml says, and from where"), options);
    CLI::App& explain = *app.add_subcommand("explain", "What a rule is about, with examples");
    explain.add_option("rule", options.topic, "An id or slug; all rules where left out")->check(offer({"@rules"}));
    explain.add_option("--format", options.page_format, "text, json or markdown")->type_name("FORM")->check(one_of({"text", "json", "markdown"}));
    CLI::App& catalogue = *app.add_subcommand("catalogue", "What is known of a service or port");
    catalogue.add_option("service", options.topic, "A name or tcp/23; all services where left out")->check(offer({"@services"}));
    catalogue.add_option("--format", options.page_format, "text, json or markdown")->type_name("FORM")->check(offer({"text", "json", "markdown"}));
    catalogue.add_option("--config", options.config_file, "Use this portcullis.toml")->type_name("FILE");
    catalogue.add_flag("--isolated", options.isolated, "Use no portcullis.toml");
    app.add_subcommand("completions", "A script that completes these commands and options in a shell")
        ->add_option("shell", options.topic, "bash, zsh or fish")
        ->required()
        ->check(one_of({"bash", "zsh", "fish"}));
    add_lsp(*app.add_subcommand("lsp", "A language server (LSP) over standard input and output, for editors"), options);
    app.add_subcommand("version", "The version of the program");
    bool as_json = false;
    app.add_flag("--command-line", as_json)->group(""); // for docs/generate.py

    if (argc > 1 && argv[1][0] != '-' &&
        std::find(std::begin(commands), std::end(commands), argv[1]) == std::end(commands)) {
        bool const is_file = std::filesystem::exists(argv[1]);
        std::string const hint = is_file ? fmt::format("; did you mean 'portcullis lint {}'?", argv[1])
                                         : did_you_mean_text(argv[1], {std::begin(commands), std::end(commands)});
        throw UsageError(fmt::format("there is no command '{}'{}", argv[1], hint));
    }
    try {
        app.parse(argc, argv);
    } catch (CLI::CallForHelp const&) {
        write_output("", app.help());
        return clean;
    } catch (CLI::CallForAllHelp const&) {
        write_output("", app.help("", CLI::AppFormatMode::All));
        return clean;
    } catch (CLI::ExtrasError const& e) {
        throw UsageError(std::string(e.what()) + flag_suggestion(app, e.what()));
    } catch (CLI::ParseError const& e) {
        throw UsageError(e.what());
    }
    if (options.topic.empty() && app.got_subcommand("init")) options.topic = "server";
    if (as_json) {
        write_output("", to_json(described(app)));
        return clean;
    }
    if (version)
        options.command = "version";
    else if (app.get_subcommands().empty())
        throw UsageError(fmt::format("name a command: {}; or --help", fmt::join(commands, ", ")));
    else
        options.command = app.get_subcommands().front()->get_name();
    if (options.command == "completions") {
        write_output("", completions(described(app), options.topic));
        return clean;
    }
    constexpr std::string_view dated[] = {"lint", "audit", "baseline", "generate", "verify"};
    if (!options.today && std::ranges::find(dated, options.command) != std::end(dated)) options.today = day_of_clock();
    if (options.timeout > 0) {
        // The clock counts nanoseconds, of which a number has room for 292 years.
        std::chrono::duration<double> const allowed(std::min(options.timeout, 1e9));
        set_deadline(std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::nanoseconds>(allowed));
    }
    return dispatch(options);
}

// What one file took serves the next: else memory goes back to the system and comes again, page by page.
void keep_memory() {
#if defined(__GLIBC__)
    mallopt(M_MMAP_THRESHOLD, 32 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
#endif
}

// Where a standard stream is closed, the first file that is opened would take its place, and get what was meant for it.
void hold_standard_streams() {
    for (int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0) std::ignore = ::open("/dev/null", stream == STDERR_FILENO ? O_WRONLY : O_RDONLY);
}

// Where an input takes more memory than there is, that is an error of this program, and no trouble for others.
void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    rlim_t const most = static_cast<rlim_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<rlim_t>(::sysconf(_SC_PAGE_SIZE)) / 4 * 3;
    struct rlimit limit {};
    if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur <= most) return;
    limit.rlim_cur = most;
    ::setrlimit(RLIMIT_DATA, &limit);
#endif
}

int run_to_code(int argc, char** argv) {
    try {
        return parse_and_run(argc, argv);
    } catch (UsageError const& e) {
        std::string_view rest = e.what();
        while (!rest.empty()) {
            std::string_view const line = rest.substr(0, rest.find('\n'));
            say(line);
            rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        }
        return usage;
    } catch (BudgetExceeded const& e) {
        say(fmt::format("not worked out to the end: {}", e.what()));
        return unreadable_input;
    } catch (std::bad_alloc const&) {
        say(out_of_memory);
        return unreadable_input;
    } catch (std::exception const& e) {
        say(e.what());
        return internal;
    }
}

} // namespace

int run(int argc, char** argv) {
    hold_standard_streams();
    limit_memory();
    keep_memory();
    // A closed pipe is an error of writing like any other.
    static_cast<void>(std::signal(SIGPIPE, SIG_IGN)); // which cannot fail
    int const code = run_to_code(argc, argv);
    return all_was_told() ? code : std::max<int>(code, internal);
}

} // namespace portcullis::app

int main(int argc, char** argv) { return portcullis::app::run(argc, argv); }
