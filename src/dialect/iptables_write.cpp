// Tables of iptables, laid out as iptables-save prints them. Chains of iptables stay where they are; base chains of
// nft go to the built-in chain that runs at the same place, and other chains to every table that calls them.
#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <map>
#include <set>
#include <span>

#include "dialect/iptables_rule.hpp"
#include "dialect/iptables_write_match.hpp"
#include "dialect/iptables_write_target.hpp"
#include "dialect/iptables_write_words.hpp"
#include "grammars/iptables/extensions.hpp"
#include "portcullis/dialect/write.hpp"

namespace portcullis {
namespace iptables {
namespace {

constexpr std::array<std::string_view, 5> table_names{"raw", "mangle", "nat", "filter", "security"};
constexpr std::array<std::string_view, 5> builtin_names{"PREROUTING", "INPUT", "FORWARD", "OUTPUT", "POSTROUTING"};

bool is_iptables(Dialect dialect) {
    return dialect == Dialect::iptables || dialect == Dialect::ip6tables || dialect == Dialect::iptables_script;
}

// ---- the output

struct WrittenChain {
    std::string name;
    std::string policy; // "-" for chains of users
    std::vector<std::string> rules;
};

struct WrittenTable {
    std::string name;
    std::vector<WrittenChain> chains;
    std::set<std::string, std::less<>> taken; // names

    std::string text() const {
        std::string text = fmt::format("*{}\n", name);
        for (WrittenChain const& chain : chains) text += fmt::format(":{} {} [0:0]\n", chain.name, chain.policy);
        for (WrittenChain const& chain : chains)
            for (std::string const& rule : chain.rules) text += fmt::format("-A {}{}\n", chain.name, rule);
        return text + "COMMIT\n";
    }
};

class Writer {
  public:
    Writer(Ruleset const& ruleset, Family family)
        : ruleset_(ruleset), family_(family), own_words_(is_iptables(ruleset.dialect)) {}

    Writing run() {
        place_chains();
        for (WrittenTable& table : tables_) write(table);
        for (Unmodelled const& item : ruleset_.unmodelled)
            lose(item.span, item.text, "iptables has nothing like it");
        for (WrittenTable const& table : tables_) writing_.text += table.text();
        return std::move(writing_);
    }

  private:
    void lose(Span span, std::string what, std::string why) {
        writing_.losses.add("PC002", span).arg("construct", std::move(what)).arg("why", std::move(why));
    }

    // ---- which chain goes where

    // A chain of the ruleset in a table that is written.
    struct Entry {
        ChainId id = no_chain;
        std::size_t chain = 0; // of the table's
    };

    bool governs() const { return ruleset_.governs(family_); }

    void place_chains() {
        if (!governs()) return; // no packet of the family is its business
        for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
            Chain const& chain = ruleset_.chains[id];
            if (is_table(chain.table)) {
                if (!chain.hook || chain.hook->sees(family_)) place(id, chain.table);
            } else if (!chain.hook) {
                continue; // goes with its callers
            } else if (chain.hook->point == HookPoint::list) {
                lose(chain.span, "access list " + chain.name,
                     "iptables binds rules to hooks, not lists to interfaces");
            } else if (chain.hook->sees(family_)) {
                place_base_chain(id);
            }
        }
        place_uncalled();
    }

    // The table and chain of iptables at the place of a base chain.
    std::optional<std::pair<std::string_view, std::string_view>> builtin_at(Hook const& hook) const {
        for (std::string_view const table : table_names) {
            for (std::string_view const name : builtin_names) {
                auto const builtin = builtin_hook(table, name, family_);
                if (!builtin || builtin->point != hook.point || builtin->type != hook.type) continue;
                // The kernel runs chains of type nat at one place, whatever their priorities (nf_nat_core.c).
                if (builtin->priority == hook.priority || hook.type == ChainType::nat)
                    return std::pair(table, name);
            }
        }
        return std::nullopt;
    }

    static bool is_ip_table(std::string_view title) {
        return title.starts_with("ip ") || title.starts_with("ip6 ") || title.starts_with("inet ");
    }

