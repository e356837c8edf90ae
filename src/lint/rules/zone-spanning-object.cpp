// A named set of addresses of which some are trusted and others are not, or that lie in several of the user's zones.
// What is meant for one kind of host is then permitted to the other. Sets that are only denied do no harm (lists of
// bogus addresses are made that way), nor do those that stand for most of the world. Who uses a set is told by what a
// rule asks for: exactly its addresses.
#include <algorithm>
#include <optional>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// The addresses of a group in one territory.
struct Share {
    Territory const* territory = nullptr;
    IntervalSet addresses;
};

IntervalSet link_local(Family family) {
    return IntervalSet::of(family == Family::v4 ? Prefix{*parse_ip("169.254.0.0"), 16} : Prefix{*parse_ip("fe80::"), 10});
}

std::vector<Share> shares(std::vector<Territory> const& territories, IntervalSet const& addresses, Family family) {
    std::vector<Share> found;
    for (Territory const& territory : territories) {
        IntervalSet const own = territory.addresses.intersected(addresses).minus(link_local(family));
        if (own.empty()) continue;
        // Half of what is in no zone and public, which comes last: "any", or all but a few.
        if (&territory == &territories.back() && own.count() >= territory.addresses.count() / 2) return {};
        found.push_back({&territory, own});
    }
    return found;
}

bool is(ValueSet const& values, IntervalSet const& addresses) {
    return !values.negated && values.masks.empty() && values.intervals == addresses;
}

// Whether the match asks for exactly these addresses, on either side.
bool asks_for(Match const& match, IntervalSet const& addresses, Family family) {
    auto const is_side = [&](Field field) { return field == src_field(family) || field == dst_field(family); };
    bool const in_term = std::any_of(match.terms.begin(), match.terms.end(), [&](Term const& term) {
        return is_side(term.field) && is(term.values, addresses);
    });
    return in_term || std::any_of(match.alternatives.begin(), match.alternatives.end(), [&](Alternatives const& relation) {
        if (relation.negated) return false;
        for (std::size_t i = 0; i < relation.fields.size(); ++i) {
            if (!is_side(relation.fields[i])) continue;
            if (std::any_of(relation.rows.begin(), relation.rows.end(),
                            [&](auto const& row) { return is(row[i], addresses); }))
                return true;
        }
        return false;
    });
}

struct Usage {
    bool asked = false; // by any rule
    std::optional<RuleId> permit;
    ChainId base = 0;
    std::optional<PacketSet> packets; // that the permit lets pass
};

// Whether the permit accepts packets from or to the odd ones.
bool lets_pass(Context const& ctx, ChainId chain, std::size_t index, IntervalSet const& odd, Family family, Usage& usage) {
    PacketSet const wanted = ctx.space().of(src_field(family), odd) | ctx.space().of(dst_field(family), odd);
    PacketSet const question = ctx.space().of(ctx.ruleset().chains[chain].rules[index].match) & wanted;
    for (ChainId const base : ctx.bases(chain)) {
        Reach reach(ctx.space(), ctx.ruleset(), question & ctx.seen_by(base));
        PacketSet packets = reach.hits({{Marks{}, ctx.seen_by(base)}}, base, chain, index);
        if (packets.empty()) continue;
        usage.permit = RuleId{chain, static_cast<std::uint32_t>(index)};
        usage.base = base;
        usage.packets = std::move(packets);
        return true;
    }
    return false;
}

Usage usage_of(Context const& ctx, IntervalSet const& addresses, IntervalSet const& odd, Family family) {
    Usage usage;
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        bool const filters = !chain.hook || (chain.filters && chain.hook->type == ChainType::filter);
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            if (!asks_for(chain.rules[i].match, addresses, family)) continue;
            usage.asked = true;
            bool const permits = filters && std::holds_alternative<Accept>(chain.rules[i].verdict);
            if (permits && lets_pass(ctx, id, i, odd, family, usage)) return usage;
        }
    }
    return usage;
}

std::string text(std::vector<Share> const& parts, Family family) {
    std::string all;
    for (Share const& part : parts) {
        if (!all.empty()) all += &part == &parts.back() ? " and " : ", ";
        all += fmt::format("{} ({})", part.territory->name, values_text(src_field(family), part.addresses, 2));
    }
    return all;
}

void check_group(Context const& ctx, AddressGroup const& group, std::vector<Territory> const& territories,
                 Family family, Findings& out) {
    auto const addresses = (family == Family::v4 ? group.v4 : group.v6).as_intervals(address_bits(family));
    if (!addresses) return;
    auto const parts = shares(territories, *addresses, family);
    if (parts.size() < 2) return;
    // Those that are not trusted are the ones that nobody expects.
    auto const odd = std::find_if(parts.rbegin(), parts.rend(), [](Share const& part) { return !part.territory->trusted; });
    Usage const usage = usage_of(ctx, *addresses, (odd == parts.rend() ? parts.back() : *odd).addresses, family);
    if (!usage.permit && (usage.asked || group.used)) return;
    Finding& finding = out.add(ctx.rule().id, group.span);
    finding.arg("name", group.name).arg("zones", text(parts, family));
    if (!usage.permit) return;
    Rule const& rule = ctx.ruleset().chains[usage.permit->chain].rules[usage.permit->rule];
    finding.relate("this rule permits all of them", rule.span);
    finding.witness = ctx.witness(usage.base, *usage.packets, true);
    judge(finding, *usage.packets);
}

} // namespace

void check_zone_spanning_object(Context const& ctx, Findings& out) {
    for (Family const family : {Family::v4, Family::v6}) {
        auto const territories = ctx.config().territories(family);
        for (AddressGroup const& group : ctx.ruleset().groups) check_group(ctx, group, territories, family, out);
    }
}

} // namespace portcullis
