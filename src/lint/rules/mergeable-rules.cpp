// Neighbouring rules that differ in one value. What they would be as one is written from their texts, read, and compared
// with them: only where it matches what they match together is there a finding.
#include <algorithm>
#include <fmt/format.h>

#include "lint/context.hpp"
#include "lint/merged_text.hpp"
#include "portcullis/base/visible.hpp"
#include "portcullis/dialect/read.hpp"
#include "portcullis/engine/budget.hpp"

namespace portcullis {

namespace {

bool same_effects(Effects const& a, Effects const& b) {
    return a.log == b.log && a.log_options == b.log_options && a.answer == b.answer;
}

// Nothing that counts, or that has to be done once only.
bool can_merge(Rule const& rule) {
    Effects const& effects = rule.effects;
    bool const opaque = std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(),
                                    [](Opaque const& one) { return one.stateful; });
    return !opaque && !rule.implicit && !effects.counter && !effects.notrack && effects.sets.empty() &&
           effects.assignments.empty() && effects.helper.empty() && !std::holds_alternative<Rewrite>(rule.verdict);
}

// A whole text of the dialect around one rule, in which the rule is the last one of its chain.
std::string around(Ruleset const& ruleset, Chain const& chain, Rule const& rule, std::string const& text) {
    auto const* jump = std::get_if<Jump>(&rule.verdict);
    std::string const called = jump == nullptr || jump->chain == no_chain ? "" : ruleset.chains[jump->chain].name;
    switch (ruleset.dialect) {
    case Dialect::iptables:
    case Dialect::ip6tables:
        return fmt::format("*{}\n{}{}{}\nCOMMIT\n", chain.table, chain.hook ? "" : ":" + chain.name + " - [0:0]\n",
                           called.empty() ? "" : ":" + called + " - [0:0]\n", text);
    case Dialect::nftables: {
        std::string const hook = chain.hook ? fmt::format("type filter hook {} priority 0;", to_string(chain.hook->point)) : "";
        std::string const other = called.empty() ? "" : "chain " + called + " { }\n";
        return fmt::format("table {} t {{\n{}chain c {{\n{}\n{}\n}}\n}}\n", chain.table.substr(0, chain.table.find(' ')), other, hook, text);
    }
    case Dialect::cisco_nxos: return "ip access-list EXAMPLE\n " + text + "\n";
    case Dialect::cisco_xr: return "ipv4 access-list EXAMPLE\n " + text + "\n";
    default: return framed(ruleset.dialect, text + "\n");
    }
}

class Merger {
  public:
    Merger(Context const& ctx, Findings& out) : ctx_(ctx), ruleset_(ctx.ruleset()), out_(out) {}

    void run(ChainId id) {
        std::vector<Rule> const& rules = ruleset_.chains[id].rules;
        for (std::size_t first = 0; first < rules.size();) {
            std::size_t next = first + 1;
            std::string text;
            if (can_merge(rules[first]) && is_alive(id, first) && is_whole(rules, first)) {
                text = std::string(ctx_.sources().text(rules[first].span));
                while (next < rules.size() && extend(id, first, next, text)) ++next;
            }
            if (next > first + 1) report(id, first, next, text);
            first = next;
        }
    }

  private:
    // What others call dead is theirs.
    bool is_alive(ChainId id, std::size_t rule) const {
        return ctx_.shadows().life({id, static_cast<std::uint32_t>(rule)}) == Life::alive;
    }

    // The only one that its rule of the text has become.
    static bool is_whole(std::vector<Rule> const& rules, std::size_t at) {
        auto const is_part = [&](std::size_t other) { return rules[other].origin == rules[at].origin; };
        return !(at > 0 && is_part(at - 1)) && !(at + 1 < rules.size() && is_part(at + 1));
    }

    // Nothing but blanks and ends of lines stands between them, or what iptables-save counted.
    bool are_neighbours(Span a, Span b) const {
        if (a.source != b.source || b.begin < a.end) return false;
        std::string_view const between = ctx_.sources()[a.source].text().substr(a.end, b.begin - a.end);
        return between.find_first_not_of(" \t\r\n;") == std::string_view::npos;
    }