    void place_base_chain(ChainId id) {
        Chain const& chain = ruleset_.chains[id];
        auto const builtin = is_ip_table(chain.table) ? builtin_at(*chain.hook) : std::nullopt;
        std::string const what = "the base chain " + chain.title();
        if (!builtin) return lose(chain.span, what, "iptables has no built-in chain at its place");
        WrittenTable& table = table_called(std::string(builtin->first));
        auto const at = std::ranges::find(table.chains, builtin->second, &WrittenChain::name);
        auto const index = static_cast<std::size_t>(at - table.chains.begin());
        bool const filled =
            std::ranges::any_of(entries_[table.name], [&](Entry const& e) { return e.chain == index; });
        if (filled)
            return lose(chain.span, what, fmt::format("{}/{} has the rules of another one", table.name, at->name));
        at->policy = policy_of(chain);
        entries_[table.name].push_back({id, index});
        place_called(id, table.name);
    }

    // The chains that a base chain of nft calls, and those that they call.
    void place_called(ChainId id, std::string const& table) {
        std::vector<ChainId> waiting{id};
        while (!waiting.empty()) {
            ChainId const caller = waiting.back();
            waiting.pop_back();
            for (Rule const& rule : ruleset_.chains[caller].rules) {
                auto const* const jump = std::get_if<Jump>(&rule.verdict);
                if (jump == nullptr || jump->chain == no_chain || find(jump->chain, table) != nullptr) continue;
                place(jump->chain, table);
                waiting.push_back(jump->chain);
            }
        }
    }

    // Chains that nobody calls are kept as well.
    void place_uncalled() {
        for (ChainId id = 0; id < ruleset_.chains.size(); ++id) {
            Chain const& chain = ruleset_.chains[id];
            bool const placed = std::ranges::any_of(
                entries_, [&](auto const& of_table) { return find(id, of_table.first) != nullptr; });
            bool const of_family =
                is_ip_table(chain.table) && !chain.table.starts_with(family_ == Family::v4 ? "ip6 " : "ip ");
            if (placed || chain.hook || !of_family) continue;
            place(id, "filter");
            place_called(id, "filter");
        }
    }

    WrittenTable& table_called(std::string const& name) {
        auto const found = std::ranges::find(tables_, name, &WrittenTable::name);
        if (found != tables_.end()) return *found;
        WrittenTable& table = tables_.emplace_back();
        table.name = name;
        for (std::string_view const builtin : builtin_names) {
            if (!builtin_hook(name, builtin, family_)) continue;
            table.taken.emplace(builtin);
            // A restore file leaves the policy of a chain that it does not name as it was; nft has none there.
            if (!own_words_) table.chains.push_back({std::string(builtin), "ACCEPT", {}});
        }
        return table;
    }

    static std::string policy_of(Chain const& chain) {
        return std::holds_alternative<Drop>(chain.policy) ? "DROP" : "ACCEPT";
    }

    void place(ChainId id, std::string const& table_name) {
        Chain const& chain = ruleset_.chains[id];
        WrittenTable& table = table_called(table_name);
        bool const builtin = chain.hook.has_value();
        std::string const name = builtin ? chain.name : free_name(chain, table);
        table.chains.push_back({name, builtin && chain.explicit_policy ? policy_of(chain) : "-", {}});
        entries_[table_name].push_back({id, table.chains.size() - 1});
    }

    Entry const* find(ChainId id, std::string const& table) const {
        auto const of_table = entries_.find(table);
        if (of_table == entries_.end()) return nullptr;
        auto const found = std::ranges::find(of_table->second, id, &Entry::id);
        return found == of_table->second.end() ? nullptr : &*found;
    }

    // ---- names

    // iptables takes nearly every byte in a name, but not the names of targets.
    bool fits(std::string_view name) const {
        bool const plain = !name.empty() && std::ranges::all_of(name, [&](char c) {
            bool const word = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' ||
                              c == '-' || c == '.';
            return word || (own_words_ && c > ' ' && c != '\x7f' && c != '"' && c != '\'' && c != '\\');
        });
        constexpr std::array<std::string_view, 4> verdicts{"ACCEPT", "DROP", "RETURN", "QUEUE"};
        return plain && name.size() <= longest_name &&
               std::string_view("-!:").find(name.front()) == std::string_view::npos &&
               std::ranges::find(verdicts, name) == verdicts.end() && find_extension(name, Role::target) == nullptr;
    }

