#include "portcullis/lint/outline.hpp"

#include <algorithm>
#include <map>
#include <tuple>

namespace portcullis {

namespace {

OutlineRule::Fate fate_of(Verdict const& verdict) {
    if (std::holds_alternative<Accept>(verdict) || std::holds_alternative<Rewrite>(verdict)) return OutlineRule::Fate::accept;
    if (std::holds_alternative<Drop>(verdict) || std::holds_alternative<Reject>(verdict)) return OutlineRule::Fate::drop;
    return OutlineRule::Fate::other;
}

void add_rules(Outline& outline, Ruleset const& ruleset, std::size_t chain) {
    std::map<std::uint32_t, std::size_t> by_origin; // place in outline.rules
    auto const& rules = ruleset.chains[chain].rules;
    for (std::size_t i = 0; i < rules.size(); ++i) {
        Rule const& rule = rules[i];
        if (rule.implicit) continue;
        std::string verdict = to_text(rule.verdict, ruleset);
        auto const [at, is_new] = by_origin.try_emplace(rule.origin, outline.rules.size());
        if (is_new) {
            outline.rules.push_back({rule.span, false, chain, i + 1, std::move(verdict), fate_of(rule.verdict), rule.match.opaque.empty()});
            continue;
        }
        OutlineRule& whole = outline.rules[at->second];
        if (rule.span.source == whole.span.source && rule.span != whole.span) {
            whole.is_part = true;
            whole.span.begin = std::min(whole.span.begin, rule.span.begin);
            whole.span.end = std::max(whole.span.end, rule.span.end);
        }
        whole.modelled = whole.modelled && rule.match.opaque.empty();
        if (whole.verdict == verdict) continue;
        whole.verdict = "several";
        whole.fate = OutlineRule::Fate::other;
    }
    for (Rule const& rule : ruleset.chains[chain].inactive)
        outline.rules.push_back({rule.span, false, chain, 0, to_text(rule.verdict, ruleset), fate_of(rule.verdict), true, false});
}

OutlineChain chain_of(Chain const& chain) {
    OutlineChain result;
    result.title = chain.title();
    result.hook = chain.hook;
    result.drops = std::holds_alternative<Drop>(chain.policy);
    for (Rule const& rule : chain.rules) {
        Jump const* const jump = std::get_if<Jump>(&rule.verdict);
        if (jump != nullptr && jump->chain != no_chain) result.calls.push_back({jump->chain, jump->is_goto});
    }
    std::ranges::sort(result.calls);
    result.calls.erase(std::unique(result.calls.begin(), result.calls.end()), result.calls.end());
    for (Binding const& binding : chain.bindings) result.interfaces.push_back(binding.interface + (binding.inbound ? " in" : " out"));
    return result;
}

} // namespace

Outline outline_of(Ruleset const& ruleset) {
    Outline outline;
    for (std::size_t i = 0; i < ruleset.chains.size(); ++i) {
        outline.chains.push_back(chain_of(ruleset.chains[i]));
        std::size_t const before = outline.rules.size();
        add_rules(outline, ruleset, i);
        outline.chains.back().rules = outline.rules.size() - before;
    }
    std::ranges::stable_sort(outline.rules, {}, [](OutlineRule const& rule) {
        return std::tuple(rule.span.source, rule.span.begin, rule.span.end);
    });
    return outline;
}

} // namespace portcullis
