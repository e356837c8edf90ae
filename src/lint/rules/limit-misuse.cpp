// What becomes of the packets above a limit. In a copy of the ruleset the limits are used up: a rule that they
// guard takes nothing there, and its packets go on. A limited accept is without effect if all of them are accepted
// anyway; a limited drop if some are.
#include <algorithm>
#include <optional>

#include "lint/what_if.hpp"

namespace portcullis {

namespace {

bool keeps_rate(Opaque const& opaque) { return opaque.rate && !opaque.negated; }

bool accepts(Rule const& rule) { return std::holds_alternative<Accept>(rule.verdict); }

// Whether a limit guards it, and it accepts or drops.
bool is_asked(std::vector<Rule> const& rules, std::size_t index) {
    Rule const& rule = rules[index];
    bool const decides =
        accepts(rule) || std::holds_alternative<Drop>(rule.verdict) || std::holds_alternative<Reject>(rule.verdict);
    return decides && std::any_of(rule.match.opaque.begin(), rule.match.opaque.end(), keeps_rate) &&
           is_plain(rules, index);
}

using Place = std::pair<ChainId, std::size_t>;

std::vector<Place> limited_rules(Ruleset const& ruleset) {
    std::vector<Place> places;
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        std::vector<Rule> const& rules = ruleset.chains[id].rules;
        for (std::size_t i = 0; i < rules.size(); ++i) {
            if (is_asked(rules, i)) places.emplace_back(id, i);
        }
    }
    return places;
}

// A base chain, and what exceeds the limit of the rule on the way through it and is accepted.
struct Excess {
    ChainId base = 0;
    PacketSet accepted;
};

// Some excess that shows the misuse: a limited accept has to be without effect in every base chain that comes to
// it.
std::optional<Excess> misuse(Context const& ctx, WhatIf& used_up, Place const& place, bool accept) {
    std::optional<Excess> found;
    for (ChainId const base : ctx.bases(place.first)) {
        PacketSet const excess = used_up.hits(base, place.first, place.second);
        PacketSet const accepted = excess & used_up.accepted(base);
        if (accept && !(excess == accepted)) return std::nullopt;
        if (!found && !accepted.empty()) found = Excess{base, accepted};
    }
    return found;
}

} // namespace

void check_limit_misuse(Context const& ctx, Findings& out) {
    std::vector<Place> const places = limited_rules(ctx.ruleset());
    if (places.empty()) return;
    Ruleset changed = ctx.ruleset();
    PacketSet question = ctx.space().none();
    for (auto const& [id, index] : places) {
        Rule& rule = changed.chains[id].rules[index];
        std::erase_if(rule.match.opaque, keeps_rate);
        rule.verdict = Continue{};
        question |= ctx.space().of(rule.match);
    }
    WhatIf used_up(ctx, std::move(changed), question);
    for (Place const& place : places) {
        bool const accept = accepts(ctx.ruleset().chains[place.first].rules[place.second]);
        auto const found = misuse(ctx, used_up, place, accept);
        if (!found) continue;
        Finding& finding = add_finding(ctx, out, place.first, place.second);
        finding.arg("what", accept ? "accepts packets up to a rate" : "drops only the packets within a rate");
        finding.arg("excess", accept ? "accepted anyway" : "accepted");
        // The interpreter answers "no" for a limit of which nothing is assumed: it is used up.
        finding.witness = ctx.witness(found->base, found->accepted, true);
        judge(finding, found->accepted);
    }
}

} // namespace portcullis
