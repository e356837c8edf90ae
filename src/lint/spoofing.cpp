#include "lint/spoofing.hpp"

#include <algorithm>
#include <array>

#include "catalogue/networks.hpp"
#include "lint/certain.hpp"
#include "lint/context.hpp"
#include "portcullis/engine/interpret.hpp"

namespace portcullis {

namespace {

constexpr std::array families{Family::v4, Family::v6};

// Networks of the family that rules name as private ones: all private space where they name none.
IntervalSet private_networks(Context const& ctx, Family family) {
    IntervalSet const all = private_addresses(family);
    std::vector<Interval> named;
    for (Chain const& chain : ctx.ruleset().chains) {
        for (Rule const& rule : chain.rules) {
            for (Term const& term : rule.match.terms) {
                if (term.field != src_field(family) && term.field != dst_field(family)) continue;
                auto const values = term.values.as_intervals(address_bits(family));
                if (!values || !all.contains(*values)) continue; // "not private" names nothing
                named.insert(named.end(), values->intervals().begin(), values->intervals().end());
            }
        }
    }
    return named.empty() ? all : IntervalSet::of(std::move(named));
}

// What is behind the other interfaces: trusted zones, networks of interfaces, else private networks.
IntervalSet own_networks(Context const& ctx, OutsideWay const& way, Family family) {
    IntervalSet own;
    bool known = false;
    for (Zone const& zone : ctx.config().zones) {
        if (!zone.trusted || !zone.has_networks) continue;
        own = own.united(zone.networks(family));
        known = true;
    }
    Chain const& list = ctx.ruleset().chains[ctx.paths()[way.path].chains.front()];
    for (Interface const& interface : ctx.ruleset().interfaces) {
        if (interface.shutdown || is_bound(list, interface, true) || !outside_for(ctx, interface).empty()) continue;
        for (Prefix const& prefix : interface.addresses)
            if (prefix.ip.family == family) own = own.united(IntervalSet::of(prefix));
    }
    if (!known && ctx.paths()[way.path].kind != Path::Kind::list) own = private_networks(ctx, family);
    return own;
}

PacketSet from(Context const& ctx, Family family, IntervalSet const& sources) {
    return ctx.space().of(src_field(family), sources) &
           ctx.space().of(Field::family, ValueSet::single(family_value(family)));
}

// Sources of a host without an address (DHCP, duplicate address detection), and of the link itself: on the way to the host
// they may come in by every interface, and no router passes them on (RFC 1812 5.3.7, RFC 4291 2.5.2 and 2.5.6).
PacketSet of_the_link(Context const& ctx) {
    return ctx.space().of(Field::src4, ValueSet::single(0)) | ctx.space().of(Field::src6, ValueSet::single(0)) |
           ctx.space().of(Field::src6, IntervalSet::of(parse_prefix("fe80::/10").value()));
}

// New connections of the packets that pass the path for certain.
PacketSet let_in(Context const& ctx, std::size_t path, Family family, PacketSet const& packets) {
    bool const to_host = ctx.paths()[path].kind == Path::Kind::to_host;
    PacketSet const question = (to_host ? packets - of_the_link(ctx) : packets) & ctx.new_connections(ctx.paths()[path].hook) & ctx.unmarked();
    PathReach reach(ctx.space(), ctx.ruleset(), ctx.paths()[path], question);
    // Where no chain filters the family at all, others say so.
    if (!reach.decisive(family)) return ctx.space().none();
    return certainly(reach.accepted(family), question);
}

IntervalSet sources_of(PacketSet const& set, Family family, IntervalSet const& asked) {
    auto const some = set.project(src_field(family));
    return some ? *some : asked;
}

} // namespace

std::vector<Spoofing> find_spoofing_from_outside(Context const& ctx) {
    std::vector<Spoofing> found;
    for (OutsideWay const& way : ctx.outside_ways()) {
        for (Family const family : families) {
            if (!ctx.ruleset().governs(family) || !passes_family(ctx.ruleset(), family)) continue;
            IntervalSet const own = own_networks(ctx, way, family).minus(impossible_sources(family));
            IntervalSet const asked = own.united(bogon_sources(family));
            PacketSet const in = let_in(ctx, way.path, family, from(ctx, family, asked) & arriving(ctx, way));
            // A list is asked about the way to the device too: alone, these are no hole in it.
            if (in.empty() || (ctx.paths()[way.path].kind == Path::Kind::list && in.subset_of(of_the_link(ctx)))) continue;
            IntervalSet const sources = sources_of(in, family, asked);
            Spoofing spoofing{way.path, family, way.interface, way.why, sources.intersected(own), sources.minus(own), in};
            if (!spoofing.own.empty()) spoofing.packets &= from(ctx, family, own);
            found.push_back(std::move(spoofing));
        }
    }
    return found;
}

std::vector<Spoofing> spoofing_from_zones(Context const& ctx) {
    std::vector<Spoofing> found;
    for (Zone const& zone : ctx.config().zones) {
        if (!zone.trusted || !zone.has_networks || zone.interfaces.empty()) continue;
        for (std::size_t p = 0; p < ctx.paths().size(); ++p) {
            Path const& path = ctx.paths()[p];
            PacketSet arriving = ctx.seen_at(path.hook);
            std::string interface;
            if (path.kind == Path::Kind::list) {
                auto const& bindings = ctx.ruleset().chains[path.chains.front()].bindings;
                auto const at = std::ranges::find_if(bindings, [&](Binding const& b) { return b.inbound && has_interface(zone, b.interface); });
                if (at == bindings.end()) continue;
                interface = at->interface;
            } else if (path.kind == Path::Kind::through) {
                std::vector<Interval> names;
                for (std::string const& name : zone.interfaces) names.push_back(interface_pattern(name));
                IntervalSet const values = IntervalSet::of(std::move(names));
                arriving &= ctx.space().of(Field::iif, values);
                interface = values_text(Field::iif, values, 3);
            } else {
                continue;
            }
            for (Family const family : families) {
                if (!ctx.ruleset().governs(family) || !passes_family(ctx.ruleset(), family) || zone.networks(family).empty()) continue;
                IntervalSet const foreign = zone.networks(family).complement(address_bits(family)).minus(impossible_sources(family));
                PacketSet const in = let_in(ctx, p, family, from(ctx, family, foreign) & arriving);
                if (in.empty()) continue;
                found.push_back({p, family, interface, "zone '" + zone.name + "' of portcullis.toml",
                                 sources_of(in, family, foreign), {}, in});
            }
        }
    }
    return found;
}

Finding& report(Context const& ctx, Findings& out, Spoofing const& spoofing, IntervalSet const& sources) {
    Path const& path = ctx.paths()[spoofing.path];
    Witness const witness = ctx.witness(path.chains, path.hook, spoofing.packets, true);
    // The last of the chains that all accept it; where that is a policy, no rule is at fault.
    Outcome const outcome = interpret(ctx.ruleset(), path, witness.packet).main();
    Finding& finding = add_finding(ctx, out, outcome.chain, outcome.rule);
    finding.witness = witness;
    finding.arg("interface", spoofing.interface);
    finding.arg("sources", values_text(src_field(spoofing.family), sources, 4));
    if (!spoofing.why.empty()) finding.note("what is behind " + spoofing.interface + " is known by " + spoofing.why);
    return finding;
}

} // namespace portcullis
