// What follows a rule that ends every packet. By the text of that one rule alone: that rules hide later ones
// together is for others to say.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "lint/context.hpp"

namespace portcullis {

void check_rule_after_catch_all(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        auto const last = catch_all(chain);
        if (last == chain.rules.end()) continue;
        // Branches of the same rule of the text are no later rules.
        auto const next =
            std::find_if(last, chain.rules.end(), [&](Rule const& rule) { return rule.origin != last->origin; });
        if (next == chain.rules.end()) continue;
        std::set<std::uint32_t> dead;
        for (auto rule = next; rule != chain.rules.end(); ++rule) dead.insert(rule->origin);
        Finding& finding = add_finding(ctx, out, id, static_cast<std::size_t>(next - chain.rules.begin()));
        finding.arg("rules",
                    dead.size() == 1 ? "this rule" : fmt::format("this rule and {} more", dead.size() - 1));
        finding.relate("this rule ends every packet", last->span);
        for (auto rule = next; rule != chain.rules.end(); ++rule)
            if (!rule->implicit) offer_removal(ctx, finding, *rule, true);
        bool const same =
            std::all_of(next, chain.rules.end(), [&](Rule const& rule) { return rule.verdict == last->verdict; });
        if (!same) continue;
        finding.severity = Severity::info;
        finding.note("all of them say the same");
    }
}

} // namespace portcullis
