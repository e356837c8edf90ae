#include "lint/hardening_rules.hpp"

#include <algorithm>

#include "catalogue/networks.hpp"
#include "portcullis/policy/policy.hpp"

namespace portcullis {

Rule hardening_rule(std::string comment, Verdict verdict, std::vector<Term> terms) {
    Rule result;
    result.comment = "harden: " + std::move(comment);
    result.verdict = std::move(verdict);
    result.match.terms = std::move(terms);
    return result;
}

Term term(Field field, ValueSet values) { return {field, std::move(values), {}}; }

ValueSet shorter(IntervalSet const& set, unsigned bits) {
    IntervalSet rest = set.complement(bits);
    if (rest.intervals().size() >= set.intervals().size()) return set;
    return ValueSet(std::move(rest)).complement();
}

ValueSet loopback() { return ValueSet::single(interface_value("lo")); }
ValueSet answers() { return ValueSet::range(ct_state::established, ct_state::related); }

std::optional<ChainId> main_chain(Ruleset const& ruleset, Path::Kind kind, Family family) {
    HookPoint const point = kind == Path::Kind::to_host ? HookPoint::input : HookPoint::forward;
    std::optional<ChainId> best;
    for (ChainId const id : chains_at(ruleset, point)) {
        Chain const& each = ruleset.chains[id];
        if (each.hook->type != ChainType::filter || !each.hook->sees(family)) continue;
        if (!best || std::abs(each.hook->priority) < std::abs(ruleset.chains[*best].hook->priority)) best = id;
    }
    return best;
}

std::size_t head_of(Chain const& chain) {
    auto const is_first = [](Rule const& each) {
        if (each.comment.starts_with("harden: ")) return true;
        bool const decides = std::holds_alternative<Accept>(each.verdict) || std::holds_alternative<Drop>(each.verdict);
        bool const plain = each.match.alternatives.empty() && each.match.opaque.empty() && each.match.terms.size() == 1;
        return decides && plain && (each.match.terms[0].field == Field::ct_state || (each.match.terms[0].field == Field::iif && each.match.terms[0].values == loopback()));
    };
    return static_cast<std::size_t>(std::ranges::find_if_not(chain.rules, is_first) - chain.rules.begin());
}

bool is_about(Match const& match, Family family) {
    return std::ranges::none_of(match.terms, [&](Term const& each) {
        if (each.field == Field::family) return !each.values.contains(family_value(family));
        return info(each.field).family.value_or(family) != family;
    });
}

std::vector<Rule> essentials(Path::Kind kind, std::vector<Family> const& families) {
    std::vector<Rule> rules;
    for (Family const family : families) {
        bool const v6 = family == Family::v6;
        U128 const protocol = v6 ? number(Protocol::icmpv6) : number(Protocol::icmp);
        auto const of_family = [&](std::string comment, std::vector<Term> more, IntervalSet types) {
            std::vector<Term> terms{term(Field::family, ValueSet::single(family_value(family)))};
            std::ranges::move(more, std::back_inserter(terms));
            terms.push_back(term(Field::protocol, ValueSet::single(protocol)));
            terms.push_back(term(Field::icmp_type, std::move(types)));
            rules.push_back(hardening_rule(std::move(comment), Accept{}, std::move(terms)));
        };
        if (v6 && kind == Path::Kind::to_host) {
            of_family("neighbour-discovery", {term(Field::ttl, ValueSet::single(255))}, neighbour_types());
            of_family("neighbour-discovery", {term(Field::src6, IntervalSet::of(parse_prefix("fe80::/10").value()).united(IntervalSet::single(0)))}, listener_types());
        }
        // As [harden] of a policy has them.
        of_family(v6 ? "icmpv6" : "icmp", {}, v6 ? IntervalSet(1, 4).united(IntervalSet::single(128)) : IntervalSet::single(3).united(IntervalSet(11, 12)));
    }
    return rules;
}

std::string table_of(Dialect dialect, Family family) {
    if (dialect != Dialect::nftables) return "filter";
    return family == Family::v4 ? "ip portcullis" : "ip6 portcullis";
}

Writing strict_table(Dialect dialect, Family family, std::vector<Path::Kind> const& kinds, std::vector<std::pair<Path::Kind, Match>> const& kept) {
    bool const nft = dialect == Dialect::nftables;
    Ruleset own;
    own.dialect = dialect;
    own.governs_v4 = family == Family::v4;
    own.governs_v6 = family == Family::v6;
    for (Path::Kind const kind : kinds) {
        bool const to_host = kind == Path::Kind::to_host;
        Chain& chain = own.chains.emplace_back();
        chain.table = table_of(dialect, family);
        chain.name = nft ? (to_host ? "input" : "forward") : (to_host ? "INPUT" : "FORWARD");
        chain.hook = Hook{to_host ? HookPoint::input : HookPoint::forward, ChainType::filter, 0, own.governs_v4, own.governs_v6, {}};
        chain.policy = Drop{};
        chain.explicit_policy = true;
        if (to_host) chain.rules.push_back(hardening_rule("loopback", Accept{}, {term(Field::iif, loopback())}));
        chain.rules.push_back(hardening_rule("established", Accept{}, {term(Field::ct_state, answers())}));
        chain.rules.push_back(hardening_rule("invalid", Drop{}, {term(Field::ct_state, ValueSet::single(ct_state::invalid))}));
        std::ranges::move(essentials(kind, {family}), std::back_inserter(chain.rules));
        for (auto const& [way, match] : kept)
            if (way == kind && is_about(match, family)) chain.rules.push_back(hardening_rule("kept", Accept{}, match.terms));
        for (std::size_t i = 0; i < chain.rules.size(); ++i) chain.rules[i].origin = static_cast<std::uint32_t>(i);
    }
    return nft ? write_nftables(own) : write_iptables(own, family);
}

namespace {

std::vector<Service const*> insecure_services(Catalogue const& catalogue) {
    std::vector<Service const*> services;
    for (Service const& service : catalogue.services())
        if (service.insecure && service.severity_untrusted && *service.severity_untrusted >= Severity::medium && service.variant_of.empty())
            services.push_back(&service);
    return services;
}

} // namespace

std::vector<Opening> insecure_openings(Context const& ctx, bool wide) {
    std::vector<Opening> all = narrow_openings(ctx, insecure_services(ctx.catalogue()));
    if (wide) std::ranges::move(wide_openings(ctx), std::back_inserter(all));
    return all;
}

std::map<std::uint8_t, IntervalSet> insecure_ports(Context const& ctx, Opening const& opening, std::function<bool(Permit const&)> const& counts) {
    std::map<std::uint8_t, IntervalSet> ports;
    for (auto const& part : opening.parts) {
        if (!counts(*part.first)) continue;
        for (Service const* service : insecure_services(ctx.catalogue()))
            for (PortRange const& port : service->ports)
                if (!(part.second & ctx.reaching(*part.first, port)).empty())
                    ports[port.protocol] = ports[port.protocol].united(IntervalSet(port.first, port.last));
    }
    return ports;
}

Match first_packets(Cube const& cube) {
    Match match;
    for (auto const& [field, values] : cube.fields) {
        bool const implied = field == Field::fragment || field == Field::tcp_flags || field == Field::ct_state;
        if (!implied) match.terms.push_back(term(field, values));
    }
    match.terms.push_back(term(Field::ct_state, ValueSet::single(ct_state::new_)));
    return match;
}

std::vector<Forged> forged_sources(Context const& ctx, Path::Kind kind, std::vector<Family> const& families) {
    std::vector<Forged> all;
    std::vector<Spoofing> found = ctx.spoofing_from_outside();
    std::ranges::move(spoofing_from_zones(ctx), std::back_inserter(found));
    for (Spoofing const& each : found) {
        if (ctx.paths()[each.path].kind != kind || std::ranges::find(families, each.family) == families.end()) continue;
        auto const interfaces = each.packets.project(Field::iif);
        if (!interfaces) continue;
        IntervalSet sources = each.own.united(each.bogons);
        // What nobody has makes "all but these" shorter.
        IntervalSet const wide = sources.united(impossible_sources(each.family));
        unsigned const bits = address_bits(each.family);
        if (wide.complement(bits).intervals().size() < sources.intervals().size()) sources = wide;
        if (kind == Path::Kind::to_host) sources = sources.minus(never_forged().of(each.family));
        if (!sources.empty()) all.push_back({each.family, *interfaces, std::move(sources)});
    }
    auto const& zones = ctx.config().zones;
    for (Zone const& zone : zones) {
        if (zone.trusted || zone.interfaces.empty()) continue;
        std::vector<Interval> names;
        for (std::string const& name : zone.interfaces) names.push_back(interface_pattern(name));
        for (Family const family : families) {
            IntervalSet foreign;
            for (Zone const& other : zones)
                if (other.trusted && other.has_networks) foreign = foreign.united(other.networks(family));
            if (zone.has_networks) foreign = foreign.minus(zone.networks(family));
            if (!foreign.empty()) all.push_back({family, IntervalSet::of(names), std::move(foreign)});
        }
    }
    return all;
}

IntervalSet strange_sources(Config const& config, Family family) {
    IntervalSet known;
    for (Territory const& territory : config.territories(family)) known = known.united(territory.addresses);
    return config.untrusted_sources(family).united(known.complement(address_bits(family)));
}

std::vector<Term> strangers(Config const& config, Family family) {
    std::vector<Term> terms;
    bool const by_interface = std::ranges::any_of(config.zones, [](Zone const& zone) { return !zone.interfaces.empty(); });
    IntervalSet const trusted = config.trusted_interfaces().minus(loopback().intervals); // whose packets never come here
    if (by_interface && !trusted.empty()) terms.push_back(term(Field::iif, shorter(trusted.complement(128), 128)));
    unsigned const bits = address_bits(family);
    IntervalSet const sources = strange_sources(config, family);
    if (!sources.is_all(bits)) terms.push_back(term(src_field(family), shorter(sources, bits)));
    else terms.push_back(term(Field::family, ValueSet::single(family_value(family))));
    return terms;
}

} // namespace portcullis
