// A rule that only logs, to which no packet comes that it could log: earlier rules end or take them all.
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

bool only_logs(Rule const& rule) { return rule.effects.log && std::holds_alternative<Continue>(rule.verdict); }

// Those that some base chain leads into the chain.
PacketSet entering(Context const& ctx, ChainId id) {
    PacketSet all = ctx.space().none();
    for (ChainId const base : ctx.bases(id)) {
        all |= ctx.reach().entering(base, id) & ctx.seen_at(ctx.ruleset().chains[base].hook->point);
    }
    return all;
}

// The rule after which nothing is left of what the rule could log, as far as rules of the same chain end it;
// `looks` is how many rules may still be looked at for it.
std::optional<std::size_t> last_taker(Context const& ctx, ChainId id, std::size_t index, std::size_t& looks) {
    std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
    PacketSet rest = ctx.space().of(rules[index].match);
    for (std::size_t i = 0; i < index && looks > 0; ++i, --looks) {
        bool const goes_on =
            std::holds_alternative<Continue>(rules[i].verdict) || std::holds_alternative<Jump>(rules[i].verdict);
        if (goes_on) continue;
        rest -= ctx.space().of(rules[i].match);
        if (rest.empty()) return i;
    }
    return std::nullopt;
}

} // namespace

void check_log_never_matches(Context const& ctx, Findings& out) {
    std::size_t looks = 20000; // an explanation is no reason to become slow
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        std::vector<Rule> const& rules = ctx.ruleset().chains[id].rules;
        std::optional<PacketSet> into;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (!only_logs(rules[i])) continue;
            if (!into) into = entering(ctx, id);
            if (into->empty()) break; // the chain as a whole is not reached
            if (!(ctx.reach().hits(id, i) & *into).empty()) continue;
            if ((ctx.space().of(rules[i].match) & *into).empty()) continue; // it is empty by itself
            Finding& finding = add_finding(ctx, out, id, i);
            if (auto const by = last_taker(ctx, id, i, looks))
                finding.relate("after this rule nothing is left for it", rules[*by].span);
        }
    }
}

} // namespace portcullis
