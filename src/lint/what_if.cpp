#include "lint/what_if.hpp"

#include <algorithm>

namespace portcullis {

WhatIf::WhatIf(Context const& ctx, Ruleset changed, PacketSet const& question)
    : ctx_(ctx), changed_(std::move(changed)), now_(ctx.space(), ctx.ruleset(), question),
      then_(ctx.space(), changed_, question) {}

PacketSet WhatIf::decided_otherwise(ChainId base) {
    PacketSet const now = now_.verdicts(base).accepted;
    PacketSet const then = accepted(base);
    return ((now - then) | (then - now)) & ctx_.seen_at(changed_.chains[base].hook->point);
}

PacketSet WhatIf::hits(ChainId base, ChainId chain, std::size_t rule) {
    PacketSet const hits = then_.hits(chain, rule) & ctx_.seen_at(changed_.chains[base].hook->point);
    return hits.empty() ? hits : hits & then_.entering(base, chain);
}

PacketSet WhatIf::accepted(ChainId base) { return then_.verdicts(base).accepted; }

Ruleset assuming(Ruleset ruleset, Field field, U128 value) {
    auto const known = [&](ValueSet const& values) {
        return ValueSet(values.contains(value) ? IntervalSet::all(info(field).bits) : IntervalSet{});
    };
    for (Chain& chain : ruleset.chains) {
        for (Rule& rule : chain.rules) {
            for (Term& term : rule.match.terms) {
                if (term.field == field) term.values = known(term.values);
            }
            for (Alternatives& relation : rule.match.alternatives) {
                auto const at = std::find(relation.fields.begin(), relation.fields.end(), field);
                if (at == relation.fields.end()) continue;
                for (auto& row : relation.rows) {
                    ValueSet& cell = row[static_cast<std::size_t>(at - relation.fields.begin())];
                    cell = known(cell);
                }
            }
        }
    }
    return ruleset;
}

std::vector<EarlyEnd> early_ends(Context const& ctx,
                                 std::function<std::optional<Verdict>(Rule const&)> const& instead) {
    struct Place {
        ChainId chain;
        std::size_t rule;
        Verdict verdict;
    };
    std::vector<Place> places;
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        if (!chain.hook) continue;
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            if (auto verdict = instead(chain.rules[i])) places.push_back({id, i, std::move(*verdict)});
        }
    }
    std::vector<EarlyEnd> ends;
    if (places.empty()) return ends;
    Ruleset changed = ctx.ruleset();
    PacketSet question = ctx.space().none();
    for (Place const& place : places) {
        Rule& rule = changed.chains[place.chain].rules[place.rule];
        question |= ctx.space().of(rule.match);
        rule.verdict = place.verdict;
    }
    WhatIf what_if(ctx, std::move(changed), question);
    PacketSet otherwise = ctx.space().none();
    for (std::size_t i = 0; i < places.size(); ++i) {
        bool const same_chain = i > 0 && places[i - 1].chain == places[i].chain;
        if (!same_chain) otherwise = what_if.decided_otherwise(places[i].chain);
        if (otherwise.empty()) continue;
        PacketSet packets = what_if.hits_now(places[i].chain, places[i].rule) & otherwise;
        if (!packets.empty()) ends.push_back({places[i].chain, places[i].rule, std::move(packets)});
    }
    return ends;
}

Finding& report(Context const& ctx, Findings& out, EarlyEnd const& end) {
    bool const accepts = std::holds_alternative<Accept>(ctx.ruleset().chains[end.chain].policy);
    Finding& finding = add_finding(ctx, out, end.chain, end.rule);
    finding.arg("policy", accepts ? "accept" : "drop").arg("otherwise", accepts ? "drop" : "accept");
    finding.witness = ctx.witness(end.chain, end.packets, accepts);
    judge(finding, end.packets);
    return finding;
}

} // namespace portcullis
