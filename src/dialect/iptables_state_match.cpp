// Matches on what the kernel knows about a packet besides its headers: its connection, its marks, the socket it
// comes from, the types of its addresses and the interfaces around it.
#include <algorithm>

#include "dialect/iptables_rule_reader.hpp"

namespace portcullis::iptables {
namespace {

constexpr std::uint32_t without_connection = 1U << ct_state::invalid | 1U << ct_state::untracked;
ValueSet tracked() { return ValueSet::range(ct_state::new_, ct_state::related); }

// Bits of Field::dst_type. xt_addrtype.c asks an IPv6 address for its kind, and for its route only where a type
// beyond that is listed: UNICAST is every unicast address, wherever it leads, and beside other types it restricts.
ValueSet types_of_v6(std::uint32_t types) {
    constexpr std::uint32_t unspecified = 1U << route_type::unspecified, unicast = 1U << route_type::unicast,
                            local = 1U << route_type::local, anycast = 1U << route_type::anycast,
                            multicast = 1U << route_type::multicast, unreachable = 1U << route_type::unreachable;
    constexpr std::uint32_t of_kind_unicast =
        unicast | local | anycast | 1U << route_type::blackhole | unreachable | 1U << route_type::prohibit;
    constexpr std::uint32_t by_route = local | anycast | unreachable;
    std::uint32_t found = unspecified | of_kind_unicast | multicast;
    if ((types & multicast) != 0) found &= multicast;
    if ((types & unicast) != 0) found &= of_kind_unicast;
    if ((types & unspecified) != 0) found &= unspecified;
    if ((types & by_route) != 0) found &= types & by_route;
    return members(found);
}

} // namespace

// ---- connections

// xt_conntrack.c: SNAT and DNAT are asked of the status of a connection, and ORed with the states.
void RuleReader::ct_state(Option const& option) {
    std::uint32_t const bits = std::get<Bits>(option.value).bits;
    std::uint32_t const status =
        ((bits & state_snat) != 0 ? 1U << 4 : 0) | ((bits & state_dnat) != 0 ? 1U << 5 : 0);
    IntervalSet const states = members(bits & ~(state_snat | state_dnat));
    if (status == 0) return add(Field::ct_state, states, option);
    ValueSet const any_status = IntervalSet::all(info(Field::ct_status).bits);
    Alternatives either{{Field::ct_state, Field::ct_status}, {}, option.negated, option.span};
    if (!states.empty()) either.rows.push_back({states, any_status});
    either.rows.push_back({tracked(), any_bit(status)});
    if (either.rows.size() > 1 || option.negated) {
        rule_.match.alternatives.push_back(std::move(either));
        return;
    }
    only_tracked(option);
    add(Field::ct_status, any_bit(status), option);
}

// A packet without a connection matches no mark of one, negated or not (xt_connmark.c).
// A state that is asked for beside it says so already; SNAT and DNAT are none.
void RuleReader::only_tracked(Option const& option) {
    Option const* const states = find(option.instance, Key::ct_state);
    bool const by_state = states != nullptr && (std::get<Bits>(states->value).bits & ~(state_snat | state_dnat)) != 0;
    if (!by_state) add(Field::ct_state, tracked(), false, option.span);
}

// Whether the match may hold for a packet that has no connection. xt_conntrack.c lets it, once its state fits, and
// asks nothing more then.
bool RuleReader::matches_without_connection(std::size_t instance) const {
    Option const* const states = find(instance, Key::ct_state);
    if (states == nullptr) return false;
    std::uint32_t const bits = std::get<Bits>(states->value).bits;
    return ((states->negated ? ~bits : bits) & without_connection) != 0;
}

void RuleReader::of_connection(Field field, ValueSet values, Option const& option) {
    if (option.negated) values = values.complement();
    if (matches_without_connection(option.instance)) {
        rule_.match.alternatives.push_back(
            {{Field::ct_state, field},
             {{members(without_connection), IntervalSet::all(info(field).bits)}, {tracked(), std::move(values)}},
             false,
             option.span});
        return;
    }
    only_tracked(option);
    add(field, std::move(values), false, option.span);
}

void RuleReader::connection_condition(Option const& option) {
    std::string text = "-m conntrack " + option_text(option);
    if (matches_without_connection(option.instance))
        text += " or no connection"; // an unknown of its own
    else
        only_tracked(option);
    bool const counts_down = option.info->name == "ctexpire";
    add_opaque(std::move(text), counts_down, option.negated, option.span);
}

// One address, or a network under any mask (libxt_conntrack.c).
void RuleReader::connection_address(Field field, Option const& option) {
    auto const list = file_[std::get<Slice<Network>>(option.value)];
    if (list.size() != 1) return error(option.span, "expected one address, found a list");
    Network const& network = list.front();
    if (!network.host.empty()) { // looked up when the rules are loaded
        report(context_.findings, "PC436", option.span,
               {{"what", "the name '" + canonical(value_text_of(option)) + "' is looked up once, when the rules are loaded"}});
        return connection_condition(option);
    }
    if (network.address.family != context_.family) return wrong_family(network.span, network.address);
    unsigned const bits = address_bits(context_.family);
    auto const length = mask_length(network.mask, bits);
    Prefix const prefix{network.address, length.value_or(0)};
    of_connection(field, length ? ValueSet::range(prefix.first(), prefix.last()) : masked(network.address.value, network.mask, bits),
                  option);
}

void RuleReader::connection_port(Field field, Option const& option) {
    auto const list = file_[std::get<Slice<PortRange>>(option.value)];
    if (auto const range = resolve(list.front(), option.span)) of_connection(field, ValueSet::range(range->first, range->last), option);
}

void RuleReader::connection_protocol(Option const& option) {
    std::string const name = lower_case(std::get<Word>(option.value).plain());
    auto const number = number_of_protocol(name);
    if (!number) return error(option.span, "unknown protocol '" + name + "'");
    of_connection(Field::ct_protocol, ValueSet::single(*number), option);
}

// ---- addresses and marks

void RuleReader::address_type(Field field, Option const& option) {
    // The type of an address for one interface only is another question than its type.
    auto const limit = std::ranges::find_if(options_, [&](Option const& o) {
        return o.info->key == Key::limit_interface && o.instance == option.instance;
    });
    if (limit != options_.end())
        return add_opaque("-m addrtype " + option_text(option) + ' ' + option_text(*limit), false, option.negated,
                          option.span);
    std::uint32_t const types = std::get<Bits>(option.value).bits;
    add(field, context_.family == Family::v4 ? members(types) : types_of_v6(types), option);
}

void RuleReader::mark(Field field, Option const& option) {
    auto const [value, mask] = std::get<MaskedNumber>(option.value);
    add(field, masked(value, mask, 32), option);
}

// ---- interfaces

void RuleReader::interface_group(Field field, Option const& option) {
    std::string const text = std::get<Word>(option.value).plain();
    auto const wanted = text == "default" ? MaskedNumber{0, 0xffffffff} : masked_number(text, 0xffffffff);
    if (wanted) return add(field, masked(wanted->value, wanted->mask, 32), option);
    if (text.empty() || (text[0] >= '0' && text[0] <= '9'))
        return error(option.span, "expected a group of interfaces, found " + quote(text));
    // Names stand in /etc/iproute2/group of the machine.
    add_opaque("-m devgroup " + option_text(option), false, option.negated, option.span);
}

// xt_physdev.c: a packet of no bridge has neither port, and one that is not bridged on has none to leave by.
// Negated, an option holds for packets of no bridge, but --physdev-out fails for those that came in by one and are
// routed.
void RuleReader::phys_interface(Field field, Option const& option) {
    auto const names = interfaces(option);
    if (!names) return;
    ValueSet const ports = ValueSet::range(std::max<U128>(names->first, 1), names->last);
    if (field == Field::phys_iif || !option.negated) return add(field, ports, option);
    ValueSet const none = ValueSet::single(0);
    rule_.match.alternatives.push_back({{Field::phys_iif, Field::phys_oif},
                                        {{IntervalSet::all(info(field).bits), ports}, {none.complement(), none}},
                                        true,
                                        option.span});
}

// ---- owner

std::optional<IntervalSet> RuleReader::ids(Option const& option) {
    std::string const text = std::get<Word>(option.value).plain();
    constexpr std::uint64_t largest = 0xfffffffe; // libxt_owner.c
    if (text == "root") return IntervalSet::single(0);
    if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
    char* end = nullptr;
    std::uint64_t const first = std::strtoull(text.c_str(), &end, 0);
    std::uint64_t last = first;
    bool range = false;
    if (*end == '-' && end[1] >= '0' && end[1] <= '9') {
        range = true;
        last = std::strtoull(end + 1, &end, 0);
    }
    if (*end == '\0' && first <= last && last <= largest) return IntervalSet(first, last);
    error(option.span, "expected a number or a name" + std::string(range ? ", or a rising range" : "") +
                           ", found " + quote(text));
    return IntervalSet{};
}

void RuleReader::from_socket(Span span) { add(Field::skuid, ValueSet::single(no_socket), true, span); }

// xt_owner.c: negated, an option also holds for a packet that comes from no socket.
void RuleReader::user(Option const& option) {
    auto const users = ids(option);
    if (users) return add(Field::skuid, *users, option);
    if (!option.negated) from_socket(option.span);
    add_opaque("-m owner " + option_text(option), false, option.negated, option.span);
}

void RuleReader::group(Option const& option) {
    Option const* const supplementary = find(option.instance, Key::of_another);
    if (supplementary != nullptr && supplementary->span.begin < option.span.begin)
        return error(supplementary->span, "'--suppl-groups' stands behind '--gid-owner'");
    auto const groups = ids(option);
    if (groups && supplementary == nullptr && option.negated) {
        ValueSet const socket = ValueSet::single(no_socket).complement();
        rule_.match.alternatives.push_back({{Field::skuid, Field::skgid}, {{socket, *groups}}, true, option.span});
        return;
    }
    if (!option.negated) from_socket(option.span);
    if (groups && supplementary == nullptr) return add(Field::skgid, *groups, option);
    std::string const more = supplementary == nullptr ? "" : ' ' + option_text(*supplementary);
    add_opaque("-m owner " + option_text(option) + more, false, option.negated, option.span);
}

} // namespace portcullis::iptables
