// An accept ends its own base chain only; the later ones of the hook see the packet too, and a drop is final. Found
// for accepts of which new connections are wholly lost in a later chain, or wholly for a port that the rule names.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

constexpr U128 few_ports = 1000; // a rule with more names a range, not services

// In chains up to mangle, an accept often says only that the packet needs no more changes; not where nothing else
// passes.
bool is_filter(Chain const& chain) {
    return chain.hook->priority > -150 || std::holds_alternative<Drop>(chain.policy);
}

// By its text, not by a policy.
bool may_accept(Ruleset const& ruleset, ChainId base) {
    if (!is_filter(ruleset.chains[base])) return false;
    auto const called = call_order(ruleset, base).chains;
    return std::any_of(called.begin(), called.end(), [&](ChainId id) {
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        return std::any_of(rules.begin(), rules.end(),
                           [](Rule const& rule) { return std::holds_alternative<Accept>(rule.verdict); });
    });
}

class HookCheck {
  public:
    HookCheck(Context const& ctx, Findings& out, HookPoint point)
        : ctx_(ctx), out_(out), reach_(ctx.space(), ctx.ruleset(), ctx.new_connections(point)) {
        for (ChainId const id : chains_at(ctx.ruleset(), point)) {
            if (ctx.ruleset().chains[id].hook->type == ChainType::filter) bases_.push_back(id);
        }
    }

    void run() {
        Ruleset const& ruleset = ctx_.ruleset();
        // From here on, nothing is decided any more.
        while (!bases_.empty() && !can_drop(ruleset, bases_.back())) bases_.pop_back();
        if (bases_.size() < 2) return;
        if (std::none_of(bases_.begin(), bases_.end() - 1, [&](ChainId base) { return may_accept(ruleset, base); }))
            return;
        // What the chains after each one end.
        std::vector<PacketSet> later(bases_.size(), ctx_.space().none());
        for (std::size_t at = bases_.size() - 1; at > 0; --at) later[at - 1] = later[at] | ended(bases_[at]);
        PacketSet alive = ctx_.space().all();
        for (std::size_t at = 0; at + 1 < bases_.size(); ++at) {
            if (may_accept(ruleset, bases_[at])) check_base(at, alive, later[at]);
            if (can_drop(ruleset, bases_[at])) alive -= ended(bases_[at]);
        }
    }

  private:
    PacketSet ended(ChainId base) {
        Fates const fates = reach_.verdicts(base);
        return (fates.dropped | fates.rejected) & ctx_.seen_by(base);
    }

    void check_base(std::size_t at, PacketSet const& alive, PacketSet const& later) {
        ChainId const base = bases_[at];
        PacketSet const coming = alive & ctx_.seen_by(base);
        for (ChainId const id : call_order(ctx_.ruleset(), base).chains) {
            std::vector<Rule> const& rules = ctx_.ruleset().chains[id].rules;
            for (std::size_t i = 0; i < rules.size(); ++i) {
                if (!std::holds_alternative<Accept>(rules[i].verdict) || !is_plain(rules, i)) continue;
                PacketSet const accepted = reach_.hits({{Marks{}, coming}}, base, id, i);
                if (!accepted.empty()) check_rule(at, id, i, accepted, later);
            }
        }
    }

    void check_rule(std::size_t at, ChainId id, std::size_t rule, PacketSet const& accepted,
                    PacketSet const& later) {
        PacketSet lost = accepted & later;
        if (lost.empty()) return;
        std::string what = "what this rule accepts";
        PacketSet const kept = accepted - lost;
        if (!kept.empty()) {
            auto const ports = lost_ports(ctx_.ruleset().chains[id].rules[rule].match, lost, kept);
            if (!ports || ports->empty()) return;
            lost &= ctx_.space().of(Field::dport, *ports);
            what = "what this rule accepts for port " + values_text(Field::dport, *ports, 3);
        }
        report(at, id, rule, lost, what);
    }

    // Of the ports that the rule names, those of which nothing is kept.
    static std::optional<IntervalSet> lost_ports(Match const& match, PacketSet const& lost, PacketSet const& kept) {
        auto const named = named_values(match, Field::dport);
        if (!named || named->count() > few_ports) return std::nullopt;
        auto const without = lost.project(Field::dport);
        auto const with = kept.project(Field::dport);
        if (!without || !with) return std::nullopt;
        return without->minus(*with);
    }

    void report(std::size_t at, ChainId id, std::size_t rule, PacketSet const& lost, std::string what) {
        auto const drops = std::find_if(bases_.begin() + static_cast<std::ptrdiff_t>(at) + 1, bases_.end(),
                                        [&](ChainId base) { return !(ended(base) & lost).empty(); });
        Chain const& later = ctx_.ruleset().chains[*drops];
        Finding& finding = add_finding(ctx_, out_, id, rule);
        finding.arg("what", std::move(what)).arg("later", later.title());
        finding.relate("the later chain", later.policy_span);
        finding.witness = ctx_.witness(bases_, later.hook->point, lost, false);
        judge(finding, lost);
    }

    Context const& ctx_;
    Findings& out_;
    Reach reach_;
    std::vector<ChainId> bases_; // filters of the hook, in order, up to the last that can drop
};

template <class Reads> bool asks_at(Ruleset const& ruleset, HookPoint point, Reads reads) {
    auto const asks = [&](Rule const& rule) { return reads(rule.match); };
    for (ChainId const base : chains_at(ruleset, point)) {
        for (ChainId const id : call_order(ruleset, base).chains) {
            std::vector<Rule> const& rules = ruleset.chains[id].rules;
            if (std::any_of(rules.begin(), rules.end(), asks)) return true;
        }
    }
    return false;
}

} // namespace

void check_accept_not_final(Context const& ctx, Findings& out) {
    bool const passes_marks = marks_are_passed(ctx.ruleset());
    constexpr std::array points{HookPoint::prerouting, HookPoint::input, HookPoint::forward, HookPoint::output,
                                HookPoint::postrouting};
    for (HookPoint const point : points) {
        // Base chains are compared one by one here; with a mark, one tells the next what to make of its packets.
        if (passes_marks && asks_at(ctx.ruleset(), point, reads_marks)) continue;
        // What was translated before the hook, and what conntrack keeps of it, is not known here.
        if (asks_at(ctx.ruleset(), point, reads_tuple)) continue;
        HookCheck(ctx, out, point).run();
    }
}

} // namespace portcullis
