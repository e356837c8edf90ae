// Later fragments that pass although the service that they belong to is denied. A deny that names ports does not match
// them, a permit without ports does (IOS IP configuration guide, "Access Lists and Fragments"). Permits that name ports
// or "fragments" are meant as they are. Fragments that a deny and a later permit have in common are given to the
// interpreter, one after the other, each without those that earlier ones have shown to be decided elsewhere.
#include <algorithm>

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

// A permit that takes whole packets and fragments alike.
bool takes_fragments(Rule const& rule) { return accepts(rule) && !asks_about(rule.match, Field::fragment); }

// Cheap, and never wrongly false: whether some address is in what both ask for.
bool may_meet(Match const& a, Match const& b) {
    auto const is_address = [](Field field) { return info(field).kind == FieldKind::address; };
    return std::none_of(a.terms.begin(), a.terms.end(), [&](Term const& one) {
        return is_address(one.field) && std::any_of(b.terms.begin(), b.terms.end(), [&](Term const& other) {
            if (other.field != one.field) return false;
            Interval const x = one.values.hull(info(one.field).bits);
            Interval const y = other.values.hull(info(one.field).bits);
            return x.last < y.first || y.last < x.first;
        });
    });
}

struct Escape {
    std::size_t permit = 0;
    Packet packet;
};

// Bounds for one list: in a long one, every deny might meet every permit.
struct Effort {
    std::size_t pairs = 2'000;      // of a deny and a permit
    std::size_t entries = 500'000;  // that packets are compared with
    bool spent() const { return pairs == 0 || entries == 0; }
};

std::optional<Escape> escape(Context const& ctx, ChainId id, std::size_t deny, std::vector<std::size_t> const& permits,
                             PacketSet const& question, Effort& effort) {
    std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
    std::optional<PacketSet> denied;
    for (std::size_t const permit : permits) {
        if (permit < deny) break;
        if (!may_meet(rules[deny].match, rules[permit].match)) continue;
        if (!denied) denied = ctx.space().of(of_later_fragments(rules[deny].match)) & question;
        if (effort.spent()) return std::nullopt;
        --effort.pairs;
        PacketSet left = *denied & ctx.space().of(rules[permit].match);
        while (auto const member = left.member()) {
            if (effort.spent()) return std::nullopt;
            effort.entries -= std::min(effort.entries, rules.size());
            auto const decision =
                interpret(ctx.ruleset(), id, member->packet, [&](Opaque const& o) { return member->truth(o); });
            Outcome const& outcome = decision.main();
            if (outcome.rule == permit && decision.outcomes.size() == 1) return Escape{permit, member->packet};
            if (!outcome.rule || outcome.chain != id) break;
            left -= ctx.space().of(rules[*outcome.rule].match);
        }
    }
    return std::nullopt;
}

void check_list(Context const& ctx, ChainId id, Findings& out) {
    Chain const& list = ctx.ruleset().chains[id];
    std::vector<std::size_t> permits;
    for (std::size_t i = 0; i < list.rules.size(); ++i)
        if (takes_fragments(list.rules[i])) permits.push_back(i);
    std::reverse(permits.begin(), permits.end()); // the widest ones stand at the end
    PacketSet const question = ctx.seen_by(id) & ctx.space().of(Field::fragment, ValueSet::single(1));
    Effort effort;
    for (std::size_t i = 0; i < list.rules.size() && !effort.spent(); ++i) {
        if (!skips_fragments(list.rules[i])) continue;
        auto const found = escape(ctx, id, i, permits, question, effort);
        if (!found) continue;
        // One finding a list: the same permit is mostly what all of them lack a deny of fragments for.
        Finding& finding = add_finding(ctx, out, id, i);
        finding.witness = Witness{found->packet, HookPoint::list, "accept", list.title()};
        finding.relate("this permit lets them through", list.rules[found->permit].span);
        bool const certain = list.rules[i].match.opaque.empty() && list.rules[found->permit].match.opaque.empty();
        if (!certain) finding.certainty = Certainty::possible;
        return;
    }
}

} // namespace

void check_fragments_unhandled(Context const& ctx, Findings& out) {
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        std::vector<Rule> const& rules = ctx.ruleset().chains[path.chains.front()].rules;
        auto const deny = std::find_if(rules.begin(), rules.end(), skips_fragments);
        if (std::any_of(deny, rules.end(), takes_fragments)) check_list(ctx, path.chains.front(), out);
    }
}

} // namespace portcullis
