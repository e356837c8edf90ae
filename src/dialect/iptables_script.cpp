#include "dialect/iptables_script.hpp"

#include <algorithm>
#include <deque>
#include <set>

#include "dialect/iptables_read.hpp"
#include "dialect/iptables_tables.hpp"
#include "dialect/script_advice.hpp"
#include "dialect/script_programs.hpp"
#include "dialect/shell_run.hpp"
#include "grammars/iptables/parse.hpp"
#include "grammars/shell/parse.hpp"
#include "portcullis/base/visible.hpp"

namespace portcullis {
namespace iptables {
namespace {

using shell::Field;
using shell::Invocation;
using shell::Status;

// One command line of iptables, or what a here-document gives to iptables-restore.
struct Line {
    std::string text;
    File file;
    CommandText origin;
};

// What of a command line is not about the rule: which table, and how to talk to the kernel.
struct CommandLine {
    std::string table = "filter";
    bool table_known = true;
    bool checks = false; // -C
    bool lists = false;  // -L, -S and the like
    std::vector<Field> arguments;
    std::vector<Opaque> unknown; // conditions of the rule whose values nobody knows
};

// Options whose value may look like an option.
constexpr std::string_view free_text[] = {"--comment",     "--log-prefix", "--nflog-prefix",
                                          "--ulog-prefix", "--string",     "--hex-string"};

bool is_number(std::string_view text) {
    return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

// Options of the program itself, which the grammar of rules does not have. getopt takes them anywhere.
class OptionReader {
  public:
    explicit OptionReader(std::vector<Field> const& fields) : fields_(fields) {}

    CommandLine read() {
        for (at_ = 1; at_ < fields_.size(); ++at_) take(fields_[at_]);
        return std::move(line_);
    }

  private:
    void take(Field field) {
        std::string& word = field.text;
        // "-nvL" is "-n -v -L".
        while (field.known && word.size() > 2 && word[0] == '-' &&
               std::string_view("nvx").find(word[1]) != std::string_view::npos) {
            word.erase(1, 1);
            field.verbatim = false;
        }
        if (word == "-t" || word == "--table") {
            if (++at_ < fields_.size()) set_table(fields_[at_], fields_[at_].text);
        } else if (word.starts_with("--table=")) {
            set_table(field, word.substr(8));
        } else if (word.size() > 2 && word.starts_with("-t") && field.known) {
            set_table(field, word.substr(2));
        } else if (word == "-w" || word == "--wait" || word == "-W" || word == "--wait-interval") {
            if (at_ + 1 < fields_.size() && is_number(fields_[at_ + 1].text)) ++at_;
        } else if (word == "-M" || word == "--modprobe") {
            ++at_;
        } else if (word.starts_with("--wait=") || word.starts_with("--wait-interval=") || word.starts_with("--modprobe=") ||
                   (word.size() > 2 && (word.starts_with("-w") || word.starts_with("-W")) && is_number(word.substr(2))) ||
                   word == "-v" || word == "--verbose" || word == "-n" || word == "--numeric" || word == "-x" || word == "--exact" ||
                   word == "--line-numbers") {
            return;
        } else if (word == "-L" || word == "--list" || word == "-S" || word == "--list-rules" || word == "-V" ||
                   word == "--version" || word == "-h" || word == "--help") {
            line_.lists = true;
        } else if (word == "-C" || word == "--check") {
            line_.checks = true;
            field.text = "-D"; // which names a rule in the same way
            field.verbatim = false;
            line_.arguments.push_back(field);
        } else {
            bool const protects = std::ranges::find(free_text, word) != std::end(free_text);
            line_.arguments.push_back(field);
            if (protects && at_ + 1 < fields_.size()) line_.arguments.push_back(fields_[++at_]);
        }
    }

    void set_table(Field const& field, std::string name) {
        line_.table = std::move(name);
        line_.table_known = field.known;
    }

    std::vector<Field> const& fields_;
    std::size_t at_ = 0;
    CommandLine line_;
};

// Whether the value of the option says something about packets and nothing else, so that a rule without it, guarded
// by a free variable, is the rule with whatever value.
bool is_condition(std::string_view option) {
    constexpr std::string_view conditions[] = {
        "-s",
        "--source",
        "--src",
        "-d",
        "--destination",
        "--dst",
        "-i",
        "--in-interface",
        "-o",
        "--out-interface",
        "--dport",
        "--sport",
        "--dports",
        "--sports",
        "--ports",
        "--destination-port",
        "--source-port",
        "--destination-ports",
        "--source-ports",
        "--src-range",
        "--dst-range",
        "--mac-source",
        "--mark",
        "--icmp-type",
        "--limit",
        "--limit-burst",
        "--log-prefix",
        "--log-level",
        "--comment",
    };
    return std::ranges::find(conditions, option) != std::end(conditions);
}

// Takes "-s $UNKNOWN" out of the arguments. False where an argument is not known that the meaning hangs on.
bool free_unknown(CommandLine& line) {
    std::vector<Field> kept;
    for (Field& field : line.arguments) {
        if (field.known) {
            kept.push_back(std::move(field));
            continue;
        }
        if (kept.empty() || !is_condition(kept.back().text)) return false;
        std::string const option = kept.back().text;
        Span span = kept.back().span;
        span.end = std::max(span.end, field.span.end);
        kept.pop_back();
        bool const negated = !kept.empty() && kept.back().text == "!";
        if (negated) kept.pop_back();
        // What is only text in a log is no condition.
        if (option == "--log-prefix" || option == "--log-level" || option == "--comment") continue;
        line.unknown.push_back({option + ' ' + field.text, option.starts_with("--limit"), negated, span});
    }
    line.arguments = std::move(kept);
    return true;
}

// The arguments as one line of a restore file, quoted where they need it.
void write_arguments(std::vector<Field> const& arguments, Line& line) {
    for (Field const& field : arguments) {
        if (!line.text.empty()) line.text += ' ';
        auto const begin = static_cast<std::uint32_t>(line.text.size());
        bool const quoted = field.text.empty() || field.text.find_first_of(" \t\r\n\"\\'") != std::string::npos;
        if (quoted) {
            line.text += '"';
            for (char const c : field.text) {
                if (c == '"' || c == '\\') line.text += '\\';
                line.text += c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
            }
            line.text += '"';
        } else {
            line.text += field.text;
        }
        auto const end = static_cast<std::uint32_t>(line.text.size());
        line.origin.pieces.push_back({begin, end, field.span, !quoted && field.verbatim});
    }
}

class ScriptReader : public shell::Programs {
  public:
    ScriptReader(Sources const& sources, SourceId source, ReadOptions const& options)
        : sources_(sources), script_(shell::parse(sources[source].text(), source)),
          sets_{options.ipsets.get(), {}, {}, {}}, shell_(sources, script_, *this), source_(source) {
        v4_.tables.know(sets_);
        v6_.tables.know(sets_);
    }

    Reading read() {
        for (SyntaxError const& e : script_.errors)
            report(reading_.findings, "PC001", e.span, {{"error", to_string(e)}});
        try {
            shell_.run();
        } catch (shell::TooMuch const& e) {
            unsupported(e.span, e.what(), "the rest of the script is not read");
        }
        finish();
        return std::move(reading_);
    }

    Status exists(std::string const& program) override {
        return is_iptables_program(program) ? Status(true) : std::nullopt;
    }

    void unmodelled(std::string text, Span span) override {
        auto const same = [&](Unmodelled const& item) { return item.text == text; };
        auto const known = std::ranges::find_if(reading_.ruleset.unmodelled, same);
        if (known != reading_.ruleset.unmodelled.end())
            ++known->count;
        else
            reading_.ruleset.unmodelled.push_back({std::move(text), span});
    }

    Status run(Invocation const& invocation) override {
        std::vector<Field> command = invocation.arguments;
        Program const program = identify(command);
        std::string const name = command.empty() ? std::string() : shortened(command.front().text, 60);
        switch (program.kind) {
        case Program::Kind::tables:
            if (program.guessed)
                unmodelled(name + " is not set in the script, and is taken for iptables", invocation.span);
            return run_command(side(program.family), command, invocation);
        case Program::Kind::restore: return restore(side(program.family), command, invocation);
        case Program::Kind::harmless: return std::nullopt;
        case Program::Kind::changes:
            unsupported(invocation.span, "the command " + name,
                        "it can change the rules in ways that are not followed");
            return std::nullopt;
        case Program::Kind::other: break;
        }
        bool const mentions = std::ranges::any_of(
            command, [](Field const& f) { return f.text.find("iptables") != std::string::npos; });
        if (mentions)
            unsupported(invocation.span, "the command " + name, "it is not known, and it is about iptables");
        else
            unmodelled("the command " + name, invocation.span);
        return std::nullopt;
    }

  private:
    // The tables of one family.
    struct Side {
        Tables tables;
        bool used = false;
        bool flushed = false;
        bool added = false;
        std::vector<Step> steps{}; // that were taken
    };

    Side& side(Family family) { return family == Family::v4 ? v4_ : v6_; }

    void unsupported(Span span, std::string construct, std::string why) {
        report(reading_.findings, "PC002", span, {{"construct", std::move(construct)}, {"why", std::move(why)}});
    }
    bool error(Span span, std::string text) {
        report(reading_.findings, "PC001", span, {{"error", std::move(text)}});
        return false;
    }

    Status run_command(Side& side, std::vector<Field> const& fields, Invocation const& invocation) {
        Span const span = invocation.span;
        CommandLine line = OptionReader(fields).read();
        if (line.lists) return true;
        side.used = true;
        if (takes_from_nothing(side, line)) return std::nullopt;
        if (!line.table_known) {
            unsupported(span, "the table " + line.table, "the script does not say what it is");
            return std::nullopt;
        }
        if (!is_table(line.table)) return error(span, "unknown table '" + line.table + '\'');
        auto const none = [&] { return error(span, "no command such as -A in this line"); };
        if (line.arguments.empty()) return none();
        if (!free_unknown(line)) {
            auto const unknown = std::ranges::find(line.arguments, false, &Field::known);
            unsupported(span, "the argument " + shortened(unknown->text, 60), "the script does not say what it is");
            return std::nullopt;
        }
        if (line.arguments.empty()) return none(); // only a condition that is not known
        std::string const& first = line.arguments.front().text;
        if (!first.starts_with('-') && first != "!")
            return error(line.arguments.front().span, "expected a command such as -A, found '" + first + '\'');
        Command const* const command = parse_line(line, invocation);
        return command == nullptr ? Status(false) : run_on(side, line, *command, span);
    }

    // "iptables -t $table -F" on tables that are empty, whichever is meant.
    static bool takes_from_nothing(Side& side, CommandLine const& line) {
        constexpr std::string_view removing[] = {"-F", "--flush", "-X", "--delete-chain", "-Z", "--zero"};
        bool const known = line.table_known && std::ranges::all_of(line.arguments, &Field::known);
        if (known || line.arguments.empty() || !side.tables.bare()) return false;
        std::string const& first = line.arguments.front().text;
        side.flushed = side.flushed || first == "-F" || first == "--flush";
        return std::ranges::find(removing, first) != std::end(removing);
    }

    // Nothing, and an error, where it is none.
    Command const* parse_line(CommandLine const& arguments, Invocation const& invocation) {
        Line& line = lines_.emplace_back();
        write_arguments(arguments.arguments, line);
        line.file = parse(line.text, source_);
        line.origin.file = &line.file;
        line.origin.conditions = invocation.conditions;
        std::ranges::copy(arguments.unknown, std::back_inserter(line.origin.conditions));
        for (SyntaxError const& e : line.file.errors) {
            std::string const missing = arguments.unknown.empty() ? ""
                                                                  : ", and the script does not say what " +
                                                                        arguments.unknown.front().text + " is";
            report(reading_.findings, e.of_other_protocol ? "PC414" : "PC001", line.origin.to_source(e.span),
                   {{"error", to_string(e) + missing}});
        }
        note(line);
        if (line.file.statements.empty()) return nullptr;
        auto* const command = std::get_if<Command>(&line.file.statements.front());
        return command;
    }

    // What is said of the whole script at its end.
    void note(Line const& line) {
        note_sets(line.file, sets_);
        for (Span const& span : state_matches(line.file)) state_matches_.push_back(line.origin.to_source(span));
    }

    Status run_on(Side& side, CommandLine const& arguments, Command const& command, Span span) {
        CommandText const& text = lines_.back().origin;
        Tables& tables = side.tables;
        tables.select(arguments.table);
        if (arguments.checks) return text.conditions.empty() ? Status(tables.has(command, text)) : std::nullopt;
        bool const adds = command.action == Action::append || command.action == Action::insert;
        if (command.number > 1 && tables.conditional_before(command)) {
            unsupported(span, "a rule by its number", "whether the rules before it are there is not known");
            return std::nullopt;
        }
        if (!adds && !text.conditions.empty() && command.action != Action::new_chain) {
            if (tables.would_change(command, text))
                unsupported(span, "the command " + shortened(lines_.back().text, 60),
                            "whether it is run is not known: " + shortened(text.conditions.front().text, 200));
            return std::nullopt;
        }
        side.flushed = side.flushed || command.action == Action::flush;
        side.added = side.added || adds;
        bool const done = tables.run(command, text);
        if (done) side.steps.push_back({span, arguments.table, &text, &command});
        return done;
    }

    Status restore(Side& side, std::vector<Field> const& fields, Invocation const& invocation) {
        side.used = true;
        Restore::Flush flush = Restore::Flush::yes;
        std::string from = "its standard input";
        for (std::size_t i = 1; i < fields.size(); ++i) {
            std::string const& word = fields[i].text;
            if (word == "-n" || word == "--noflush")
                flush = Restore::Flush::no;
            else if (word == "-t" || word == "--test" || word == "-h" || word == "-V")
                return std::nullopt;
            else if (!word.starts_with('-'))
                from = word;
        }
        for (shell::Redirection const& redirection : invocation.redirections) {
            if (redirection.operation == "<") from = std::string(sources_.text(redirection.target.span));
            auto const document = shell_.document(redirection);
            if (!document) continue;
            if (!invocation.conditions.empty() || !document->known) break;
            Line& line = lines_.emplace_back();
            line.text = document->text;
            line.file = parse(line.text, source_);
            line.origin.file = &line.file;
            line.origin.pieces.push_back({0, static_cast<std::uint32_t>(line.text.size()), document->span,
                                          sources_.text(document->span) == document->text});
            note(line);
            side.flushed = side.flushed || flush == Restore::Flush::yes;
            side.added = true;
            std::size_t const before = reading_.findings.all().size();
            Restore(side.tables, reading_.findings, flush).run(line.origin);
            side.steps.push_back({invocation.span, "", &line.origin, nullptr, flush});
            return reading_.findings.all().size() == before;
        }
        unsupported(invocation.span,
                    "the rules that " + shortened(fields.front().text, 60) + " reads from " + shortened(from, 100),
                    "they are not part of the script: lint that file by itself");
        return std::nullopt;
    }

    // ---- the end

    void finish() {
        follow_lists(sets_);
        bool const both = v4_.used && v6_.used;
        for (Side* const side : {&v4_, &v6_}) {
            if (!side->used && (side == &v6_ || v6_.used)) continue;
            Ruleset ruleset;
            ruleset.governs_v4 = side == &v4_;
            ruleset.governs_v6 = side == &v6_;
            Findings told; // when the commands were run
            side->tables.lower(ruleset.chains, told);
            if (both && side == &v6_)
                for (Chain& chain : ruleset.chains) chain.table = "ip6 " + chain.table;
            ruleset.groups = address_groups(sets_, side == &v4_ ? Family::v4 : Family::v6);
            add(std::move(ruleset));
            report_unused_sets(sets_, side == &v4_ ? Family::v4 : Family::v6, reading_.findings);
        }
        settle_netmaps(reading_.ruleset, reading_.findings);
        report_written_fields(reading_.ruleset, reading_.findings);
        if (!state_matches_.empty()) report_state_matches(state_matches_, reading_.findings);
        reading_.ruleset.dialect = Dialect::iptables_script;
        advise(v4_.steps, v6_.steps, reading_.findings);
        bool const adds_only = (v4_.added && !v4_.flushed) || (v6_.added && !v6_.flushed);
        if (adds_only)
            unmodelled("rules that were there before: the script flushes nothing, and the tables are taken to be "
                       "empty, with the policy ACCEPT, when it starts",
                       {source_, 0, 0});
        drop_repeated();
    }

    void add(Ruleset ruleset) {
        if (reading_.ruleset.chains.empty()) {
            ruleset.unmodelled = std::move(reading_.ruleset.unmodelled);
            if (joined_) {
                ruleset.governs_v4 = true;
                ruleset.governs_v6 = true;
            }
            reading_.ruleset = std::move(ruleset);
        } else {
            reading_.ruleset = join(std::move(reading_.ruleset), std::move(ruleset));
        }
        joined_ = true;
    }

    // A loop says the same of the same place in each round.
    void drop_repeated() {
        std::set<std::tuple<std::string, std::uint32_t, std::uint32_t, std::map<std::string, std::string>>> seen;
        std::erase_if(reading_.findings.all(), [&](Finding const& finding) {
            return !seen.emplace(finding.rule, finding.span.begin, finding.span.end, finding.args).second;
        });
    }

    Sources const& sources_;
    shell::Script const script_;
    Reading reading_;
    std::deque<Line> lines_;
    SetUse sets_;
    std::vector<Span> state_matches_;
    Side v4_{Tables(Family::v4, Tables::Mode::live, reading_.findings)};
    Side v6_{Tables(Family::v6, Tables::Mode::live, reading_.findings)};
    shell::Shell shell_;
    SourceId source_;
    bool joined_ = false;
};

} // namespace
} // namespace iptables

Reading read_iptables_script(Sources const& sources, SourceId source, ReadOptions const& options) {
    return iptables::ScriptReader(sources, source, options).read();
}

} // namespace portcullis
