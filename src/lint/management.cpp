#include "lint/management.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "lint/sources_text.hpp"

namespace portcullis {

namespace {

// Everything that arrives at the interface is trusted: by a zone, by its name, or because nothing on the device is as
// secure (ASA).
bool is_inside(Context const& ctx, std::string const& interface) {
    if (interface.empty() || ctx.ruleset().dialect != Dialect::cisco_asa) return false;
    if (ctx.config().trusts_interface(interface)) return true;
    auto const& zones = ctx.config().zones;
    if (std::any_of(zones.begin(), zones.end(), [](Zone const& zone) { return !zone.interfaces.empty(); })) return false;
    auto const& all = ctx.ruleset().interfaces;
    return std::any_of(all.begin(), all.end(), [&](Interface const& one) {
        return one.zone == interface && one.security_level == 100U;
    });
}

bool has_ipv6(Ruleset const& ruleset) {
    return std::any_of(ruleset.interfaces.begin(), ruleset.interfaces.end(), [](Interface const& interface) {
        return std::any_of(interface.addresses.begin(), interface.addresses.end(),
                           [](Prefix const& prefix) { return prefix.ip.family == Family::v6; });
    });
}

bool is_asked_about(Context const& ctx, Management const& service, Family family) {
    if (family == Family::v4) return true;
    return service.sources4.intervals.empty() || (service.kind == Management::Kind::terminal && has_ipv6(ctx.ruleset()));
}

bool is_excerpt(Ruleset const& ruleset) { return !ruleset.has_interfaces && ruleset.chains.empty(); }

// What the list lets in; a list that only sees the other family is not asked.
// The name of a list in front of a community is not repeated: where a line is not what it seems, it may be the secret.
void ask(Context const& ctx, Management const& service, std::string const& name, Family family, PacketSet& set, Entrance& result) {
    bool const tell = service.kind != Management::Kind::snmp;
    std::string const list = tell ? fmt::format("access list '{}'", name) : "the access list that it names";
    auto const& chains = ctx.ruleset().chains;
    bool exists = false;
    for (ChainId id = 0; id < chains.size(); ++id) {
        Chain const& chain = chains[id];
        if (chain.name != name || !chain.hook || chain.hook->point != HookPoint::list || chain.implicit) continue;
        exists = true;
        if (!chain.hook->sees(family)) continue;
        set = Reach(ctx.space(), ctx.ruleset(), set, {id}).accepted(id);
        result.lists.push_back(id);
        if (chain.rules.empty() && std::holds_alternative<Accept>(chain.policy))
            result.gaps.push_back(list + " has no entries, and so keeps nobody out");
    }
    if (exists) return;
    if (is_excerpt(ctx.ruleset())) set = ctx.space().none();
    auto gap = list + " does not exist, and so keeps nobody out";
    if (std::find(result.gaps.begin(), result.gaps.end(), gap) == result.gaps.end()) result.gaps.push_back(std::move(gap));
}

} // namespace

Entrance entrance(Context const& ctx, Management const& service, PortRange const& port) {
    Space& s = ctx.space();
    Entrance result{s.none(), s.none(), {}, {}};
    for (Family const family : {Family::v4, Family::v6}) {
        if (!is_asked_about(ctx, service, family)) continue;
        ValueSet const& sources = family == Family::v4 ? service.sources4 : service.sources6;
        PacketSet set = ctx.new_connections(HookPoint::list) & ctx.to_service(port) & s.of(src_field(family), sources);
        for (std::string const& name : service.lists) ask(ctx, service, name, family, set, result);
        result.all |= set;
    }
    if (!is_inside(ctx, service.interface)) result.untrusted = result.all & ctx.from_untrusted();
    return result;
}

std::string sources_text(Context const& ctx, Entrance const& entrance) {
    std::string text;
    for (Family const family : {Family::v4, Family::v6}) {
        U128 const number = family_value(family);
        PacketSet const set = entrance.untrusted & ctx.space().of(Field::family, ValueSet::single(number));
        if (set.empty()) continue;
        if (!text.empty()) text += " and ";
        auto const sources = set.project(src_field(family));
        text += sources ? sources_text(*sources, ctx.config().untrusted_sources(family), family)
                        : "sources that a mask with holes selects";
    }
    return text.empty() ? "trusted sources" : text;
}

namespace {

// What it is called: an ASA says where it is offered, and IOS-XR in which VRF.
std::string title(Context const& ctx, Management const& service) {
    if (service.interface.empty() || service.interface == "default") return service.what;
    return ctx.ruleset().dialect == Dialect::cisco_asa ? "interface " + service.interface
                                                       : service.what + " of VRF " + service.interface;
}

} // namespace

bool from_few(Context const& ctx, Entrance const& entrance) {
    for (Family const family : {Family::v4, Family::v6}) {
        auto const from = (entrance.untrusted & ctx.space().of(src_field(family), IntervalSet::all(address_bits(family)))).project(src_field(family));
        if (!from || from->count() > ctx.config().untrusted_sources(family).count() / 2) return false;
    }
    return true;
}

Finding& report(Context const& ctx, Findings& out, Management const& service, Entrance const& entrance) {
    PacketSet const& set = entrance.untrusted.empty() ? entrance.all : entrance.untrusted;
    Finding& finding = out.add(ctx.rule().id, service.span);
    finding.where = title(ctx, service);
    finding.arg("what", finding.where).arg("sources", sources_text(ctx, entrance));
    finding.witness = ctx.witness(entrance.lists, HookPoint::list, set, true);
    finding.witness->chain = finding.where;
    judge(finding, set);
    Family const family = finding.witness->packet.family();
    bool filtered = false;
    for (ChainId const id : entrance.lists) {
        Chain const& chain = ctx.ruleset().chains[id];
        if (!chain.hook->sees(family)) continue;
        filtered = true;
        finding.relate("the list that lets them in", chain.span);
    }
    for (std::string const& gap : entrance.gaps) finding.note(gap);
    if (!filtered && entrance.gaps.empty() && ctx.ruleset().dialect != Dialect::cisco_asa)
        finding.note(family == Family::v4 ? "no access list stands before it" : "no access list for IPv6 stands before it");
    if (!entrance.untrusted.empty() && from_few(ctx, entrance))
        finding.note("if these sources are trusted, a zone in portcullis.toml can say so");
    return finding;
}

} // namespace portcullis
