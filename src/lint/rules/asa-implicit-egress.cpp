// What an ASA's security levels let an interface without a list pass. No line says it: the reader has made a chain of
// it (a list that is bound inbound takes its place, as does a global one).
#include <algorithm>

#include "lint/context.hpp"

namespace portcullis {

namespace {

// The level of the interface that the chain stands for.
std::optional<unsigned> level_of(Ruleset const& ruleset, Chain const& chain) {
    auto const found = std::find_if(ruleset.interfaces.begin(), ruleset.interfaces.end(), [&](Interface const& one) {
        return one.zone == chain.bindings.front().interface && !one.shutdown;
    });
    return found == ruleset.interfaces.end() ? std::nullopt : found->security_level;
}

} // namespace

void check_asa_implicit_egress(Context const& ctx, Findings& out) {
    for (ChainId id = 0; id < ctx.ruleset().chains.size(); ++id) {
        Chain const& chain = ctx.ruleset().chains[id];
        if (!chain.implicit || chain.rules.empty() || chain.bindings.empty()) continue; // a VLAN map has no interface
        auto const level = level_of(ctx.ruleset(), chain);
        if (!level) continue;
        // The way out is part of what decides, so it is not left open as for a list.
        PacketSet const passing = ctx.space().of(chain.rules.front().match) &
                                  ctx.space().of(Field::iif, ValueSet::single(0)) &
                                  ctx.first_packets(HookPoint::forward);
        Finding& finding = out.add(ctx.rule().id, chain.span);
        finding.arg("interface", chain.bindings.front().interface).arg("level", std::to_string(*level));
        finding.where = chain.title();
        finding.witness = ctx.witness(id, passing, true);
        judge(finding, passing);
    }
}

} // namespace portcullis
