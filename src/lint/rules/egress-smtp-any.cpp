// Mail that any host inside may send out by itself. Asked of packets from trusted sources to public addresses, on the path
// through the box by interfaces that do not lead inside, and of lists that interfaces apply to what comes from inside.
#include <algorithm>

#include "catalogue/networks.hpp"
#include "lint/certain.hpp"
#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

PacketSet mail_to_the_world(Context const& ctx, Path const& path) {
    Space& s = ctx.space();
    PacketSet const smtp = ctx.to_service({static_cast<std::uint8_t>(Protocol::tcp), 25, 25, {}});
    PacketSet set = ctx.new_connections(path.hook) & smtp;
    for (Family const family : {Family::v4, Family::v6}) {
        IntervalSet const outside = ctx.config().untrusted_sources(family);
        IntervalSet const inside = outside.united(impossible_sources(family)).complement(address_bits(family));
        PacketSet const other = s.of(Field::family, ValueSet::single(family == Family::v4 ? family_v6 : family_v4));
        set &= other | (s.of(src_field(family), inside) & s.of(dst_field(family), outside));
    }
    return set - s.of(Field::oif, ctx.config().trusted_interfaces()) - s.of(Field::iif, ctx.config().outside_interfaces());
}

bool comes_from_inside(Context const& ctx, Path const& path) {
    auto const& bindings = ctx.ruleset().chains[path.chains.front()].bindings;
    return std::ranges::any_of(bindings, [&](Binding const& binding) {
        return binding.inbound && ctx.config().trusts_interface(binding.interface);
    });
}

} // namespace

void check_egress_smtp_any(Context const& ctx, Findings& out) {
    auto const most = static_cast<std::uint64_t>(ctx.rule().parameter("hosts"));
    for (Path const& path : ctx.paths()) {
        bool const asked = path.kind == Path::Kind::through || (path.kind == Path::Kind::list && comes_from_inside(ctx, path));
        if (!asked) continue;
        PacketSet const question = mail_to_the_world(ctx, path) & ctx.unmarked();
        PathReach reach(ctx.space(), ctx.ruleset(), path, question);
        for (Family const family : {Family::v4, Family::v6}) {
            if (!ctx.ruleset().governs(family)) continue;
            if (!reach.decisive(family)) continue; // that nothing is filtered, others say
            PacketSet const passing = certainly(reach.accepted(family), question);
            auto const sources = passing.project(src_field(family));
            if (passing.empty() || (sources && sources->count() <= most)) continue;
            Witness const witness = ctx.witness(path.chains, path.hook, passing, true);
            Outcome const outcome = interpret(ctx.ruleset(), path, witness.packet).main();
            if (!outcome.rule) continue; // a policy of accept is its own finding
            Finding& finding = add_finding(ctx, out, outcome.chain, outcome.rule);
            finding.arg("sources", sources ? values_text(src_field(family), *sources, 3) : "many hosts");
            finding.witness = witness;
        }
    }
}

} // namespace portcullis
