#include "lint/rule_pairs.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <set>
#include <stdexcept>

#include "lint/context.hpp"
#include "portcullis/engine/budget.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::size_t most_told = 8; // of the earlier rules that one is in conflict with

// The share of all values, every value counting alike.
double share_of(Field field, ValueSet const& values) {
    auto const number = [](U128 value) {
        return std::ldexp(static_cast<double>(high64(value)), 64) + static_cast<double>(low64(value));
    };
    double const all = number(info(field).largest) + 1;
    if (auto const plain = values.as_intervals(info(field).bits)) return std::min(1.0, number(plain->count()) / all);
    double share = number(values.intervals.count()) / all;
    for (Masked const& masked : values.masks) {
        int fixed = 0;
        for (U128 rest = masked.mask; rest != 0; rest &= rest - 1) ++fixed;
        share += std::ldexp(1.0, -fixed);
    }
    share = std::min(1.0, share);
    return values.negated ? 1 - share : share;
}

// About the share of all packets that the match has; what is not modelled may hold.
double share_of(Match const& match) {
    double share = 1;
    for (Term const& term : match.terms) share *= share_of(term.field, term.values);
    for (Alternatives const& relation : match.alternatives) {
        double rows = 0;
        for (auto const& row : relation.rows) {
            double cells = 1;
            for (std::size_t i = 0; i < row.size(); ++i) cells *= share_of(relation.fields[i], row[i]);
            rows += cells;
        }
        rows = std::min(1.0, rows);
        share *= relation.negated ? 1 - rows : rows;
    }
    return share;
}

bool is_most(Rule const& rule) { return share_of(rule.match) >= 0.5; }

bool permits(Verdict const& verdict) {
    return std::holds_alternative<Accept>(verdict) || std::holds_alternative<Rewrite>(verdict);
}
bool denies(Verdict const& verdict) {
    return std::holds_alternative<Drop>(verdict) || std::holds_alternative<Reject>(verdict);
}

// One rule of a filter that says for itself what becomes of packets.
bool is_asked(Context const& ctx, TextRule const& group) {
    if (group.size() != 1) return false;
    Verdict const& verdict = rule_of(ctx.ruleset(), group.front()).verdict;
    if (!std::holds_alternative<Accept>(verdict) && !denies(verdict)) return false;
    auto const& bases = ctx.bases(group.front().chain);
    return !bases.empty() && std::all_of(bases.begin(), bases.end(), [&](ChainId base) {
        return ctx.ruleset().chains[base].hook->type == ChainType::filter;
    });
}

class Pairs {
  public:
    explicit Pairs(Context const& ctx)
        : ctx_(ctx), ruleset_(ctx.ruleset()), shadows_(ctx.connection_shadows()) {}

    std::optional<PartlyTaken> partly_taken(RuleId id, double least) const {
        Rule const& rule = rule_of(ruleset_, id);
        if (shadows_.life(id) != Life::alive || is_most(rule) || !shadows_.contested(id)) return std::nullopt;
        auto const taken = shadows_.taken(id, least);
        if (!taken || taken->unknown > 0 || !taken->by || !taken->otherwise || !taken->left) return std::nullopt;
        double const share = permits(rule.verdict) ? (*taken)[Action::deny]
                                                   : (*taken)[Action::permit] + (*taken)[Action::translate];
        if (share < least - 1e-9 || !differ(*taken->by, id)) return std::nullopt;
        PartlyTaken part{id, *taken->by, share, is_most(rule_of(ruleset_, *taken->by)), {}, {}};
        auto const otherwise = decided(*taken->otherwise);
        auto const left = decided(*taken->left);
        if (otherwise.by != part.by || left.by != id)
            throw std::logic_error("the interpreter does not confirm what is left of a rule");
        part.otherwise = otherwise.witness;
        part.left = to_text(left.witness.packet);
        return part;
    }

    void orders(RuleId id, std::set<std::pair<RuleId, RuleId>> const& told, Orders& out) const {
        if (shadows_.life(id) != Life::alive || !shadows_.contested(id)) return;
        OrderMatters crossing{id, {}, false, {}};
        OrderMatters exception{id, {}, false, {}};
        std::size_t count = 0;
        for (Conflict const& one : shadows_.conflicts(id, most_told)) {
            ++count;
            if (one.kind == Conflict::Kind::covering || told.contains({id, one.earlier})) continue;
            if (!differ(one.earlier, id)) continue;
            bool const crosses = one.kind == Conflict::Kind::crossing;
            add(one, crosses ? crossing : exception);
        }
        for (auto* order : {&crossing, &exception}) {
            order->more = count >= most_told;
            if (!order->earlier.empty())
                (order == &crossing ? out.crossings : out.exceptions).push_back(std::move(*order));
        }
    }

  private:
    struct Decided {
        RuleId by;
        Witness witness;
    };

    // Both in lines of the text, and not the same one; of the one, packets pass, of the other they do not.
    bool differ(RuleId earlier, RuleId later) const {
        if (earlier.rule == RuleId::policy) return false;
        Rule const& a = rule_of(ruleset_, earlier);
        Rule const& b = rule_of(ruleset_, later);
        bool const opposite = (permits(a.verdict) && denies(b.verdict)) || (denies(a.verdict) && permits(b.verdict));
        return opposite && !a.implicit && a.span != b.span;
    }

