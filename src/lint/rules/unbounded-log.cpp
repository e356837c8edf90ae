// A log that untrusted senders fill as fast as they send. The question is asked of a copy in which all rate limits
// are used up: a rule that keeps a rate takes nothing there, one that acts above a rate takes everything. Whatever
// else depends on what came before (recent, a set that rules fill) may be meant as a limit, and is taken for one.
#include <algorithm>
#include <set>
#include <stdexcept>

#include "lint/what_if.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

Ruleset with_limits_used_up(Ruleset ruleset) {
    auto const may_limit = [](Opaque const& opaque) { return opaque.rate || opaque.stateful; };
    for (Chain& chain : ruleset.chains) {
        for (Rule& rule : chain.rules) {
            std::vector<Opaque>& opaque = rule.match.opaque;
            if (std::any_of(opaque.begin(), opaque.end(),
                            [&](Opaque const& one) { return may_limit(one) && !one.negated; })) {
                rule.verdict = Continue{};
                rule.effects = {};
            }
            std::erase_if(opaque, may_limit);
        }
    }
    return ruleset;
}

// A connection that is established has been let in; its packets are logged because somebody wants that.
PacketSet uninvited(Context const& ctx) {
    IntervalSet const states =
        IntervalSet::of({{ct_state::new_, ct_state::new_}, {ct_state::invalid, ct_state::untracked}});
    return ctx.from_untrusted() & ctx.space().of(Field::ct_state, states);
}

class LogCheck {
  public:
    LogCheck(Context const& ctx, Findings& out)
        : ctx_(ctx), out_(out), used_up_(with_limits_used_up(ctx.ruleset())),
          reach_(ctx.space(), used_up_, uninvited(ctx)) {}

    // What comes to each base chain of the path is what the chains before it accept; translation is not for
    // filtering.
    void check(Path const& path) {
        PacketSet coming = ctx_.space().all();
        for (ChainId const base : path.chains) {
            if (ctx_.ruleset().chains[base].hook->type == ChainType::nat) continue;
            coming &= ctx_.seen_by(base);
            for (ChainId const id : call_order(used_up_, base).chains) check(base, id, coming);
            if (base != path.chains.back() && can_drop(used_up_, base)) coming &= reach_.verdicts(base).accepted;
        }
    }

  private:
    void check(ChainId base, ChainId id, PacketSet const& coming) {
        std::vector<Rule> const& rules = used_up_.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!rules[i].effects.log || reported_.contains({id, i})) continue;
            PacketSet const logged = reach_.hits({{Marks{}, coming}}, base, id, i);
            if (logged.empty()) continue;
            reported_.emplace(id, i);
            Finding& finding = add_finding(ctx_, out_, id, i);
            finding.witness = witness(base, id, i, logged);
            judge(finding, logged);
        }
    }

    // The interpreter answers "no" for a rate of which nothing is assumed: it is used up.
    Witness witness(ChainId base, ChainId id, std::size_t rule, PacketSet const& logged) const {
        PacketSet const certain = logged.certainly();
        Member const member = *(certain.empty() ? logged : certain).member();
        Decision const decision = interpret(
            ctx_.ruleset(), base, member.packet, [&](Opaque const& o) { return member.truth(o).value_or(false); },
            Detail::steps);
        bool const seen = std::any_of(decision.steps.begin(), decision.steps.end(), [&](Step const& step) {
            return step.chain == id && step.rule == rule && step.outcome != "no match";
        });
        if (!seen) throw std::logic_error("the interpreter does not log the witness " + to_text(member.packet));
        Chain const& chain = ctx_.ruleset().chains[base];
        return {member.packet, chain.hook->point, std::string(to_string(decision.main().fate)), chain.title()};
    }

    Context const& ctx_;
    Findings& out_;
    Ruleset used_up_;
    Reach reach_;
    std::set<std::pair<ChainId, std::size_t>> reported_;
};

} // namespace

void check_unbounded_log(Context const& ctx, Findings& out) {
    auto const logs = [](Rule const& rule) { return rule.effects.log; };
    bool const any = std::any_of(ctx.ruleset().chains.begin(), ctx.ruleset().chains.end(), [&](Chain const& chain) {
        return std::any_of(chain.rules.begin(), chain.rules.end(), logs);
    });
    if (!any) return;
    LogCheck check(ctx, out);
    for (Path const& path : ctx.paths())
        if (path.kind == Path::Kind::to_host || path.kind == Path::Kind::through) check.check(path);
}

} // namespace portcullis
