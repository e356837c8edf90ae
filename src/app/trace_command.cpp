// trace: the interpreter on single packets, through all hooks on their way or at one, with the rule that decides.
#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <iterator>
#include <set>
#include <thread>

#include "app/host.hpp"
#include "app/packet_line.hpp"
#include "app/tell.hpp"
#include "portcullis/base/did_you_mean.hpp"
#include "portcullis/base/in_threads.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/interpret_many.hpp"
#include "portcullis/engine/path.hpp"
#include "report/json_text.hpp"

namespace portcullis::app {

namespace {

// A packet and where it goes; access lists are bound to interfaces by names longer than a packet's fields.
struct Question {
    Packet packet;
    std::string in;
    std::string out;
};

// What a packet meets: the chains of --chain, or of one hook; the access lists that its interfaces have; or everything on
// its way through the box.
class Way {
  public:
    Way(Ruleset const& ruleset, Options const& options)
        : ruleset_(ruleset), options_(options), many_(ruleset), has_lists_(!chains_at(ruleset, HookPoint::list).empty()) {
        for (std::size_t point = 0; point < by_hook_.size(); ++point)
            by_hook_[point] = chains_at(ruleset, static_cast<HookPoint>(point));
        if (options.chain.empty()) return;
        std::vector<std::string> titles;
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            Chain const& chain = ruleset.chains[id];
            if (!chain.hook) continue;
            titles.insert(titles.end(), {chain.title(), chain.name});
            if (chain.name == options.chain || chain.title() == options.chain) named_.push_back(id);
        }
        if (named_.empty()) {
            throw UsageError(fmt::format("there is no base chain or access list '{}'{}", options.chain,
                                         did_you_mean_text(options.chain, {titles.begin(), titles.end()})));
        }
    }

    Decision decide(Question const& question, std::optional<HookPoint> hook, Detail detail) const {
        if (!hook && !options_.hook.empty()) hook = hook_by_name(options_.hook);
        if (named_.empty() && !has_lists_ && !hook) return with_choices(question.packet, detail);
        std::vector<ChainId> const& bases = !named_.empty() ? named_
                                            : has_lists_    ? bound_lists(question)
                                                            : by_hook_[static_cast<std::size_t>(*hook)];
        return detail == Detail::steps ? interpret(ruleset_, bases, question.packet, {}, detail)
                                       : many_.decide(bases, question.packet);
    }

  private:
    std::vector<ChainId> bound_lists(Question const& question) const {
        std::vector<ChainId> in;
        std::vector<ChainId> out;
        auto all = chains_at(ruleset_, HookPoint::list);
        for (ChainId const id : all) {
            for (Binding const& binding : ruleset_.chains[id].bindings) {
                std::string const& interface = binding.inbound ? question.in : question.out;
                if (interface == binding.interface) (binding.inbound ? in : out).push_back(id);
            }
        }
        in.insert(in.end(), out.begin(), out.end());
        if (!in.empty()) return in;
        if (all.size() == 1) return all;
        throw UsageError("name the access list with --chain, or an interface that has one with in= or out=");
    }

    // Where a translation leaves a range, each choice that some rule could tell from the others. What they lead to is
    // added to the outcomes. Throws BudgetExceeded.
    Decision with_choices(Packet const& packet, Detail detail) const {
        Decision decision = detail == Detail::steps ? interpret_way(ruleset_, packet, {}, detail) : many_.decide_way(packet);
        auto const is_open = [](Outcome const& outcome) { return outcome.rewritten.picked; };
        if (std::none_of(decision.outcomes.begin(), decision.outcomes.end(), is_open)) return decision;
        constexpr std::size_t most = 4096;
        std::vector<U128> const addresses = told_apart(packet.family() == Family::v4 ? Field::dst4 : Field::dst6);
        std::vector<U128> const ports = told_apart(Field::dport);
        std::size_t tried = 0;
        for (U128 const address : addresses) {
            for (U128 const port : ports) {
                if (++tried > most) throw BudgetExceeded("a translation leaves more choices than can be tried");
                Packet picking = packet;
                picking[Field::nat_dst] = address;
                picking[Field::nat_dport] = port;
                for (Outcome const& outcome : many_.decide_way(picking).outcomes) {
                    auto const same = [&](Outcome const& o) { return o.fate == outcome.fate && o.chain == outcome.chain && o.rule == outcome.rule; };
                    if (std::none_of(decision.outcomes.begin(), decision.outcomes.end(), same)) decision.outcomes.push_back(outcome);
                }
            }
        }
        return decision;
    }

