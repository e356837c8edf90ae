#include "lint/static_nat.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "lint/outside.hpp"
#include "lint/published.hpp"

namespace portcullis {

namespace {

// A rule that leads connections to another address, or to another port.
struct StaticTranslation {
    ChainId chain = 0;
    std::size_t rule = 0;
    std::vector<std::string> interfaces; // that such connections arrive at, as lists name them; empty: nobody knows
    Match before;                        // what arrives, wherever it does
    Match after;                         // the same as it goes on
    std::array<std::optional<IntervalSet>, 2> mapped; // the destinations that arrive, by family
    bool before_lists = false;           // inbound lists see it as it goes on
};

bool holds_destination(Field field) { return field == Field::dst4 || field == Field::dst6; }

// The destinations that the match names, by family.
std::array<std::optional<IntervalSet>, 2> named_destinations(Match const& match) {
    return {named_values(match, Field::dst4), named_values(match, Field::dst6)};
}

void add(Match& match, Field field, Interval values) {
    match.terms.push_back({field, IntervalSet(values.first, values.last), {}});
}

Match without_arrival(Match match) {
    std::erase_if(match.terms, [](Term const& term) { return term.field == Field::iif; });
    return match;
}

// Ranges of addresses are translated as a whole, so that all of the new ones are.
Match translated(Match match, Rewrite const& rewrite) {
    std::erase_if(match.terms, [&](Term const& term) {
        return (rewrite.address && holds_destination(term.field)) || (rewrite.port && term.field == Field::dport);
    });
    if (rewrite.address) match.opaque.clear(); // "the address that the interface has"
    auto const family = named_values(match, Field::family);
    bool const v6 = family && family->only() == family_v6;
    if (rewrite.address) add(match, v6 ? Field::dst6 : Field::dst4, *rewrite.address);
    if (rewrite.port) add(match, Field::dport, *rewrite.port);
    return match;
}

// An ASA's translations name their interface; those of IOS are looked up at every outside one.
std::vector<std::string> arrivals(Ruleset const& ruleset, Chain const& chain, Rule const& rule) {
    std::vector<std::string> names;
    for (Binding const& binding : chain.bindings) names.push_back(binding.interface);
    if (!names.empty()) return names;
    auto const values = named_values(rule.match, Field::iif);
    for (Interface const& interface : ruleset.interfaces) {
        if (!interface.zone.empty() && (!values || values->contains(interface_value(interface.zone))))
            names.push_back(interface.zone);
    }
    return names;
}

std::vector<ChainId> lists_at(Ruleset const& ruleset, std::string const& interface, bool inbound) {
    std::vector<ChainId> found;
    for (ChainId const id : chains_at(ruleset, HookPoint::list))
        if (is_bound(ruleset.chains[id], interface, inbound)) found.push_back(id);
    return found;
}

// Those that some interface applies, in their order.
std::vector<StaticTranslation> static_translations(Ruleset const& ruleset) {
    std::vector<StaticTranslation> found;
    bool const is_ios = ruleset.dialect == Dialect::cisco_ios;
    if (!is_ios && ruleset.dialect != Dialect::cisco_asa) return found;
    for (ChainId const id : chains_at(ruleset, HookPoint::prerouting)) {
        Chain const& chain = ruleset.chains[id];
        if (is_ios && ruleset.has_interfaces && chain.bindings.empty()) continue; // nothing is outside
        for (std::size_t i = 0; i < chain.rules.size(); ++i) {
            auto const* rewrite = std::get_if<Rewrite>(&chain.rules[i].verdict);
            if (rewrite == nullptr) continue;
            Match const before = without_arrival(chain.rules[i].match);
            found.push_back({id, i, arrivals(ruleset, chain, chain.rules[i]), before, translated(before, *rewrite),
                             named_destinations(before), chain.hook->priority < 0});
        }
    }
    return found;
}

// "port 23 of 10.0.0.5", "10.0.0.5": the destination that the match names.
std::string destination_text(Match const& match) {
    auto const port = named_values(match, Field::dport);
    std::string address = match.opaque.empty() ? "" : "the interface";
    for (Field const field : {Field::dst4, Field::dst6})
        if (auto const addresses = named_values(match, field)) address = values_text(field, *addresses);
    return place_text(port ? values_text(Field::dport, *port) : "", address);
}

// The lists that packets have to pass which arrive at the interface; none where there is none, and all pass.
std::vector<ChainId> inbound_lists(Ruleset const& ruleset, std::string const& interface) {
    auto found = lists_at(ruleset, interface, true);
    if (!found.empty()) return found;
    for (ChainId const id : chains_at(ruleset, HookPoint::list))
        if (std::ranges::any_of(ruleset.chains[id].bindings, &Binding::by_global)) found.push_back(id);
    return found;
}

// … and those for packets to an address on the link of an interface, as they leave there.
std::vector<ChainId> lists_towards(Ruleset const& ruleset, Ip address) {
    std::vector<ChainId> found;
    for (Interface const& interface : ruleset.interfaces) {
        bool const there = std::any_of(interface.addresses.begin(), interface.addresses.end(), [&](Prefix const& p) {
            return p.ip.family == address.family && IntervalSet::of(p).contains(address.value);
        });
        if (!there) continue;
        bool const asa = ruleset.dialect == Dialect::cisco_asa;
        auto const lists = lists_at(ruleset, asa ? interface.zone : interface.name, false);
        found.insert(found.end(), lists.begin(), lists.end());
    }
    return found;
}

// --- What they publish ---

struct Publication {
    StaticTranslation translation;
    Service const* service = nullptr;
    PortRange port;      // behind the translation
    PacketSet connections; // from untrusted sources, as the inbound lists see them
    PacketSet behind;      // … and as they go on
};

// The service of the one port that the match has.
Service const* insecure_service(Context const& ctx, Match const& match, PortRange& port) {
    auto const protocol = named_values(match, Field::protocol);
    auto const number = named_values(match, Field::dport);
    if (!protocol || !protocol->only() || !number || !number->only()) return nullptr;
    auto const value = static_cast<std::uint16_t>(*number->only());
    port = {static_cast<std::uint8_t>(*protocol->only()), value, value, {}};
    for (Service const* service : ctx.catalogue().at(port.protocol, value))
        if (service->insecure && service->severity_untrusted && service->variant_of.empty()) return service;
    return nullptr;
}

std::vector<Publication> publications(Context const& ctx) {
    std::vector<Publication> found;
    PacketSet const question = ctx.new_connections(HookPoint::list) & ctx.from_untrusted();
    for (StaticTranslation& translation : static_translations(ctx.ruleset())) {
        PortRange port;
        Service const* const service = insecure_service(ctx, translation.after, port);
        if (service == nullptr) continue;
        PacketSet const before = ctx.space().of(translation.before) & question;
        PacketSet const after = ctx.space().of(translation.after) & question;
        bool const first = translation.before_lists;
        if (!before.empty() && !after.empty()) found.push_back({std::move(translation), service, port, first ? after : before, after});
    }
    return found;
}

// Whoever is to reach the host behind has to pass the lists of one interface, and then those towards the host.
struct Entry {
    std::optional<ChainId> list; // none: there is no list
    PacketSet packets;
};

std::optional<Entry> entry(Context const& ctx, Reach& reach, Publication const& published) {
    auto interfaces = published.translation.interfaces;
    if (interfaces.empty()) interfaces.emplace_back(); // without a list, as far as anybody knows
    for (std::string const& interface : interfaces) {
        if (!interface.empty() && ctx.config().trusts_interface(interface)) continue;
        Entry found{std::nullopt, published.connections};
        for (ChainId const list : inbound_lists(ctx.ruleset(), interface)) {
            found.list = list;
            found.packets &= reach.accepted(list);
        }
        if (!found.packets.empty()) return found;
    }
    return std::nullopt;
}

bool goes_on(Context const& ctx, Reach& reach, Publication const& published) {
    auto const member = published.behind.member();
    auto const lists = lists_towards(ctx.ruleset(), member->packet.destination());
    return std::all_of(lists.begin(), lists.end(), [&](ChainId list) {
        return !(reach.accepted(list) & published.behind).empty();
    });
}

void report(Context const& ctx, Publication const& published, Entry const& entry, Findings& out) {
    StaticTranslation const& translation = published.translation;
    Finding& finding = add_finding(ctx, out, translation.chain, translation.rule);
    finding.service = published.service->name;
    finding.severity = published.service->severity_untrusted;
    finding.arg("service", published.service->name).arg("place", destination_text(translation.after));
    finding.arg("published", destination_text(translation.before));
    ChainId const judge_chain = entry.list.value_or(translation.chain);
    finding.witness = ctx.witness(judge_chain, entry.packets, true);
    judge(finding, entry.packets);
    if (!entry.list) finding.note("no access list stands before it");
}

} // namespace

void find_static_publications(Context const& ctx, Findings& out) {
    auto const all = publications(ctx);
    if (all.empty()) return;
    PacketSet question = ctx.space().none();
    for (Publication const& one : all) question |= one.connections | one.behind;
    Reach reach(ctx.space(), ctx.ruleset(), question);
    for (Publication const& one : all) {
        auto const found = entry(ctx, reach, one);
        if (found && goes_on(ctx, reach, one)) report(ctx, one, *found, out);
    }
}

// --- What lists ask too late ---

namespace {

// Whether every interface that the list is applied to is one of those that the translation is for.
bool meets(Chain const& list, StaticTranslation const& translation) {
    return !list.bindings.empty() && std::all_of(list.bindings.begin(), list.bindings.end(), [&](Binding const& binding) {
        return binding.inbound && std::find(translation.interfaces.begin(), translation.interfaces.end(),
                                            binding.interface) != translation.interfaces.end();
    });
}

} // namespace

void find_entries_before_translation(Context const& ctx, Findings& out) {
    if (ctx.ruleset().dialect != Dialect::cisco_asa) return;
    auto translations = static_translations(ctx.ruleset());
    std::erase_if(translations, [](StaticTranslation const& one) { return !one.before_lists; });
    if (translations.empty()) return;
    PacketSet real = ctx.space().none();
    for (StaticTranslation const& one : translations) real |= ctx.space().of(one.after);
    for (Path const& path : ctx.paths()) {
        if (path.kind != Path::Kind::list) continue;
        ChainId const id = path.chains.front();
        Chain const& list = ctx.ruleset().chains[id];
        std::vector<StaticTranslation const*> here;
        for (StaticTranslation const& one : translations)
            if (meets(list, one)) here.push_back(&one);
        for (std::size_t i = 0; i < list.rules.size() && !here.empty(); ++i) {
            auto const named = named_destinations(list.rules[i].match);
            if (!named[0] && !named[1]) continue;
            std::vector<StaticTranslation const*> those; // from addresses that the entry names, and no others
            for (StaticTranslation const* one : here) {
                for (std::size_t family = 0; family < named.size(); ++family) {
                    auto const& mapped = one->mapped[family];
                    if (named[family] && mapped && mapped->contains(*named[family])) those.push_back(one);
                }
            }
            if (those.empty()) continue;
            PacketSet const asked = ctx.space().of(list.rules[i].match);
            PacketSet left = asked;
            for (StaticTranslation const* one : those) left -= ctx.space().of(one->before);
            if (!left.empty() || !(asked & real).empty()) continue;
            StaticTranslation const* const first = those.front();
            Finding& finding = add_finding(ctx, out, id, i);
            finding.arg("mapped", destination_text(first->before)).arg("real", destination_text(first->after));
            finding.relate("this translates them before the list is asked", ctx.ruleset().chains[first->chain].rules[first->rule].span);
        }
    }
}

} // namespace portcullis
