// init, generate and verify: a policy to start from, rules out of it, and whether rules are what it says.
#include <algorithm>
#include <filesystem>
#include <fmt/format.h>

#include "app/files.hpp"
#include "app/inputs.hpp"
#include "app/places.hpp"
#include "app/tell.hpp"
#include "portcullis/base/embedded.hpp"
#include "portcullis/base/sha256.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/lint/policy_waivers.hpp"
#include "portcullis/policy/apply.hpp"
#include "portcullis/policy/generate.hpp"
#include "portcullis/report/html.hpp"

namespace portcullis::app {

namespace {

constexpr std::size_t largest_policy = std::size_t{16} << 20U;

// With all that is wrong in it, where something is.
Policy load(std::string const& path, Options const& options, Catalogue const& catalogue, Sources& sources, SourceId& source) {
    FileText text = read_text({path == "-" ? options.stdin_filename : path, true, path == "-"});
    if (!text.error.empty()) throw UsageError(text.error);
    if (text.text.size() > largest_policy) throw UsageError(fmt::format("{} is larger than {} MiB", path, largest_policy >> 20U));
    source = sources.add(path == "-" ? options.stdin_filename : path, std::move(text.text));
    LoadedPolicy loaded = load_policy(sources, source, *options.today, catalogue);
    if (!loaded.errors.empty()) {
        std::vector<std::string> errors;
        for (ConfigError const& error : loaded.errors) errors.push_back(to_string(error));
        throw UsageError(errors);
    }
    for (std::string const& note : loaded.policy.notes) say(fmt::format("{}: {}", sources[source].path(), note));
    return std::move(loaded.policy);
}

DifferenceReport report_of(std::string before, std::string after) {
    DifferenceReport report;
    report.before = std::move(before);
    report.after = std::move(after);
    report.against_policy = true;
    return report;
}

// The statements that lose something, each once.
void tell_losses(Generated const& generated, Sources const& sources, Options const& options) {
    for (Finding const& loss : generated.losses.all()) {
        Source const& source = sources[loss.span.source];
        say(fmt::format("{}:{}: {} cannot say '{}' of {}: {}", source.path(), source.locate(loss.span.begin).line, options.to,
                        loss.args.at("construct"), loss.span.end > 0 ? sources.text(loss.span) : "[harden]", loss.args.at("why")));
    }
}

Generated generate_or_refuse(Space& space, Policy const& policy, Target target, Origin const& origin, std::shared_ptr<Sources> const& sources) {
    try {
        return generate(space, policy, target, origin, *sources,
                        [&](SourceId source, Reading const& reading) { return policy_waivers(sources, source, reading, policy); });
    } catch (std::invalid_argument const& why) {
        throw UsageError(why.what());
    }
}

// What the proof is about.
std::string_view ways_of(Target target) {
    switch (target) {
    case Target::nftables: return "to the host, through it and from it, IPv4 and IPv6";
    case Target::iptables: return "to the host, through it and from it, IPv4";
    case Target::ip6tables: return "to the host, through it and from it, IPv6";
    case Target::cisco_asa:
        return "for new connections to the device and from each interface to each, IPv4 and IPv6; what the device sends itself is "
               "not filtered";
    default:
        return "and answers to what it allows, to the device and from each interface to each, IPv4 and IPv6; what the device sends "
               "itself is not filtered";
    }
}

// The rules, and how they come onto the machine. They stay in the folder that was named: a link there may be of somebody else's making.
void write_folder(std::string const& folder, std::vector<ApplyFile> const& files) {
    namespace fs = std::filesystem;
    std::error_code error;
    fs::create_directories(folder, error);
    if (error) throw std::runtime_error(fmt::format("cannot make {}: {}", folder, error.message()));
    std::vector<NewFile> all;
    for (bool const scripts : {true, false}) // a script that finds no rules does less harm than rules without one
        for (ApplyFile const& file : files)
            if (file.is_script == scripts) all.push_back({fs::path(folder) / file.name, file.text, file.is_script, false});
    for (NewFile const& file : all) {
        if (fs::is_symlink(file.path, error)) throw UsageError(file.path + " is a symbolic link, and may lead out of the folder; nothing is written");
        if (std::string const why = why_no_file(file.path); !why.empty()) throw UsageError(why + "; nothing is written");
    }
    write_files(all);
}

// The configuration that the device has now, if all of it can be read.
std::optional<SourceId> load_current(Options const& options, Target target, std::shared_ptr<Sources> const& sources) {
    Configs configs(options);
    InputFile const file = named_input(options.current_file, options.stdin_filename);
    Options as_target = options;
    as_target.dialect = dialect_of(target);
    Loaded const loaded = load(file, as_target, *configs.config_for(options.current_file), sources);
    return tell_problems(loaded) && loaded.reading ? std::optional(loaded.source) : std::nullopt;
}

void tell_gaps(Space& space, Policy const& policy, Ruleset const& ruleset, std::vector<Gap> const& gaps, DifferenceReport report,
               Sources const& sources, Catalogue const& catalogue) {
    report.changes = describe(space, policy, ruleset, gaps, catalogue);
    tell(text_difference(report, sources, TextStyle{}));
}

// The commands of a device with access lists, if they are proved; else `files` stays as it is, and the exit code is not 0.
int add_commands(Space& space, Policy const& policy, Target target, Generated const& made, Origin const& origin, Options const& options,
                 std::shared_ptr<Sources> const& sources, Catalogue const& catalogue, std::vector<ApplyFile>& files) {
    std::optional<SourceId> current;
    if (!options.current_file.empty() && !(current = load_current(options, target, sources))) return unreadable_input;
    ListUpdate const update = update_lists(space, policy, target, made, origin, current, *sources);
    for (Finding const& loss : update.losses.all())
        say(fmt::format("the lists cannot be brought onto the device: {}: {}", loss.args.at("construct"), loss.args.at("why")));
    if (!update.losses.empty()) return findings;
    if (!is_whole(update.reading)) throw std::logic_error("the commands cannot be read back, so nothing is written");
    if (update.gaps.empty()) {
        for (ApplyFile& file : apply_files(target, policy, origin, update.commands, current.has_value())) files.push_back(std::move(file));
        return clean;
    }
    DifferenceReport report = report_of((*sources)[0].path(), (*sources)[update.source].path());
    tell_gaps(space, policy, update.reading.ruleset, update.gaps, std::move(report), *sources, catalogue);
    if (!current) throw std::logic_error("PC604: the commands do not lead to what the policy says, so nothing is written");
    say("with these lists and what else it has, the device would not do what the policy says, so nothing is written");
    return findings;
}

} // namespace

int run_generate(Options const& options) {
    auto const target = target_by_name(options.to);
    if (!target) throw UsageError(fmt::format("--to says for what: {}", fmt::join(target_names(), ", ")));
    if (options.inputs.size() != 1) throw UsageError("generate needs one policy");
    bool const lists = is_cisco(dialect_of(*target));
    if (!options.current_file.empty() && (!lists || options.out_folder.empty()))
        throw UsageError("--current is for the commands to a device of Cisco, which --out-dir writes");
    auto const shared = std::make_shared<Sources>();
    Sources& sources = *shared;
    SourceId source = 0;
    Configs configs(options);
    Catalogue const& catalogue = configs.config_for(options.inputs[0])->catalogue;
    Policy const policy = load(options.inputs[0], options, catalogue, sources, source);
    std::string const& path = sources[source].path();
    Origin const origin{std::filesystem::path(path).filename().string(), sha256(sources[source].text()), PORTCULLIS_VERSION};
    Space space;
    Generated const made = generate_or_refuse(space, policy, *target, origin, shared);
    tell_losses(made, sources, options);
    if (!made.losses.empty() && !options.allow_loss) {
        say("nothing is written; --allow-loss leaves these rules out, where that lets nothing more through");
        return findings;
    }
    if (!is_whole(made.reading)) throw std::logic_error("PC604: what was generated cannot be read back, so nothing is written");
    bool const widened = std::ranges::any_of(made.gaps, [](Gap const& gap) { return !gap.beyond.empty(); });
    bool const narrowed = std::ranges::any_of(made.gaps, [](Gap const& gap) { return !gap.within.empty(); });
    if (widened || (narrowed && made.losses.empty()) || made.translates_otherwise) {
        DifferenceReport report = report_of(path, sources[made.source].path());
        tell_gaps(space, policy, made.reading.ruleset, made.gaps, std::move(report), sources, catalogue);
        say(made.losses.empty() ? "PC604: what was generated is not what the policy says, so nothing is written; this is a "
                                  "defect of portcullis"
                                : "without these rules more would pass than the policy allows, so nothing is written");
        return made.losses.empty() ? internal : findings;
    }
    std::vector<ApplyFile> files{{rules_file(*target), made.text, false}};
    if (!options.out_folder.empty() && !lists) files.push_back(apply_script(*target, made.text));
    if (!options.out_folder.empty() && lists)
        if (int const code = add_commands(space, policy, *target, made, origin, options, shared, catalogue, files); code != clean) return code;
    if (options.out_folder.empty() || !options.output_file.empty()) write_plain(options.output_file, made.text);
    if (!options.out_folder.empty()) write_folder(options.out_folder, files);
    if (lists)
        for (std::string const& name : optional_rates(policy)) say(fmt::format("{}: {}: without its rate, which is optional", origin.file, name));
    say(fmt::format("{}: {} statements, {} rules; proved {} the policy {}", origin.file, policy.statements.size(),
                    rule_count(made.reading.ruleset), narrowed ? "to let through nothing beyond" : "equal to", ways_of(*target)));
    return clean;
}

int run_verify(Options const& options) {
    if (options.inputs.size() != 1) throw UsageError("verify needs one configuration");
    if (options.policy_file.empty()) throw UsageError("verify needs --policy FILE");
    Configs configs(options);
    auto const config = configs.config_for(options.inputs[0]);
    auto sources = std::make_shared<Sources>();
    SourceId source = 0;
    Policy const policy = load(options.policy_file, options, config->catalogue, *sources, source);
    Loaded const loaded = load(named_input(options.inputs[0], options.stdin_filename), options, *config, sources);
    DifferenceReport report = report_of((*sources)[source].path(), (*sources)[loaded.source].path());
    report.complete = tell_problems(loaded);
    if (!loaded.reading) return unreadable_input;
    if (auto const why = why_incomparable(policy, loaded.reading->ruleset)) throw UsageError(*why);
    report.notes = not_compared(policy, loaded.reading->ruleset);
    Space space;
    try {
        auto const gaps = find_gaps(space, policy, loaded.reading->ruleset);
        report.changes = describe(space, policy, loaded.reading->ruleset, gaps, config->catalogue);
    } catch (BudgetExceeded const& e) {
        report.complete = false;
        report.notes.push_back(fmt::format("not compared to the end: {}", e.what()));
    }
    write_report(options, [&](std::string const& format, TextStyle const& style) {
        if (format == "html") return html_difference(report, *sources);
        return format == "json" ? json_difference(report, *sources) : text_difference(report, *sources, style);
    });
    if (!report.complete) return unreadable_input;
    return report.equal() ? clean : findings;
}

int run_init(Options const& options) {
    constexpr std::string_view folder = "rules/policies/", ending = ".toml";
    std::string names;
    for (EmbeddedFile const& file : embedded_files()) {
        if (!file.path.starts_with(folder)) continue;
        std::string_view const name = file.path.substr(folder.size(), file.path.size() - folder.size() - ending.size());
        if (name == options.topic) {
            write_output(options.output_file, file.text);
            return clean;
        }
        names += (names.empty() ? "" : ", ") + std::string(name);
    }
    throw UsageError(fmt::format("there is no policy '{}' to start from; there are {}", options.topic, names));
}

} // namespace portcullis::app
