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

using Place = std::pair<ChainId, std::size_t>;

class LogCheck {
  public:
    LogCheck(Context const& ctx, Findings& out, Ruleset const& used_up, PacketSet const& question,
             std::set<Place>& reported)
        : ctx_(ctx), out_(out), used_up_(used_up), reach_(ctx.space(), used_up, question), reported_(reported) {}

    // What comes to each base chain of the path is what the chains before it accept; translation is not for
    // filtering.
    void check(Path const& path) {
        PacketSet coming = ctx_.space().all();
        for (ChainId const base : path.chains) {
            if (ctx_.ruleset().chains[base].hook->type == ChainType::nat) continue;
            coming &= ctx_.seen_by(base);
            for (ChainId const id : call_order(used_up_, base).chains) check(base, id, coming);
            if (base != path.chains.back() && can_drop(used_up_, base)) coming &= reach_.accepted(base);
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
    Ruleset const& used_up_;
    Reach reach_;
    std::set<Place>& reported_; // by any question
};

std::size_t count_logs(Ruleset const& ruleset) {
    std::size_t count = 0;
    for (Chain const& chain : ruleset.chains)
        count += static_cast<std::size_t>(std::count_if(chain.rules.begin(), chain.rules.end(),
                                                        [](Rule const& rule) { return rule.effects.log; }));
    return count;
}

// Not of access lists.
bool is_asked(Path const& path) { return path.kind == Path::Kind::to_host || path.kind == Path::Kind::through; }

} // namespace

void check_unbounded_log(Context const& ctx, Findings& out) {
    if (std::none_of(ctx.paths().begin(), ctx.paths().end(), is_asked) || count_logs(ctx.ruleset()) == 0) return;
    Ruleset const used_up = with_limits_used_up(ctx.ruleset());
    std::size_t const logs = count_logs(used_up);
    std::set<Place> reported;
    // New connections first, of which the engine knows much: most logs see them. A connection that is established
    // has been let in; its packets are logged because somebody wants that.
    IntervalSet const uninvited =
        IntervalSet::of({{ct_state::new_, ct_state::new_}, {ct_state::invalid, ct_state::untracked}});
    for (bool const is_new : {true, false}) {
        for (Path const& path : ctx.paths()) {
            if (!is_asked(path)) continue;
            if (reported.size() == logs) return;
            PacketSet const packets =
                is_new ? ctx.new_connections(path.hook) : ctx.space().of(Field::ct_state, uninvited);
            LogCheck(ctx, out, used_up, packets & ctx.from_untrusted(), reported).check(path);
        }
    }
}

} // namespace portcullis
