// A rule that only logs, to which no packet comes that it could log: earlier rules end them all. Most logs stand at
// the end of their chain and are reached by many packets, so the question is put to the interpreter first: what
// takes the packet that is tried is left out of the next one. Only where some tries say nothing, the engine
// compares the rule with all others.
#include <algorithm>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::size_t tries_for_one = 32;
constexpr std::size_t looks_for_all = 5'000'000; // rules that the interpreter may look at, for all logs together

bool only_logs(Rule const& rule) { return rule.effects.log && std::holds_alternative<Continue>(rule.verdict); }

// Those that some base chain leads into the chain.
PacketSet entering(Context const& ctx, ChainId id) {
    PacketSet all = ctx.space().none();
    for (ChainId const base : ctx.bases(id)) {
        PacketSet const seen = ctx.seen_by(base);
        all |= base == id ? seen : ctx.reach().entering(base, id) & seen;
    }
    return all;
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
            Finding& finding = add_finding(ctx, out, id, i);
            if (answer->last) finding.relate("after this rule nothing is left for it", rules[*answer->last].span);
        }
    }
}

} // namespace portcullis