    Decided decided(Sight const& sight) const { return decided(shadows_.lists()[sight.list].chains.front(), sight.member); }
    Decided decided(ChainId base, Member const& member) const {
        auto const truth = [&](Opaque const& opaque) { return member.truth(opaque); };
        Decision const decision = interpret(ruleset_, base, member.packet, truth);
        Outcome const& outcome = decision.main();
        RuleId const by{outcome.chain, outcome.rule ? static_cast<std::uint32_t>(*outcome.rule) : RuleId::policy};
        Chain const& chain = ruleset_.chains[base];
        HookPoint const hook = chain.hook ? chain.hook->point : HookPoint::list; // that of a chain that nothing calls
        return {by, {member.packet, hook, std::string(to_string(outcome.fate)), chain.title()}};
    }

    // The packet that both match may be one that a third rule decides; then some other is looked for.
    void add(Conflict const& one, OrderMatters& order) const {
        Decided shown = decided(one.shared);
        if (shown.by != one.earlier) {
            try {
                ChainId const base = shadows_.lists()[one.shared.list].chains.front();
                Space& space = ctx_.space();
                PacketSet const both = ctx_.reach().hits({{Marks{}, ctx_.seen_by(base)}}, base, one.earlier.chain, one.earlier.rule) &
                                       space.of(rule_of(ruleset_, order.later).match) & space.of(connection_start());
                auto const member = both.member();
                if (!member) return;
                shown = decided(base, *member);
            } catch (BudgetExceeded const&) { // it stays a pair, of which no packet is shown
                order.earlier.push_back(one.earlier);
                return;
            }
        }
        order.earlier.push_back(one.earlier);
        if (!order.witness && shown.by == one.earlier) order.witness = shown.witness;
    }

    Context const& ctx_;
    Ruleset const& ruleset_;
    Shadows const& shadows_;
};

bool has_effects(Rule const& rule) {
    Effects const& effects = rule.effects;
    return effects.log || effects.notrack || !effects.sets.empty() || !effects.assignments.empty() ||
           !effects.helper.empty();
}

// A rule that matches while a rate is kept says something else than one that always does.
bool has_rate(Rule const& rule) {
    return std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(),
                       [](Opaque const& opaque) { return opaque.rate || opaque.stateful; });
}

// The rules behind the first one, up to the last one with it.
bool are_quiet(Ruleset const& ruleset, RuleId first, std::size_t last) {
    auto const& rules = ruleset.chains[first.chain].rules;
    return std::none_of(rules.begin() + first.rule + 1, rules.begin() + static_cast<std::ptrdiff_t>(last) + 1,
                        [&](Rule const& rule) { return any_rule(ruleset, rule, has_effects); });
}

// Packets that go on from the one rule to the other are noticed on their way by nothing.
bool is_quiet_between(Ruleset const& ruleset, RuleId from, RuleId to) {
    return from.chain == to.chain && are_quiet(ruleset, from, to.rule);
}

} // namespace

bool is_silent(Rule const& rule) { return !has_effects(rule) && !rule.effects.counter; }

bool is_quiet_after(Ruleset const& ruleset, RuleId rule) {
    Chain const& chain = ruleset.chains[rule.chain];
    return chain.hook && are_quiet(ruleset, rule, chain.rules.size() - 1);
}

std::vector<PartlyTaken> find_partly_taken(Context const& ctx, double least) {
    std::vector<PartlyTaken> found;
    Pairs const pairs(ctx);
    for (TextRule const& group : rules_of_text(ctx.ruleset())) {
        if (!is_asked(ctx, group)) continue;
        check_deadline();
        if (auto part = pairs.partly_taken(group.front(), least)) found.push_back(std::move(*part));
    }
    return found;
}

Orders find_orders(Context const& ctx, std::vector<PartlyTaken> const& told) {
    std::set<std::pair<RuleId, RuleId>> pairs_told;
    for (PartlyTaken const& part : told) pairs_told.emplace(part.rule, part.by);
    Orders found;
    Pairs const pairs(ctx);
    for (TextRule const& group : rules_of_text(ctx.ruleset())) {
        if (!is_asked(ctx, group)) continue;
        check_deadline();
        pairs.orders(group.front(), pairs_told, found);
    }
    return found;
}

std::string counted(OrderMatters const& order) {
    std::size_t const count = order.earlier.size();
    if (order.more) return fmt::format("at least {} earlier one{}", count, count == 1 ? "" : "s");
    return count == 1 ? "an earlier one" : fmt::format("{} earlier ones", count);
}

void relate_earlier(Context const& ctx, OrderMatters const& order, Finding& finding) {
    for (RuleId const earlier : order.earlier)
        finding.relate(std::string(verb_of(ctx.ruleset(), earlier).one) + " what both match", span_of(ctx.ruleset(), earlier));
    finding.witness = order.witness;
}

std::vector<Absorbed> find_absorbed(Context const& ctx) {
    std::vector<Absorbed> found;
    Ruleset const& ruleset = ctx.ruleset();
    for (TextRule const& group : rules_of_text(ruleset)) {
        Rule const& rule = rule_of(ruleset, group.front());
        if (group.size() != 1 || !decides(rule.verdict) || !is_silent(rule) || has_rate(rule)) continue;
        if (ctx.shadows().life(group.front()) != Life::alive) continue;
        check_deadline();
        auto const later = ctx.shadows().absorbed_by(group.front());
        if (!later || later->rule == RuleId::policy || !is_quiet_between(ruleset, group.front(), *later)) continue;
        if (!rule_of(ruleset, *later).implicit) found.push_back({group.front(), *later});
    }
    return found;
}

} // namespace portcullis