    // Where the values of the field that rules ask about begin, or end; 0 for what none of them is.
    std::vector<U128> told_apart(Field field) const {
        std::set<U128> values{0};
        auto const add = [&](ValueSet const& set) {
            for (Interval const& interval : set.intervals.intervals()) values.insert({interval.first, interval.last, interval.last + 1});
            for (Masked const& masked : set.masks) values.insert(masked.value);
        };
        for (Chain const& chain : ruleset_.chains) {
            for (Rule const& rule : chain.rules) {
                for (Term const& term : rule.match.terms)
                    if (term.field == field) add(term.values);
                for (Alternatives const& relation : rule.match.alternatives)
                    for (std::size_t c = 0; c < relation.fields.size(); ++c)
                        for (auto const& row : relation.rows)
                            if (relation.fields[c] == field) add(row[c]);
                if (auto const* rewrite = std::get_if<Rewrite>(&rule.verdict)) {
                    auto const& range = field == Field::dport ? rewrite->port : rewrite->address;
                    if (range) values.insert({range->first, range->last});
                }
            }
        }
        return {values.begin(), values.end()};
    }

    Ruleset const& ruleset_;
    Options const& options_;
    ManyPackets many_;
    bool has_lists_;
    std::vector<ChainId> named_;
    std::array<std::vector<ChainId>, 8> by_hook_;
};

std::uint32_t line_of(Sources const& sources, Ruleset const& ruleset, ChainId chain,
                      std::optional<std::size_t> rule) {
    Chain const& c = ruleset.chains[chain];
    Span const span = rule ? c.rules[*rule].span : c.policy_span;
    return sources[span.source].locate(span.begin).line;
}

// Those of all rules and policies.
class Lines {
  public:
    Lines(Sources const& sources, Ruleset const& ruleset) {
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            policies_.push_back(line_of(sources, ruleset, id, std::nullopt));
            rules_.emplace_back();
            for (std::size_t rule = 0; rule < ruleset.chains[id].rules.size(); ++rule)
                rules_.back().push_back(line_of(sources, ruleset, id, rule));
        }
    }
    std::uint32_t of(ChainId chain, std::optional<std::size_t> rule) const { return rule ? rules_[chain][*rule] : policies_[chain]; }

  private:
    std::vector<std::uint32_t> policies_;            // by chain
    std::vector<std::vector<std::uint32_t>> rules_;
};

std::string_view certainty(Decision const& decision) { return decision.certain() ? "certain" : "possible"; }

bool is_rewritten(Decision const& decision) {
    return std::any_of(decision.outcomes.begin(), decision.outcomes.end(),
                       [](Outcome const& outcome) { return outcome.rewritten.destination || outcome.rewritten.source; });
}

// With the whole names of interfaces, of which a packet has 16 characters.
std::string words_of(ParsedPacket const& asked) {
    std::string text = to_text(*asked.packet);
    auto const put = [&](std::string_view key, Field field, std::string const& name) {
        std::string const cut = fmt::format(" {}={}", key, interface_name((*asked.packet)[field]));
        std::size_t const at = text.find(cut);
        if (!name.empty() && at != std::string::npos) text.replace(at, cut.size(), fmt::format(" {}={}", key, visible(name)));
    };
    put("in", Field::iif, asked.in);
    put("out", Field::oif, asked.out);
    return text;
}

