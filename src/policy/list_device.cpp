#include "policy/list_device.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "portcullis/base/ascii.hpp"

namespace portcullis {
namespace {

constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 3> replies4{{{8, 0}, {13, 14}, {17, 18}}}; // RFC 792, RFC 950
constexpr std::array<std::pair<std::uint8_t, std::uint8_t>, 1> replies6{{{128, 129}}};                 // RFC 4443 4

void add_replies(Traffic const& traffic, Protocol protocol, std::vector<AnswerShape>& out) {
    auto const add = [&](auto const& replies) {
        for (auto const& [request, reply] : replies)
            if (!traffic.type || *traffic.type == request) out.push_back({protocol, {}, reply, false});
    };
    if (protocol == Protocol::icmp)
        add(replies4);
    else
        add(replies6);
}

std::string_view letters_of(std::string_view name) { return name.substr(0, std::min(name.find_first_of("0123456789"), name.size())); }

bool starts_alike(std::string_view longer, std::string_view shorter) {
    return std::ranges::equal(longer.substr(0, shorter.size()), shorter, {}, ascii_lower, ascii_lower);
}

} // namespace

std::optional<std::string> why_no_lists(Policy const& policy, Dialect platform) {
    if (policy.interfaces.empty())
        return "access lists belong to interfaces, so that the policy has to name all of the device's: interfaces in [device]";
    auto const pattern = std::ranges::find_if(policy.interfaces, [](std::string const& name) { return name.ends_with('*'); });
    if (pattern != policy.interfaces.end())
        return fmt::format("access lists belong to interfaces, and '{}' in [device] stands for several", *pattern);
    if (!keeps_connections(platform) && policy.own.v4.empty() && policy.own.v6.empty())
        return "a list of an interface sees packets to the device and through it, and tells them apart by the device's own "
               "addresses: the policy has to name them, addresses in [device]";
    return std::nullopt;
}

Policy without_optional_rates(Policy policy) {
    for (Statement& statement : policy.statements)
        if (statement.rate_optional) statement.rate.reset();
    return policy;
}

std::vector<U128> interfaces_of(Policy const& policy) {
    std::vector<U128> values;
    for (std::string const& name : policy.interfaces) values.push_back(interface_value(name));
    return values;
}

Addresses device_destinations(Addresses const& own) {
    auto const block = [](std::string_view prefix) { return IntervalSet::of(parse_prefix(prefix).value()); };
    static Addresses const on_the_link{block("224.0.0.0/24").united(block("255.255.255.255/32")),
                                       block("fe80::/10").united(block("ff02::/16"))};
    return own.united(on_the_link);
}

PacketSet addresses_in(Space& space, bool source, Addresses const& set) {
    return space.of(source ? Field::src4 : Field::dst4, set.v4) | space.of(source ? Field::src6 : Field::dst6, set.v6);
}

namespace {

PacketSet single(Space& space, Field field, U128 value) { return space.of(field, ValueSet::single(value)); }

PacketSet discovery(Space& space) {
    return single(space, Field::family, family_v6) & single(space, Field::protocol, number(Protocol::icmpv6)) & single(space, Field::fragment, 0) &
           space.of(Field::icmp_type, neighbour_types());
}

} // namespace

PacketSet forwarded(Space& space, Addresses const& own) {
    return addresses_in(space, false, device_destinations(own)).complement() - addresses_in(space, true, never_forged()) - discovery(space);
}

PacketSet forwarded_discovery(Space& space) { return discovery(space) - single(space, Field::ttl, 255); }

Addresses proper_sources(Policy const& policy, U128 interface) {
    Addresses proper = Addresses::all();
    for (SourceCheck const& check : source_checks(policy))
        if (check.interfaces.contains(interface)) proper = proper.minus(check.forged.minus(never_forged()));
    return proper;
}

std::vector<AnswerShape> answers_to(Traffic const& traffic, bool keeps_connections) {
    std::vector<AnswerShape> answers;
    auto const is = [&](Protocol protocol) { return !traffic.protocol || *traffic.protocol == static_cast<std::uint8_t>(protocol); };
    if (is(Protocol::icmp)) add_replies(traffic, Protocol::icmp, answers);
    if (is(Protocol::icmpv6)) add_replies(traffic, Protocol::icmpv6, answers);
    if (keeps_connections) return answers;
    if (is(Protocol::tcp)) answers.push_back({Protocol::tcp, traffic.ports, {}, true});
    else if (traffic.ports && !traffic.ports->is_all(16))
        answers.push_back({static_cast<Protocol>(*traffic.protocol), traffic.ports, {}, false});
    return answers;
}

bool is_answered(Traffic const& traffic, bool keeps_connections) {
    // What has no answers: a message that asks nothing.
    if (traffic.type) return true;
    auto const is = [&](Protocol protocol) { return traffic.protocol == static_cast<std::uint8_t>(protocol); };
    if (keeps_connections) // ASA CLI guide, "Access Rules for Returning Traffic"
        return !traffic.protocol || is(Protocol::tcp) || is(Protocol::udp) || is(Protocol::gre) || is(Protocol::icmp) || is(Protocol::icmpv6);
    return is(Protocol::tcp) || is(Protocol::icmp) || is(Protocol::icmpv6) || (traffic.ports && !traffic.ports->is_all(16));
}

std::vector<ChainId> lists_at(Ruleset const& ruleset, std::string_view interface, bool inbound) {
    auto const lists_of = [&](auto const& is) {
        std::vector<ChainId> lists;
        for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
            Chain const& chain = ruleset.chains[id];
            if (!chain.hook || chain.hook->point != HookPoint::list) continue;
            if (std::ranges::any_of(chain.bindings, [&](Binding const& binding) { return binding.inbound == inbound && is(binding); }))
                lists.push_back(id);
        }
        return lists;
    };
    std::vector<ChainId> lists = lists_of([&](Binding const& binding) { return same_interface(binding.interface, interface); });
    if (lists.empty() && keeps_connections(ruleset.dialect)) lists = lists_of([](Binding const& binding) { return binding.by_global; });
    return lists;
}