    // A remark of its own would be lost; one above the first rule stays where it is.
    static bool is_commented(Rule const& one, Rule const& other) {
        return !other.comment.empty() && other.comment != one.comment;
    }

    bool extend(ChainId id, std::size_t first, std::size_t next, std::string& text) const {
        std::vector<Rule> const& rules = ruleset_.chains[id].rules;
        Rule const& one = rules[next - 1];
        Rule const& other = rules[next];
        if (one.verdict != other.verdict || !same_effects(one.effects, other.effects) || is_commented(one, other)) return false;
        if (!can_merge(other) || !is_alive(id, next) || !is_whole(rules, next) || !are_neighbours(one.span, other.span)) return false;
        auto const merged = merged_text(ruleset_.dialect, text, ctx_.sources().text(other.span));
        if (!merged || !is_proved(id, first, next, *merged)) return false;
        text = *merged;
        return true;
    }

    // The text is one rule that matches what the rules from `first` to `last` match, and does the same.
    bool is_proved(ChainId id, std::size_t first, std::size_t last, std::string const& text) const {
        Chain const& chain = ruleset_.chains[id];
        Rule const& rule = chain.rules[first];
        Sources sources;
        SourceId const source = sources.add("", around(ruleset_, chain, rule, text));
        Reading const reading = read(sources, source, ruleset_.dialect);
        if (std::any_of(reading.findings.all().begin(), reading.findings.all().end(), is_unread)) return false;
        auto const& chains = reading.ruleset.chains;
        auto const has_rules = [](Chain const& one) {
            return std::any_of(one.rules.begin(), one.rules.end(), [](Rule const& r) { return !r.implicit; });
        };
        if (std::count_if(chains.begin(), chains.end(), has_rules) != 1) return false;
        std::vector<Rule> const& read_rules = std::find_if(chains.begin(), chains.end(), has_rules)->rules;
        Rule const& merged = read_rules.front();
        bool const alone = read_rules.size() == 1 || read_rules[1].implicit;
        bool const jumps = std::holds_alternative<Jump>(rule.verdict) && std::holds_alternative<Jump>(merged.verdict);
        if (!alone || !(jumps || merged.verdict == rule.verdict) || !can_merge(merged) || !same_effects(merged.effects, rule.effects))
            return false;
        try {
            Space& space = ctx_.space();
            PacketSet together = space.none();
            for (std::size_t i = first; i <= last; ++i) {
                PacketSet const own = space.of(chain.rules[i].match);
                // What goes on must not be met by two of them. Of rules that decide, one in the other is for others to tell;
                // what a Cisco permits of later fragments, all of them have.
                bool const nested = i > first && (own.subset_of(together) || together.subset_of(own));
                if (nested || (!decides(rule.verdict) && !(together & own).empty())) return false;
                together |= own;
            }
            return space.of(merged.match) == together;
        } catch (BudgetExceeded const&) {
            return false;
        }
    }

    void report(ChainId id, std::size_t first, std::size_t end, std::string const& text) const {
        std::vector<Rule> const& rules = ruleset_.chains[id].rules;
        Finding& finding = add_finding(ctx_, out_, id, first);
        finding.arg("count", std::to_string(end - first)).arg("text", shortened(text, 100));
        finding.fix = Fix{{{rules[first].span, text}}, true};
        for (std::size_t i = first + 1; i < end; ++i) {
            finding.relate("the same but for one value", rules[i].span);
            finding.fix->edits.push_back({rules[i].span, ""});
        }
        finding.note("proof: the one rule matches what these match together");
    }

    Context const& ctx_;
    Ruleset const& ruleset_;
    Findings& out_;
};

} // namespace

void check_mergeable_rules(Context const& ctx, Findings& out) {
    Dialect const dialect = ctx.ruleset().dialect;
    if (dialect == Dialect::iptables_script || dialect == Dialect::nft_json) return;
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        if (!ctx.ruleset().chains[id].implicit) Merger(ctx, out).run(id);
    }
}

} // namespace portcullis
