#include "lint/what_if.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace portcullis {

WhatIf::WhatIf(Context const& ctx, Ruleset changed, PacketSet const& question)
    : ctx_(ctx), changed_(std::move(changed)), reach_(ctx.space(), changed_, question) {}

PacketSet WhatIf::hits(ChainId base, ChainId chain, std::size_t rule) {
    return reach_.hits({{Marks{}, ctx_.seen_by(base)}}, base, chain, rule);
}

PacketSet WhatIf::accepted(ChainId base) { return reach_.accepted(base); }

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

namespace {

struct Exchange {
    Field one;
    Field other;
};
constexpr std::array exchanged{Exchange{Field::src4, Field::dst4},       Exchange{Field::src6, Field::dst6},
                               Exchange{Field::sport, Field::dport},     Exchange{Field::iif, Field::oif},
                               Exchange{Field::src_type, Field::dst_type}, Exchange{Field::iif_group, Field::oif_group}};

void exchange(Field& field) {
    for (auto const [one, other] : exchanged) {
        if (field != one && field != other) continue;
        field = field == one ? other : one;
        return;
    }
}

} // namespace

Ruleset for_answers(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains) {
        for (Rule& rule : chain.rules) {
            for (Term& term : rule.match.terms) exchange(term.field);
            for (Alternatives& relation : rule.match.alternatives)
                for (Field& field : relation.fields) exchange(field);
        }
    }
    return ruleset;
}

Packet answer_to(Packet packet) {
    for (auto const [one, other] : exchanged) std::swap(packet[one], packet[other]);
    packet[Field::ct_direction] = 1;
    return packet;
}

namespace {

bool policy_accepts(Ruleset const& ruleset, ChainId base) {
    return std::holds_alternative<Accept>(ruleset.chains[base].policy);
}

// The rules that are asked about, with the packets that they send to the policy.
std::vector<EarlyEnd> all_ends(Context const& ctx, std::vector<std::pair<ChainId, std::size_t>> const& places) {
    Ruleset const& ruleset = ctx.ruleset();
    PacketSet question = ctx.space().none();
    for (auto const& [id, rule] : places) question |= ctx.space().of(ruleset.chains[id].rules[rule].match);
    Reach reach(ctx.space(), ruleset, question);
    std::vector<EarlyEnd> ends;
    for (auto const& [id, rule] : places) {
        PacketSet packets = reach.hits(id, rule);
        auto const* jump = std::get_if<Jump>(&ruleset.chains[id].rules[rule].verdict);
        if (jump != nullptr && !packets.empty()) packets &= reach.fates(jump->chain).returned;
        if (!packets.empty()) ends.push_back({id, rule, std::move(packets)});
    }
    return ends;
}

} // namespace

std::vector<EarlyEnd> early_ends(Context const& ctx,
                                 std::function<std::optional<Verdict>(Rule const&)> const& instead) {
    Ruleset const& ruleset = ctx.ruleset();
    std::vector<std::pair<ChainId, std::size_t>> places;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        if (!chain.hook) continue;
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            if (instead(chain.rules[i])) places.emplace_back(id, i);
        }
    }
    std::vector<EarlyEnd> ends;
    if (places.empty()) return ends;
    Ruleset changed = ruleset;
    for (auto const& [id, i] : places) {
        Rule& rule = changed.chains[id].rules[i];
        rule.verdict = *instead(rule);
    }
    PacketSet question = ctx.space().none();
    std::vector<EarlyEnd> const all = all_ends(ctx, places);
    for (EarlyEnd const& end : all) question |= end.packets;
    if (question.empty()) return ends;
    WhatIf what_if(ctx, std::move(changed), question);
    for (EarlyEnd const& end : all) {
        PacketSet const accepted = end.packets & what_if.accepted(end.chain);
        PacketSet otherwise = policy_accepts(ruleset, end.chain) ? end.packets - accepted : accepted;
        // Last, since the engine is quicker without: interfaces are many bits.
        otherwise &= ctx.seen_by(end.chain);
        if (!otherwise.empty()) ends.push_back({end.chain, end.rule, std::move(otherwise)});
    }
    return ends;
}

Finding& report(Context const& ctx, Findings& out, EarlyEnd const& end) {
    bool const accepts = policy_accepts(ctx.ruleset(), end.chain);
    Finding& finding = add_finding(ctx, out, end.chain, end.rule);
    finding.arg("policy", accepts ? "accept" : "drop").arg("otherwise", accepts ? "drop" : "accept");
    finding.witness = ctx.witness(end.chain, end.packets, accepts);
    judge(finding, end.packets);
    return finding;
}

} // namespace portcullis
