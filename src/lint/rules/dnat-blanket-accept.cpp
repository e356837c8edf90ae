// A rule that accepts whatever was translated, so that every port that is ever published is open by that alone.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

constexpr U128 dnat = 1U << 5U; // of Field::ct_status

// The packets have every destination and every port that is asked about.
bool is_blanket(PacketSet const& packets, PacketSet const& asked, Family family) {
    for (Field const field : {dst_field(family), Field::dport}) {
        auto const some = packets.project(field);
        auto const all = asked.project(field);
        if (!some || !all || !some->contains(*all)) return false;
    }
    return true;
}

} // namespace

void check_dnat_blanket_accept(Context const& ctx, Findings& out) {
    Space& space = ctx.space();
    PacketSet const translated = space.of(Field::ct_status, ValueSet::masked(dnat, dnat));
    auto const asks_about_status = [](Chain const& chain) {
        return std::ranges::any_of(chain.rules, [](Rule const& rule) { return asks_about(rule.match, Field::ct_status); });
    };
    if (std::ranges::none_of(ctx.ruleset().chains, asks_about_status)) return;
    for (HookPoint const point : {HookPoint::input, HookPoint::forward}) {
        PacketSet const asked = ctx.new_connections(point) & ctx.from_untrusted() &
                                space.of(Field::protocol, ValueSet::single(number(Protocol::tcp)));
        for (ChainId const base : chains_at(ctx.ruleset(), point)) {
            for (ChainId const id : call_order(ctx.ruleset(), base).chains) {
                auto const& rules = ctx.ruleset().chains[id].rules;
                for (std::size_t i = 0; i < rules.size(); ++i) {
                    if (!std::holds_alternative<Accept>(rules[i].verdict) || !asks_about(rules[i].match, Field::ct_status)) continue;
                    PacketSet const hits = ctx.reach().hits({{Marks{}, asked & ctx.seen_by(base)}}, base, id, i);
                    if (hits.empty() || !(hits - translated).empty()) continue;
                    if (!is_blanket(hits, asked, Family::v4) && !is_blanket(hits, asked, Family::v6)) continue;
                    Finding& finding = add_finding(ctx, out, id, i);
                    finding.witness = ctx.witness(base, hits, true);
                }
            }
        }
    }
}

} // namespace portcullis