std::string trace_text(Loaded const& loaded, ParsedPacket const& asked, Decision const& decision) {
    Ruleset const& ruleset = loaded.reading->ruleset;
    Packet const& packet = *asked.packet;
    std::string out = words_of(asked) + '\n';
    auto const to = std::back_inserter(out);
    ChainId chain = no_chain;
    std::optional<HookPoint> hook;
    Rewritten rewritten;
    for (Step const& step : decision.steps) {
        Chain const& c = ruleset.chains[step.chain];
        if (step.chain != chain || step.hook != hook) {
            std::string const at = c.hook && c.hook->point == HookPoint::list ? "" : fmt::format("{}: ", to_string(step.hook));
            fmt::format_to(to, "  {}{}\n", at, visible(c.title()));
        }
        chain = step.chain;
        hook = step.hook;
        std::string const what = step.rule ? visible(loaded.sources->text(c.rules[*step.rule].span)) : "policy";
        fmt::format_to(to, "    {:>5}  {:<20} {}\n", line_of(*loaded.sources, ruleset, step.chain, step.rule),
                       step.outcome, what);
        if (step.rewritten != rewritten)
            fmt::format_to(to, "           becomes {}{}\n", to_text(as_rewritten(packet, step.rewritten)),
                           step.rewritten.picked ? ", or another of what the rule leaves open" : "");
        rewritten = step.rewritten;
    }
    Outcome const& main = decision.main();
    if (main.chain == no_chain) {
        fmt::format_to(to, "accept: no base chain sees this packet\n");
    } else {
        fmt::format_to(to, "{}: {} of {}, line {}\n", to_string(main.fate), main.rule ? "a rule" : "the policy",
                       visible(ruleset.chains[main.chain].title()),
                       line_of(*loaded.sources, ruleset, main.chain, main.rule));
    }
    if (main.rewritten.destination || main.rewritten.source)
        fmt::format_to(to, "  as {}\n", to_text(as_rewritten(packet, main.rewritten)));
    if (!decision.certain()) {
        fmt::format_to(to, "possible only: {} may decide otherwise\n", is_rewritten(decision)
                       ? "matches that are not modelled, the address that a translation picks, or where that leads"
                       : "matches that are not modelled");
        for (Outcome const& o : decision.outcomes) {
            if (o.chain == no_chain) continue;
            fmt::format_to(to, "  {} at {}, line {}\n", to_string(o.fate), to_string(o.hook),
                           line_of(*loaded.sources, ruleset, o.chain, o.rule));
        }
    }
    return out;
}

Json became_json(Packet const& packet, Rewritten const& rewritten) {
    Packet const now = as_rewritten(packet, rewritten);
    return {{"src", to_string(now.source())},
            {"dst", to_string(now.destination())},
            {"sport", low64(now[Field::sport])},
            {"dport", low64(now[Field::dport])}};
}

std::string trace_json(Loaded const& loaded, Packet const& packet, Decision const& decision) {
    Ruleset const& ruleset = loaded.reading->ruleset;
    Json steps = Json::array();
    Rewritten rewritten;
    for (Step const& step : decision.steps) {
        Chain const& chain = ruleset.chains[step.chain];
        steps.push_back({{"hook", to_string(step.hook)},
                         {"table", chain.table},
                         {"chain", chain.name},
                         {"rule", step.rule ? Json(chain.rules[*step.rule].origin + 1) : Json("policy")},
                         {"line", line_of(*loaded.sources, ruleset, step.chain, step.rule)},
                         {"outcome", step.outcome}});
        if (step.rewritten != rewritten) steps.back()["became"] = became_json(packet, step.rewritten);
        rewritten = step.rewritten;
    }
    Json json{{"verdict", to_string(decision.main().fate)}, {"certainty", certainty(decision)}};
    if (is_rewritten(decision)) json["became"] = became_json(packet, decision.main().rewritten);
    json["steps"] = steps;
    return json_text(json) + '\n';
}

// Some lines of the packets, which are worked on side by side.
struct Block {
    std::string_view text;
    std::size_t number = 0; // of its first line, from 1
    std::string out{};
    std::string errors{};
};

std::vector<Block> blocks_of(std::string_view text) {
    constexpr std::size_t size = std::size_t{1} << 18U;
    std::vector<Block> blocks;
    std::size_t number = 1;
    while (!text.empty()) {
        std::size_t const end = text.size() <= size ? text.size() : std::min(text.find('\n', size), text.size() - 1) + 1;
        blocks.push_back({text.substr(0, end), number});
        number += static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end), '\n'));
        text.remove_prefix(end);
    }
    return blocks;
}

