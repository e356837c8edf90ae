// A ruleset that filters what comes to the host but not what goes through it, or the reverse, for a family of
// packets: without a base chain nothing is dropped there. Whether a host forwards at all is a setting of its kernel
// (net.ipv4.ip_forward); where the rules show that it does, the finding is certain, else for information.
#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

namespace {

struct Way {
    HookPoint point;
    HookPoint other;
    std::string_view packets;
};
constexpr std::array ways{Way{HookPoint::input, HookPoint::forward, "packets to this host"},
                          Way{HookPoint::forward, HookPoint::input, "packets that this host forwards"}};

// A base chain of type filter at the hook, or one before it that can drop.
bool is_filtered(Ruleset const& ruleset, HookPoint point, Family family) {
    auto const at = [&](HookPoint hook, bool must_drop) {
        auto const chains = chains_at(ruleset, hook);
        return std::any_of(chains.begin(), chains.end(), [&](ChainId id) {
            Chain const& chain = ruleset.chains[id];
            return chain.hook->sees(family) && chain.hook->type == ChainType::filter &&
                   (!must_drop || can_drop(ruleset, id));
        });
    };
    return at(point, false) || at(HookPoint::prerouting, true) || at(HookPoint::ingress, true);
}

// The last chain of the hook that can drop packets of the family.
std::optional<ChainId> filter_at(Ruleset const& ruleset, HookPoint point, Family family) {
    std::optional<ChainId> found;
    for (ChainId const id : chains_at(ruleset, point))
        if (ruleset.chains[id].hook->sees(family) && can_drop(ruleset, id)) found = id;
    return found;
}

// Rules that make no sense on a host that forwards nothing: a source that is rewritten for others, a destination
// elsewhere, a forward chain for the other family.
bool shows_forwarding(Ruleset const& ruleset) {
    auto const for_others = [](Rule const& rule) {
        auto const* rewrite = std::get_if<Rewrite>(&rule.verdict);
        if (rewrite == nullptr) return false;
        return rewrite->kind == Rewrite::Kind::masquerade || rewrite->kind == Rewrite::Kind::snat ||
               (rewrite->kind == Rewrite::Kind::dnat && rewrite->address);
    };
    return std::any_of(ruleset.chains.begin(), ruleset.chains.end(), [&](Chain const& chain) {
        return (chain.hook && chain.hook->point == HookPoint::forward) ||
               std::any_of(chain.rules.begin(), chain.rules.end(), for_others);
    });
}

} // namespace

void check_missing_base_hook(Context const& ctx, Findings& out) {
    Ruleset const& ruleset = ctx.ruleset();
    for (Way const& way : ways) {
        std::string families;
        std::optional<ChainId> filter;
        for (Family const family : {Family::v4, Family::v6}) {
            bool const v4 = family == Family::v4;
            if (!ruleset.governs(family)) continue;
            auto const other = filter_at(ruleset, way.other, family);
            if (!other || is_filtered(ruleset, way.point, family)) continue;
            // That IPv6 is open where IPv4 is filtered is PC318's to say.
            if (!v4 && ruleset.governs_v4 && filter_at(ruleset, way.point, Family::v4)) continue;
            families += families.empty() ? "" : " and ";
            families += v4 ? "IPv4" : "IPv6";
            filter = other;
        }
        if (!filter) continue;
        Chain const& chain = ruleset.chains[*filter];
        Finding& finding = out.add(ctx.rule().id, chain.span);
        finding.arg("hook", std::string(to_string(way.point))).arg("families", families);
        finding.arg("packets", std::string(way.packets)).arg("chain", chain.title());
        finding.where = chain.title();
        if (way.point == HookPoint::input || shows_forwarding(ruleset)) continue;
        finding.severity = Severity::info;
        finding.certainty = Certainty::possible;
        finding.note("only if this host forwards packets: net.ipv4.ip_forward, net.ipv6.conf.all.forwarding");
    }
}

} // namespace portcullis