    static std::string unused(std::string name, WrittenTable& table) {
        name.resize(std::min(name.size(), longest_name));
        std::string candidate = name;
        for (std::size_t number = 2; !table.taken.insert(candidate).second; ++number) {
            std::string const suffix = fmt::format("_{}", number);
            candidate = name.substr(0, longest_name - suffix.size()) + suffix;
        }
        return candidate;
    }

    std::string free_name(Chain const& chain, WrittenTable& table) {
        std::string name = chain.name;
        if (!fits(name)) {
            for (char& c : name)
                if (!fits(std::string("a") + c)) c = '_';
            if (!fits(name.substr(0, longest_name))) name.insert(0, "chain_");
        }
        name = unused(std::move(name), table);
        bool const named = own_words_ || !chain.name.starts_with("{}"); // nft's "jump { … }"
        if (named && name != chain.name)
            lose(chain.span, "the chain's name '" + chain.name + '\'',
                 fmt::format("iptables takes at most 28 plain characters, and no name twice in a table: it is '{}'",
                             name));
        return name;
    }

    // ---- rules

    void write(WrittenTable& table) {
        std::vector<Entry> const& entries = entries_[table.name];
        std::map<ChainId, std::string> names;
        for (Entry const& entry : entries) names[entry.id] = table.chains[entry.chain].name;
        InTable const place{family_, table.name, own_words_, [&](ChainId id) { return names.at(id); }};
        for (Entry const& entry : entries) {
            std::span<Rule const> rest = ruleset_.chains[entry.id].rules;
            while (!rest.empty()) {
                std::size_t const count = is_judged(rest) ? 2 : 1;
                write(rest.first(count), table, entry.chain, place);
                rest = rest.subspan(count);
            }
        }
    }

    // "-j NFQUEUE accepts" and "… drops": a target that decides by itself.
    static bool is_judged(std::span<Rule const> rules) {
        constexpr std::string_view accepts = " accepts", drops = " drops";
        if (rules.size() < 2 || rules[0].origin != rules[1].origin) return false;
        std::vector<Opaque> const &a = rules[0].match.opaque, &b = rules[1].match.opaque;
        if (a.empty() || b.empty() || !a.back().text.starts_with("-j ") || !a.back().text.ends_with(accepts))
            return false;
        std::string const target = a.back().text.substr(0, a.back().text.size() - accepts.size());
        return b.back().text == target + std::string(drops);
    }

    void write(std::span<Rule const> rules, WrittenTable& table, std::size_t chain, InTable const& place) {
        try {
            Rule rule = rules.front();
            Targets targets;
            if (rules.size() == 2) {
                std::string target = rule.match.opaque.back().text;
                target.resize(target.rfind(' '));
                rule.match.opaque.pop_back();
                rule.verdict = Drop{};
                targets.texts.push_back(std::move(target));
            } else {
                targets = targets_of(rule, ruleset_, place);
            }
            write(rule, targets, table, chain);
        } catch (Unsayable const& part) {
            lose(rules.front().span, part.what, part.why);
        }
    }

    // What a comment says is kept where a line can hold it; the rule stays in any case.
    std::string comment_of(Rule const& rule) {
        constexpr std::size_t longest = 255; // xt_comment.h, with its end
        if (rule.comment.size() > longest) {
            lose(rule.span, "the comment", "it has more than 255 characters");
            return "";
        }
        if (rule.comment.find_first_of(std::string_view{"\n\0", 2}) != std::string::npos) {
            lose(rule.span, "the comment", "a line of a restore file cannot hold it");
            return "";
        }
        return rule.comment;
    }

    static bool ends_the_walk(Verdict const& verdict) {
        return !std::holds_alternative<Continue>(verdict) && !std::holds_alternative<Jump>(verdict);
    }