void add_result(std::string& out, PacketLine const& line, std::size_t number, Decision const& decision, Lines const& lines) {
    Outcome const& main = decision.main();
    auto const to = std::back_inserter(out);
    out += R"({"id":)";
    if (line.id.empty()) fmt::format_to(to, "{}", number);
    else out += line.id;
    fmt::format_to(to, R"(,"verdict":"{}","certainty":"{}","line":)", to_string(main.fate), certainty(decision));
    if (main.chain == no_chain) out += "null}\n";
    else fmt::format_to(to, "{}}}\n", lines.of(main.chain, main.rule));
}

void decide(Block& block, Lines const& lines, Way const& way, std::string const& file) {
    PacketLineReader reader;
    std::size_t number = block.number;
    for (std::size_t at = 0; at < block.text.size(); ++number) {
        std::size_t const end = std::min(block.text.find('\n', at), block.text.size());
        std::string_view const line = block.text.substr(at, end - at);
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
        try {
            PacketLine const packet = reader.read(line);
            add_result(block.out, packet, number, way.decide({packet.packet, packet.in, packet.out}, packet.hook, Detail::outcomes), lines);
        } catch (std::runtime_error const& e) {
            block.errors += fmt::format("portcullis: {}:{}: {}\n", visible(file), number, visible(e.what()));
        }
    }
}

int trace_many(Loaded const& loaded, Options const& options) {
    FileText const text = read_text({options.packets_file, true, options.packets_file == "-"});
    if (!text.error.empty()) {
        say(text.error);
        return unreadable_input;
    }
    Way const way(loaded.reading->ruleset, options);
    Lines const lines(*loaded.sources, loaded.reading->ruleset);
    std::vector<Block> blocks = blocks_of(text.text);
    std::atomic<std::size_t> next = 0;
    auto const work = [&] {
        for (std::size_t i = next++; i < blocks.size(); i = next++) decide(blocks[i], lines, way, options.packets_file);
    };
    in_threads(std::min<std::size_t>(std::max(1U, std::thread::hardware_concurrency()), blocks.size()), work);
    std::string out;
    bool whole = true;
    for (Block const& block : blocks) {
        out += block.out;
        tell(block.errors);
        whole = whole && block.errors.empty();
    }
    write_output(options.outputs.empty() ? "" : options.outputs.front().path, out);
    return whole ? clean : unreadable_input;
}

} // namespace

int run_trace(Options const& options) {
    if (options.inputs.empty() && options.host.empty()) throw UsageError("trace needs a file, or --host");
    if (options.packet.empty() == options.packets_file.empty())
        throw UsageError("trace needs either --packet or --packets");
    std::vector<InputFile> const files = host_files(options);
    bool const standard_input = std::any_of(files.begin(), files.end(), [](InputFile const& file) { return file.standard_input; });
    if (standard_input && options.packets_file == "-")
        throw UsageError("the file and the packets cannot both be standard input");
    Configs configs(options);
    if (files.empty()) throw UsageError("there is no file in the directory to look at");
    auto const config = configs.config_for(files.front().path);
    Loaded const loaded = load_host(files, options, *config);
    // The packet may meet what could not be read.
    int const code = tell_problems(loaded) ? clean : unreadable_input;
    if (!loaded.reading) return code;
    if (!options.packets_file.empty()) return std::max(code, trace_many(loaded, options));
    ParsedPacket const parsed = parse_packet(options.packet);
    if (!parsed.packet) throw UsageError("--packet: " + parsed.error);
    Way way(loaded.reading->ruleset, options);
    Decision decision;
    try {
        decision = way.decide({*parsed.packet, parsed.in, parsed.out}, std::nullopt, Detail::steps);
    } catch (BudgetExceeded const& e) {
        say(fmt::format("not traced to the end: {}", e.what()));
        return unreadable_input;
    }
    write_report(options, [&](std::string const& format, TextStyle const&) {
        return format == "json" ? trace_json(loaded, *parsed.packet, decision) : trace_text(loaded, parsed, decision);
    });
    return code;
}

} // namespace portcullis::app
