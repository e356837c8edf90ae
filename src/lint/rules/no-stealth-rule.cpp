// A gateway that offers itself to the outside: a rule that lets strangers reach the box's own addresses on more ports
// than a service has. What it passes on is judged elsewhere, and so is a rule that lets everything through.
#include <algorithm>

#include "lint/exposure.hpp"

namespace portcullis {

namespace {

// The addresses of the box itself, as far as the text tells them.
PacketSet to_the_box(Context const& ctx, Path const& path) {
    Space& s = ctx.space();
    if (path.kind == Path::Kind::to_host) return s.all();
    PacketSet all = s.none();
    for (Interface const& interface : ctx.ruleset().interfaces) {
        for (Prefix const& prefix : interface.addresses)
            all |= s.of(dst_field(prefix.ip.family), ValueSet::single(prefix.ip.value)) &
                   s.of(Field::family, ValueSet::single(family_value(prefix.ip.family)));
    }
    return all;
}

// A host that filters what it forwards, or a device with interfaces.
bool is_gateway(Ruleset const& ruleset) {
    return !ruleset.interfaces.empty() || !chains_at(ruleset, HookPoint::forward).empty();
}

} // namespace

void check_no_stealth_rule(Context const& ctx, Findings& out) {
    if (!is_gateway(ctx.ruleset())) return;
    std::vector<OutsideWay> const& ways = ctx.outside_ways();
    if (ways.empty()) return;
    for (Opening& opening : wide_openings(ctx)) {
        if (permits_everything(ctx, opening) || trusts_source_port(ctx, *opening.parts.front().first)) continue;
        std::vector<std::pair<Permit const*, PacketSet>> parts;
        for (auto const& [permit, set] : opening.parts) {
            auto const way = std::ranges::find(ways, permit->path, &OutsideWay::path);
            Path const& path = ctx.paths()[permit->path];
            if (way == ways.end() || path.kind == Path::Kind::through) continue;
            PacketSet const reached = set & arriving(ctx, *way) & to_the_box(ctx, path) &
                                      ctx.space().of(Field::protocol, port_protocols());
            if (!reached.empty() && reached.project(Field::dport).value().count() > narrow_limit) parts.emplace_back(permit, reached);
        }
        if (parts.empty()) continue;
        opening.parts = std::move(parts);
        auto const way = std::ranges::find(ways, opening.parts.front().first->path, &OutsideWay::path);
        report(ctx, out, opening).arg("interface", way->interface);
    }
}

} // namespace portcullis