std::vector<ChainId> lists_for_device(Ruleset const& ruleset, std::string_view interface) {
    if (!keeps_connections(ruleset.dialect)) return lists_at(ruleset, interface, true);
    std::vector<ChainId> lists;
    std::string const use = "control-plane of " + std::string(interface);
    for (ChainId id = 0; id < ruleset.chains.size(); ++id) {
        Chain const& chain = ruleset.chains[id];
        bool const is_list = chain.hook && chain.hook->point == HookPoint::list;
        if (is_list && std::ranges::any_of(chain.uses, [&](Use const& each) { return each.what == use; })) lists.push_back(id);
    }
    return lists;
}

bool is_reflexive(Rule const& rule) {
    return std::ranges::any_of(rule.match.opaque, [](Opaque const& opaque) { return opaque.text.starts_with("evaluate "); });
}

Ruleset without_reflexive_entries(Ruleset ruleset) {
    for (Chain& chain : ruleset.chains)
        for (Rule& rule : chain.rules)
            if (is_reflexive(rule)) rule.verdict = Continue{};
    return ruleset;
}

std::vector<ManagementPermit> management_permits(Ruleset const& ruleset, std::string_view interface) {
    std::vector<ManagementPermit> permits;
    if (!keeps_connections(ruleset.dialect)) return permits;
    constexpr std::pair<std::string_view, unsigned> ports[] = {{"ssh", 22}, {"telnet", 23}, {"https", 443}};
    for (Management const& service : ruleset.management) {
        if (service.interface != interface) continue;
        Span const span = service.span;
        for (auto const& [transport, port] : ports) {
            if (std::ranges::find(service.transports, transport) == service.transports.end()) continue;
            for (auto const& [field, sources] : {std::pair(Field::src4, &service.sources4), std::pair(Field::src6, &service.sources6)})
                permits.push_back({{{{field, *sources, span},
                                     {Field::protocol, ValueSet::single(number(Protocol::tcp)), span},
                                     {Field::dport, ValueSet::single(port), span}},
                                    {},
                                    {}},
                                   span});
        }
    }
    return permits;
}

bool same_interface(std::string_view a, std::string_view b) {
    std::string_view const x = letters_of(a), y = letters_of(b);
    if (a == b) return true;
    if (x.empty() || y.empty() || a.substr(x.size()) != b.substr(y.size()) || a.size() == x.size()) return false;
    return x.size() > y.size() ? starts_alike(x, y) : starts_alike(y, x);
}

} // namespace portcullis
