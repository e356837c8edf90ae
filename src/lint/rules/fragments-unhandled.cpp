// Later fragments that pass although the service that they belong to is denied. A deny that names ports does not match
// them, a permit without ports does (IOS IP configuration guide, "Access Lists and Fragments"). The engine is asked
// about two copies of the list, for later fragments only: one as it is, one in which denies of ports take them too.
// Permits that name ports or "fragments" are meant as they are, and take their fragments in both.
#include <algorithm>
#include <fmt/format.h>

#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

bool accepts(Rule const& rule) { return std::holds_alternative<Accept>(rule.verdict); }

// A deny of whole packets and first fragments only.
bool skips_fragments(Rule const& rule) {
    if (!std::holds_alternative<Drop>(rule.verdict)) return false;
    bool const wholly = std::any_of(rule.match.terms.begin(), rule.match.terms.end(), [](Term const& term) {
        return term.field == Field::fragment && !term.values.contains(1);
    });
    return wholly || std::any_of(rule.match.alternatives.begin(), rule.match.alternatives.end(), [](auto const& relation) {
        auto const at = std::find(relation.fields.begin(), relation.fields.end(), Field::fragment);
        auto const column = static_cast<std::size_t>(at - relation.fields.begin());
        return at != relation.fields.end() && std::any_of(relation.rows.begin(), relation.rows.end(),
                                                          [&](auto const& row) { return !row[column].contains(1); });
    });
}

// What the match asks of the headers that later fragments have too.
Match of_later_fragments(Match match) {
    auto const is_absent = [](Field field) { return info(field).transport || field == Field::fragment; };
    std::erase_if(match.terms, [&](Term const& term) { return is_absent(term.field); });
    for (Alternatives& relation : match.alternatives) {
        for (std::size_t i = relation.fields.size(); i-- > 0;) {
            if (!is_absent(relation.fields[i])) continue;
            auto const at = static_cast<std::ptrdiff_t>(i);
            relation.fields.erase(relation.fields.begin() + at);
            for (auto& row : relation.rows) row.erase(row.begin() + at);
        }
    }
    std::erase_if(match.alternatives, [](Alternatives const& relation) { return relation.fields.empty(); });
    return match;
}

// The rulesets in which only permits without ports accept later fragments, and in which denies take them as well.
Ruleset as_it_is(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            if (accepts(rule) && asks_about(rule.match, Field::fragment)) rule.verdict = Drop{};
    return ruleset;
}
Ruleset with_denied_fragments(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            if (skips_fragments(rule)) rule.match = of_later_fragments(std::move(rule.match));
    return ruleset;
}

void report(Context const& ctx, ChainId id, PacketSet const& escaped, Findings& out) {
    Chain const& list = ctx.ruleset().chains[id];
    std::vector<std::size_t> denies;
    PacketSet first = ctx.space().none();
    for (std::size_t i = 0; i < list.rules.size(); ++i) {
        if (!skips_fragments(list.rules[i])) continue;
        PacketSet const own = escaped & ctx.space().of(of_later_fragments(list.rules[i].match));
        if (own.empty()) continue;
        if (denies.empty()) first = own;
        denies.push_back(i);
    }
    if (denies.empty()) return;
    Finding& finding = add_finding(ctx, out, id, denies.front());
    finding.witness = ctx.witness(id, first, true);
    judge(finding, first);
    auto const permit = interpret(ctx.ruleset(), id, finding.witness->packet).main().rule;
    if (permit) finding.relate("this permit lets them through", list.rules[*permit].span);
    if (denies.size() > 1)
        finding.note(fmt::format("and those of {} more {} of this list", denies.size() - 1,
                                 denies.size() == 2 ? "deny" : "denies"));
}

} // namespace

void check_fragments_unhandled(Context const& ctx, Findings& out) {
    std::vector<ChainId> lists;
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        std::vector<Rule> const& rules = ctx.ruleset().chains[path.chains.front()].rules;
        auto const deny = std::find_if(rules.begin(), rules.end(), skips_fragments);
        bool const permits = std::any_of(deny, rules.end(), [](Rule const& rule) {
            return accepts(rule) && !asks_about(rule.match, Field::fragment);
        });
        if (permits) lists.push_back(path.chains.front());
    }
    if (lists.empty()) return;
    PacketSet const question =
        ctx.seen_at(HookPoint::list) & ctx.space().of(Field::fragment, ValueSet::single(1));
    Ruleset const now = as_it_is(ctx.ruleset());
    Ruleset const then = with_denied_fragments(now);
    Reach reach_now(ctx.space(), now, question);
    Reach reach_then(ctx.space(), then, question);
    for (ChainId const id : lists) {
        PacketSet const escaped = (reach_now.verdicts(id).accepted - reach_then.verdicts(id).accepted) & ctx.seen_by(id);
        if (!escaped.empty()) report(ctx, id, escaped, out);
    }
}

} // namespace portcullis
