// An interface with a list that is missing or empty passes everything, other than whoever applied it believes.
#include <fmt/format.h>

#include "lint/context.hpp"

namespace portcullis {

void check_applied_acl_undefined_or_empty(Context const& ctx, Findings& out) {
    auto const& chains = ctx.ruleset().chains;
    for (ChainId id = 0; id < chains.size(); ++id) {
        Chain const& chain = chains[id];
        if (!chain.hook || chain.hook->point != HookPoint::list) continue;
        if (!chain.rules.empty() || !std::holds_alternative<Accept>(chain.policy)) continue;
        for (Binding const& binding : chain.bindings) {
            Finding& finding = out.add(ctx.rule().id, binding.span);
            finding.where = chain.title();
            finding.arg("name", chain.name).arg("state", chain.implicit ? "is not defined" : "has no entries");
            finding.arg("interface", binding.interface).arg("way", binding.inbound ? "arrives at" : "leaves by");
            PacketSet const everything = ctx.new_connections(HookPoint::list) & ctx.seen_by(id);
            PacketSet const untrusted = everything & ctx.from_untrusted();
            finding.witness = ctx.witness(id, untrusted.empty() ? everything : untrusted, true);
            if (!chain.implicit) finding.relate("the list, which has no permit and no deny", chain.span);
        }
    }
}

} // namespace portcullis
