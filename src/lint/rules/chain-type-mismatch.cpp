// Translations where the kernel has none: outside of chains of type nat, or at a hook of the other direction; and
// chains whose type their hook does not have. A chain that is called from several base chains has to fit all of
// them.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

struct TranslationHooks {
    Rewrite::Kind kind;
    std::string_view name;
    std::array<HookPoint, 2> points;
};

// nft_nat.c, nft_masq.c and nft_redir.c: validate(); for iptables, the `hooks` of xt_nat.c and its neighbours.
constexpr std::array translations{
    TranslationHooks{Rewrite::Kind::dnat, "destination NAT", {HookPoint::prerouting, HookPoint::output}},
    TranslationHooks{Rewrite::Kind::redirect, "redirect", {HookPoint::prerouting, HookPoint::output}},
    TranslationHooks{Rewrite::Kind::snat, "source NAT", {HookPoint::postrouting, HookPoint::input}},
    TranslationHooks{Rewrite::Kind::masquerade, "masquerade", {HookPoint::postrouting, HookPoint::postrouting}},
};

bool is_at(Hook const& hook, std::array<HookPoint, 2> const& points) {
    return hook.point == points[0] || hook.point == points[1];
}

std::string points_text(std::array<HookPoint, 2> const& points) {
    std::string text(to_string(points[0]));
    if (points[1] != points[0]) text += fmt::format(" and {}", to_string(points[1]));
    return text;
}

std::string type_text(ChainType type) {
    return type == ChainType::filter ? "filter" : type == ChainType::nat ? "nat" : "route";
}

// Why the translation cannot work where the base chain leads; empty where it can.
std::string objection(TranslationHooks const& translation, Chain const& base) {
    if (base.hook->type != ChainType::nat) {
        return fmt::format("{} is of type {}; it needs one of type nat", base.title(), type_text(base.hook->type));
    }
    if (is_at(*base.hook, translation.points)) return {};
    return fmt::format("{} is at {}; it works at {} only", base.title(), to_string(base.hook->point),
                       points_text(translation.points));
}

void check_rule(Context const& ctx, Findings& out, ChainId id, std::size_t index) {
    auto const* rewrite = std::get_if<Rewrite>(&ctx.ruleset().chains[id].rules[index].verdict);
    if (rewrite == nullptr) return;
    Dialect const dialect = ctx.ruleset().dialect;
    bool const in_nft = dialect == Dialect::nftables || dialect == Dialect::nft_json;
    if (rewrite->flags == "netmap" && !in_nft) return; // does at each hook what works there (xt_NETMAP.c), and stands in no other table
    auto const* translation = std::find_if(translations.begin(), translations.end(),
                                           [&](TranslationHooks const& t) { return t.kind == rewrite->kind; });
    for (ChainId const base : ctx.bases(id)) {
        std::string const why = objection(*translation, ctx.ruleset().chains[base]);
        if (why.empty()) continue;
        add_finding(ctx, out, id, index).arg("what", std::string(translation->name)).arg("why", why);
        return;
    }
}

// nft_chain_nat.c and nft_chain_route.c: hook_mask.
void check_chain(Context const& ctx, Findings& out, Chain const& chain) {
    constexpr std::array forbidden{HookPoint::forward, HookPoint::ingress, HookPoint::egress};
    Hook const& hook = *chain.hook;
    bool const nat =
        hook.type == ChainType::nat && std::find(forbidden.begin(), forbidden.end(), hook.point) != forbidden.end();
    bool const route = hook.type == ChainType::route && hook.point != HookPoint::output;
    if (!nat && !route) return;
    Finding& finding = out.add(ctx.rule().id, chain.span);
    finding.where = chain.title();
    finding.arg("what", "a chain of type " + type_text(hook.type));
    finding.arg("chain", chain.title());
    finding.arg("why",
                route ? "it exists at output only" : fmt::format("there is none at {}", to_string(hook.point)));
}

} // namespace

void check_chain_type_mismatch(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        if (chain.hook) check_chain(ctx, out, chain);
        for (std::size_t i = 0; i < chain.rules.size(); ++i) check_rule(ctx, out, id, i);
    }
}

} // namespace portcullis
