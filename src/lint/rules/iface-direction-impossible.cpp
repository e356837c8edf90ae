// A packet has no outgoing interface before it is routed, and none where it came in if the box itself sends it:
// there the name is empty and the index is 0 (nft_meta.c). A negated name therefore holds, and is no mistake of
// this kind.
#include <algorithm>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// The interface that packets do not have at the hook.
std::optional<Field> missing_at(HookPoint point) {
    switch (point) {
    case HookPoint::ingress:
    case HookPoint::prerouting:
    case HookPoint::input: return Field::oif;
    case HookPoint::output: return Field::iif;
    default: return std::nullopt;
    }
}

// … wherever the chain is called from.
std::optional<Field> missing_in(Context const& ctx, ChainId id) {
    std::vector<ChainId> const& bases = ctx.bases(id);
    if (bases.empty()) return std::nullopt;
    auto const missing = missing_at(ctx.ruleset().chains[bases.front()].hook->point);
    bool const everywhere = std::all_of(bases.begin(), bases.end(), [&](ChainId base) {
        return missing_at(ctx.ruleset().chains[base].hook->point) == missing;
    });
    return everywhere ? missing : std::nullopt;
}

bool never_holds(Alternatives const& relation, Field missing) {
    auto const at = std::find(relation.fields.begin(), relation.fields.end(), missing);
    if (relation.negated || at == relation.fields.end() || relation.rows.empty()) return false;
    auto const column = static_cast<std::size_t>(at - relation.fields.begin());
    return std::none_of(relation.rows.begin(), relation.rows.end(),
                        [&](auto const& row) { return row[column].contains(0); });
}

// A match of no interface at all is empty anywhere.
bool names_missing(Match const& match, Field missing) {
    return std::any_of(match.terms.begin(), match.terms.end(),
                       [&](Term const& term) {
                           return term.field == missing && !term.values.contains(0) && !(term.values == ValueSet{});
                       }) ||
           std::any_of(match.alternatives.begin(), match.alternatives.end(),
                       [&](Alternatives const& relation) { return never_holds(relation, missing); });
}

std::string points_text(Context const& ctx, ChainId id) {
    std::string text;
    for (ChainId const base : ctx.bases(id)) {
        std::string const point(to_string(ctx.ruleset().chains[base].hook->point));
        if (text.find(point) == std::string::npos) text += (text.empty() ? "" : " and ") + point;
    }
    return text;
}

} // namespace

void check_iface_direction_impossible(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        auto const missing = missing_in(ctx, id);
        if (!missing) continue;
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!names_missing(rules[i].match, *missing)) continue;
            add_finding(ctx, out, id, i)
                .arg("direction", *missing == Field::oif ? "outgoing" : "incoming")
                .arg("point", points_text(ctx, id));
        }
    }
}

} // namespace portcullis
