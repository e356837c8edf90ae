// A rule without a verdict to which no packet comes that it could log, change or count: earlier rules end them all. Most logs
// stand at the end of their chain and are reached by many packets, so the question is put to the interpreter first: what takes
// the packet that is tried is left out of the next one. Only where some tries say nothing, the engine compares the rule with all
// others. Of the other rules, which may be many where marks are set, the shadows tell.
#include <algorithm>
#include <map>

#include "lint/context.hpp"
#include "lint/text_rules.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::size_t tries_for_one = 32;
constexpr std::size_t looks_for_all = 5'000'000; // rules that the interpreter may look at, for all logs together

bool only_logs(Rule const& rule) { return rule.effects.log && std::holds_alternative<Continue>(rule.verdict); }

bool is_count(std::string const& effect) { return effect.starts_with("counter ") || effect.starts_with("last"); }

bool changes(Rule const& rule) { return rule.effects.notrack || !std::ranges::all_of(rule.effects.sets, is_count); }

bool has_other_effect(Rule const& rule) {
    Effects const& effects = rule.effects;
    return std::holds_alternative<Continue>(rule.verdict) && !effects.log &&
           (effects.counter || effects.notrack || !effects.sets.empty());
}

// Where the rules begin that PC213 tells of: those after one that ends every packet.
std::vector<std::size_t> ends_of_chains(Ruleset const& ruleset) {
    std::vector<std::size_t> ends;
    for (Chain const& chain : ruleset.chains) {
        auto const last = catch_all(chain);
        auto const next = std::find_if(last, chain.rules.end(), [&](Rule const& rule) { return rule.origin != last->origin; });
        ends.push_back(static_cast<std::size_t>(next - chain.rules.begin()));
    }
    return ends;
}

// Those that some base chain leads into the chain.
PacketSet entering(Context const& ctx, ChainId id) {
    PacketSet all = ctx.space().none();
    for (ChainId const base : ctx.bases(id)) {
        PacketSet const seen = ctx.seen_by(base);
        all |= base == id ? seen : ctx.reach().entering(base, id) & seen;
    }
    return all;
}

Finding& add(Context const& ctx, Findings& out, RuleId id, char const* does, char const* infinitive) {
    return add_finding(ctx, out, id.chain, id.rule).arg("does", does).arg("do", infinitive);
}

// Rules of the text all of whose rules of the model are dead, such as the elements of a map of marks.
void find_other_effects(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    std::vector<std::size_t> const ends = ends_of_chains(ruleset);
    std::map<ChainId, PacketSet> into;
    for (TextRule const& group : rules_of_text(ruleset)) {
        RuleId const id = group.front();
        bool const asked = std::ranges::all_of(
            group, [&](RuleId each) { return has_other_effect(rule_of(ruleset, each)) && each.rule < ends[each.chain]; });
        if (!asked || ctx.shadows().life(id) != Life::dead) continue;
        bool const dead = std::ranges::all_of(group, [&](RuleId each) {
            Life const life = ctx.shadows().life(each);
            return life == Life::dead || life == Life::excluded || life == Life::unmatchable;
        });
        if (!dead) continue;
        // Of chains to which no packet comes, PC212 tells.
        auto const [entered, is_new] = into.try_emplace(id.chain, ctx.space().none());
        if (is_new) entered->second = entering(ctx, id.chain);
        if ((entered->second & ctx.space().of(rule_of(ruleset, id).match)).empty()) continue;
        bool const only_counts = !changes(rule_of(ruleset, id));
        Finding& finding = only_counts ? add(ctx, out, id, "counts", "count") : add(ctx, out, id, "changes", "change");
        if (only_counts) finding.severity = Severity::low;
        for (Blocker const& blocker : ctx.shadows().cover(id))
            finding.relate(std::string(verb_of(ruleset, blocker.rule).one) + " packets of it first", span_of(ruleset, blocker.rule));
    }
}

// Whether the engine knows a packet that comes to the rule, with the marks that it has then.
bool reached(Context const& ctx, ChainId id, std::size_t rule) {
    std::vector<ChainId> const& bases = ctx.bases(id);
    return std::any_of(bases.begin(), bases.end(), [&](ChainId base) {
        return !ctx.reach().hits({{Marks{}, ctx.seen_by(base)}}, base, id, rule).empty();
    });
}

// Whether a packet comes to the rule, and if none does, the rule after which none is left.
struct Answer {
    bool reached = false;
    std::optional<std::size_t> last;
};

class Tries {
  public:
    explicit Tries(Context const& ctx) : ctx_(ctx) {}

    // `rest`: packets that enter the chain and match the rule. Nothing where the tries do not tell.
    std::optional<Answer> ask(ChainId id, std::size_t index, PacketSet rest) {
        std::vector<Rule> const& rules = ctx_.ruleset().chains[id].rules;
        Answer answer;
        for (std::size_t i = 0; i < tries_for_one && looks_ >= index; ++i) {
            auto const member = rest.member();
            if (!member) return answer;
            looks_ -= index;
            answer.last = taker(id, index, *member);
            if (answer.last == index) return Answer{true, std::nullopt};
            // What a jump keeps is not simply what it matches.
            auto const* jump = std::get_if<Jump>(&rules[*answer.last].verdict);
            if (jump != nullptr && !jump->is_goto) return std::nullopt;
            rest -= ctx_.space().of(rules[*answer.last].match);
        }
        return std::nullopt;
    }

  private:
    // The rule of the chain that ends the packet, or `index` where that is reached.
    std::size_t taker(ChainId id, std::size_t index, Member const& member) const {
        auto const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
        std::size_t last = 0;
        for (Step const& step : interpret(ctx_.ruleset(), id, member.packet, truth, Detail::steps).steps) {
            if (step.chain == id && step.rule && *step.rule <= index) last = *step.rule;
        }
        return last;
    }

    Context const& ctx_;
    std::size_t looks_ = looks_for_all;
};

} // namespace

void check_log_never_matches(Context const& ctx, Findings& out) {
    Tries tries(ctx);
    bool const passes_marks = marks_are_passed(ctx.ruleset()); // which the tries do not follow
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        std::optional<PacketSet> into;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!only_logs(rules[i])) continue;
            if (!into) into = entering(ctx, id);
            PacketSet const could = *into & ctx.space().of(rules[i].match);
            if (could.empty()) continue; // the chain is not reached, or the rule is empty by itself
            std::optional<Answer> answer;
            if (!passes_marks) answer = tries.ask(id, i, could);
            if (!answer) answer = Answer{reached(ctx, id, i), std::nullopt};
            if (answer->reached) continue;
            Finding& finding = add(ctx, out, {id, static_cast<std::uint32_t>(i)}, "logs", "log");
            if (answer->last) finding.relate("after this rule nothing is left for it", rules[*answer->last].span);
        }
    }
    find_other_effects(ctx, out);
}

} // namespace portcullis