    static bool is_stateful(Rule const& rule) { return std::ranges::any_of(rule.match.opaque, &Opaque::stateful); }

    // Whether an earlier target of the rule changes what its later lines ask.
    static bool asks_what_it_changes(Rule const& rule) {
        return std::ranges::any_of(rule.effects.assignments,
                                   [&](Assignment const& a) { return asks_about(rule.match, a.field); });
    }

    // Without what the target asks by itself: a mark is restored of a connection only.
    static Match asked_by_match(Rule const& rule) {
        Match match = rule.match;
        bool const restores = std::ranges::any_of(rule.effects.assignments, [](Assignment const& a) {
            return a.field == Field::mark && a.ct_mark_keep != 0;
        });
        // … unless some other condition asks for a connection as well: that one takes the term for its own.
        bool const shared = asks_about(match, Field::ct_mark) || asks_about(match, Field::ct_status) ||
                            asks_about(match, Field::ct_direction) || !match.opaque.empty() ||
                            std::ranges::any_of(match.terms, [](Term const& term) { return is_of_tuple(term.field); });
        if (!restores || shared) return match;
        ValueSet const with_connection = ValueSet::range(ct_state::new_, ct_state::related);
        auto const own = std::ranges::find_if(match.terms, [&](Term const& term) {
            return term.field == Field::ct_state && term.values == with_connection;
        });
        if (own != match.terms.end()) match.terms.erase(own);
        return match;
    }

    void write(Rule const& rule, Targets const& targets, WrittenTable& table, std::size_t chain) {
        Lines const lines = lines_of(asked_by_match(rule), family_);
        if (lines.any_of.empty()) return; // of the other family
        check_translation(rule, table.chains[chain]);
        bool const several = lines.any_of.size() * targets.texts.size() > 1;
        // A packet must not be logged or sent to a chain twice. The first line that ends the walk sees to that.
        bool const one_each = lines.disjoint || (targets.texts.size() == 1 && ends_the_walk(rule.verdict));
        if (lines.any_of.size() > 1 && !one_each)
            throw Unsayable{to_text(rule.match), "iptables would do it once for each of the conditions that hold"};
        if (several && is_stateful(rule))
            throw Unsayable{to_text(rule.match), "in several rules of iptables, each would count for itself"};
        for (Line const& line : lines.any_of) {
            check_protocol(line, targets);
            check_interfaces(line, table.chains[chain]);
        }
        std::string const comment = comment_of(rule);
        std::vector<std::string> texts; // all of them first, so that a rule is written whole or not at all
        bool const apart = !lines.none_of.empty() || (targets.texts.size() > 1 && asks_what_it_changes(rule));
        if (apart) return write_apart(rule, lines, targets, comment, table, chain);
        for (std::string const& target : targets.texts)
            for (Line const& line : lines.any_of)
                texts.push_back(rule_text(text_of(line, comment, family_), target));
        std::ranges::move(texts, std::back_inserter(table.chains[chain].rules));
    }

