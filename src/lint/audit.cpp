#include "lint/audit.hpp"

#include <algorithm>
#include <map>
#include <tuple>

#include "lint/certain.hpp"
#include "lint/justification.hpp"

namespace portcullis {

namespace {

// What is gathered for one service on one path before it is put in words.
struct Gathered {
    Exposure exposure;
    std::map<Family, IntervalSet> sources;
    std::map<Family, IntervalSet> destinations;
    IntervalSet interfaces;
    IntervalSet entry_ports;
    bool any = false;
};

std::vector<std::string> ranges(std::map<Family, IntervalSet> const& sets, Field (*field)(Family)) {
    std::vector<std::string> all;
    for (auto const& [family, set] : sets) {
        for (Interval const& interval : set.intervals()) {
            auto const prefixes = to_prefixes(IntervalSet(interval.first, interval.last), family);
            if (prefixes.size() == 1) all.push_back(to_string(prefixes.front()));
            else all.push_back(value_text(field(family), interval.first) + '-' + value_text(field(family), interval.last));
        }
    }
    return all;
}

std::vector<std::string> interface_names(IntervalSet const& set) {
    std::vector<std::string> all;
    for (Interval const& interval : set.intervals()) {
        all.push_back(values_text(Field::iif, IntervalSet(interval.first, interval.last)));
    }
    return all;
}

// Adds the values of the field in the set; all values where nothing that was asked about is missing.
void add(IntervalSet& into, Context const& ctx, Permit const& permit, PacketSet const& set, Field field) {
    auto const values = set.project(field);
    auto const asked = ctx.asked(permit).project(field);
    // Addresses that a mask with many holes selects are not worth a list of millions.
    if (!values) into = IntervalSet::all(info(field).bits);
    else into = asked && values->contains(*asked) ? IntervalSet::all(info(field).bits) : into.united(*values);
}

void justify(Exposure& exposure, Rule const& rule, Context const& ctx) {
    std::string why = justification_of(rule, ctx.sources(), ctx.ruleset().dialect);
    auto& known = exposure.justifications;
    if (!why.empty() && std::find(known.begin(), known.end(), why) == known.end()) known.push_back(std::move(why));
}

void gather(Context const& ctx, Permit const& permit, PacketSet const& set, Config const& config, Gathered& into) {
    Exposure& exposure = into.exposure;
    PacketSet const sure = certainly(set, ctx.asked(permit));
    bool const certain = !sure.empty();
    // The first permit gives the witness, unless a later one is more certain.
    if (!into.any || (certain && exposure.certainty == Certainty::possible)) {
        std::vector<Assumption> assumptions;
        exposure.witness = ctx.witness(permit, certain ? sure : set, assumptions);
        exposure.certainty = certain ? Certainty::certain : Certainty::possible;
    }
    into.any = true;
    Family const family = permit.family;
    add(into.sources[family], ctx, permit, set, src_field(family));
    add(into.destinations[family], ctx, permit, set, dst_field(family));
    into.interfaces = into.interfaces.united(set.project(Field::iif).value_or(IntervalSet::all(info(Field::iif).bits)));
    PacketSet const foreign = set - ctx.space().of(Field::iif, config.trusted_interfaces());
    for (Territory const& territory : config.territories(family)) {
        SourceZone zone{territory.name, territory.trusted};
        if (std::ranges::find(exposure.zones, zone) != exposure.zones.end()) continue;
        PacketSet const from = territory.trusted ? set : foreign;
        if ((from & ctx.space().of(src_field(family), territory.addresses)).empty()) continue;
        exposure.untrusted = exposure.untrusted || !territory.trusted;
        exposure.zones.push_back(std::move(zone));
    }
    Span const span = ctx.span(permit);
    if (exposure.translation && exposure.rules.empty()) exposure.rules.push_back(*exposure.translation);
    if (std::find(exposure.rules.begin(), exposure.rules.end(), span) == exposure.rules.end()) exposure.rules.push_back(span);
    if (permit.rule) justify(exposure, ctx.ruleset().chains[permit.chain].rules[*permit.rule], ctx);
}

// Where the translation says why, it stands for the permit too.
void justify_translation(Exposure& exposure, Context const& ctx) {
    if (!exposure.translation) return;
    for (Chain const& chain : ctx.ruleset().chains)
        for (Rule const& rule : chain.rules)
            if (rule.span.source == exposure.translation->source && rule.span.begin == exposure.translation->begin) return justify(exposure, rule, ctx);
}

// One world for each translation, whatever the marks.
Worlds by_translation(Worlds const& worlds) {
    Worlds all;
    for (World const& world : worlds) {
        Marks marks;
        marks.destination = world.marks.destination;
        auto const same = std::find_if(all.begin(), all.end(), [&](World const& w) { return w.marks == marks; });
        if (same != all.end()) same->packets |= world.packets;
        else all.push_back({marks, world.packets});
    }
    return all;
}

} // namespace

std::vector<Exposure> find_exposures(Context const& everyone, Config const& config) {
    using Key = std::tuple<std::size_t, std::string, std::uint8_t, std::uint16_t, std::uint16_t, Translated>;
    std::map<Key, Gathered> found;
    auto const add_service = [&](Permit const& permit, Service const& service, PortRange const& port, World const& world) {
        PacketSet const set = everyone.reaching({world}, port);
        if (set.empty()) return;
        Translated const& to = world.marks.destination;
        Gathered& into = found[{permit.path, service.name, port.protocol, port.first, port.last, to}];
        into.exposure.service = service.name;
        into.exposure.port = port;
        into.exposure.path_kind = everyone.paths()[permit.path].kind;
        into.exposure.path = everyone.paths()[permit.path].name;
        if (to.done) {
            into.exposure.translation = to.rule;
            into.exposure.becomes = to_text(to);
            into.entry_ports = into.entry_ports.united(set.project(Field::dport).value_or(IntervalSet::all(16)));
        }
        gather(everyone, permit, set, config, into);
    };
    for (Permit const& permit : everyone.permits()) {
        if (permit.breadth == 0) continue;
        std::optional<Worlds> passing; // worked out once the text of the rule names some service
        for (Service const& service : everyone.catalogue().services()) {
            if (!service.variant_of.empty()) continue; // its ports are listed under the service that it varies
            for (PortRange const& port : service.ports) {
                if (!may_match(everyone, permit, port)) continue;
                if (!passing) passing = by_translation(everyone.passing_worlds(permit));
                for (World const& world : *passing) add_service(permit, service, port, world);
            }
        }
    }
    std::vector<Exposure> all;
    std::map<std::string, std::shared_ptr<Service const>> services;
    for (auto& [key, gathered] : found) {
        Exposure exposure = std::move(gathered.exposure);
        justify_translation(exposure, everyone);
        std::shared_ptr<Service const>& service = services[exposure.service];
        if (!service) service = std::make_shared<Service const>(*everyone.catalogue().find(exposure.service));
        exposure.about = service;
        if (exposure.untrusted) exposure.risk = service->severity_untrusted;
        exposure.sources = ranges(gathered.sources, src_field);
        exposure.destinations = ranges(gathered.destinations, dst_field);
        for (Interval const& ports : gathered.entry_ports.intervals())
            exposure.entry_ports.push_back(values_text(Field::dport, IntervalSet(ports.first, ports.last)));
        if (exposure.path_kind == Path::Kind::list) {
            for (Binding const& binding : everyone.ruleset().chains[everyone.paths()[std::get<0>(key)].chains.front()].bindings) {
                auto& names = exposure.interfaces; // a VLAN map has each twice, for both directions
                if (std::find(names.begin(), names.end(), binding.interface) == names.end()) names.push_back(binding.interface);
            }
            all.push_back(std::move(exposure));
            continue;
        }
        IntervalSet const loopback = IntervalSet::single(interface_value("lo"));
        IntervalSet const others = gathered.interfaces.united(loopback).complement(info(Field::iif).bits);
        // All but some are told by those.
        exposure.by_others = others.intervals().size() < gathered.interfaces.intervals().size();
        if (!others.empty()) exposure.interfaces = interface_names(exposure.by_others ? others : gathered.interfaces);
        all.push_back(std::move(exposure));
    }
    return all;
}

} // namespace portcullis
