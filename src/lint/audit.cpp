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

// Where they differ, what comes by some interfaces is told apart from what comes by others.
constexpr std::size_t most_parts = 8;     // of one set, and of what is told of a service on one path
constexpr std::size_t most_gathered = 32; // meanwhile
constexpr std::size_t most_probes = 32;

// The interfaces by which just the sources come that come by `interface`; nothing where that would be a list of millions. Sources are
// compared at the ends of their ranges: where some within them are missing, they are told of one interface too many, as all of a list are.
std::optional<IntervalSet> alike(Space& space, PacketSet const& set, U128 interface, Field source) {
    auto const all = set.project(Field::iif);
    auto const sources = (set & space.of(Field::iif, ValueSet::single(interface))).project(source);
    if (!all || !sources) return std::nullopt;
    auto const others_by = (set - space.of(source, *sources)).project(Field::iif);
    if (!others_by) return std::nullopt;
    IntervalSet result = all->minus(*others_by);
    for (std::size_t i = 0; i < std::min(sources->intervals().size(), most_probes); ++i)
        for (U128 const value : {sources->intervals()[i].first, sources->intervals()[i].last})
            if (auto const by = (set & space.of(source, ValueSet::single(value))).project(Field::iif)) result = result.intersected(*by);
    return result;
}

// Parts of the set, in each of which the same sources come by all interfaces.
std::vector<PacketSet> by_interface(Space& space, PacketSet const& set, Field source) {
    std::vector<PacketSet> parts;
    PacketSet rest = set;
    while (!rest.empty() && parts.size() + 1 < most_parts) {
        auto const interfaces = alike(space, rest, rest.member()->packet[Field::iif], source);
        if (!interfaces) break;
        parts.push_back(rest & space.of(Field::iif, *interfaces));
        rest -= parts.back();
    }
    if (!rest.empty()) parts.push_back(std::move(rest));
    return parts;
}

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

template <class Items> void take(Items& into, Items const& from) {
    for (auto const& item : from)
        if (std::ranges::find(into, item) == into.end()) into.push_back(item);
}

void unite(Gathered& into, Gathered part) {
    for (auto& [family, set] : part.sources) into.sources[family] = into.sources[family].united(set);
    for (auto& [family, set] : part.destinations) into.destinations[family] = into.destinations[family].united(set);
    into.interfaces = into.interfaces.united(part.interfaces);
    into.entry_ports = into.entry_ports.united(part.entry_ports);
    Exposure& exposure = into.exposure;
    if (exposure.certainty == Certainty::possible && part.exposure.certainty == Certainty::certain) {
        exposure.certainty = part.exposure.certainty;
        exposure.witness = std::move(part.exposure.witness);
    }
    exposure.untrusted = exposure.untrusted || part.exposure.untrusted;
    take(exposure.zones, part.exposure.zones);
    take(exposure.rules, part.exposure.rules);
    take(exposure.justifications, part.exposure.justifications);
}

// What is gathered for one service on one path, by interfaces; all together where that would be too much to read.
struct Parts {
    std::vector<Gathered> all;
    bool together = false;

    Gathered& of(IntervalSet const& interfaces) {
        auto const at = std::ranges::find(all, interfaces, &Gathered::interfaces);
        if (at != all.end()) return *at;
        all.emplace_back().interfaces = interfaces;
        return all.back();
    }
    // What there is may still be joined: while things are gathered, more parts are good.
    void bound(std::size_t most) {
        if (all.size() <= most) return;
        join();
        if (all.size() <= most) return;
        for (std::size_t i = 1; i < all.size(); ++i) unite(all.front(), std::move(all[i]));
        all.resize(1);
        all.front().exposure.exact = false;
        together = true;
    }
    // Where the same come from and go to the same places, their interfaces are told together.
    void join() {
        std::vector<Gathered> joined;
        for (Gathered& part : all) {
            auto const same = std::ranges::find_if(joined, [&](Gathered const& other) {
                return other.sources == part.sources && other.destinations == part.destinations && other.entry_ports == part.entry_ports &&
                       other.exposure.untrusted == part.exposure.untrusted && other.exposure.certainty == part.exposure.certainty;
            });
            if (same == joined.end()) joined.push_back(std::move(part));
            else unite(*same, std::move(part));
        }
        all = std::move(joined);
    }
};

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
    std::map<Key, Parts> found;
    auto const add_part = [&](Parts& parts, Permit const& permit, Service const& service, PortRange const& port, Translated const& to, PacketSet const& set) {
        IntervalSet const interfaces = set.project(Field::iif).value_or(IntervalSet::all(info(Field::iif).bits));
        Gathered& into = parts.together ? parts.all.front() : parts.of(interfaces);
        into.interfaces = into.interfaces.united(interfaces);
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
    auto const add_service = [&](Permit const& permit, Service const& service, PortRange const& port, World const& world) {
        PacketSet const set = everyone.reaching({world}, port);
        if (set.empty()) return;
        Translated const& to = world.marks.destination;
        Parts& parts = found[Key{permit.path, service.name, port.protocol, port.first, port.last, to}];
        // The interfaces of lists are not in their packets.
        bool const whole = parts.together || everyone.paths()[permit.path].kind == Path::Kind::list;
        auto const sets = whole ? std::vector<PacketSet>{set} : by_interface(everyone.space(), set, src_field(permit.family));
        for (PacketSet const& part : sets) add_part(parts, permit, service, port, to, part);
        if (!whole) parts.bound(most_gathered);
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
    std::vector<std::pair<std::size_t, Gathered>> gathered_all; // with their paths
    for (auto& [key, parts] : found) {
        parts.join();
        parts.bound(most_parts);
        for (Gathered& part : parts.all) gathered_all.emplace_back(std::get<0>(key), std::move(part));
    }
    for (auto& [path, gathered] : gathered_all) {
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
            for (Binding const& binding : everyone.ruleset().chains[everyone.paths()[path].chains.front()].bindings) {
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