    // A chain of its own: what must not hold returns from it first, and then comes what the rule does.
    void write_apart(Rule const& rule, Lines const& lines, Targets const& targets, std::string const& comment,
                     WrittenTable& table, std::size_t chain) {
        auto const protocol_of = [](Line const& line) {
            Term const* const term = protocol_term(line);
            return term != nullptr ? term->values : ValueSet{};
        };
        bool const alike = std::ranges::all_of(lines.any_of, [&](Line const& line) { return protocol_of(line) == protocol_of(lines.any_of.front()); });
        if (!alike) { // what returns asks for the protocol too: a chain for each
            for (Line const& line : lines.any_of) {
                Lines one = lines;
                one.any_of = {line};
                write_apart(rule, one, targets, comment, table, chain);
            }
            return;
        }
        auto const* const jump = std::get_if<Jump>(&rule.verdict);
        if (std::holds_alternative<Return>(rule.verdict) || (jump != nullptr && jump->is_goto))
            throw Unsayable{to_text(rule.match),
                            "iptables asks it in a chain of its own, from which there is no return or goto"};
        std::string const name = unused(table.chains[chain].name + "_not", table);
        std::vector<std::string> calls, rules;
        Term const* const protocol = protocol_term(lines.any_of.front());
        Line const of_protocol = protocol != nullptr ? Line{*protocol} : Line{};
        for (Line const& line : lines.any_of) calls.push_back(rule_text(text_of(line, "", family_), "-j " + name));
        for (Line line : lines.none_of) {
            bool const bare = protocol != nullptr && protocol_term(line) == nullptr;
            if (bare) line.insert(line.begin(), *protocol);
            rules.push_back(rule_text(text_of(line, "", family_), "-j RETURN"));
        }
        for (std::string const& target : targets.texts)
            rules.push_back(rule_text(text_of(of_protocol, comment, family_), target));
        if (lines.any_of.size() > 1 && (targets.need_ports || targets.need_tcp))
            throw Unsayable{to_text(rule.match), "iptables asks for the one protocol that the target needs"};
        std::ranges::move(calls, std::back_inserter(table.chains[chain].rules));
        table.chains.push_back({name, "-", std::move(rules)});
    }

    static bool is_of_socket(Field field) { return field == Field::skuid || field == Field::skgid; }

    // The loader refuses what it thinks is not known yet, or any more, at the hook.
    void check_interfaces(Line const& line, WrittenChain const& chain) const {
        bool const no_in = chain.name == "OUTPUT" || chain.name == "POSTROUTING";
        bool const no_out = chain.name == "INPUT" || chain.name == "PREROUTING";
        bool const no_socket = no_out || chain.name == "FORWARD"; // xt_owner.c
        for (Condition const& condition : line) {
            auto const* const term = std::get_if<Term>(&condition);
            bool const refused =
                term != nullptr && ((term->field == Field::iif && no_in) || (term->field == Field::oif && no_out) ||
                                    (is_of_socket(term->field) && no_socket));
            if (refused)
                throw Unsayable{to_text(Match{{*term}, {}, {}}), "iptables does not ask for it in " + chain.name};
        }
    }

    // xt_nat.c, xt_MASQUERADE.c and xt_REDIRECT.c: `hooks`.
    void check_translation(Rule const& rule, WrittenChain const& chain) const {
        auto const* const rewrite = std::get_if<Rewrite>(&rule.verdict);
        if (rewrite == nullptr || std::ranges::find(builtin_names, chain.name) == builtin_names.end()) return;
        bool const before_routing = chain.name == "PREROUTING" || chain.name == "OUTPUT";
        bool const works = rewrite->flags == "netmap"                   ? true
                           : rewrite->kind == Rewrite::Kind::masquerade ? chain.name == "POSTROUTING"
                           : rewrite->kind == Rewrite::Kind::snat       ? !before_routing
                                                                        : before_routing;
        if (!works) throw Unsayable{to_text(rule.verdict, ruleset_), "it does not work in " + chain.name};
    }

    static std::string rule_text(std::string const& match, std::string const& target) {
        return target.empty() ? match : match + ' ' + target;
    }

    void check_protocol(Line const& line, Targets const& targets) const {
        if (!targets.need_ports && !targets.need_tcp) return;
        Term const* const term = protocol_term(line);
        std::optional<U128> const protocol = term != nullptr ? term->values.intervals.only() : std::nullopt;
        bool const fits = protocol && (targets.need_tcp ? *protocol == number(Protocol::tcp)
                                                        : port_protocols().contains(*protocol));
        if (!fits)
            throw Unsayable{targets.texts.back(),
                            targets.need_tcp ? "it needs '-p tcp'" : "it needs '-p' and a protocol with ports"};
    }

    Ruleset const& ruleset_;
    Family family_;
    bool own_words_;
    Writing writing_;
    std::vector<WrittenTable> tables_;
    std::map<std::string, std::vector<Entry>> entries_; // by table, in the order of the ruleset
};

} // namespace
} // namespace iptables

Writing write_iptables(Ruleset const& ruleset, Family family) { return iptables::Writer(ruleset, family).run(); }

} // namespace portcullis
